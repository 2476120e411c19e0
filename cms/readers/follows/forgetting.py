"""Forgetting what a reader followed, with the account."""

from sqlalchemy import delete, exists, select
from sqlalchemy.orm import Session

from cms.platform.db import change_rows
from cms.platform.limits import line_up
from cms.readers.follows.models import Digest, DigestPlan, Follow, FollowedQuery, FollowMatch


def forget_follows(session: Session, account_id: str) -> list[str]:
    """Delete all follows of a reader with what was told; gives the ids that letters may be about."""
    told: list[str] = []
    told += session.scalars(select(FollowMatch.id).where(FollowMatch.account_id == account_id))
    told += session.scalars(select(Digest.id).where(Digest.account_id == account_id))
    queries = select(Follow.target).where(Follow.account_id == account_id, Follow.kind == "query")
    keys = sorted(session.scalars(queries))
    for table in (FollowMatch, Digest, DigestPlan, Follow):
        change_rows(session, delete(table).where(table.account_id == account_id))
    forget_queries(session, keys)
    return told


def forget_queries(session: Session, keys: list[str]) -> None:
    """Let queries wait for articles no more that nobody follows any more."""
    for key in sorted(keys):
        # Whoever begins to follow one at this moment comes before or after.
        line_up(session, f"followed-query:{key}")
    is_followed = exists().where(Follow.target == FollowedQuery.key)
    change_rows(session, delete(FollowedQuery).where(FollowedQuery.key.in_(keys), ~is_followed))
