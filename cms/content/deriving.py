"""Derived values of published articles, written by the workers: the reading time; and what the index is given.

Each function reads the present state and compares revisions, so it may be called twice, late and in any order.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from cms.content.assembling import chunks, hold_content, reassemble
from cms.content.models import Document, DocumentWord
from cms.platform.db import Database
from cms.taxonomy.models import WordAlias
from search_index.document import IndexDocument

READ_AT_ONCE = 200


class ReadingTimeInput(NamedTuple):
    """What the reading time of a published article is measured from."""

    revision: int
    text: str
    image_count: int
    locale: str


def reading_time_inputs(session: Session, article_ids: Collection[str]) -> dict[str, ReadingTimeInput]:
    """What the reading times of those of these articles are measured from that readers see, by id."""
    columns = (Document.article_id, Document.revision, Document.text, Document.image_count, Document.locale)
    rows = session.execute(select(*columns).where(Document.article_id.in_(article_ids)))
    return {row.article_id: ReadingTimeInput(row.revision, row.text, row.image_count, row.locale) for row in rows}


def set_reading_times(
    session: Session, measured: Mapping[str, tuple[int, dict[str, Any]]], now: datetime
) -> frozenset[str]:
    """Show the reading times of these articles, each of one revision; gives those of which readers see that revision.

    Shape: of each, the revision and {"minutes", "words", "characters", "images", "label"}
    """
    hold_content(session)
    documents = session.scalars(
        select(Document).where(Document.article_id.in_(measured)), execution_options={"populate_existing": True}
    )
    shown = set()
    for document in documents.all():
        revision, reading_time = measured[document.article_id]
        if document.revision == revision:
            document.reading_time = reading_time
            shown.add(document.article_id)
    session.flush()
    reassemble(session, shown, now)
    return frozenset(shown)


def index_documents(session: Session, article_ids: Collection[str]) -> dict[str, IndexDocument]:
    """What the index should hold of these articles, by id; those that readers do not see are missing."""
    columns = (
        Document.article_id, Document.revision, Document.locale, Document.title, Document.content, Document.text,
        Document.field_text, Document.section_path, Document.published_at, Document.type,
    )  # fmt: skip
    found: dict[str, IndexDocument] = {}
    for ids in chunks(sorted(set(article_ids))):
        also = _other_tags(session, ids)
        for row in session.execute(select(*columns).where(Document.article_id.in_(ids))):
            found[row.article_id] = _index_document(row, also[row.article_id])
    return found


def _other_tags(session: Session, article_ids: Collection[str]) -> dict[str, list[tuple[str, str]]]:
    """By article: the synonyms and older slugs of its tags, by which a search finds it too."""
    found: dict[str, list[tuple[str, str]]] = defaultdict(list)
    statement = (
        select(DocumentWord.article_id, WordAlias.key, WordAlias.name)
        .join(WordAlias, WordAlias.word_id == DocumentWord.word_id)
        .where(DocumentWord.role == "tag", DocumentWord.article_id.in_(article_ids))
        .order_by(DocumentWord.article_id, WordAlias.key)
    )
    for article_id, key, name in session.execute(statement):
        found[article_id].append((key, name))
    return found


def published_revisions(session: Session) -> dict[str, int]:
    """The revision that readers see of each published article, by id."""
    return dict(session.execute(select(Document.article_id, Document.revision)).all())


def all_index_documents(database: Database) -> Iterator[IndexDocument]:
    """What the index should hold of every published article, read in portions so that neither memory nor a
    transaction grows with their number. Articles that come and go meanwhile may be in it or not."""
    last: str | None = None
    while True:
        statement = select(Document.article_id).order_by(Document.article_id).limit(READ_AT_ONCE)
        if last is not None:
            statement = statement.where(Document.article_id > last)
        with database.reading() as session:
            ids = list(session.scalars(statement))
            documents = index_documents(session, ids)
        if not ids:
            return
        yield from documents.values()
        last = ids[-1]


def _index_document(row: Any, other_tags: Iterable[tuple[str, str]]) -> IndexDocument:
    content = row.content
    section, editor = content["section"], content["editor"]
    people = {person["slug"]: person["name"] for person in [*content["authors"], *([editor] if editor else [])]}
    return IndexDocument(
        id=row.article_id,
        revision=row.revision,
        locale=row.locale,
        title=row.title,
        dek=content["dek"],
        summary=tuple(content["summary"]),
        text=f"{row.text}\n{row.field_text}" if row.field_text else row.text,
        section_path=tuple(slug for slug in row.section_path.split("/") if slug),
        section_name=section["name"] if section else "",
        tags=tuple((tag["slug"], tag["name"]) for tag in content["tags"]),
        people=tuple(people.items()),
        published_at=row.published_at,
        type=row.type,
        authors=tuple(person["slug"] for person in content["authors"]),
        tag_aliases=tuple(other_tags),
    )
