"""How articles belong to their translations: for editors, for lists, and for every verb that has to know it.

Nothing here writes. It stands on the tables alone, so that the reads of the newsroom can stand on it.
"""

from typing import Any

from sqlalchemy import ColumnElement, and_, exists, select
from sqlalchemy.orm import Session, aliased

from cms.content.grouping import Kinship
from cms.newsroom.models import Article


def is_behind() -> ColumnElement[bool]:
    """The condition that readers of an article's source were shown other words since it was translated."""
    source = aliased(Article)
    return exists().where(
        source.id == Article.translated_from_id,
        source.group_id == Article.group_id,
        source.deleted_at.is_(None),
        source.shown_revision > Article.translated_revision,
        source.shown_digest != Article.source_digest,
    )


def lacks(locale: str) -> ColumnElement[bool]:
    """The condition that an article, itself no translation, has no variant in a language."""
    source, variant = aliased(Article), aliased(Article)
    return and_(
        Article.locale != locale,
        ~exists().where(source.id == Article.translated_from_id, _is_kin(source)),
        ~exists().where(variant.locale == locale, _is_kin(variant)),
    )


def kinship_of(session: Session, article: Article) -> Kinship | None:
    """How an article belongs to its translations, as it stands now; None for one that is in no group."""
    if article.group_id is None:
        return None
    session.flush()
    stale = select(Article.id).where(Article.group_id == article.group_id, Article.deleted_at.is_(None), is_behind())
    return Kinship(article.group_id, article.translated_from_id, frozenset(session.scalars(stale)))


def others_of(session: Session, group_id: str) -> dict[str, Kinship | None]:
    """How a group stands, by one of the articles that it has now; empty where it has none."""
    statement = select(Article).where(Article.group_id == group_id, Article.deleted_at.is_(None)).limit(1)
    left = session.scalar(statement)
    return {} if left is None else {left.id: kinship_of(session, left)}


def is_stale(session: Session, article: Article) -> bool:
    """Whether an article lags behind the one that it was translated from."""
    if article.group_id is None:
        return False
    return session.scalar(select(Article.id).where(Article.id == article.id, is_behind())) is not None


def holder_of_locale(session: Session, group_id: str | None, locale: str, article_id: str = "") -> str | None:
    """Another living article of a group that has this language."""
    if group_id is None:
        return None
    statement = select(Article.id).where(
        Article.group_id == group_id, Article.locale == locale, Article.deleted_at.is_(None)
    )
    holder = session.scalar(statement)
    return None if holder == article_id else holder


def translations_data(session: Session, article: Article, readable: ColumnElement[bool]) -> dict[str, Any]:
    """What an article is a translation of, and its other variants, those that are `readable`.

    Shape: {"translation_of": {"id", "revision", "is_stale"} or None, "translations": [{"id", "locale", "title",
    "state", "is_stale"}]}; empty for an article that is in no group
    """
    if article.group_id is None:
        return {}
    columns = (Article.id, Article.locale, Article.title, Article.state, is_behind().label("is_stale"))
    statement = select(*columns, readable.label("is_readable")).where(
        Article.group_id == article.group_id, Article.deleted_at.is_(None)
    )
    variants = {row.id: row for row in session.execute(statement.order_by(Article.locale))}
    others = [row for row in variants.values() if row.id != article.id and row.is_readable]
    source = next((row for row in others if row.id == article.translated_from_id), None)
    return {
        "translation_of": None
        if source is None
        else {
            "id": source.id,
            "revision": article.translated_revision,
            "is_stale": bool(variants[article.id].is_stale),
        },
        "translations": [
            {"id": row.id, "locale": row.locale, "title": row.title, "state": row.state, "is_stale": bool(row.is_stale)}
            for row in others
        ],
    }


def sources_in(session: Session, group_id: str | None) -> dict[str, str | None]:
    """For each living article of a group the one that it was translated from."""
    if group_id is None:
        return {}
    statement = select(Article.id, Article.translated_from_id).where(
        Article.group_id == group_id, Article.deleted_at.is_(None)
    )
    return dict(session.execute(statement).all())


def _is_kin(other: Any) -> ColumnElement[bool]:
    return and_(other.group_id == Article.group_id, other.deleted_at.is_(None))
