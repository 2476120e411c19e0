"""Leaving, adding and removing redirects."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import bindparam, delete, select, update
from sqlalchemy.orm import Session

from cms.audit.recording import note
from cms.content.assembling import hold_content
from cms.content.models import Document
from cms.content.redirects import queries
from cms.content.redirects.models import Redirect
from cms.content.redirects.rules import (
    PERMANENT,
    NewRedirect,
    SitePath,
    article_path,
    site_path,
    wrong_path,
    wrong_target,
)
from cms.events.catalogue import RedirectAdded, RedirectRemoved
from cms.events.outbox import record
from cms.platform.actor import Actor
from cms.platform.db import columns_of, insert_into
from cms.platform.errors import Conflict, FieldError, Invalid, NotFound
from cms.platform.ids import new_id
from cms.platform.prepared import PreparedWrite

Place = tuple[str, str]

# Every publish at a new place runs the first, so they are built once.
REDIRECTS = columns_of(Redirect)
AT_PATH = PreparedWrite(delete(REDIRECTS).where(REDIRECTS.c.path == bindparam("at")))
REDIRECT = insert_into(Redirect)


def take_place(session: Session, article_id: str, before: Place | None, after: Place, now: datetime) -> None:
    """Say that readers find an article at `after` from now on, and found it at `before` until now, if they did.

    What redirected from the new path does so no more: the article that is there comes before it. The old path leads to
    the article for as long as nothing else is published there.
    """
    if before == after:
        return
    AT_PATH.run(session, at=article_path(*after))
    if before is not None:
        leave_place(session, article_id, before, now)


def leave_place(session: Session, article_id: str, place: Place, now: datetime) -> None:
    """Remember that readers found an article at a place, for when they find it elsewhere or there again."""
    path = article_path(*place)
    AT_PATH.run(session, at=path)
    REDIRECT.run(session, id=new_id(), path=path, article_id=article_id, status=PERMANENT, created_at=now)


def add_redirect(
    session: Session, actor: Actor, command: NewRedirect, hosts: Collection[str], now: datetime
) -> Redirect:
    """Send readers from a path where there is nothing to a path of the site or a page of one of these hosts.

    A target that redirects itself is replaced by its own target, and what led to the path leads on from now on.
    Emits: RedirectAdded
    Raises: Invalid; Conflict (`path_taken`, `redirect_loop`).
    """
    path, target = _checked(command, hosts)
    hold_content(session)
    _refuse_taken(session, path)
    aim, aim_path = _end_of(session, target)
    leading_here = list(session.scalars(select(Redirect).where(Redirect.target_path == path.text)))
    if aim_path == path.text or aim_path in {row.path for row in leading_here}:
        raise Conflict("This would lead readers round in a circle.", code="redirect_loop")
    row = Redirect(id=new_id(), path=path.text, target=aim, target_path=aim_path, status=command.status, created_at=now)
    session.add(row)
    if leading_here:
        statement = update(Redirect).where(Redirect.id.in_([one.id for one in leading_here]))
        session.execute(statement.values(target=aim, target_path=aim_path))
    note(session, actor=actor, action="redirect.added", subject_kind="redirect", subject_id=row.id, now=now)
    record(session, RedirectAdded(subject=row.id), actor=actor, now=now)
    session.flush()
    return row


def remove_redirect(session: Session, actor: Actor, redirect_id: str, now: datetime) -> None:
    """Take a redirect away, an editor's or one that an article left. Emits: RedirectRemoved. Raises: NotFound."""
    hold_content(session)
    row = queries.redirect_by_id(session, redirect_id)
    if row is None:
        raise NotFound("There is no redirect of this id.")
    session.delete(row)
    note(session, actor=actor, action="redirect.removed", subject_kind="redirect", subject_id=row.id, now=now)
    record(session, RedirectRemoved(subject=row.id), actor=actor, now=now)
    session.flush()


def _checked(command: NewRedirect, hosts: Collection[str]) -> tuple[SitePath, str]:
    wrong = {"/path": wrong_path(command.path), "/target": wrong_target(command.target, hosts)}
    errors = [FieldError(pointer, "not_allowed", text) for pointer, text in wrong.items() if text]
    path = site_path(command.path)
    if errors or path is None:
        raise Invalid(errors=errors)
    return path, command.target


def _refuse_taken(session: Session, path: SitePath) -> None:
    if path.place is not None:
        locale, slug = path.place
        statement = select(Document.article_id).where(Document.locale == locale, Document.slug == slug)
        if session.scalar(statement) is not None:
            raise Conflict("Readers find an article at this path.", code="path_taken")
    known = session.scalar(select(Redirect).where(Redirect.path == path.text))
    if known is None:
        return
    if known.article_id is not None and not queries.locations(session, [known]):
        # Its article is not published, so the path leads nowhere, and whoever asks for a redirect means it.
        session.delete(known)
        session.flush()
        return
    raise Conflict(
        "There is a redirect at this path already; remove it first.",
        code="path_taken",
        extra={"redirect_id": known.id},
    )


def _end_of(session: Session, target: str) -> tuple[str, str]:
    """Where a target leads in the end, and the path of the site that this is, or nothing."""
    path = site_path(target) if target.startswith("/") else None
    if path is None:
        return target, ""
    further = session.scalar(select(Redirect).where(Redirect.path == path.text, Redirect.article_id.is_(None)))
    if further is not None:
        return further.target, further.target_path
    # A query or fragment is for the page behind the path, and is lost where that moves.
    return target, path.text
