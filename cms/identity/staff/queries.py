"""What is known of the staff. Reads that never write."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, exists, func, select
from sqlalchemy.orm import Session

from cms.identity.models import ApiToken, Role
from cms.identity.queries import custom_role, grants_of_token, token_by_id
from cms.identity.rules import ROLES, beyond, grant_of
from cms.identity.staff import rules
from cms.identity.staff.models import SignInTrail, StaffCode, StaffGrant, StaffInvitation, StaffSession, StaffUser
from cms.platform.actor import Grant
from cms.platform.ids import is_id, new_id
from cms.platform.keyset import one_page

STAFF = "staff:"


@dataclass(frozen=True)
class SignedIn:
    """A session that was found by its token, with the person behind it as things stand now."""

    session: StaffSession
    user: StaffUser
    grants: tuple[Grant, ...]


def user_by_email(session: Session, email: str) -> StaffUser | None:
    """The colleague with this address in its canonical spelling."""
    return session.scalar(select(StaffUser).where(StaffUser.email == email))


def user_by_id(session: Session, user_id: str) -> StaffUser | None:
    """The colleague with this public id; a text that is no id is asked of no database."""
    return session.scalar(select(StaffUser).where(StaffUser.id == user_id)) if is_id(user_id) else None


def users(session: Session, *, limit: int, after: Sequence[Any] | None, is_backwards: bool) -> list[StaffUser]:
    """One page of all colleagues, by their addresses."""
    return one_page(session, select(StaffUser), [StaffUser.email], after, limit=limit, is_backwards=is_backwards)


def user_count(session: Session) -> int:
    """How many colleagues there are."""
    return session.scalar(select(func.count()).select_from(StaffUser)) or 0


def grants_of(session: Session, user_ids: Iterable[str]) -> dict[str, list[StaffGrant]]:
    """What each of these colleagues was given."""
    found: dict[str, list[StaffGrant]] = {user_id: [] for user_id in user_ids}
    for grant in session.scalars(select(StaffGrant).where(StaffGrant.user_id.in_(found)).order_by(StaffGrant.number)):
        found[grant.user_id].append(grant)
    return found


def permissions_of_roles(session: Session, names: Iterable[str]) -> dict[str, frozenset[str]]:
    """What each of these roles may do, built-in and custom; those that nobody knows are left out."""
    wanted = set(names)
    custom = session.execute(select(Role.name, Role.permissions).where(Role.name.in_(wanted - ROLES.keys())))
    return {name: ROLES[name] for name in wanted & ROLES.keys()} | {
        name: frozenset(permissions) for name, permissions in custom
    }


def present_grants(session: Session, user_id: str) -> tuple[Grant, ...] | None:
    """What a colleague may do now, by one statement; None where there is none or the account is disabled."""
    statement = (
        select(StaffUser.id, StaffGrant, Role.permissions)
        .outerjoin(StaffGrant, StaffGrant.user_id == StaffUser.id)
        .outerjoin(Role, Role.name == StaffGrant.role)
        .where(StaffUser.id == user_id, StaffUser.state == "active")
        .order_by(StaffGrant.number)
    )
    rows = session.execute(statement).all() if is_id(user_id) else []
    return _granted((grant, custom) for _, grant, custom in rows) if rows else None


def grants_of_token_now(
    session: Session, token: ApiToken, role: Role | None, owner: str | None = None
) -> tuple[Grant, ...] | None:
    """What a token may do now: no more than the colleague who issued it; None when that colleague was disabled.

    `owner` is who was shown the text that is used, where it is not the newest.
    """
    grants, owner = grants_of_token(token, role), token.issued_by if owner is None else owner
    if not owner.startswith(STAFF):
        return grants
    given = present_grants(session, owner.removeprefix(STAFF))
    if given is None:
        return None
    return tuple(replace(grant, permissions=grant.permissions - beyond(given, grant)) for grant in grants)


def grants_of_credential(session: Session, owner: str, now: datetime) -> tuple[Grant, ...] | None:
    """What a colleague (`staff:…`) or token (`service:…`) may do now; None for who may not come in any more."""
    kind, _, public_id = owner.partition(":")
    if kind == "staff":
        return present_grants(session, public_id)
    token = token_by_id(session, public_id) if kind == "service" else None
    if token is None or token.revoked_at is not None or token.expires_at <= now:
        return None
    return grants_of_token_now(session, token, custom_role(session, token.role))


def has_administrator(session: Session) -> bool:
    """Whether anybody who is active may administer everywhere."""
    return has_other_administrator(session, new_id())


def has_other_administrator(session: Session, user_id: str) -> bool:
    """Whether somebody else who is active may administer everywhere."""
    statement = select(StaffGrant.number).join(StaffUser, StaffUser.id == StaffGrant.user_id)
    statement = statement.where(
        StaffUser.id != user_id,
        StaffUser.state == "active",
        StaffGrant.role == "administrator",
        StaffGrant.section_path == "",
        StaffGrant.locale == "",
    )
    return session.scalar(statement.limit(1)) is not None


def is_known_client(session: Session, user_id: str, network: str, now: datetime) -> bool:
    """Whether this colleague signed in from this client lately, or set the password from there."""
    lately = StaffSession.created_at > now - rules.KNOWN_FOR
    signed_in = exists().where(StaffSession.user_id == user_id, StaffSession.network == network, lately)
    proven = exists().where(StaffUser.id == user_id, StaffUser.proven_from == network)
    return bool(session.scalar(select(signed_in | proven)))


def signed_in(session: Session, digest: bytes) -> SignedIn | None:
    """The session of a token with the person and what was given, all by one statement."""
    statement = (
        select(StaffSession, StaffUser, StaffGrant, Role.permissions)
        .join(StaffUser, StaffUser.id == StaffSession.user_id)
        .outerjoin(StaffGrant, StaffGrant.user_id == StaffUser.id)
        .outerjoin(Role, Role.name == StaffGrant.role)
        .where(StaffSession.digest == digest)
        .order_by(StaffGrant.number)
    )
    rows = session.execute(statement).all()
    if not rows:
        return None
    return SignedIn(rows[0][0], rows[0][1], _granted((grant, custom) for _, _, grant, custom in rows))


def _granted(rows: Iterable[tuple[StaffGrant | None, list[str] | None]]) -> tuple[Grant, ...]:
    return tuple(
        grant_of(ROLES.get(grant.role, frozenset(custom or ())), grant.section_path, grant.locale, f"role {grant.role}")
        for grant, custom in rows
        if grant is not None
    )


def sessions_of(session: Session, user_id: str, now: datetime) -> list[StaffSession]:
    """The sessions of a colleague that are alive, the one seen last first."""
    statement = select(StaffSession).where(
        StaffSession.user_id == user_id,
        StaffSession.revoked_at.is_(None),
        StaffSession.expires_at > now,
        StaffSession.last_seen_at > now - rules.IDLE_LIFE,
    )
    order = (StaffSession.last_seen_at.desc(), StaffSession.number.desc())
    return list(session.scalars(statement.order_by(*order).limit(rules.SESSIONS_SHOWN)))


def session_by_id(session: Session, session_id: str) -> StaffSession | None:
    """The session with this public id."""
    return session.scalar(select(StaffSession).where(StaffSession.id == session_id)) if is_id(session_id) else None


def invitation_by_id(session: Session, invitation_id: str) -> StaffInvitation | None:
    """The invitation with this public id."""
    if not is_id(invitation_id):
        return None
    return session.scalar(select(StaffInvitation).where(StaffInvitation.id == invitation_id))


def is_open(invitation: StaffInvitation, now: datetime) -> bool:
    """Whether the code of an invitation can still be given."""
    is_ended = invitation.used_at is not None or invitation.closed_at is not None or invitation.expires_at <= now
    return not is_ended and invitation.attempts < rules.ATTEMPTS_PER_CODE


def open_invitations(
    session: Session, now: datetime, *, limit: int, after: Sequence[Any] | None, is_backwards: bool
) -> list[StaffInvitation]:
    """One page of the invitations whose code can still be given, newest first."""
    statement = select(StaffInvitation).where(*_are_open(now))
    order = [StaffInvitation.number]
    return one_page(session, statement, order, after, limit=limit, is_falling=True, is_backwards=is_backwards)


def open_invitation_count(session: Session, now: datetime) -> int:
    """How many invitations are open."""
    return session.scalar(select(func.count()).select_from(StaffInvitation).where(*_are_open(now))) or 0


def _are_open(now: datetime) -> tuple[ColumnElement[bool], ...]:
    return (
        StaffInvitation.used_at.is_(None),
        StaffInvitation.closed_at.is_(None),
        StaffInvitation.expires_at > now,
        StaffInvitation.attempts < rules.ATTEMPTS_PER_CODE,
    )


def code_by_id(session: Session, code_id: str) -> StaffCode | None:
    """The question for a new password with this public id."""
    return session.scalar(select(StaffCode).where(StaffCode.id == code_id)) if is_id(code_id) else None


def trail(session: Session, key: str) -> SignInTrail | None:
    """The wrong sign-ins of one account from one client."""
    return session.scalar(select(SignInTrail).where(SignInTrail.key == key))


def about_staff(session: Session, kind: str, about_id: str) -> str | None:
    """Whose mailbox a letter to a colleague is about; None where it should not be sent any more, or never should."""
    if kind == "staff_password_changed":
        user = user_by_id(session, about_id)
        return user.email if user is not None else None
    question: StaffInvitation | StaffCode | None
    if kind == "staff_invitation":
        question = invitation_by_id(session, about_id)
    else:
        code = code_by_id(session, about_id)
        question = code if code is not None and code.user_id is not None else None
    is_open = question is not None and question.used_at is None and question.closed_at is None
    return question.email if question is not None and is_open else None
