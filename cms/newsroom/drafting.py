"""Making a draft."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from cms.events.catalogue import ArticleCreated
from cms.identity.access import refuse
from cms.newsroom.merging import merge_patch
from cms.newsroom.models import Article
from cms.newsroom.naming import free_slug, is_slug_taken
from cms.newsroom.queries import PLAIN, place_at
from cms.newsroom.rules import NewArticle, Standing, settled
from cms.newsroom.saving import SLUG_TRIES, Saved, as_read, find_words, put_lists, put_standing, record_act, taken
from cms.platform.actor import Actor
from cms.platform.db import columns_of
from cms.platform.errors import Invalid
from cms.platform.ids import new_id
from cms.platform.prepared import PreparedWrite

ARTICLES = columns_of(Article)
# A row that another one has the place of is not written, and nothing has to be undone.
NEW = {
    kind: PreparedWrite(dialect.insert(ARTICLES).on_conflict_do_nothing().returning(ARTICLES.c.number))
    for kind, dialect in (("postgresql", postgresql), ("sqlite", sqlite))
}
NOTHING_YET = {column.key: None for column in ARTICLES.c if column.key != "number"}


def create_article(session: Session, actor: Actor, command: NewArticle, now: datetime) -> Saved:
    """Make a draft at revision 1; it may be incomplete, and readers see nothing of it.

    Emits: ArticleCreated
    Raises: Forbidden in this section or language; Invalid for a section or person that does not exist;
    Conflict (`slug_taken`) for a given slug.
    """
    article = Article(id=new_id(), created_at=now)
    return draft(session, actor, article, merge_patch({}, command.content()), command.revision_note, now)


def draft(
    session: Session, actor: Actor, article: Article, given: Mapping[str, Any], remark: str, now: datetime
) -> Saved:
    """Make a draft at revision 1 of a row that is not in the database yet. Emits and raises as `create_article`."""
    content, errors = settled(given)
    if errors:
        raise Invalid(errors=errors)
    words = find_words(session, actor, content, now)
    put_standing(article, Standing(), now)
    place = place_at(session, words.values["section_id"], content["locale"])
    refuse(actor, "articles:write", section_path=place.section_path, locale=place.locale, is_own=True, is_target=True)
    _add(session, article, {**{name: content[name] for name in PLAIN}, **words.values})
    put_lists(session, article, words, None)
    content["slug"] = article.slug
    changes = [name for name, value in content.items() if value]
    event = ArticleCreated(subject=article.id, revision=article.revision)
    return record_act(session, actor, article, content, event, now, changes, remark)


def _add(session: Session, article: Article, values: Mapping[str, Any]) -> None:
    """Write a new row down with these fields, and find it a slug where `slug` is None. Raises: Conflict, as `taken`."""
    given = {name: value for name, value in vars(article).items() if name in NOTHING_YET}
    row = {**NOTHING_YET, **given, **values, "corrections": []}
    new = NEW[session.get_bind().dialect.name]
    for _ in range(SLUG_TRIES):
        row["slug"] = values["slug"] or free_slug(session, article.id, row["title"], row["locale"])
        made = new.written(session, **row)
        if made:
            break
        if values["slug"] or not is_slug_taken(session, row["locale"], row["slug"]):
            raise taken(session, article, row["locale"], row["slug"])
    else:
        raise taken(session, article, row["locale"], row["slug"])
    [[row["number"]]] = made
    as_read(session, article, row)
