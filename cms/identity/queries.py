"""Reads of tokens and roles, and the grants that follow from them. Nothing here writes."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import BindParameter, bindparam, func, or_, select
from sqlalchemy.orm import Session

from cms.identity import rules
from cms.identity.models import ApiToken, Role
from cms.identity.staff.models import StaffGrant, StaffInvitation
from cms.platform.actor import Grant
from cms.platform.db import columns_of
from cms.platform.direct_reads import DirectReads
from cms.platform.ids import is_id
from cms.platform.keyset import one_page
from cms.platform.prepared import PreparedRead

# Asked by every request of a token.
DIGEST: BindParameter[bytes] = bindparam("digest")
_TOKENS, _ROLES = columns_of(ApiToken), columns_of(Role)
TOKEN_AND_ROLE = PreparedRead(
    select(_TOKENS, _ROLES.c.permissions.label("of_role"))
    .outerjoin_from(_TOKENS, _ROLES, _ROLES.c.name == _TOKENS.c.role)
    .where(or_(_TOKENS.c.digest == DIGEST, _TOKENS.c.previous_digest == DIGEST))
)


@dataclass(frozen=True)
class RoleCard:
    """A role, built in or custom. A built-in one has no revision and no instants."""

    name: str
    description: str
    permissions: frozenset[str]
    is_built_in: bool
    revision: int | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None


def token_by_id(session: Session, token_id: str) -> ApiToken | None:
    """The token with this public id, revoked and expired ones included."""
    return session.scalar(select(ApiToken).where(ApiToken.id == token_id)) if is_id(token_id) else None


def tokens(session: Session, *, limit: int, after: Sequence[Any] | None, is_backwards: bool) -> list[ApiToken]:
    """One page of tokens, newest first."""
    statement = select(ApiToken)
    return one_page(
        session, statement, [ApiToken.number], after, limit=limit, is_falling=True, is_backwards=is_backwards
    )


def count_of_tokens(session: Session) -> int:
    """How many tokens were ever issued."""
    return session.scalar(select(func.count()).select_from(ApiToken)) or 0


def is_in_use(session: Session, role: str, now: datetime) -> bool:
    """Whether a colleague or a token that still works has this role, or somebody who is invited shall have it."""
    is_alive = (ApiToken.revoked_at.is_(None), ApiToken.expires_at > now)
    tokens_of = select(ApiToken.number).where(ApiToken.role == role, *is_alive)
    given = select(StaffGrant.number).where(StaffGrant.role == role)
    if any(session.scalar(statement.limit(1)) is not None for statement in (tokens_of, given)):
        return True
    is_open = (StaffInvitation.used_at.is_(None), StaffInvitation.closed_at.is_(None), StaffInvitation.expires_at > now)
    promised = session.scalars(select(StaffInvitation.grants).where(*is_open))
    return any(one["role"] == role for grants in promised for one in grants)


def token_and_role(reads: DirectReads, digest: bytes) -> tuple[Any, Role | None] | None:
    """The token with this digest, now or before its rotation, with its custom role; one statement.

    The token comes as a plain row with the columns of `ApiToken`, and of the role there are name and permissions.
    """
    row = TOKEN_AND_ROLE.first(reads, digest=digest)
    if row is None:
        return None
    return row, None if row.of_role is None else Role(name=row.role, permissions=row.of_role)


def grants_of_token(token: ApiToken, role: Role | None) -> tuple[Grant, ...]:
    """What a token may do; a role that is no more gives nothing."""
    source = f"role {token.role}" if token.role else "permissions of the token"
    if token.permissions is not None:
        permissions: Collection[str] = token.permissions
    elif token.role in rules.ROLES:
        permissions = rules.ROLES[token.role]
    else:
        permissions = role.permissions if role is not None else ()
    return (rules.grant_of(permissions, token.section_path, token.locale, source),)


def custom_role(session: Session, name: str) -> Role | None:
    """The custom role of this name."""
    return session.scalar(select(Role).where(Role.name == name))


def custom_roles(session: Session) -> dict[str, Role]:
    """Every custom role by its name."""
    return {row.name: row for row in session.scalars(select(Role))}


def role_card(session: Session, name: str) -> RoleCard | None:
    """The role of this name, built in or custom."""
    if name in rules.ROLES:
        return RoleCard(name, rules.ROLE_TEXTS[name], rules.ROLES[name], is_built_in=True)
    row = custom_role(session, name)
    return None if row is None else card_of(row)


def role_cards(session: Session) -> list[RoleCard]:
    """Every role: the built-in ones from the weakest to the strongest, then custom ones by name."""
    built_in = [RoleCard(name, rules.ROLE_TEXTS[name], rules.ROLES[name], is_built_in=True) for name in rules.ROLES]
    return built_in + [card_of(row) for row in session.scalars(select(Role).order_by(Role.name))]


def card_of(row: Role) -> RoleCard:
    """A custom role as a card."""
    return RoleCard(
        row.name,
        row.description,
        frozenset(row.permissions),
        is_built_in=False,
        revision=row.revision,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )
