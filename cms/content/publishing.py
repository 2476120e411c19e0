"""Putting an article before readers and taking it away: the verbs of the newsroom call these in their transaction.

They take plain values and know nothing of drafts. What is written here is live at the commit, on every process.
Not here: derived parts (`deriving.py`, `relating.py`) and the bytes themselves (`assembling.py`).
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from cms.content.assembling import article_url, chunks, hold_content, reassemble
from cms.content.models import Document, RelatedEntry
from cms.content.redirects.redirecting import leave_place, take_place
from cms.content.rules import SHOWN
from cms.content.wording import PersonValue, SectionValue, SourceValue, TagValue, Wording, put_wording
from cms.platform.clock import rfc3339
from cms.platform.errors import Conflict


@dataclass(frozen=True)
class PublishedArticle:
    """What readers get of one revision. `text` is the plain text of the body; `body_html` is already sanitised."""

    article_id: str
    number: int
    revision: int
    locale: str
    slug: str
    section: SectionValue | None
    title: str
    dek: str
    summary: tuple[str, ...]
    body_html: str
    text: str
    image_count: int
    tags: tuple[TagValue, ...]
    authors: tuple[PersonValue, ...]
    editor: PersonValue | None
    source: SourceValue | None
    fields: dict[str, Any]
    published_at: datetime
    first_published_at: datetime
    updated_at: datetime
    corrections: tuple[dict[str, Any], ...] = ()

    @property
    def wording(self) -> Wording:
        """The words of the taxonomy."""
        return Wording(self.section, self.tags, self.authors, self.editor, self.source)


def put_document(session: Session, article: PublishedArticle, now: datetime) -> None:
    """Show this revision to readers from the commit on, in place of the one they saw before, if any.

    Documents that list the article as related change with it, in the same transaction.
    Raises: Conflict, code `slug_taken`, when another published article of the locale has the slug.
    """
    hold_content(session)
    _refuse_taken_slug(session, article)
    document = session.get(Document, article.article_id, populate_existing=True)
    is_new = document is None
    if document is None:
        document = Document(article_id=article.article_id, reading_time=None, body=b"", card=b"", etag="")
        session.add(document)
    elif (document.text, document.image_count, document.locale) != (article.text, article.image_count, article.locale):
        document.reading_time = None
    mentioned = None if is_new else _mention_of(document)
    before = None if is_new else (document.locale, document.slug)
    _fill(document, article, now)
    session.flush()
    take_place(session, article.article_id, before, (article.locale, article.slug), now)
    put_wording(session, document, article.wording)
    touched = [article.article_id]
    if not is_new and mentioned != _mention_of(document):
        touched += _listing(session, article.article_id)
    reassemble(session, touched, now)


def withdraw_document(session: Session, article_id: str, now: datetime) -> bool:
    """Take an article away from readers, and out of every related list, from the commit on.

    Lists that fell below what is shown are marked, for `relating.refresh_related` to refill. False when readers did not
    see the article.
    """
    hold_content(session)
    document = session.get(Document, article_id, populate_existing=True)
    if document is None:
        return False
    losing = _listing(session, article_id)
    leave_place(session, article_id, (document.locale, document.slug), now)
    session.delete(document)
    session.flush()
    left = select(func.count()).where(RelatedEntry.article_id == Document.article_id).scalar_subquery()
    for ids in chunks(losing):
        statement = update(Document).where(Document.article_id.in_(ids), left < SHOWN).values(has_lost_related=True)
        session.execute(statement, execution_options={"synchronize_session": False})
    reassemble(session, losing, now)
    return True


def _refuse_taken_slug(session: Session, article: PublishedArticle) -> None:
    statement = select(Document.article_id).where(Document.locale == article.locale, Document.slug == article.slug)
    holder = session.scalar(statement)
    if holder not in (None, article.article_id):
        raise Conflict(
            f"Another published article of the locale {article.locale} has the slug {article.slug!r}.",
            code="slug_taken",
            extra={"article_id": holder},
        )


def _fill(document: Document, article: PublishedArticle, now: datetime) -> None:
    document.number = article.number
    document.revision = article.revision
    document.locale = article.locale
    document.slug = article.slug
    document.section_path = article.wording.section_path
    document.title = article.title
    document.published_at = article.published_at
    document.updated_at = article.updated_at
    document.content = document_content(article)
    document.text = article.text
    document.image_count = article.image_count
    document.changed_at = now


def document_content(article: PublishedArticle) -> dict[str, Any]:
    """What a publish writes down of an article; what is derived comes later."""
    url = article_url(article.locale, article.slug)
    summary = list(article.summary)
    return {
        **article.wording.content(),
        "id": article.article_id,
        "number": article.number,
        "type": "article",
        "locale": article.locale,
        "slug": article.slug,
        "url": url,
        "title": article.title,
        "dek": article.dek,
        "published_at": rfc3339(article.published_at),
        "first_published_at": rfc3339(article.first_published_at),
        "updated_at": rfc3339(article.updated_at),
        "revision": article.revision,
        "summary": summary,
        "body": {"html": article.body_html},
        "fields": article.fields,
        "share": {"url": url},
        "corrections": list(article.corrections),
        "seo": {"title": article.title, "description": article.dek or " ".join(summary), "canonical_url": url},
    }


def _mention_of(document: Document) -> tuple[Any, ...]:
    section = document.content["section"]
    return (document.locale, document.slug, document.title, document.published_at, section)


def _listing(session: Session, article_id: str) -> list[str]:
    return list(session.scalars(select(RelatedEntry.article_id).where(RelatedEntry.other_id == article_id)))
