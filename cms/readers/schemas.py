"""Shapes of the readers' API: what is sent becomes a frozen command, with addresses and codes in their one spelling."""

from dataclasses import dataclass, field
from typing import Any

from marshmallow import fields, post_load, validate

from cms.identity.fields import Address, Code, Password, PublicId
from cms.platform.http.shapes import Locale, Shape, Text
from cms.readers.rules import PURPOSES


@dataclass(frozen=True)
class Registration:
    """Somebody wants an account for an address."""

    email: str = field(repr=False)
    password: str = field(repr=False)
    locale: str
    display_name: str = field(repr=False)


@dataclass(frozen=True)
class CodeRequest:
    """Somebody asks for a code. `challenge_id` names the registration whose password is to be kept."""

    purpose: str
    email: str = field(repr=False)
    challenge_id: str | None


@dataclass(frozen=True)
class PasswordChange:
    """A new password with the code that allows it."""

    challenge_id: str
    code: str = field(repr=False)
    new_password: str = field(repr=False)


class RegistrationShape(Shape):
    """A reader who wants an account. The answer is the same whether there is one already."""

    email = Address(required=True, metadata={"format": "email"})
    password = Password(
        required=True, metadata={"description": "15 to 256 characters of any kind", "format": "password"}
    )
    locale = Locale(
        required=True, metadata={"description": "The reader's language, such as en or zh-CN; letters come in it"}
    )
    display_name = Text(load_default="", validate=validate.Length(max=120))

    @post_load
    def _command(self, values: dict[str, Any], **_options: Any) -> Registration:
        return Registration(**values)


class CodeRequestShape(Shape):
    """A wish for a code by mail. The answer is the same whether one is sent."""

    purpose = fields.String(required=True, validate=validate.OneOf(PURPOSES))
    email = Address(required=True, metadata={"format": "email"})
    challenge_id = PublicId(
        load_default=None, metadata={"description": "The registration's, to keep its password; else none is kept"}
    )

    @post_load
    def _command(self, values: dict[str, Any], **_options: Any) -> CodeRequest:
        return CodeRequest(**values)


class VerificationShape(Shape):
    """The six digits of the letter."""

    code = Code("verify_email", required=True, metadata={"example": "123 456"})


class PasswordChangeShape(Shape):
    """A new password, allowed by the code of a reset."""

    challenge_id = PublicId(required=True)
    code = Code("reset_password", required=True, metadata={"example": "ABCD-EFGH"})
    new_password = Password(
        required=True, metadata={"description": "15 to 256 characters of any kind", "format": "password"}
    )

    @post_load
    def _command(self, values: dict[str, Any], **_options: Any) -> PasswordChange:
        return PasswordChange(**values)


class ChallengeShape(Shape):
    """Name this challenge when the code has arrived."""

    challenge_id = fields.String(required=True)
