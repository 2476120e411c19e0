"""Letting colleagues in and changing what they may do. Nobody gives more than they have, nor touches who has more."""

from collections.abc import Collection, Iterable
from dataclasses import replace
from datetime import datetime

from sqlalchemy import delete
from sqlalchemy.orm import Session

from cms.audit.recording import note
from cms.identity.issuing import FIRST_START, end_tokens_of, owner_of
from cms.identity.rules import beyond, grant_of
from cms.identity.staff import queries
from cms.identity.staff.models import StaffCode, StaffGrant, StaffInvitation, StaffUser
from cms.identity.staff.proving import close_open, prove
from cms.identity.staff.rules import INVITATION_LIFE
from cms.identity.staff.schemas import Given, Invitation, StaffChange
from cms.identity.staff.sessions import end_sessions
from cms.mail.queueing import queue_letter
from cms.platform.actor import Actor, Grant
from cms.platform.errors import Conflict, FieldError, Forbidden, Invalid, Stale
from cms.platform.ids import new_id
from cms.platform.keys import Keys
from cms.platform.limits import line_up

ALL_STAFF = "staff"
INVITING = "staff:write"
ADMINISTRATOR = Given("administrator")


def invite(
    session: Session, actor: Actor, command: Invitation, *, sender_domain: str, now: datetime
) -> StaffInvitation:
    """Keep a place for somebody, and send the code to the address. A newer invitation ends an older one.

    `command.grants` name sections by their paths. Emits: LetterQueued.
    Raises: Invalid for an unknown role; Forbidden for more than the actor has; Conflict for an address that has one.
    """
    line_up(session, f"staff:{command.email}")
    refuse_beyond(session, actor, command.grants)
    _refuse_known(session, command.email)
    close_open(session, StaffInvitation, now, StaffInvitation.email == command.email)
    invitation = StaffInvitation(
        id=new_id(),
        email=command.email,
        name=command.name.strip(),
        locale=command.locale,
        grants=[{"role": one.role, "section_path": one.section, "locale": one.locale} for one in command.grants],
        invited_by=f"{actor.kind}:{actor.id}",
        created_at=now,
        expires_at=now + INVITATION_LIFE,
    )
    session.add(invitation)
    queue_letter(
        session,
        kind="staff_invitation",
        recipient=command.email,
        locale=command.locale,
        about_id=invitation.id,
        expires_at=invitation.expires_at,
        domain=sender_domain,
        actor=actor,
        now=now,
    )
    note(
        session, actor=actor, action="staff.invited", subject_kind="invitation", subject_id=invitation.id, now=now,
        changes=["grants"],
    )  # fmt: skip
    return invitation


def accept(
    session: Session, keys: Keys, actor: Actor, invitation_id: str, code: str, password_hash: str, *, network: str,
    now: datetime,
) -> StaffUser | None:  # fmt: skip
    """Make the account that an invitation promised. None when the code is refused, whatever the reason.

    It is refused too where whoever invited may not promise this any more. With the first administrator that comes in
    this way, the token of the first start ends.
    """
    invitation = queries.invitation_by_id(session, invitation_id)
    if invitation is None:
        return None
    if not prove(session, keys, invitation, code, now) or not _is_still_promised(session, invitation, now):
        note(
            session, actor=actor, action="staff.invitation_refused", subject_kind="invitation",
            subject_id=invitation.id, now=now, outcome="refused",
        )  # fmt: skip
        return None
    if queries.user_by_email(session, invitation.email) is not None:
        return None
    given = _promised(invitation)
    proven = replace(actor, credential=f"invitation:{invitation.id}")
    user = create(
        session, proven, email=invitation.email, name=invitation.name, locale=invitation.locale, grants=given,
        password_hash=password_hash, network=network, now=now,
    )  # fmt: skip
    if ADMINISTRATOR in given:
        end_tokens_of(session, replace(proven, kind="staff", id=user.id, name=user.name), owner_of(FIRST_START), now)
    return user


def withdraw(session: Session, actor: Actor, invitation_id: str, now: datetime) -> bool:
    """Take an invitation back, so that its code is worth nothing. False where none of this id is open.

    Raises: Forbidden for one that promises more than the actor has.
    """
    invitation = queries.invitation_by_id(session, invitation_id)
    if invitation is None:
        return False
    line_up(session, f"staff:{invitation.email}")
    session.refresh(invitation)
    if not queries.is_open(invitation, now):
        return False
    refuse_beyond(session, actor, _promised(invitation), is_present=True)
    invitation.closed_at = now
    note(
        session, actor=actor, action="staff.invitation_withdrawn", subject_kind="invitation",
        subject_id=invitation.id, now=now, changes=["closed_at"],
    )  # fmt: skip
    return True


def create(
    session: Session, actor: Actor, *, email: str, name: str, locale: str, grants: Iterable[Given],
    password_hash: str, network: str, now: datetime,
) -> StaffUser:  # fmt: skip
    """Make an account at once, whose password is known already. Raises: Conflict for an address that has one."""
    line_up(session, f"staff:{email}")
    _refuse_known(session, email)
    user = StaffUser(
        id=new_id(),
        email=email,
        name=name,
        locale=locale,
        password_hash=password_hash,
        state="active",
        revision=1,
        proven_from=network,
        created_at=now,
    )
    session.add(user)
    session.flush()
    _give(session, user.id, grants)
    close_open(session, StaffInvitation, now, StaffInvitation.email == email)
    who = replace(actor, kind="staff", id=user.id, name=name)
    note(
        session, actor=actor if actor.kind == "system" else who, action="staff.joined", subject_kind="staff",
        subject_id=user.id, now=now, changes=["grants"],
    )  # fmt: skip
    return user


