"""Saying how comments come in: on an article, in a section with all below it, on the whole site."""

from datetime import datetime

from sqlalchemy import delete
from sqlalchemy.orm import Session

from cms.audit.recording import note
from cms.events.comment_events import CommentModeChanged
from cms.events.outbox import record
from cms.identity.access import refuse
from cms.identity.rules import Place
from cms.platform.actor import Actor
from cms.platform.db import change_rows
from cms.platform.limits import line_up
from cms.readers.comments.deciding import MODERATE
from cms.readers.comments.models import CommentMode
from cms.readers.comments.rules import Mode


def say_mode(
    session: Session, actor: Actor, kind: str, subject_id: str, place: Place, mode: Mode | None, now: datetime
) -> None:
    """Say the mode of an article, a section or the site that is at a place; None for the mode of what is above it.

    Emits: CommentModeChanged
    Raises: Forbidden; NotFound for an article that the actor may not know of.
    """
    refuse(
        actor, MODERATE, section_path=place.section_path, locale=place.locale, is_target=kind != "article"
    )  # fmt: skip
    line_up(session, f"comment-mode:{kind}:{subject_id}")
    mine = (CommentMode.kind == kind, CommentMode.subject_id == subject_id)
    change_rows(session, delete(CommentMode).where(*mine))
    if mode is not None:
        session.add(CommentMode(kind=kind, subject_id=subject_id, mode=mode))
        session.flush()
    event = CommentModeChanged(subject=subject_id, kind=kind, mode=mode or "")
    note(
        session, actor=actor, action=event.type, subject_kind=kind, subject_id=subject_id, now=now, changes=["mode"]
    )  # fmt: skip
    record(session, event, actor=actor, now=now)
