"""Putting an article before readers and taking it away: the verbs of the newsroom call these in their transaction.

They take plain values and know nothing of drafts. What is written here is live at the commit, on every process.
Not here: derived parts (`deriving.py`, `relating.py`) and the bytes themselves (`assembling.py`).
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import and_, bindparam, delete, exists, func, or_, select, update
from sqlalchemy.orm import Session

from cms.content.assembling import article_url, assembled, chunks, counts_in, hold_content, reassemble
from cms.content.beside import naming
from cms.content.changes.noting import Noted, note_changes
from cms.content.changes.rules import PUBLISHED, UNPUBLISHED
from cms.content.grouping import Kinship, group_members, kinship_values, let_relate_again, mark_stale
from cms.content.models import Audience, Document, DocumentCard, DocumentField, RelatedEntry
from cms.content.redirects.redirecting import leave_place, take_place
from cms.content.related.rules import SHOWN
from cms.content.wording import (
    PersonValue,
    Place,
    SectionValue,
    SourceValue,
    TagValue,
    Wording,
    add_wording,
    put_wording,
)
from cms.media.pictures import SCHEME, shown_ids
from cms.media.queries import shown_by_id
from cms.media.using import known_assets, put_uses
from cms.platform.clock import rfc3339
from cms.platform.db import change_rows, columns_of, insert_into, site_name_of
from cms.platform.errors import Conflict
from cms.platform.http.representing import mark_of
from cms.platform.prepared import PreparedRead
from cms.platform.text.headlines import headline_key
from cms.taxonomy.article_types.rules.values import FieldValue

# Every publish runs these, so they are built once. HOLDERS: the article's own document, and whichever has its place.
DOCUMENTS = columns_of(Document)
HOLDERS = PreparedRead(
    select(DOCUMENTS.c.article_id).where(
        or_(
            DOCUMENTS.c.article_id == bindparam("article"),
            and_(DOCUMENTS.c.locale == bindparam("locale"), DOCUMENTS.c.slug == bindparam("slug")),
        )
    )
)
DOCUMENT, CARD = insert_into(Document), insert_into(DocumentCard)
FIELD_VALUES = insert_into(DocumentField)
AUDIENCE = PreparedRead(select(columns_of(Audience)).where(columns_of(Audience).c.article_id == bindparam("article")))


@dataclass(frozen=True)
class PublishedArticle:
    """What readers get of one revision. `text` is the plain text of the body; `body_html` is already sanitised.

    `field_values` are what the article's own fields can be filtered by, `field_text` what of them is searched in.
    """

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
    kinship: Kinship | None = None
    type: str = "article"
    field_values: tuple[FieldValue, ...] = ()
    field_text: str = ""

    @property
    def wording(self) -> Wording:
        """The words of the taxonomy."""
        return Wording(self.section, self.tags, self.authors, self.editor, self.source)


def put_document(session: Session, article: PublishedArticle, now: datetime) -> None:
    """Show this revision to readers from the commit on, in place of the one they saw before, if any.

    Documents that list the article as related, or as a translation, change with it, in the same transaction.
    Raises: Conflict, code `slug_taken`, when another published article of the locale has the slug.
    """
    hold_content(session)
    if not _is_shown(session, article):
        _add_document(session, article, now)
        return
    document = session.get_one(Document, article.article_id, populate_existing=True)
    if (document.text, document.image_count, document.locale) != (article.text, article.image_count, article.locale):
        document.reading_time = None
    mentioned, place, former = _mention_of(document), (document.locale, document.slug), document.group_id
    if SCHEME in document.content["body"]["html"] or SCHEME in article.body_html:
        put_uses(session, article.article_id, "shown", _shown_assets(session, article))
    for name, value in _values(article).items():
        setattr(document, name, value)
    session.flush()
    take_place(session, article.article_id, place, (article.locale, article.slug), now)
    put_wording(session, document, article.wording)
    session.execute(delete(DocumentField).where(DocumentField.article_id == article.article_id))
    _add_field_values(session, article)
    touched = [article.article_id, *_kin(session, article, former)]
    if mentioned != _mention_of(document):
        touched += _listing(session, article.article_id)
    reassemble(session, touched, now, unpacked={article.article_id})


def withdraw_document(session: Session, article_id: str, now: datetime, why: str = UNPUBLISHED) -> bool:
    """Take an article away from readers, and out of every related list, from the commit on. Apps are told `why`.

    Lists that fell below what is shown are marked, for `relating.refresh_related` to refill. False when readers did not
    see the article.
    """
    hold_content(session)
    document = session.get(Document, article_id, populate_existing=True)
    if document is None:
        return False
    losing, group_id = _listing(session, article_id), document.group_id
    neighbours = naming(session, article_id)
    leave_place(session, article_id, (document.locale, document.slug), now)
    former = document.packed or document.body
    note_changes(session, [Noted(article_id, why, document.locale, document.slug, former=former)], now)
    if SCHEME in document.content["body"]["html"]:
        put_uses(session, article_id, "shown", [])
    session.delete(document)
    session.flush()
    kin = group_members(session, [group_id])
    _let_refill(session, losing, kin)
    reassemble(session, [*losing, *neighbours, *kin], now)
    return True


def _let_refill(session: Session, losing: list[str], kin: Collection[str]) -> None:
    """Mark the lists that shall be refilled: of articles that lost an entry where now too little is shown, or where
    something was hidden, perhaps behind it; and of translations, which were related through the article."""
    own = RelatedEntry.article_id == Document.article_id
    left = select(func.count()).where(own, ~RelatedEntry.is_hidden).scalar_subquery()
    hidden = exists().where(own, RelatedEntry.is_hidden)
    for ids in chunks(losing):
        statement = update(Document).where(Document.article_id.in_(ids), or_(left < SHOWN, hidden))
        change_rows(session, statement.values(has_lost_related=True))
    let_relate_again(session, kin)


def _is_shown(session: Session, article: PublishedArticle) -> bool:
    """Whether readers see the article already. Raises: Conflict when they see another one by its slug."""
    found = HOLDERS.rows(session, article=article.article_id, locale=article.locale, slug=article.slug)
    holders = {one.article_id for one in found}
    others = holders - {article.article_id}
    if others:
        raise Conflict(
            f"Another published article of the locale {article.locale} has the slug {article.slug!r}.",
            code="slug_taken",
            extra={"article_id": others.pop()},
        )
    return bool(holders)


def _shown_assets(session: Session, article: PublishedArticle) -> list[str]:
    """What the body shows and is there. Markdown can name an asset in ways in which a save does not look for one."""
    named = shown_ids(article.body_html)
    known = known_assets(session, named)
    return [one for one in named if one in known]


def _add_document(session: Session, article: PublishedArticle, now: datetime) -> None:
    # Nothing names it yet and it is in no list, so its bytes are put together before its one insert.
    values = _values(article)
    # Who kept it while readers did not see it keeps it still.
    audience = counts_in(AUDIENCE.first(session, article=article.article_id))
    shown = _shown_assets(session, article)
    if shown:
        put_uses(session, article.article_id, "shown", shown, is_new=True)
    pictures, publisher = shown_by_id(session, shown), site_name_of(session)
    ready = assembled(values["content"], None, [], audience=audience, publisher=publisher, pictures=pictures)
    derived = {"reading_time": None, "body": ready.body, "etag": ready.etag, "cache_keys": ready.cache_keys}
    DOCUMENT.run(session, article_id=article.article_id, changed_at=now, **values, **derived)
    card = {"number": article.number, "locale": article.locale, "type": article.type, "card": ready.card}
    CARD.run(session, **card, mark=mark_of(ready.card))
    take_place(session, article.article_id, None, (article.locale, article.slug), now)
    place = Place(article.article_id, article.number, article.published_at, article.locale)
    add_wording(session, place, article.wording)
    _add_field_values(session, article)
    note_changes(session, [Noted(article.article_id, PUBLISHED, article.locale, article.slug)], now)
    kin = _kin(session, article, None)
    if kin:
        reassemble(session, kin, now)


def _kin(session: Session, article: PublishedArticle, former: str | None) -> set[str]:
    """The published articles whose translations change with this one, after it was written down who lags behind."""
    if article.kinship is not None:
        mark_stale(session, article.kinship)
    group_id = article.kinship.group_id if article.kinship is not None else None
    if former not in (None, group_id):
        let_relate_again(session, group_members(session, {former}))
    return group_members(session, {former, group_id})


def _values(article: PublishedArticle) -> dict[str, Any]:
    return {
        "number": article.number,
        "revision": article.revision,
        "locale": article.locale,
        "slug": article.slug,
        "section_path": article.wording.section_path,
        "title": article.title,
        "title_key": headline_key(article.title),
        "published_at": article.published_at,
        "updated_at": article.updated_at,
        "content": document_content(article),
        "type": article.type,
        "text": article.text,
        "field_text": article.field_text,
        "image_count": article.image_count,
        **kinship_values(article.article_id, article.kinship),
    }


def document_content(article: PublishedArticle) -> dict[str, Any]:
    """What a publish writes down of an article; what is derived comes later."""
    url = article_url(article.locale, article.slug)
    summary = list(article.summary)
    return {
        **article.wording.content(),
        "id": article.article_id,
        "number": article.number,
        "type": article.type,
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


def _add_field_values(session: Session, article: PublishedArticle) -> None:
    place = {"article_id": article.article_id, "published_at": article.published_at, "number": article.number}
    rows = [
        {**place, "field": value.field, "value": value.text, "amount": value.amount} for value in article.field_values
    ]
    FIELD_VALUES.run_all(session, rows)
