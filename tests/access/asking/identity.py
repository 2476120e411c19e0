"""How the routes of colleagues, roles, tokens and sessions are asked."""

from collections.abc import Callable
from typing import Any

from cms.identity.roles import make_role
from cms.identity.rules import NewRole
from cms.identity.staff import staffing
from cms.identity.staff.schemas import Given, Invitation
from cms.platform.clock import now
from tests.access.desk import OPERATOR, PHRASE
from tests.access.room import FIRST, NOBODY, PASS_PHRASE, Ask, Asked, Room, numbered, plain


def _on_token(path: str = "", **options: Any) -> Callable[[Room, str], Asked]:
    def ask(room: Room, column: str) -> Asked:
        return f"/api/v1/tokens/{room.desk.row(room.desk.token('viewer')).id}{path}", options

    return ask


def _on_role(**options: Any) -> Callable[[Room, str], Asked]:
    def ask(room: Room, column: str) -> Asked:
        name = f"clerk-{room.desk.number()}"
        with room.desk.database.transaction() as session:
            make_role(session, OPERATOR, NewRole(name, frozenset({"taxonomy:read"})), now())
        return f"/api/v1/roles/{name}", options

    return ask


def _on_colleague(**options: Any) -> Callable[[Room, str], Asked]:
    def ask(room: Room, column: str) -> Asked:
        return f"/api/v1/staff/{room.desk.colleague(Given('viewer')).id}", options

    return ask


def _invitation(room: Room, _column: str) -> Asked:
    command = Invitation(f"invited{room.desk.number()}@example.org", "New", "en", ())
    with room.desk.database.transaction() as session:
        invitation = staffing.invite(session, OPERATOR, command, sender_domain="example.org", now=now())
    return f"/api/v1/staff/invitations/{invitation.id}", {}


ASK: dict[str, Ask] = {
    "POST /api/v1/tokens": numbered("/api/v1/tokens", name="Token #", role="viewer"),
    "GET /api/v1/tokens/<token_id>": _on_token(),
    "POST /api/v1/tokens/<token_id>/rotate": _on_token("/rotate"),
    "DELETE /api/v1/tokens/<token_id>": _on_token(),
    "POST /api/v1/roles": lambda room, _column: (
        "/api/v1/roles",
        {"json": {"name": f"role-{room.desk.number()}", "permissions": ["taxonomy:read"]}},
    ),
    "GET /api/v1/roles/<name>": _on_role(),
    "PATCH /api/v1/roles/<name>": _on_role(json={"description": "Another."}, headers=FIRST),
    "DELETE /api/v1/roles/<name>": _on_role(headers=FIRST),
    "GET /api/v1/access/explain": plain("/api/v1/access/explain?action=articles:publish&on=city"),
    "GET /api/v1/staff/<staff_id>": _on_colleague(),
    "PATCH /api/v1/staff/<staff_id>": _on_colleague(json={"name": "Anne"}, headers=FIRST),
    "POST /api/v1/staff/invitations": numbered("/api/v1/staff/invitations", email="new#@example.org", name="New"),
    "DELETE /api/v1/staff/invitations/<invitation_id>": _invitation,
    "POST /api/v1/staff/me/password": plain(
        "/api/v1/staff/me/password", json={"current_password": PHRASE, "new_password": PASS_PHRASE}
    ),
    "DELETE /api/v1/sessions/<session_id>": lambda room, _column: (f"/api/v1/sessions/{room.session_id}", {}),
    "POST /api/v1/sessions/reauthenticate": plain("/api/v1/sessions/reauthenticate", json={"password": PHRASE}),
    "POST /api/v1/sessions": lambda room, _column: (
        "/api/v1/sessions",
        {"json": {"email": room.desk.colleague().email, "password": PHRASE}},
    ),
    "POST /api/v1/staff/invitations/<invitation_id>/accept": plain(
        f"/api/v1/staff/invitations/{NOBODY}/accept", json={"code": "ABCD2345", "password": PASS_PHRASE}
    ),
    "POST /api/v1/staff/codes": numbered("/api/v1/staff/codes", email="nobody#@example.org"),
    "POST /api/v1/staff/password": plain(
        "/api/v1/staff/password", json={"code_id": NOBODY, "code": "ABCD2345", "new_password": PASS_PHRASE}
    ),
}
