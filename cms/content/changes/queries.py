"""Reads of changes, and of what readers saw at an instant."""

import gzip
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, func, select, text
from sqlalchemy.orm import Session

from cms.content.changes.models import Change, ChangeFloor, DocumentVersion
from cms.content.models import Document
from cms.platform.db import columns_of
from cms.platform.direct_reads import DirectReads
from cms.platform.prepared import PreparedRead

GZIP_BEGINS = b"\x1f\x8b"
CHANGES, DOCUMENTS = columns_of(Change), columns_of(Document)
FOLLOWING = PreparedRead(
    select(*CHANGES.c, DOCUMENTS.c.body)
    .select_from(CHANGES.outerjoin(DOCUMENTS, DOCUMENTS.c.article_id == CHANGES.c.article_id))
    .where(CHANGES.c.number > bindparam("after", type_=CHANGES.c.number.type))
    .order_by(CHANGES.c.number)
    # SQLAlchemy's own limit brings a value for an offset along on SQLite, which a prepared read has none for.
    .suffix_with(text("LIMIT :limit").bindparams(bindparam("limit", type_=CHANGES.c.number.type)))
)
HEAD = PreparedRead(select(func.max(CHANGES.c.number).label("number")))
FLOOR = PreparedRead(select(columns_of(ChangeFloor).c.number))


@dataclass(frozen=True)
class Position:
    """How far somebody has followed: every change up to `number`.

    `harmless` is the last number when they began with nothing: what was gone by then they never had.
    """

    number: int
    harmless: int


def beginning(reads: DirectReads) -> Position:
    """Where somebody stands who has nothing yet. Read it before the first changes."""
    # The floor too: the last changes of all may be among those that were forgotten.
    return Position(0, max(HEAD.rows(reads)[0].number or 0, FLOOR.rows(reads)[0].number))


def changes_after(reads: DirectReads, number: int, limit: int) -> Sequence[Any]:
    """The last change of each article that changed since, in their order, with its document if it has one.

    A change and the document that it is of are of one state of the database.
    """
    return FOLLOWING.rows(reads, after=number, limit=limit)


def is_forgotten(reads: DirectReads, position: Position) -> bool:
    """Whether articles went away after this position whose changes are not kept any more. Ask after the changes."""
    return FLOOR.rows(reads)[0].number > max(position.number, position.harmless)


def is_ahead(reads: DirectReads, position: Position) -> bool:
    """Whether a position is of changes that this database does not know: a backup was brought back since.

    What holds a number is replaced under a higher one, or forgotten, which the floor says.
    """
    return position.number > beginning(reads).harmless


@dataclass(frozen=True)
class Past:
    """What readers saw of an article at an instant."""

    article_id: str
    body: bytes


def seen_by_id(session: Session, article_id: str, at: datetime) -> Past | None:
    """The document of this id as readers saw it at an instant; None where they saw none, or it is not kept."""
    return _seen(session, at, (Change.article_id == article_id,), (DocumentVersion.article_id == article_id,))


def seen_by_slug(session: Session, locale: str, slug: str, at: datetime) -> Past | None:
    """The document that readers found by this slug at an instant; None where there was none, or it is not kept."""
    here = (Change.locale == locale, Change.slug == slug, Document.locale == locale, Document.slug == slug)
    return _seen(session, at, here, (DocumentVersion.locale == locale, DocumentVersion.slug == slug))


def _seen(session: Session, at: datetime, present: Sequence[Any], past: Sequence[Any]) -> Past | None:
    # The present first: what it is replaced by meanwhile comes after it into the past, and is found there or here.
    current = (
        select(Document.article_id, Document.body)
        .join(Change, Change.article_id == Document.article_id)
        .where(Change.shown_at <= at, *present)
    )
    version = DocumentVersion
    before = (
        select(version.article_id, version.kept)
        .where(version.shown_at <= at, version.replaced_at > at, *past)
        .order_by(version.number.desc())
        .limit(1)
    )
    for statement in (current, before):
        row = session.execute(statement).one_or_none()
        if row is not None:
            body = bytes(row[1])
            return Past(str(UUID(row[0])), gzip.decompress(body) if body.startswith(GZIP_BEGINS) else body)
    return None
