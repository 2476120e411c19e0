"""Reads of releases, for those who may read everything in them. Nothing here writes."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, exists, func, select
from sqlalchemy.orm import Session

from cms.identity.rules import Place
from cms.newsroom import queries
from cms.newsroom.models import Article
from cms.newsroom.releases.models import Release, ReleaseArticle
from cms.newsroom.schedules.models import Appointment
from cms.newsroom.schedules.rules import local
from cms.platform.ids import is_id
from cms.platform.keyset import one_page

OWN = ("id", "title", "state", "timezone", "release_at", "released_at", "created_at", "updated_at")


@dataclass(frozen=True)
class Releases:
    """What a list of releases is narrowed to; `places` are those that the asker may read in."""

    places: frozenset[Place]
    state: str | None = None

    @property
    def name(self) -> str:
        """What binds cursors to this list."""
        places = sorted((place.section_path, place.locale) for place in self.places)
        return f"newsroom|releases|{self.state}|{places}"


def is_readable(places: frozenset[Place]) -> ColumnElement[bool]:
    """The condition that every article of a release is in one of these places."""
    # Asked by ids, because an article in no section is neither in a section's subtree nor, for SQL, outside it.
    return ~exists().where(
        ReleaseArticle.release_id == Release.id,
        ReleaseArticle.article_id.not_in(queries.readable_ids(places)),
    )


def release_by_id(session: Session, release_id: str, places: frozenset[Place]) -> Release | None:
    """The release with this public id, for somebody who may read in these places."""
    if not is_id(release_id):
        return None
    return session.scalar(select(Release).where(Release.id == release_id, is_readable(places)))


def members(session: Session, release_ids: Sequence[str]) -> list[tuple[ReleaseArticle, Article]]:
    """The articles of these releases in their order, deleted ones too, with where each is."""
    statement = (
        select(ReleaseArticle, Article)
        .join(Article, Article.id == ReleaseArticle.article_id)
        .where(ReleaseArticle.release_id.in_(release_ids))
        .order_by(ReleaseArticle.release_id, ReleaseArticle.position)
        .execution_options(populate_existing=True)
    )
    return [(row[0], row[1]) for row in session.execute(statement)]


def releases(
    session: Session, asked: Releases, *, limit: int, after: Sequence[Any] | None, is_backwards: bool
) -> list[Release]:
    """One page of releases, the ones made last first."""
    statement = select(Release).where(*_narrowed(asked))
    order = [Release.number]
    return one_page(session, statement, order, after, limit=limit, is_falling=True, is_backwards=is_backwards)


def count_of(session: Session, asked: Releases) -> int:
    """How many releases a list holds."""
    return session.scalar(select(func.count()).select_from(Release).where(*_narrowed(asked))) or 0


def release_data(session: Session, rows: Sequence[Release]) -> dict[str, dict[str, Any]]:
    """Releases in the shape of `ReleaseShape`, by id; as many statements for a hundred as for one."""
    ids = [row.id for row in rows]
    held = members(session, ids)
    sections = queries.section_slugs(session, [article for _, article in held])
    problems = _problems(session, ids)
    data: dict[str, dict[str, Any]] = {
        row.id: {
            **{name: getattr(row, name) for name in OWN},
            "local": local(row.release_at, row.timezone) if row.release_at else None,
            "articles": [],
            "problem": problems.get(row.id) if row.state in ("scheduled", "missed") else None,
        }
        for row in rows
    }
    for member, article in held:
        data[member.release_id]["articles"].append(_member_data(member, article, sections.get(article.section_id)))
    return data


def _member_data(member: ReleaseArticle, article: Article, section: str | None) -> dict[str, Any]:
    return {
        "id": article.id,
        "title": article.title,
        "locale": article.locale,
        "section": section,
        "state": article.state,
        "is_deleted": article.deleted_at is not None,
        "revision": member.revision,
        "has_later_changes": member.receipt_id is None and member.revision not in (None, article.revision),
        "receipt": f"/api/v1/receipts/{member.receipt_id}" if member.receipt_id else None,
    }


def _problems(session: Session, release_ids: Sequence[str]) -> dict[str, Any]:
    statement = (
        select(Appointment.subject_id, Appointment.problem)
        .where(Appointment.subject_id.in_(release_ids), Appointment.state.in_(("waiting", "missed")))
        .order_by(Appointment.number)
    )
    return {row.subject_id: row.problem for row in session.execute(statement)}


def _narrowed(asked: Releases) -> list[ColumnElement[bool]]:
    conditions = [is_readable(asked.places)]
    if asked.state is not None:
        conditions.append(Release.state == asked.state)
    return conditions
