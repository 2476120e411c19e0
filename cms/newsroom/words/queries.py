"""Who uses a word of the taxonomy. Nothing here writes."""

from typing import Any

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session

from cms.content.front_lists.models import FrontList
from cms.content.models import DocumentWord
from cms.identity.moving import count_grants
from cms.identity.rules import Place
from cms.newsroom.models import Article, ArticleAuthor, ArticleTag
from cms.newsroom.queries import is_in_any
from cms.newsroom.words.rules import SHOWN_USERS, Usage
from cms.taxonomy.models import Person, Section, Source, Tag

TOLD = ("id", "title", "locale", "state")


def usage(session: Session, word: Any, readable: frozenset[Place]) -> Usage:
    """Who uses a word, and of the first articles those that are in a readable place. As many statements for any use."""
    used = or_(names_it(word), Article.id.in_(select(DocumentWord.article_id).where(DocumentWord.word_id == word.id)))
    count = session.scalar(select(func.count()).select_from(Article).where(used)) or 0
    columns = (*(getattr(Article, name) for name in TOLD), Article.deleted_at)
    statement = select(*columns).where(used, is_in_any(readable)).order_by(Article.updated_at.desc(), Article.number)
    rows = session.execute(statement.limit(SHOWN_USERS)).all() if count else []
    first = [{**{name: getattr(row, name) for name in TOLD}, "is_deleted": row.deleted_at is not None} for row in rows]
    if not isinstance(word, Section):
        return Usage(articles=count, first=first)
    below = select(Section.slug).where(Section.parent_id == word.id).order_by(Section.slug)
    sections = list(session.scalars(below))
    return Usage(count, first, sections, count_grants(session, word.path), _lists(session, word))


def _lists(session: Session, section: Section) -> list[dict[str, Any]]:
    used = or_(FrontList.section_id == section.id, FrontList.fill_section_id == section.id)
    statement = select(FrontList.id, FrontList.name, FrontList.locale).where(used).order_by(FrontList.number)
    return [{"id": row.id, "name": row.name, "locale": row.locale or None} for row in session.execute(statement)]


def names_it(word: Any) -> ColumnElement[bool]:
    """The condition that an article's working copy names a word."""
    if isinstance(word, Section):
        return Article.section_id == word.id
    if isinstance(word, Tag):
        return Article.id.in_(select(ArticleTag.article_id).where(ArticleTag.tag_id == word.id))
    if isinstance(word, Person):
        authored = select(ArticleAuthor.article_id).where(ArticleAuthor.person_id == word.id)
        return or_(Article.editor_id == word.id, Article.id.in_(authored))
    assert isinstance(word, Source)
    return Article.source_id == word.id
