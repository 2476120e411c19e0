"""Bringing an old revision back: the working copy becomes what it holds, as a new revision."""

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from cms.events.catalogue import ArticleRevisionRestored
from cms.newsroom import queries
from cms.newsroom.editing import change_content
from cms.newsroom.naming import is_free
from cms.newsroom.revisions.rules import RestoreRevision, missing_names
from cms.newsroom.rules import settled
from cms.newsroom.saving import Saved, locked, refuse_stale
from cms.platform.actor import Actor
from cms.platform.errors import FieldError, Invalid, NotFound
from cms.taxonomy.models import Person, Section
from cms.taxonomy.queries import by_slugs


def restore_revision(session: Session, actor: Actor, command: RestoreRevision, now: datetime) -> Saved | None:
    """Make the working copy what an old revision holds; None when it is that already, and nothing is written.

    What readers see does not change. The slug comes back too, unless another article has it or left it by now.
    Emits: ArticleRevisionRestored
    Raises: NotFound, also for a revision that this article does not have; Forbidden, also for the section and language
    to go back to; Stale; Invalid, with each name of a section or person that does not exist any more.
    """
    article = locked(session, actor, "articles:write", command.article_id)
    refuse_stale(article, command.revision)
    old = queries.revision(session, article.id, command.wanted)
    if old is None:
        raise NotFound(f"This article has no revision {command.wanted}; old ones that readers never saw go in time.")
    content, errors = settled(old.content)
    if errors:
        raise Invalid(errors=errors)
    _settle_names(session, content, drops_missing=command.drops_missing)
    if not is_free(session, article.id, content["locale"], content["slug"]):
        content["slug"] = article.slug

    def event(revision: int) -> ArticleRevisionRestored:
        return ArticleRevisionRestored(subject=article.id, revision=revision, restored_revision=command.wanted)

    before = queries.content_of(session, article)
    return change_content(session, actor, article, before, content, "restore", event, command.note, now)


def _settle_names(session: Session, content: dict[str, Any], *, drops_missing: bool) -> None:
    """Refuse, or leave out, what the content names and nobody knows any more. Tags are made again by themselves."""
    section = [("/section", content["section"])] if content["section"] else []
    people = [(f"/authors/{index}", slug) for index, slug in enumerate(content["authors"])]
    people += [("/editor", content["editor"])] if content["editor"] else []
    gone = missing_names(section, by_slugs(session, Section, [slug for _, slug in section]))
    gone += missing_names(people, by_slugs(session, Person, [slug for _, slug in people]))
    if gone and not drops_missing:
        raise Invalid(
            'The revision names what does not exist any more. Make it again, or send "drops_missing": true.',
            errors=[FieldError(pointer, "unknown", f"There is no {slug!r} any more.") for pointer, slug in gone],
        )
    lost = dict(gone)
    content["section"] = None if "/section" in lost else content["section"]
    content["editor"] = None if "/editor" in lost else content["editor"]
    content["authors"] = [slug for index, slug in enumerate(content["authors"]) if f"/authors/{index}" not in lost]
