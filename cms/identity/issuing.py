"""Issuing, rotating and revoking API tokens. Nobody gives a token more than they have themselves."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from cms.audit.recording import note
from cms.identity import queries, rules
from cms.identity.models import ApiToken
from cms.identity.rules import NewToken
from cms.platform.actor import Actor, Grant, system
from cms.platform.errors import Conflict, FieldError, Forbidden, Invalid, NotFound
from cms.platform.ids import is_id, new_id

# Whose token the first start prints; it ends when an administrator has come in by an invitation.
FIRST_START = system("first start")
SHOWN_CHARACTERS = len(rules.PREFIX) + 4


def issue(session: Session, actor: Actor, command: NewToken, now: datetime) -> tuple[ApiToken, str]:
    """Make a token; its text is given back and never seen again.

    Raises: Invalid for an unknown role; Forbidden with `beyond` when it would have what the actor does not have there,
    and `session_needed` for a token: one that leaked would otherwise make others that outlive it.
    """
    _refuse_token(actor)
    permissions = _permissions_of(session, command)
    refuse_beyond(actor, rules.grant_of(permissions, command.section_path, command.locale))
    text = rules.new_token()
    row = ApiToken(
        id=new_id(),
        name=command.name,
        hint=text[:SHOWN_CHARACTERS],
        digest=rules.digest(text),
        role=command.role,
        permissions=None if command.role else sorted(command.permissions),
        section_path=command.section_path,
        locale=command.locale,
        networks=list(command.networks) or None,
        created_at=now,
        expires_at=now + command.lifetime,
        issued_by=owner_of(actor),
    )
    session.add(row)
    changes = ["role" if command.role else "permissions", "section", "locale", "addresses", "expires_at"]
    _note(session, actor, "token.issued", row, now, changes)
    return row, text


def rotate(session: Session, actor: Actor, token_id: str, overlap: timedelta, now: datetime) -> tuple[ApiToken, str]:
    """Give a token a new text and its whole lifetime again; the text before works until the overlap is over.

    It keeps id, rights and what it made. A text from a rotation before this one ends at once. A token rotates itself
    and no other, and has no more time by it than before.
    Raises: NotFound; Conflict for one that was revoked or has expired; Forbidden with `beyond`, or `session_needed`.
    """
    row = locked_token(session, token_id)
    is_own = _is_itself(actor, row)
    if not is_own:
        _refuse_token(actor)
    _refuse_more_than_actor(session, actor, row)
    if row.revoked_at is not None or row.expires_at <= now:
        raise Conflict("The token was revoked or has expired; issue a new one.")
    text = rules.new_token()
    lifetime = row.expires_at - (row.rotated_at or row.created_at)
    expires_at = row.expires_at if is_own else now + lifetime
    row.previous_digest = row.digest if overlap else None
    row.previous_until = min(now + overlap, row.expires_at) if overlap else None
    row.previous_by = row.issued_by if overlap else ""
    row.digest, row.hint = rules.digest(text), text[:SHOWN_CHARACTERS]
    # One that rotates itself is still in the same hands: those of whoever was shown the text that it came with.
    row.issued_by = row.issued_by if is_own and not actor.on_behalf_of else owner_of(actor)
    row.rotated_at, row.expires_at = now, expires_at
    _note(session, actor, "token.rotated", row, now, ["expires_at"])
    return row, text


def revoke(session: Session, actor: Actor, token_id: str, now: datetime) -> None:
    """End a token with the next request that brings it; again is fine. Raises: NotFound; Forbidden with `beyond`."""
    row = locked_token(session, token_id)
    if row.revoked_at is not None:
        return
    _refuse_more_than_actor(session, actor, row)
    row.revoked_at = now
    row.previous_digest = row.previous_until = None
    _note(session, actor, "token.revoked", row, now, ["revoked_at"])


def end_tokens_of(session: Session, actor: Actor, owner: str, now: datetime) -> None:
    """End every token whose text this owner was shown last, such as those of a colleague who was disabled."""
    still = (ApiToken.revoked_at.is_(None), ApiToken.expires_at > now)
    for row in session.scalars(select(ApiToken).where(ApiToken.issued_by == owner, *still).with_for_update()):
        row.revoked_at = now
        row.previous_digest = row.previous_until = None
        _note(session, actor, "token.revoked", row, now, ["revoked_at"])


def owner_of(actor: Actor) -> str:
    """Who is shown a token that this actor issues: the colleague behind it, whichever tokens lie between."""
    return actor.on_behalf_of or f"{actor.kind}:{actor.id}"[:100]


def locked_token(session: Session, token_id: str) -> ApiToken:
    """The token, held against every other change. Raises: NotFound."""
    statement = select(ApiToken).where(ApiToken.id == token_id).with_for_update()
    row = session.scalar(statement, execution_options={"populate_existing": True}) if is_id(token_id) else None
    if row is None:
        raise NotFound("There is no token of this id.")
    return row


def refuse_beyond(actor: Actor, wanted: Grant) -> None:
    """Refuse to give what the actor does not have in that place. Raises: Forbidden with `beyond`, the permissions."""
    if actor.kind == "system":
        return
    missing = sorted(rules.beyond(actor.grants, wanted))
    if missing:
        raise Forbidden(
            f"This has permissions that you do not have there yourself: {', '.join(missing)}.",
            extra={"missing_permission": missing[0], "beyond": missing},
        )


def _refuse_more_than_actor(session: Session, actor: Actor, row: ApiToken) -> None:
    # Whoever could rotate a stronger token would come by its rights, and whoever could end it by peace from it.
    if _is_itself(actor, row):
        return
    for grant in queries.grants_of_token(row, queries.custom_role(session, row.role)):
        refuse_beyond(actor, grant)


def _is_itself(actor: Actor, row: ApiToken) -> bool:
    return actor.credential == f"token:{row.id}"


def _refuse_token(actor: Actor) -> None:
    if actor.kind == "service":
        raise Forbidden(
            "A token makes no other token and rotates none but itself: sign in, or use copydesk token issue.",
            code="session_needed",
        )


def _permissions_of(session: Session, command: NewToken) -> frozenset[str]:
    if not command.role:
        return command.permissions
    card = queries.role_card(session, command.role)
    if card is None:
        raise Invalid(errors=[FieldError("/role", "unknown_role", "There is no role of this name.")])
    return card.permissions


def _note(session: Session, actor: Actor, action: str, row: ApiToken, now: datetime, changes: Sequence[str]) -> None:
    note(session, actor=actor, action=action, subject_kind="token", subject_id=row.id, now=now, changes=changes)
