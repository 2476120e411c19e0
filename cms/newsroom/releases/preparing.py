"""What is looked at before a release: the bodies of its articles, rendered outside the transaction, and their lacks."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from cms.newsroom import queries
from cms.newsroom.checking import Draft, refuse_what_blocks
from cms.newsroom.models import Article
from cms.newsroom.preparing import PreparedBody, prepare_body, render_revision
from cms.newsroom.releases.models import Release
from cms.newsroom.releases.queries import members
from cms.newsroom.rules import decide
from cms.newsroom.saving import refuse_stale, standing_of
from cms.platform.actor import Actor
from cms.platform.db import Database
from cms.platform.errors import Conflict, NotFound, Problem
from cms.platform.ids import is_id

GONE = "The article is not there any more; take it out of the release."
ALREADY = "already_published"


@dataclass(frozen=True)
class PreparedRelease:
    """The bodies of a release, by article, each of the revision that readers are to see."""

    bodies: Mapping[str, PreparedBody]


def prepare_release(database: Database, release_id: str, *, is_present: bool = False) -> PreparedRelease:
    """Render the bodies of a release while no session is open: those that were scheduled, else the present ones.

    `is_present` asks for the present ones in any case. Who may publish it is asked by the verb; what is rendered here
    for nobody goes nowhere.
    """
    with database.reading() as session:
        wanted = [
            (article.id, (None if is_present else member.revision) or article.revision)
            for member, article in members(session, [release_id])
        ]
        kept = [queries.revision(session, article_id, number) for article_id, number in wanted]
        for revision in kept:
            # Read while there is a session: the text of a revision is loaded when it is asked for.
            _ = revision.content if revision is not None else None
    return PreparedRelease({one.article_id: render_revision(one) for one in kept if one is not None})


def prepare_added(database: Database, actor: Actor, release_id: str, article_ids: Sequence[str]) -> PreparedRelease:
    """Render the bodies of what is to be added, where the release is scheduled and the actor may publish them."""
    with database.reading() as session:
        is_scheduled = session.scalar(select(Release.state).where(Release.id == release_id)) == "scheduled"
    if not is_scheduled:
        return PreparedRelease({})
    asked = [article_id for article_id in dict.fromkeys(article_ids) if is_id(article_id)]
    return PreparedRelease({one: prepare_body(database, actor, one, None) for one in asked})


def refuse_unready_articles(
    session: Session, articles: Sequence[Article], prepared: PreparedRelease, now: datetime
) -> None:
    """Refuse to schedule articles of which one could not be published as it is now. Raises: Conflict."""
    refused = []
    for article in articles:
        try:
            _refuse_unready(session, article, prepared.bodies.get(article.id), now)
        except Problem as problem:
            # Readers having it already is what was wanted.
            if problem.code != ALREADY:
                refused.append((article, problem))
    if refused:
        raise refusal("scheduled", refused)


def refusal(done: str, refused: Sequence[tuple[Article, Problem]]) -> Conflict:
    """The refusal of a whole release, with what is wrong with each article. `done`: published or scheduled."""
    articles: list[dict[str, Any]] = [
        {
            "article_id": article.id,
            "title": article.title,
            "status": problem.status,
            "code": problem.code,
            "detail": problem.detail,
            "errors": [
                {"pointer": error.pointer, "code": error.code, "detail": error.detail} for error in problem.errors
            ],
        }
        for article, problem in refused
    ]
    first = refused[0]
    others = f" And {len(refused) - 1} more; see articles." if len(refused) > 1 else ""
    return Conflict(
        f"Nothing was {done}. {first[0].title!r}: {first[1].detail}{others}",
        code="release_refused",
        extra={"articles": articles},
    )


def _refuse_unready(session: Session, article: Article, body: PreparedBody | None, now: datetime) -> None:
    if article.deleted_at is not None or body is None:
        raise NotFound(GONE)
    # Nobody is there at the instant who could take a takedown back, so no right of whoever schedules counts for it.
    decide(standing_of(article), "publish", now)
    refuse_stale(article, body.revision)
    refuse_what_blocks(Draft(session, article, queries.content_of(session, article), body.rendered, now))
