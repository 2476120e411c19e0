"""Addresses at which readers get something: an article, another address, or that something was taken down.

A slug that nobody chose takes none of them.
"""

from sqlalchemy import BindParameter, ColumnElement, Select, and_, bindparam, or_, select
from sqlalchemy.orm import Session

from cms.content.embargo.models import EmbargoedDocument
from cms.content.models import Document, Tombstone
from cms.content.redirects.models import Redirect
from cms.content.redirects.rules import article_path
from cms.platform.db import columns_of

ARTICLE: BindParameter[str] = bindparam("article")


def addresses_of_others(*, is_pattern: bool = False) -> tuple[Select[str], ...]:
    """Statements that find what leads readers anywhere but to one article, for a union.

    Their parameters are `article`, `locale`, and a `slug` with its `path`, or patterns of both for `LIKE`. They give
    slugs, and paths of what redirects. What is under embargo counts: it wants its address at the end of that.
    """

    def matches(column: ColumnElement[str], name: str) -> ColumnElement[bool]:
        return column.like(bindparam(name)) if is_pattern else column == bindparam(name)

    shown = [
        select(table.c.slug).where(
            table.c.locale == bindparam("locale"), matches(table.c.slug, "slug"), table.c.article_id != ARTICLE
        )
        for table in (columns_of(Document), columns_of(EmbargoedDocument), columns_of(Tombstone))
    ]
    return (*shown, _redirects().where(matches(columns_of(Redirect).c.path, "path")))


def leads_elsewhere(session: Session, article_id: str, locale: str, slug: str) -> bool:
    """Whether a redirect leads readers from this address anywhere but to this article, or to where one was taken down.

    It is gone once an article is published there.
    """
    path = article_path(locale, slug)
    redirect = _redirects().where(columns_of(Redirect).c.path == path)
    return session.execute(redirect, {"article": article_id}).first() is not None


def _redirects() -> Select[str]:
    """The paths of redirects that lead somewhere now: where an editor said, or to another article that readers know."""
    redirects, documents, tombstones = (columns_of(table) for table in (Redirect, Document, Tombstone))
    joined = redirects.outerjoin(documents, documents.c.article_id == redirects.c.article_id).outerjoin(
        tombstones, tombstones.c.article_id == redirects.c.article_id
    )
    is_known = or_(documents.c.article_id.is_not(None), tombstones.c.article_id.is_not(None))
    leads = or_(redirects.c.target != "", and_(redirects.c.article_id != ARTICLE, is_known))
    return select(redirects.c.path).select_from(joined).where(leads)
