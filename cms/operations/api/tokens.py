"""API tokens over HTTP."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from flask import Blueprint, Response
from sqlalchemy.orm import Session

from cms.identity import issuing, queries
from cms.identity.models import ApiToken, Role
from cms.identity.schemas import AskedToken, IssuedTokenShape, NewTokenShape, RotateInputShape, TokenShape
from cms.identity.staff.queries import grants_of_token_now
from cms.operations.placing import locale_at, section_paths, section_slug
from cms.operations.schemas import TokenPageShape
from cms.platform.errors import NotFound
from cms.platform.http.answers import answer
from cms.platform.http.endpoint import endpoint
from cms.platform.http.guard import current_actor
from cms.platform.http.pages import page_answer
from cms.platform.http.query_input import PageShape
from cms.platform.http.services import services
from cms.platform.http.transactions import reading, transaction

tokens = Blueprint("tokens", __name__, url_prefix="/api/v1")

READ, WRITE = "tokens:read", "tokens:write"
PLAIN = ("id", "name", "hint", "created_at", "rotated_at", "expires_at", "revoked_at", "last_used_at")


@tokens.post("/tokens")
@endpoint(
    summary="Issue a token",
    scope=WRITE,
    needs_session=True,
    needs_fresh_proof=True,
    body=NewTokenShape,
    answers={201: IssuedTokenShape},
    description="Shown once: a repeat with the same Idempotency-Key is answered 409, not with the token. It never may "
    "do more than the colleague who issued it may at the time, and ends when that colleague is disabled. Programs get "
    "theirs from `copydesk token issue`: a token makes no other token.",
)
def issue_token(body: AskedToken) -> Response:
    """Nobody gives a token more than they have themselves."""
    with transaction() as session:
        now = services().clock()
        path = section_paths(session, {"/section": body.section})["/section"]
        command = replace(body.command, section_path=path, locale=locale_at(body.command.locale, "/locale"))
        row, text = issuing.issue(session, current_actor(), command, now)
        session.flush()
        return _issued(session, row, text, now, 201, Location=f"/api/v1/tokens/{row.id}")


@tokens.get("/tokens")
@endpoint(summary="List tokens", scope=READ, query=PageShape, answers={200: TokenPageShape})
def list_tokens(query: dict[str, Any]) -> Response:
    """Every token that was ever issued, newest first; never a token's text."""
    with reading() as session:
        roles = queries.custom_roles(session)
        return page_answer(
            "identity|tokens",
            query,
            read=lambda limit, after, is_backwards: queries.tokens(
                session, limit=limit, after=after, is_backwards=is_backwards
            ),
            position=lambda row: (row.number,),
            dump=lambda row: token_data(session, row, roles.get(row.role), services().clock()),
            count=lambda: queries.count_of_tokens(session),
        )


@tokens.get("/tokens/<token_id>")
@endpoint(summary="Read a token", scope=READ, answers={200: TokenShape}, refuses=(404,))
def read_token(token_id: str) -> Response:
    """What a token may do, where, until when, and when it was last used."""
    with reading() as session:
        row = queries.token_by_id(session, token_id)
        if row is None:
            raise NotFound("There is no token of this id.")
        return answer(token_data(session, row, queries.custom_role(session, row.role), services().clock()))


@tokens.post("/tokens/<token_id>/rotate")
@endpoint(
    summary="Rotate a token",
    scope=WRITE,
    needs_fresh_proof=True,
    body=RotateInputShape,
    is_body_optional=True,
    answers={200: IssuedTokenShape},
    refuses=(404,),
    description="Id, rights and lifetime stay; the text is new, and the one before works until the overlap is over. "
    "A token may rotate itself, which gives it no more time, and no other: that needs a session.",
)
def rotate_token(token_id: str, body: dict[str, Any]) -> Response:
    """A new text for a token, shown once."""
    with transaction() as session:
        now = services().clock()
        overlap = timedelta(minutes=body["overlap_minutes"])
        row, text = issuing.rotate(session, current_actor(), token_id, overlap, now)
        return _issued(session, row, text, now)


@tokens.delete("/tokens/<token_id>")
@endpoint(summary="Revoke a token", scope=WRITE, answers={204: None}, refuses=(404,))
def revoke_token(token_id: str) -> Response:
    """It is refused from the next request on; again is fine."""
    with transaction() as session:
        issuing.revoke(session, current_actor(), token_id, services().clock())
        return answer(None, 204)


def token_data(session: Session, row: ApiToken, role: Role | None, now: datetime) -> dict[str, Any]:
    """A token with its custom role in the shape of `TokenShape`."""
    grants = grants_of_token_now(session, row, role) or ()
    is_overlapping = row.previous_until is not None and row.previous_until > now
    state = "revoked" if row.revoked_at else "expired" if row.expires_at <= now else "active"
    return {
        **{name: getattr(row, name) for name in PLAIN},
        "role": row.role or None,
        "scopes": sorted(name for grant in grants for name in grant.permissions),
        "section": section_slug(row.section_path),
        "locale": row.locale or None,
        "addresses": row.networks or [],
        "state": state,
        "previous_until": row.previous_until if is_overlapping else None,
    }


def _issued(session: Session, row: ApiToken, text: str, now: datetime, status: int = 200, **headers: str) -> Response:
    data = {**token_data(session, row, queries.custom_role(session, row.role), now), "token": text}
    return answer(data, status, headers=headers, is_secret=True)
