"""Reads of front lists as editors have them. Nothing here writes."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Select, func, or_, select
from sqlalchemy.orm import Session

from cms.content.front_lists.models import FrontList, FrontListEntry
from cms.content.front_lists.rules import is_open
from cms.content.models import Document
from cms.identity.rules import Place
from cms.newsroom.front_lists.rules import Entry, Fill, ListContent
from cms.newsroom.models import Article
from cms.platform.ids import is_id
from cms.platform.keyset import one_page
from cms.taxonomy.models import Section

OWN = ("id", "name", "title", "revision", "created_at", "updated_at")


def list_by_id(session: Session, list_id: str, *, is_locked: bool = False) -> FrontList | None:
    """The list of this id, held until the transaction ends where that is asked for."""
    if not is_id(list_id):
        return None
    statement = select(FrontList).where(FrontList.id == list_id)
    if is_locked:
        statement = statement.with_for_update()
    return session.scalar(statement, execution_options={"populate_existing": True})


def lists(
    session: Session, name: str | None, *, limit: int, after: Sequence[Any] | None, is_backwards: bool
) -> list[FrontList]:
    """One page of lists, by name and language."""
    order = [FrontList.name, FrontList.locale]
    return one_page(session, _named(name), order, after, limit=limit, is_backwards=is_backwards)


def count_of(session: Session, name: str | None = None) -> int:
    """How many lists there are."""
    return session.scalar(select(func.count()).select_from(_named(name).subquery())) or 0


def held_lists_of_section(session: Session, section_id: str) -> list[FrontList]:
    """The lists that belong to a section or are filled from it, held until the transaction ends."""
    used = or_(FrontList.section_id == section_id, FrontList.fill_section_id == section_id)
    statement = select(FrontList).where(used).order_by(FrontList.number).with_for_update()
    return list(session.scalars(statement, execution_options={"populate_existing": True}))


def content_of(session: Session, row: FrontList) -> ListContent:
    """A list as editors wrote it."""
    slugs = section_slugs(session, [row])
    entries = (
        Entry(one.article_id, one.is_pinned, one.from_at, one.until_at, one.title) for one in entries_of(session, row)
    )
    fill = Fill(row.fill_limit, slugs.get(row.fill_section_id)) if row.fill_limit else None
    return ListContent(row.title, slugs.get(row.section_id), fill, tuple(entries))


def entries_of(session: Session, row: FrontList) -> list[FrontListEntry]:
    """The entries of a list in their order."""
    statement = select(FrontListEntry).where(FrontListEntry.list_number == row.number)
    return list(session.scalars(statement.order_by(FrontListEntry.position)))


def section_slugs(session: Session, rows: Sequence[FrontList]) -> dict[str | None, str]:
    """The slugs of the sections that these lists name, by id."""
    ids = {one for row in rows for one in (row.section_id, row.fill_section_id) if one is not None}
    return dict(session.execute(select(Section.id, Section.slug).where(Section.id.in_(ids))).all()) if ids else {}


def whereabouts(session: Session, article_ids: Collection[str]) -> dict[str, Place]:
    """Where those of these articles are that were not deleted."""
    if not article_ids:
        return {}
    statement = (
        select(Article.id, func.coalesce(Section.path, ""), Article.locale)
        .outerjoin(Section, Section.id == Article.section_id)
        .where(Article.id.in_(article_ids), Article.deleted_at.is_(None))
    )
    return {article_id: Place(path, locale) for article_id, path, locale in session.execute(statement)}


def card_data(row: FrontList, slugs: dict[str | None, str]) -> dict[str, Any]:
    """A list in the shape of `FrontListCardShape`."""
    fill = {"section": slugs.get(row.fill_section_id), "limit": row.fill_limit} if row.fill_limit else None
    own = {name: getattr(row, name) for name in OWN}
    return {**own, "locale": row.locale or None, "section": slugs.get(row.section_id), "fill": fill}


def list_data(session: Session, row: FrontList, now: datetime) -> dict[str, Any]:
    """A list in the shape of `FrontListShape`; as many statements for a hundred entries as for one."""
    entries = entries_of(session, row)
    ids = [entry.article_id for entry in entries]
    live: dict[str, str] = {}
    if ids:
        statement = select(Document.article_id, Document.locale).where(Document.article_id.in_(ids))
        live = dict(session.execute(statement).all())
    data = card_data(row, section_slugs(session, [row]))
    data["entries"] = [
        {
            "position": entry.position,
            "article": entry.article_id,
            "is_pinned": entry.is_pinned,
            "from": entry.from_at,
            "until": entry.until_at,
            "title": entry.title,
            "is_shown": entry.article_id in live
            and row.locale in ("", live[entry.article_id])
            and is_open(entry.from_at, entry.until_at, now),
        }
        for entry in entries
    ]
    return data


def _named(name: str | None) -> Select[FrontList]:
    statement = select(FrontList)
    return statement if name is None else statement.where(FrontList.name == name)
