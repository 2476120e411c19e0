"""Who is a colleague, and what they may do, over HTTP. Here because grants name sections, which identity knows not."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from flask import Blueprint, Response
from sqlalchemy.orm import Session

from cms.identity.staff import queries, staffing
from cms.identity.staff.api import sender_domain
from cms.identity.staff.models import StaffInvitation, StaffUser
from cms.identity.staff.schemas import (
    Given,
    Invitation,
    InvitationInputShape,
    InvitationShape,
    StaffChange,
    StaffChangeShape,
    StaffShape,
)
from cms.operations.placing import locale_at, section_paths, section_slug
from cms.operations.schemas import InvitationPageShape, StaffPageShape
from cms.platform.errors import NotFound
from cms.platform.http.answers import answer
from cms.platform.http.endpoint import endpoint
from cms.platform.http.etags import is_not_modified, revision_etag
from cms.platform.http.guard import current_actor
from cms.platform.http.pages import page_answer
from cms.platform.http.query_input import PageShape
from cms.platform.http.services import services
from cms.platform.http.transactions import reading, transaction

staff = Blueprint("staff", __name__, url_prefix="/api/v1")

READ, WRITE = "staff:read", "staff:write"
NOBODY = "There is no colleague of this id."


@staff.post("/staff/invitations")
@endpoint(
    summary="Invite a colleague",
    scope=WRITE,
    needs_fresh_proof=True,
    body=InvitationInputShape,
    answers={201: InvitationShape},
    description="A code goes to the address, in the language given, and works for 72 hours. Nobody gives more than "
    "they have. A newer invitation of the same address ends an older one.",
)
def invite_colleague(body: Invitation) -> Response:
    """Nothing is made before the code comes back."""
    with transaction() as session:
        command = replace(body, grants=_in_their_places(session, body.grants), locale=locale_at(body.locale, "/locale"))
        invitation = staffing.invite(
            session, current_actor(), command, sender_domain=sender_domain(), now=services().clock()
        )
        return answer(invitation_data(invitation), 201)


@staff.get("/staff/invitations")
@endpoint(summary="List open invitations", scope=READ, query=PageShape, answers={200: InvitationPageShape})
def list_invitations(query: dict[str, Any]) -> Response:
    """Those whose code still works, newest first."""
    with reading() as session:
        now = services().clock()
        return page_answer(
            "identity|invitations",
            query,
            read=lambda limit, after, is_backwards: queries.open_invitations(
                session, now, limit=limit, after=after, is_backwards=is_backwards
            ),
            position=lambda invitation: (invitation.number,),
            dump=invitation_data,
            count=lambda: queries.open_invitation_count(session, now),
        )


@staff.delete("/staff/invitations/<invitation_id>")
@endpoint(
    summary="Withdraw an invitation",
    scope=WRITE,
    answers={204: None},
    refuses=(404,),
    description="Its code is worth nothing from then on. Nobody withdraws what promises more than they have.",
)
def withdraw_invitation(invitation_id: str) -> Response:
    """Only one that is open."""
    with transaction() as session:
        if not staffing.withdraw(session, current_actor(), invitation_id, services().clock()):
            raise NotFound("There is no open invitation of this id.")
        return answer(None, 204)


@staff.get("/staff")
@endpoint(summary="List colleagues", scope=READ, query=PageShape, answers={200: StaffPageShape})
def list_colleagues(query: dict[str, Any]) -> Response:
    """Everybody who has an account, disabled ones too."""
    with reading() as session:
        return page_answer(
            "identity|staff",
            query,
            read=lambda limit, after, is_backwards: queries.users(
                session, limit=limit, after=after, is_backwards=is_backwards
            ),
            position=lambda user: (user.email,),
            dump=lambda user: staff_data(session, user),
            count=lambda: queries.user_count(session),
        )


@staff.get("/staff/<staff_id>")
@endpoint(summary="Read a colleague", scope=READ, answers={200: StaffShape, 304: None}, refuses=(404,))
def read_colleague(staff_id: str) -> Response:
    """Who it is and what was given."""
    with reading() as session:
        user = queries.user_by_id(session, staff_id)
        if user is None:
            raise NotFound(NOBODY)
        etag = revision_etag(user.revision)
        if is_not_modified(etag):
            return answer(None, 304, etag=etag)
        return answer(staff_data(session, user), etag=etag)


@staff.patch("/staff/<staff_id>")
@endpoint(
    summary="Change a colleague's name, state or grants",
    scope=WRITE,
    needs_fresh_proof=True,
    needs_revision=True,
    body=StaffChangeShape,
    answers={200: StaffShape},
    refuses=(409,),
    description="It counts from the colleague's next request on. Disabling ends all sessions. Nobody changes who may "
    "do more than they may, and the last administrator stays.",
)
def change_colleague(staff_id: str, revision: int, body: StaffChange) -> Response:
    """`grants` replaces all that were given before."""
    with transaction() as session:
        grants = _in_their_places(session, body.grants) if body.grants is not None else None
        user = staffing.change(
            session, current_actor(), staff_id, replace(body, grants=grants), revision=revision, now=services().clock()
        )
        if user is None:
            raise NotFound(NOBODY)
        return answer(staff_data(session, user), etag=revision_etag(user.revision))


def staff_data(session: Session, user: StaffUser) -> dict[str, Any]:
    """A colleague in the shape of `StaffShape`."""
    names = ("id", "email", "name", "locale", "state", "created_at", "revision")
    grants = queries.grants_of(session, [user.id])[user.id]
    return {name: getattr(user, name) for name in names} | {
        "grants": [_held(grant.role, grant.section_path, grant.locale) for grant in grants]
    }


def invitation_data(invitation: StaffInvitation) -> dict[str, Any]:
    """An invitation in the shape of `InvitationShape`."""
    names = ("id", "email", "name", "locale", "expires_at")
    return {name: getattr(invitation, name) for name in names} | {
        "grants": [_held(one["role"], one["section_path"], one["locale"]) for one in invitation.grants]
    }


def _held(role: str, section_path: str, locale: str) -> dict[str, str | None]:
    return {"role": role, "section": section_slug(section_path), "locale": locale or None}


def _in_their_places(session: Session, grants: Sequence[Given]) -> tuple[Given, ...]:
    """Grants with the paths of their sections. Raises: Invalid."""
    paths = section_paths(session, {f"/grants/{index}/section": one.section for index, one in enumerate(grants)})
    return tuple(
        Given(one.role, paths[f"/grants/{index}/section"], locale_at(one.locale, f"/grants/{index}/locale"))
        for index, one in enumerate(grants)
    )
