"""Roles over HTTP. Tokens have sections, so their routes stand in `operations/api`."""

from typing import Any

from flask import Blueprint, Response

from cms.identity import queries, roles
from cms.identity.models import Role
from cms.identity.queries import RoleCard
from cms.identity.rules import NewRole
from cms.identity.schemas import NewRoleShape, RoleListShape, RolePatchShape, RoleShape
from cms.platform.errors import NotFound
from cms.platform.http.answers import answer
from cms.platform.http.endpoint import endpoint
from cms.platform.http.etags import is_not_modified, revision_etag
from cms.platform.http.guard import current_actor
from cms.platform.http.services import services
from cms.platform.http.transactions import reading, transaction

identity = Blueprint("identity", __name__, url_prefix="/api/v1")

READ, WRITE = "roles:read", "roles:write"


@identity.post("/roles")
@endpoint(
    summary="Make a custom role", scope=WRITE, needs_fresh_proof=True, body=NewRoleShape, answers={201: RoleShape}
)
def make_role(body: NewRole) -> Response:
    """A name for a set of permissions, none of which the caller lacks."""
    with transaction() as session:
        row = roles.make_role(session, current_actor(), body, services().clock())
        return _answer(queries.card_of(row), 201, Location=f"/api/v1/roles/{row.name}")


@identity.get("/roles")
@endpoint(summary="List roles", scope=READ, answers={200: RoleListShape})
def list_roles() -> Response:
    """Every role with its permissions; there are few, so there are no pages."""
    with reading() as session:
        return answer({"data": [role_data(card) for card in queries.role_cards(session)]})


@identity.get("/roles/<name>")
@endpoint(summary="Read a role", scope=READ, answers={200: RoleShape, 304: None}, refuses=(404,))
def read_role(name: str) -> Response:
    """One role by its name; a custom one has an ETag that changes are made on."""
    with reading() as session:
        card = queries.role_card(session, name)
    if card is None:
        raise NotFound("There is no role of this name.")
    if card.revision is not None and is_not_modified(revision_etag(card.revision)):
        return answer(None, 304, etag=revision_etag(card.revision))
    return _answer(card)


@identity.patch("/roles/<name>")
@endpoint(
    summary="Change a custom role",
    scope=WRITE,
    needs_fresh_proof=True,
    body=RolePatchShape,
    needs_revision=True,
    answers={200: RoleShape},
)
def change_role(name: str, revision: int, body: dict[str, Any]) -> Response:
    """Whoever has the role has the new rights at the next request."""
    with transaction() as session:
        row: Role = roles.change_role(session, current_actor(), name, revision, body, services().clock())
        return _answer(queries.card_of(row))


@identity.delete("/roles/<name>")
@endpoint(
    summary="Delete a custom role",
    scope=WRITE,
    needs_fresh_proof=True,
    needs_revision=True,
    answers={204: None},
    refuses=(409,),
)
def delete_role(name: str, revision: int) -> Response:
    """Only one that nobody has any more."""
    with transaction() as session:
        roles.delete_role(session, current_actor(), name, revision, services().clock())
        return answer(None, 204)


def role_data(card: RoleCard) -> dict[str, Any]:
    """A role in the shape of `RoleShape`."""
    names = ("name", "description", "is_built_in", "revision", "created_at", "updated_at")
    return {**{name: getattr(card, name) for name in names}, "permissions": sorted(card.permissions)}


def _answer(card: RoleCard, status: int = 200, **headers: str) -> Response:
    etag = None if card.revision is None else revision_etag(card.revision)
    return answer(role_data(card), status, headers=headers, etag=etag)
