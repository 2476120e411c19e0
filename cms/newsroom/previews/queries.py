"""Reads of preview links and of who looked. Nothing here writes."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from cms.identity.rules import decide
from cms.identity.staff.queries import grants_of_credential
from cms.newsroom import queries
from cms.newsroom.models import Article
from cms.newsroom.previews.models import PreviewLink, PreviewView
from cms.newsroom.previews.rules import PUT_AWAY, SHARE, LinkState, state_of
from cms.platform.ids import is_id
from cms.platform.keyset import one_page

SHOWN = ("id", "article_id", "label", "revision", "created_at", "expires_at", "revoked_at", "views", "last_viewed_at")
SYSTEM = "system:"


def link_of(session: Session, article_id: str, link_id: str) -> PreviewLink | None:
    """A link of this article; None for one of another article, and for a text that is no id."""
    if not is_id(link_id):
        return None
    return session.scalar(
        select(PreviewLink).where(PreviewLink.id == link_id, PreviewLink.article_id == article_id),
        execution_options={"populate_existing": True},
    )


def links(
    session: Session, article_id: str, *, limit: int, after: Sequence[Any] | None, is_backwards: bool
) -> list[PreviewLink]:
    """One page of an article's links, newest first."""
    statement = select(PreviewLink).where(PreviewLink.article_id == article_id)
    return one_page(
        session, statement, [PreviewLink.number], after, limit=limit, is_falling=True, is_backwards=is_backwards
    )


def count_of_links(session: Session, article_id: str) -> int:
    """How many links of an article are known."""
    return session.scalar(select(func.count()).where(PreviewLink.article_id == article_id)) or 0


def count_of_open_links(session: Session, article_id: str, now: datetime) -> int:
    """How many links of an article were neither withdrawn nor have expired."""
    still = (PreviewLink.revoked_at.is_(None), PreviewLink.expires_at > now)
    return session.scalar(select(func.count()).where(PreviewLink.article_id == article_id, *still)) or 0


def count_of_links_signed_with(session: Session, key_name: str, now: datetime) -> int:
    """How many links that still open are signed with a key."""
    still = (PreviewLink.revoked_at.is_(None), PreviewLink.expires_at > now)
    return session.scalar(select(func.count()).where(PreviewLink.key_name == key_name, *still)) or 0


def views(
    session: Session, link: PreviewLink, *, limit: int, after: Sequence[Any] | None, is_backwards: bool
) -> list[PreviewView]:
    """One page of who looked through a link, those who came last first."""
    statement = select(PreviewView).where(PreviewView.link_number == link.number)
    return one_page(
        session, statement, [PreviewView.number], after, limit=limit, is_falling=True, is_backwards=is_backwards
    )


def count_of_views(session: Session, link: PreviewLink) -> int:
    """How many visitors there are of a link, by day."""
    return session.scalar(select(func.count()).where(PreviewView.link_number == link.number)) or 0


def makers_who_may(session: Session, article: Article, rows: Collection[PreviewLink]) -> set[str]:
    """Of those who made these links the ones who might make them again now, where the article is now.

    A token that came to its end by itself was good when it made the link, and the link ends by itself too. One that was
    revoked is not, nor is one whose colleague was disabled.
    """
    here = queries.place_at(session, article.section_id, article.locale)
    found = set()
    for made_by, made_at in {row.made_by: row.created_at for row in rows}.items():
        kind, _, public_id = made_by.partition(":")
        grants = () if made_by.startswith(SYSTEM) else grants_of_credential(session, made_by, made_at)
        is_own = queries.was_made_by(session, article.id, kind, public_id)
        if made_by.startswith(SYSTEM) or (
            grants and decide(grants, SHARE, here.section_path, here.locale, is_own=is_own).is_allowed
        ):
            found.add(made_by)
    return found


def may_be_seen(session: Session, article: Article | None, link: PreviewLink) -> bool:
    """Whether a link leads to something that may be shown, apart from its own time."""
    is_at_work = article is not None and article.state not in PUT_AWAY and article.deleted_at is None
    return article is not None and is_at_work and link.made_by in makers_who_may(session, article, [link])


def links_data(
    session: Session, article: Article, rows: Sequence[PreviewLink], keys: Collection[str], now: datetime
) -> list[dict[str, Any]]:
    """Links in the shape of `PreviewShape`. As many statements for a hundred links as for one of each maker."""
    makers = set() if article.state in PUT_AWAY else makers_who_may(session, article, rows)
    return [link_data(row, _state(row, row.made_by in makers, keys, now)) for row in rows]


def link_data(link: PreviewLink, state: LinkState) -> dict[str, Any]:
    """A link in the shape of `PreviewShape`."""
    kind, _, public_id = link.made_by.partition(":")
    maker = {"kind": kind, "id": public_id, "name": link.maker_name}
    return {**{name: getattr(link, name) for name in SHOWN}, "state": state, "created_by": maker}


def view_data(view: PreviewView) -> dict[str, Any]:
    """The looks of one visitor in the shape of `PreviewViewShape`."""
    return {name: getattr(view, name) for name in ("visitor", "day", "first_at", "last_at", "count")}


def _state(link: PreviewLink, may_be_seen: bool, keys: Collection[str], now: datetime) -> LinkState:
    return state_of(
        expires_at=link.expires_at, revoked_at=link.revoked_at, key_name=link.key_name, keys=keys,
        may_be_seen=may_be_seen, now=now,
    )  # fmt: skip
