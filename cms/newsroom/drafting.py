"""Making a draft."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from cms.events.catalogue import ArticleCreated
from cms.identity.access import refuse
from cms.newsroom.merging import merge_patch
from cms.newsroom.models import Article
from cms.newsroom.queries import PLAIN, place_at
from cms.newsroom.rules import NewArticle, Standing, settled
from cms.newsroom.saving import Saved, find_words, put_lists, put_standing, put_values, record_act
from cms.platform.actor import Actor
from cms.platform.errors import Invalid
from cms.platform.ids import new_id


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
    put_values(session, article, {**{name: content[name] for name in PLAIN}, **words.values})
    put_lists(session, article, words, is_new=True)
    content["slug"] = article.slug
    changes = [name for name, value in content.items() if value]
    event = ArticleCreated(subject=article.id, revision=article.revision)
    return record_act(session, actor, article, content, event, now, changes, remark)
