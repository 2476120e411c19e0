"""Reads of what is shared under embargo, for those who may read it early. Nothing here writes."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, false, func, or_, select, true
from sqlalchemy.orm import Session

from cms.content.embargo.models import EmbargoedDocument, EmbargoedTombstone, EmbargoRead
from cms.identity.rules import Place
from cms.platform.clock import rfc3339
from cms.platform.keyset import one_page

Shared = type[EmbargoedDocument] | type[EmbargoedTombstone]


def embargoed_by_id(session: Session, article_id: str, places: Iterable[Place]) -> EmbargoedDocument | None:
    """The article under embargo with this public id, where it is in one of these places."""
    return session.scalar(
        select(EmbargoedDocument).where(EmbargoedDocument.article_id == article_id, _is_in_any(places))
    )


def embargoed_by_slug(session: Session, locale: str, slug: str, places: Iterable[Place]) -> EmbargoedDocument | None:
    """The article under embargo of a locale with this slug, where it is in one of these places."""
    is_it = (EmbargoedDocument.locale == locale, EmbargoedDocument.slug == slug)
    return session.scalar(select(EmbargoedDocument).where(*is_it, _is_in_any(places)))


def tombstone_by_id(session: Session, article_id: str, places: Iterable[Place]) -> EmbargoedTombstone | None:
    """What is told of an article that was taken down under embargo, where it was in one of these places."""
    table = EmbargoedTombstone
    return session.scalar(select(table).where(table.article_id == article_id, _is_in_any(places, table)))


def tombstone_by_slug(session: Session, locale: str, slug: str, places: Iterable[Place]) -> EmbargoedTombstone | None:
    """The same by the slug that it had; the newest, where several had it."""
    table = EmbargoedTombstone
    statement = select(table).where(table.locale == locale, table.slug == slug, _is_in_any(places, table))
    return session.scalar(statement.order_by(table.taken_down_at.desc()).limit(1))


def is_known_early(session: Session, article_id: str) -> bool:
    """Whether an article is shared under embargo, or was read while it was."""
    shared = exists().where(EmbargoedDocument.article_id == article_id)
    read = exists().where(EmbargoRead.article_id == article_id)
    return bool(session.scalar(select(or_(shared, read))))


def embargoed(
    session: Session, places: Iterable[Place], *, limit: int, after: Sequence[Any] | None, is_backwards: bool
) -> list[EmbargoedDocument]:
    """One page of the articles under embargo in these places, the ones that end first first."""
    place = (datetime.fromisoformat(after[0]), after[1]) if after else None
    order = [EmbargoedDocument.until, EmbargoedDocument.number]
    statement = select(EmbargoedDocument).where(_is_in_any(places))
    return one_page(session, statement, order, place, limit=limit, is_backwards=is_backwards)


def position_of(row: EmbargoedDocument) -> tuple[str, int]:
    """Where an article stands in the list."""
    return rfc3339(row.until), row.number


def shared_at(session: Session, article_id: str) -> datetime | None:
    """Since when an article is shared under embargo; None where it is not."""
    return session.scalar(select(EmbargoedDocument.shared_at).where(EmbargoedDocument.article_id == article_id))


def reads_of(session: Session, article_id: str) -> list[EmbargoRead]:
    """Who read an article under embargo, the first one first."""
    statement = select(EmbargoRead).where(EmbargoRead.article_id == article_id)
    return list(session.scalars(statement.order_by(EmbargoRead.first_at, EmbargoRead.credential)))


def _is_in_any(places: Iterable[Place], table: Shared = EmbargoedDocument) -> ColumnElement[bool]:
    return or_(false(), *(_is_in(place, table) for place in places))


def _is_in(place: Place, table: Shared) -> ColumnElement[bool]:
    conditions: list[ColumnElement[bool]] = [true()]
    if place.section_path:
        start = func.substr(table.section_path, 1, len(place.section_path))
        conditions.append(start == place.section_path)
    if place.locale:
        conditions.append(table.locale == place.locale)
    return and_(*conditions)
