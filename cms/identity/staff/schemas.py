"""Shapes of the staff's API. What is sent becomes a frozen command; members that it does not name are refused."""

import re
from dataclasses import dataclass, field
from typing import Any

from marshmallow import fields, post_load, validate

from cms.identity.fields import LOCALE, Address, Code, Password, PublicId
from cms.identity.staff.rules import KINDS, STATES
from cms.platform.http.shapes import Flag, Shape, Text, UtcInstant

MOST_GRANTS = 50
PHRASE = {"description": "15 to 256 characters of any kind", "format": "password"}


@dataclass(frozen=True)
class Given:
    """A role in a section and below, in a language; empty means everywhere. As asked, `section` is a slug."""

    role: str
    section: str = ""
    locale: str = ""


@dataclass(frozen=True)
class Invitation:
    """Somebody is to become a colleague."""

    email: str = field(repr=False)
    name: str
    locale: str
    grants: tuple[Given, ...]


@dataclass(frozen=True)
class Acceptance:
    """The code of an invitation and the password that is to be."""

    code: str = field(repr=False)
    password: str = field(repr=False)


@dataclass(frozen=True)
class SignIn:
    """An address, a password, and how the session is to be carried."""

    email: str = field(repr=False)
    password: str = field(repr=False)
    kind: str


@dataclass(frozen=True)
class StaffChange:
    """What is to change of a colleague; None where nothing is."""

    name: str | None
    state: str | None
    grants: tuple[Given, ...] | None


@dataclass(frozen=True)
class PasswordRetrieval:
    """A new password with the code that allows it."""

    code_id: str
    code: str = field(repr=False)
    new_password: str = field(repr=False)


class GivenShape(Shape):
    """A role, and where it holds: in a section with all below it, in a language. Left out means everywhere."""

    role = Text(required=True, validate=validate.Length(min=1, max=40))
    section = Text(load_default="", validate=validate.Length(max=120), metadata={"description": "A section's slug"})
    locale = Text(load_default="", validate=validate.Regexp(re.compile(r"\Z|" + LOCALE.pattern)))

    @post_load
    def _command(self, values: dict[str, Any], **_options: Any) -> Given:
        return Given(**values)


def _grants(**options: Any) -> fields.List:
    return fields.List(fields.Nested(GivenShape), validate=validate.Length(max=MOST_GRANTS), **options)


class InvitationInputShape(Shape):
    """A new colleague. The code goes to the address, in the language given."""

    email = Address(required=True, metadata={"format": "email"})
    name = Text(required=True, validate=validate.Length(min=1, max=120))
    locale = Text(load_default="en", validate=[validate.Length(max=35), validate.Regexp(LOCALE)])
    grants = _grants(load_default=())

    @post_load
    def _command(self, values: dict[str, Any], **_options: Any) -> Invitation:
        return Invitation(**values | {"grants": tuple(values["grants"])})


class InvitationShape(Shape):
    """An invitation that waits for its code."""

    id = fields.String(required=True)
    email = fields.String(required=True)
    name = fields.String(required=True)
    locale = fields.String(required=True)
    grants = fields.List(fields.Nested(lambda: HeldShape()), required=True)
    expires_at = UtcInstant(required=True)


class AcceptanceShape(Shape):
    """The letter's code and a password of one's own."""

    code = Code("staff", required=True, metadata={"example": "ABCD-EFGH"})
    password = Password(required=True, metadata=PHRASE)

    @post_load
    def _command(self, values: dict[str, Any], **_options: Any) -> Acceptance:
        return Acceptance(**values)


class SignInShape(Shape):
    """Who signs in. `bearer` answers a token to send in the Authorization header; `cookie` sets one for browsers."""

    email = Address(required=True, metadata={"format": "email"})
    password = Password(required=True, metadata={"format": "password"})
    kind = fields.String(load_default="bearer", validate=validate.OneOf(KINDS))

    @post_load
    def _command(self, values: dict[str, Any], **_options: Any) -> SignIn:
        return SignIn(**values)


class OwnPasswordShape(Shape):
    """The password of whoever is signed in."""

    password = Password(required=True, metadata={"format": "password"})


class OwnPasswordChangeShape(Shape):
    """Another password, with the present one. Left out, that one is wrong."""

    current_password = Password(load_default="", allow_none=True, metadata={"format": "password"})
    new_password = Password(required=True, metadata=PHRASE)


class StaffCodeRequestShape(Shape):
    """A wish for a code by mail. The answer is the same whether one is sent."""

    email = Address(required=True, metadata={"format": "email"})


class CodeAskedShape(Shape):
    """Name this id when the code has arrived."""

    code_id = fields.String(required=True)


class PasswordRetrievalShape(Shape):
    """A new password, allowed by the code of a letter."""

    code_id = PublicId(required=True)
    code = Code("staff", required=True, metadata={"example": "ABCD-EFGH"})
    new_password = Password(required=True, metadata=PHRASE)

    @post_load
    def _command(self, values: dict[str, Any], **_options: Any) -> PasswordRetrieval:
        return PasswordRetrieval(**values)


class HeldShape(Shape):
    """A role that somebody has; section and language are null where it holds in every one."""

    role = fields.String(required=True)
    section = fields.String(required=True, allow_none=True)
    locale = fields.String(required=True, allow_none=True)


class StaffShape(Shape):
    """A colleague."""

    id = fields.String(required=True)
    email = fields.String(required=True)
    name = fields.String(required=True)
    locale = fields.String(required=True)
    state = fields.String(required=True, validate=validate.OneOf(STATES))
    grants = fields.List(fields.Nested(HeldShape), required=True)
    created_at = UtcInstant(required=True)
    revision = fields.Integer(required=True)


class StaffChangeShape(Shape):
    """What is to change. `grants` replaces all that were given before."""

    name = Text(load_default=None, validate=validate.Length(min=1, max=120))
    state = fields.String(load_default=None, validate=validate.OneOf(STATES))
    grants = _grants(load_default=None)

    @post_load
    def _command(self, values: dict[str, Any], **_options: Any) -> StaffChange:
        given = values["grants"]
        return StaffChange(**values | {"grants": tuple(given) if given is not None else None})


class SessionShape(Shape):
    """A sign-in that lasts: from which device and address, since when, and seen when."""

    id = fields.String(required=True)
    kind = fields.String(required=True, validate=validate.OneOf(KINDS))
    device = fields.String(required=True)
    address = fields.String(required=True)
    created_at = UtcInstant(required=True)
    last_seen_at = UtcInstant(required=True)
    reauthenticated_at = UtcInstant(required=True)
    expires_at = UtcInstant(required=True)
    is_current = Flag(required=True)


class SessionListShape(Shape):
    """All sessions of one colleague that are alive."""

    data = fields.List(fields.Nested(SessionShape), required=True)


class SignedInShape(Shape):
    """What a sign-in answers. The token is shown now and never again; a cookie has it in its header instead."""

    id = fields.String(required=True)
    token = fields.String()
    csrf_token = fields.String(metadata={"description": "With a cookie: send it in X-CSRF-Token with every change"})
    expires_at = UtcInstant(required=True)


class JoinedShape(Shape):
    """A colleague by name."""

    id = fields.String(required=True)
    email = fields.String(required=True)
    name = fields.String(required=True)


class CurrentSessionShape(SessionShape):
    """The present session and whose it is. `csrf_token` is there when a cookie carries it."""

    staff = fields.Nested(JoinedShape, required=True)
    csrf_token = fields.String()