def change(
    session: Session, actor: Actor, user_id: str, command: StaffChange, *, revision: int, now: datetime
) -> StaffUser | None:
    """Change a colleague's name, state or grants; None where there is none. It counts from the next request on.

    Disabling ends sessions, codes and tokens; with less rights, open invitations of the colleague's end too.
    Raises: Stale, Invalid, Forbidden; Conflict (`last_administrator`) for what would leave nobody to let others in.
    """
    line_up(session, ALL_STAFF)
    user = queries.user_by_id(session, user_id)
    if user is None:
        return None
    if user.revision != revision:
        raise Stale("Somebody changed this colleague since you read it.", extra={"etag": f'"{user.revision}"'})
    present = [Given(one.role, one.section_path, one.locale) for one in queries.grants_of(session, [user.id])[user.id]]
    refuse_beyond(session, actor, present, is_present=True)
    changes = [name for name in ("name", "state") if getattr(command, name) not in (None, getattr(user, name))]
    if command.grants is not None and set(command.grants) != set(present):
        refuse_beyond(session, actor, command.grants)
        changes.append("grants")
    _refuse_the_last(session, user, present, command)
    _apply(session, actor, user, command, changes, now)
    if changes:
        user.revision += 1
        note(
            session, actor=actor, action="staff.changed", subject_kind="staff", subject_id=user.id, now=now,
            changes=changes,
        )  # fmt: skip
    session.flush()
    return user


def refuse_beyond(session: Session, actor: Actor, grants: Collection[Given], *, is_present: bool = False) -> None:
    """Refuse grants that give more than the actor has; a part of the product itself may give everything.

    Raises: Invalid for a role that nobody knows (not where `is_present`), Forbidden.
    """
    permissions = queries.permissions_of_roles(session, [one.role for one in grants])
    unknown = [index for index, one in enumerate(grants) if one.role not in permissions]
    if unknown and not is_present:
        raise Invalid(
            errors=[
                FieldError(f"/grants/{index}/role", "not_found", "There is no role of this name.") for index in unknown
            ]
        )
    if actor.kind == "system":
        return
    for one in grants:
        missing = beyond(actor.grants, _as_grant(one, permissions.get(one.role, frozenset())))
        if missing:
            raise Forbidden(
                "This colleague may do more than you may, so you cannot change it."
                if is_present
                else f"You cannot give the role {one.role} there: it may do more than you may.",
                code="beyond_own_rights",
                extra={"missing_permission": min(missing)},
            )


def _as_grant(given: Given, permissions: Collection[str]) -> Grant:
    return grant_of(permissions, given.section, given.locale)


def _promised(invitation: StaffInvitation) -> list[Given]:
    return [Given(one["role"], one["section_path"], one["locale"]) for one in invitation.grants]


def _is_still_promised(session: Session, invitation: StaffInvitation, now: datetime) -> bool:
    """Whether whoever invited could do it now: neither disabled nor over, with the right to invite and all it gives."""
    if invitation.invited_by.startswith("system:"):
        return True
    own = queries.grants_of_credential(session, invitation.invited_by, now)
    if own is None or not any(INVITING in grant.permissions for grant in own):
        return False
    given = _promised(invitation)
    permissions = queries.permissions_of_roles(session, [one.role for one in given])
    return not any(beyond(own, _as_grant(one, permissions.get(one.role, frozenset()))) for one in given)


def _refuse_known(session: Session, email: str) -> None:
    if queries.user_by_email(session, email) is not None:
        raise Conflict("A colleague with this address has an account already.", code="already_staff")


def _refuse_the_last(session: Session, user: StaffUser, present: Collection[Given], command: StaffChange) -> None:
    if user.state != "active" or ADMINISTRATOR not in present:
        return
    stays = command.state in (None, "active") and (command.grants is None or ADMINISTRATOR in command.grants)
    if not stays and not queries.has_other_administrator(session, user.id):
        raise Conflict(
            "This is the last administrator; make another one first, here or with copydesk staff create.",
            code="last_administrator",
        )


def _apply(
    session: Session, actor: Actor, user: StaffUser, command: StaffChange, changes: Collection[str], now: datetime
) -> None:
    if "name" in changes:
        user.name = str(command.name).strip()
    if "grants" in changes:
        session.execute(delete(StaffGrant).where(StaffGrant.user_id == user.id))
        _give(session, user.id, dict.fromkeys(command.grants or ()))
    if "state" in changes:
        user.state = str(command.state)
    if user.state == "disabled":
        end_sessions(session, user.id, now)
        end_tokens_of(session, actor, f"staff:{user.id}", now)
        close_open(session, StaffCode, now, StaffCode.user_id == user.id)
    if "state" in changes or "grants" in changes:
        # What somebody promised who may not promise it any more is not kept.
        close_open(session, StaffInvitation, now, StaffInvitation.invited_by == f"staff:{user.id}")


def _give(session: Session, user_id: str, grants: Iterable[Given]) -> None:
    for one in grants:
        session.add(StaffGrant(user_id=user_id, role=one.role, section_path=one.section, locale=one.locale))
    session.flush()
