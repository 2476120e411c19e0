"""Reads of where an asset is used, for somebody who may know of some of the articles."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from cms.identity.access import READ
from cms.identity.rules import decide
from cms.media.models import AssetUse
from cms.newsroom.models import Article
from cms.platform.actor import Grant
from cms.taxonomy.models import Section


def articles_using(session: Session, asset_id: str, grants: Iterable[Grant]) -> tuple[list[dict[str, Any]], int]:
    """The articles that name an asset which these grants may read, newest first; and how many others there are.

    Shape: [{"id", "title", "locale", "state", "is_in_trash", "places"}], places are `shown` and `working`
    """
    statement = (
        select(
            AssetUse.place, Article.id, Article.title, Article.locale, Article.state, Article.deleted_at, Section.path
        )
        .join(Article, Article.id == AssetUse.article_id)
        .outerjoin(Section, Section.id == Article.section_id)
        .where(AssetUse.asset_id == asset_id)
        .order_by(Article.number.desc(), AssetUse.place)
    )
    grants = tuple(grants)
    shown: dict[str, dict[str, Any]] = {}
    hidden = set()
    for row in session.execute(statement):
        if not decide(grants, READ, row.path or "", row.locale).is_allowed:
            hidden.add(row.id)
            continue
        told = {"id": row.id, "title": row.title, "locale": row.locale, "state": row.state}
        one = shown.setdefault(row.id, {**told, "is_in_trash": row.deleted_at is not None, "places": []})
        one["places"].append(row.place)
    return list(shown.values()), len(hidden)
