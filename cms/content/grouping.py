"""Articles that are translations of one another, as readers see them: each published one names the published others.

Which belong together is decided by the newsroom, and written down here in the transaction of its verbs.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from cms.content.assembling import chunks, hold_content, reassemble
from cms.content.models import Document
from cms.platform.db import change_rows


@dataclass(frozen=True)
class Kinship:
    """How an article belongs to its translations. `source_id` is the one that it was translated from; `stale_ids` are
    all of the group that lag behind theirs."""

    group_id: str
    source_id: str | None = None
    stale_ids: frozenset[str] = frozenset()


def regroup(session: Session, kinships: Mapping[str, Kinship | None], now: datetime) -> None:
    """Let these articles, those of them that readers see, belong to other groups, or None, from the commit on.

    Every document that names one of them, or named one, is written anew.
    """
    hold_content(session)
    statement = select(Document).where(Document.article_id.in_(kinships)).execution_options(populate_existing=True)
    documents = session.scalars(statement).all()
    touched = {document.article_id for document in documents}
    touched |= group_members(session, {document.group_id for document in documents})
    regrouped = {one.article_id for one in documents if one.group_id != _group_of(kinships[one.article_id])}
    former = {one.group_id for one in documents if one.article_id in regrouped}
    regrouped |= group_members(session, former)
    for document in documents:
        for name, value in kinship_values(document.article_id, kinships[document.article_id]).items():
            setattr(document, name, value)
    session.flush()
    groups = {kinship.group_id: kinship for kinship in kinships.values() if kinship is not None}
    for kinship in groups.values():
        mark_stale(session, kinship)
    let_relate_again(session, regrouped)
    reassemble(session, touched | group_members(session, list(groups)), now)


def let_relate_again(session: Session, article_ids: Collection[str]) -> None:
    """Let the next refresh of related lists come to these articles, as what they are translations of has changed."""
    for ids in chunks(sorted(article_ids)):
        statement = update(Document).where(Document.article_id.in_(ids)).values(has_lost_related=True)
        change_rows(session, statement)


def _group_of(kinship: Kinship | None) -> str | None:
    return kinship.group_id if kinship is not None else None


def kinship_values(article_id: str, kinship: Kinship | None) -> dict[str, Any]:
    """The columns of a document that say how it belongs to its translations."""
    if kinship is None:
        return {"group_id": None, "translated_from_id": None, "is_stale": False}
    return {
        "group_id": kinship.group_id,
        "translated_from_id": kinship.source_id,
        "is_stale": article_id in kinship.stale_ids,
    }


def mark_stale(session: Session, kinship: Kinship) -> None:
    """Write down in every document of a group whether it lags behind."""
    statement = update(Document).where(Document.group_id == kinship.group_id)
    values = {"is_stale": Document.article_id.in_(kinship.stale_ids)}
    change_rows(session, statement.values(values))


def group_members(session: Session, group_ids: Collection[str | None]) -> set[str]:
    """The published articles of these groups."""
    known = [group_id for group_id in group_ids if group_id is not None]
    if not known:
        return set()
    return set(session.scalars(select(Document.article_id).where(Document.group_id.in_(known))))
