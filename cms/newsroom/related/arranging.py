"""Pinning articles to the related list of another one, ordering them, and banning what shall never stand there."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete
from sqlalchemy.orm import Session

from cms.audit.recording import note
from cms.content.related.models import RelatedArrangement, RelatedChoice
from cms.events.list_events import ArticleRelatedArranged
from cms.events.outbox import record
from cms.identity.access import NO_ARTICLE, READ
from cms.identity.rules import decide
from cms.newsroom import queries as articles
from cms.newsroom.front_lists.queries import whereabouts
from cms.newsroom.models import Article
from cms.newsroom.related import queries
from cms.newsroom.related.rules import Arrangement, arrangement_errors, changed_fields
from cms.newsroom.saving import locked, refuse_there
from cms.platform.actor import Actor
from cms.platform.errors import FieldError, Invalid, Stale

WRITE = "lists:write"


@dataclass(frozen=True)
class Arranged:
    """A list after a change: its revision, and the letter whose id is the receipt's; None where nothing changed."""

    revision: int
    letter_id: str | None


def arrange_related(
    session: Session, actor: Actor, article_id: str, revision: int, command: Arrangement, now: datetime
) -> Arranged:
    """Let an article's related list have these pins and bans and no others. What changes nothing writes nothing.

    Emits: ArticleRelatedArranged
    Raises: NotFound; Forbidden, also where readers find the article; Stale; Invalid.
    """
    article = locked(session, actor, WRITE, article_id)
    shown = articles.shown_at(session, article_id)
    if shown is not None:
        # Whoever may move the working copy must not decide by it what readers elsewhere see.
        refuse_there(session, actor, WRITE, article, shown, is_target=True)
    row = queries.arrangement_row(session, article_id)
    present = row.revision if row is not None else 0
    if present != revision:
        etag = f'"{present}"'
        raise Stale(f"The list is at revision {present} by now.", extra={"etag": etag}, headers={"ETag": etag})
    before = queries.arrangement_of(session, article_id)
    errors = arrangement_errors(article_id, command.named())
    errors += _strangers(session, actor, article, command.named(), known={*before.pins, *before.bans})
    if errors:
        raise Invalid(errors=errors)
    changes = changed_fields(before, command)
    if not changes:
        return Arranged(present, None)
    _put(session, article_id, command, present + 1, now)
    event = ArticleRelatedArranged(subject=article_id, revision=present + 1)
    note(
        session, actor=actor, action=event.type, subject_kind="article", subject_id=article_id, now=now, changes=changes
    )
    return Arranged(present + 1, record(session, event, actor=actor, now=now).id)


def _strangers(
    session: Session, actor: Actor, article: Article, named: Sequence[tuple[str, str]], known: Collection[str]
) -> list[FieldError]:
    """What is wrong with articles that come in; one that the actor may not read is as if it were not there."""
    coming = [(pointer, other) for pointer, other in named if other not in known]
    places = whereabouts(session, [other for _, other in coming])
    errors = []
    for pointer, other in coming:
        place = places.get(other)
        is_readable = place is not None and (
            actor.kind == "system" or decide(actor.grants, READ, place.section_path, place.locale).is_allowed
        )
        if place is None or not is_readable:
            errors.append(FieldError(pointer, "unknown", NO_ARTICLE))
        elif place.locale != article.locale:
            errors.append(FieldError(pointer, "wrong_locale", f"The list takes articles in {article.locale} only."))
    return errors


def _put(session: Session, article_id: str, command: Arrangement, revision: int, now: datetime) -> None:
    session.execute(
        delete(RelatedChoice).where(RelatedChoice.article_id == article_id),
        execution_options={"synchronize_session": False},
    )
    rows = [(other, number) for number, other in enumerate(command.pins, 1)] + [(other, 0) for other in command.bans]
    session.add_all(RelatedChoice(article_id=article_id, other_id=other, pin=pin) for other, pin in rows)
    session.merge(RelatedArrangement(article_id=article_id, revision=revision, updated_at=now))
    session.flush()
