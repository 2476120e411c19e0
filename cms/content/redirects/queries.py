"""Reads of redirects: what a path leads to for readers, and the list that editors see. Nothing here writes."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from cms.content.models import Document
from cms.content.redirects.models import Redirect
from cms.content.redirects.rules import SitePath, article_path, site_path
from cms.platform.direct_reads import DirectReads
from cms.platform.keyset import one_page

LIVE = "SELECT article_id FROM documents WHERE locale = ? AND slug = ?"
REDIRECT = (
    "SELECT r.target, r.target_path, r.status, d.article_id, d.locale, d.slug, t.article_id FROM redirects r "
    "LEFT JOIN documents d ON d.article_id = r.article_id LEFT JOIN tombstones t ON t.article_id = r.article_id "
    "WHERE r.path = ?"
)
TAKEN_DOWN = "SELECT article_id FROM tombstones WHERE locale = ? AND slug = ?"


@dataclass(frozen=True)
class Resolved:
    """What readers get at a path: an article, a redirect to another path or page, or that something was taken down.

    `article_id` and `place` are there where an article is at the end of it; `article_id` also of one that is gone.
    """

    kind: Literal["article", "redirect", "gone"]
    status: int
    location: str | None = None
    article_id: str | None = None
    place: tuple[str, str] | None = None


def resolve(reads: DirectReads, path: SitePath) -> Resolved | None:
    """What readers get at a path, after every redirect; None where there is nothing.

    A published article comes before a redirect, and a redirect before what was taken down.
    """
    live = _live(reads, path)
    if live is not None:
        return live
    rows = reads.rows(REDIRECT, (path.text,))
    if rows:
        return _followed(reads, rows[0])
    buried = reads.rows(TAKEN_DOWN, path.place) if path.place is not None else []
    return Resolved("gone", 410, article_id=str(UUID(str(buried[0][0])))) if buried else None


def redirects(
    session: Session, *, limit: int, after: Sequence[Any] | None, is_backwards: bool, path: str | None
) -> list[Redirect]:
    """One page of redirects, the newest first."""
    return one_page(
        session,
        _narrowed(path),
        [Redirect.number],
        after,
        limit=limit,
        is_falling=True,
        is_backwards=is_backwards,
    )


def count_of(session: Session, path: str | None) -> int:
    """How many redirects there are."""
    return session.scalar(select(func.count()).select_from(_narrowed(path).subquery())) or 0


def redirect_by_id(session: Session, redirect_id: str) -> Redirect | None:
    """The redirect with this public id."""
    return session.scalar(select(Redirect).where(Redirect.id == redirect_id))


def locations(session: Session, rows: Sequence[Redirect]) -> dict[str, str]:
    """Where these redirects lead, by id; those whose article is not published are missing."""
    wanted = {row.article_id for row in rows if row.article_id is not None}
    places: dict[str, str] = {}
    if wanted:
        statement = select(Document.article_id, Document.locale, Document.slug)
        for article_id, locale, slug in session.execute(statement.where(Document.article_id.in_(wanted))):
            places[article_id] = article_path(locale, slug)
    found = {row.id: places.get(row.article_id) if row.article_id else row.target for row in rows}
    return {redirect_id: location for redirect_id, location in found.items() if location is not None}


def _live(reads: DirectReads, path: SitePath) -> Resolved | None:
    rows = reads.rows(LIVE, path.place) if path.place is not None else []
    if not rows:
        return None
    return Resolved("article", 200, path.text, str(UUID(str(rows[0][0]))), path.place)


def _followed(reads: DirectReads, row: tuple[Any, ...]) -> Resolved | None:
    target, target_path, status, article_id, locale, slug, taken_down = row
    if article_id is not None:
        return Resolved("redirect", status, article_path(locale, slug), str(UUID(str(article_id))), (locale, slug))
    if taken_down is not None:
        return Resolved("gone", 410, article_id=str(UUID(str(taken_down))))
    if not target:
        return None
    # Editors' redirects are collapsed when they are added; the article that one leads to may have moved since.
    further = site_path(target_path) if target_path else None
    if further is None:
        return Resolved("redirect", status, target)
    end = _live(reads, further)
    if end is None:
        rows = reads.rows(REDIRECT, (further.text,))
        end = _followed(reads, rows[0]) if rows and rows[0][0] == "" else None
    if end is None or end.kind == "gone":
        return Resolved("redirect", status, target)
    return Resolved("redirect", status, end.location, end.article_id, end.place)


def _narrowed(path: str | None) -> Any:
    statement = select(Redirect)
    return statement if path is None else statement.where(Redirect.path == path)
