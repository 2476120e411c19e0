"""The slug that an article gets by itself: made of its title, one that no other article has and no reader knows.

A slug that an editor names is never changed; `saving.put_values` and `checking` say whose it is already.
"""

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from cms.content.redirects.leading import addresses_of_others
from cms.content.redirects.rules import article_path
from cms.newsroom.models import Article
from cms.newsroom.queries import ARTICLE
from cms.platform.db import columns_of
from cms.platform.prepared import PreparedRead
from cms.platform.text.slugs import slugify
from cms.taxonomy.rules import LONGEST_SLUG

ROOM_FOR_SUFFIX = 8

# Each looks at all places in one statement: an article that moves leaves an address and begins to redirect from it in
# one commit, and of two statements one could come before that and the other behind it.
ARTICLES = columns_of(Article).c
OTHERS = select(ARTICLES.slug).where(ARTICLES.locale == bindparam("locale"), ARTICLES.id != ARTICLE)
NAMESAKE = PreparedRead(OTHERS.where(ARTICLES.slug == bindparam("slug")).union_all(*addresses_of_others()))
NUMBERED = OTHERS.where(ARTICLES.slug.like(bindparam("slug"))).union_all(*addresses_of_others(is_pattern=True))


def free_slug(session: Session, article_id: str, title: str, locale: str) -> str:
    """A slug for an article, with a number where the plain one is taken or still leads readers somewhere else."""
    plain = slugify(title, locale)[: LONGEST_SLUG - ROOM_FOR_SUFFIX].strip("-") or "article"
    # Most titles are new, and this look costs a few keys; only the others pay for reading their namesakes.
    if is_free(session, article_id, locale, plain):
        return plain
    # No slug has a letter that means something in a pattern.
    patterns = {"slug": f"{plain}-%", "path": article_path(locale, f"{plain}-%")}
    taken = set(session.scalars(NUMBERED, {"article": article_id, "locale": locale, **patterns}))
    number = 2
    while not {slug := f"{plain}-{number}", article_path(locale, slug)}.isdisjoint(taken):
        number += 1
    return slug


def is_free(session: Session, article_id: str, locale: str, slug: str) -> bool:
    """Whether an article can have this slug by itself: no other has it, and it leads no reader elsewhere."""
    asked = {"article": article_id, "locale": locale, "slug": slug, "path": article_path(locale, slug)}
    return NAMESAKE.first(session, **asked) is None


def is_slug_taken(session: Session, locale: str, slug: str) -> bool:
    """Whether an article of the locale has this slug."""
    return session.scalar(select(Article.id).where(Article.locale == locale, Article.slug == slug)) is not None
