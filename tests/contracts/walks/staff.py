"""Walks over roles, tokens, colleagues and their sessions."""

from cms.identity.codes import derive_code
from cms.identity.passwords import HASHER
from cms.identity.staff import staffing
from cms.identity.staff.schemas import Given
from cms.platform.actor import system
from cms.platform.clock import now
from cms.platform.keys import load_keys
from cms.settings import Settings
from tests.contracts.witness import PASS_PHRASE, Witness


def walk_roles_and_tokens(witness: Witness) -> None:
    ask = witness.ask
    role = {"name": "clerk", "permissions": ["taxonomy:read"]}
    ask("POST", "/api/v1/roles", 201, role)
    ask("POST", "/api/v1/roles", 409, role)
    ask("POST", "/api/v1/roles", 422, {"name": "Clerk", "permissions": []})
    for name in ("clerk", "editor"):
        ask("GET", f"/api/v1/roles/{name}", 200)
    ask("GET", "/api/v1/roles/clerk", 304, If_None_Match='"1"')
    ask("GET", "/api/v1/roles/none", 404)
    ask("GET", "/api/v1/roles", 200)
    ask("PATCH", "/api/v1/roles/clerk", 200, {"description": "Knows every word."}, If_Match='"1"')
    ask("PATCH", "/api/v1/roles/clerk", 412, {"description": "Knows none."}, If_Match='"1"')
    ask("PATCH", "/api/v1/roles/editor", 403, {"description": "Mine."}, If_Match='"1"')
    mine = _root(witness)
    wanted = {"name": "clerk", "role": "clerk", "addresses": ["192.0.2.0/24"]}
    ask("POST", "/api/v1/tokens", 403, wanted)
    issued = ask("POST", "/api/v1/tokens", 201, wanted, **mine).json
    path = f"/api/v1/tokens/{issued['id']}"
    ask("POST", "/api/v1/tokens", 422, {"name": "both", "role": "clerk", "scopes": ["articles:read"]}, **mine)
    ask("GET", path, 200)
    ask("GET", "/api/v1/tokens?count=exact", 200)
    ask("GET", f"/api/v1/access/explain?action=articles:publish&on=city&for={issued['id']}", 200)
    ask("GET", "/api/v1/access/explain?action=articles:publish&on=none", 404)
    ask("GET", "/api/v1/access/explain?action=articles:publish", 400)
    ask("DELETE", "/api/v1/roles/clerk", 409, If_Match='"2"')
    ask("POST", f"{path}/rotate", 403)
    ask("POST", f"{path}/rotate", 200, {"overlap_minutes": 5}, **mine)
    ask("DELETE", path, 204)
    ask("POST", f"{path}/rotate", 409, **mine)
    ask("DELETE", "/api/v1/roles/clerk", 204, If_Match='"2"')


def _root(witness: Witness) -> dict[str, str]:
    """The header of an administrator's session."""
    root = {"email": "root@example.org", "password": PASS_PHRASE}
    with witness.database.transaction() as session:
        staffing.create(
            session, system("test"), email=root["email"], name="Root", locale="en", grants=(Given("administrator"),),
            password_hash=HASHER.hash(PASS_PHRASE), network="", now=now(),
        )  # fmt: skip
    return {"Authorization": "Bearer " + witness.ask("POST", "/api/v1/sessions", 201, root).json["token"]}


def walk_colleagues(witness: Witness, settings: Settings) -> None:
    ask, keys = witness.ask, load_keys(settings)
    eve = {"email": "eve@example.org", "password": PASS_PHRASE}
    person = {"email": eve["email"], "name": "Eve", "grants": [{"role": "editor", "section": "city", "locale": "en"}]}
    invited = ask("POST", "/api/v1/staff/invitations", 201, person).json["id"]
    ask("GET", "/api/v1/staff/invitations?count=exact", 200)
    other = ask("POST", "/api/v1/staff/invitations", 201, {"email": "dan@example.org", "name": "Dan"}).json["id"]
    ask("DELETE", f"/api/v1/staff/invitations/{other}", 204)
    ask("DELETE", f"/api/v1/staff/invitations/{other}", 404)
    ask("POST", "/api/v1/staff/invitations", 422, {**person, "grants": [{"role": "king"}]})
    code = derive_code(keys, purpose="staff_invitation", challenge_id=invited, email=eve["email"])
    accept = f"/api/v1/staff/invitations/{invited}/accept"
    ask("POST", accept, 400, {"code": "0000-0000", "password": PASS_PHRASE})
    staff = ask("POST", accept, 201, {"code": code, "password": PASS_PHRASE}).json["id"]
    ask("POST", "/api/v1/staff/invitations", 409, person)
    ask("GET", f"/api/v1/staff/{staff}", 200)
    ask("GET", f"/api/v1/staff/{staff}", 304, If_None_Match='"1"')
    ask("GET", "/api/v1/staff/none", 404)
    ask("GET", "/api/v1/staff?count=exact", 200)
    ask("PATCH", f"/api/v1/staff/{staff}", 200, {"grants": [{"role": "viewer"}]}, If_Match='"1"')
    ask("PATCH", f"/api/v1/staff/{staff}", 412, {"name": "Eva"}, If_Match='"1"')

    ask("POST", "/api/v1/sessions", 401, {**eve, "password": "not this one"})
    by_cookie = ask("POST", "/api/v1/sessions", 201, {**eve, "kind": "cookie"})
    mine = {"Authorization": "Bearer " + ask("POST", "/api/v1/sessions", 201, eve).json["token"]}
    ask("GET", "/api/v1/sessions", 403)
    ask("GET", "/api/v1/sessions", 200, **mine)
    ask("GET", "/api/v1/sessions/current", 200, **mine)
    ask("POST", "/api/v1/sessions/reauthenticate", 403, {"password": "not this one"}, **mine)
    ask("POST", "/api/v1/sessions/reauthenticate", 200, {"password": PASS_PHRASE}, **mine)
    ask("DELETE", f"/api/v1/sessions/{by_cookie.json['id']}", 204, **mine)
    another = {"current_password": PASS_PHRASE, "new_password": PASS_PHRASE + " again"}
    ask("POST", "/api/v1/staff/me/password", 204, another, **mine)
    asked = ask("POST", "/api/v1/staff/codes", 202, {"email": eve["email"]}).json["code_id"]
    code = derive_code(keys, purpose="staff_password", challenge_id=asked, email=eve["email"])
    ask("DELETE", "/api/v1/sessions", 204, **mine)
    ask("GET", "/api/v1/sessions", 401, **mine)
    ask("POST", "/api/v1/staff/password", 204, {"code_id": asked, "code": code, "new_password": PASS_PHRASE})
    ask("POST", "/api/v1/staff/password", 400, {"code_id": asked, "code": code, "new_password": PASS_PHRASE})
