"""Shapes of the readers' API: what is sent becomes a frozen command, with addresses and codes in their one spelling."""

from dataclasses import dataclass, field
from typing import Any

from marshmallow import ValidationError, fields, post_load, validate

from cms.platform.http.shapes import Locale, Shape, Text
from cms.platform.ids import is_id
from cms.readers.addresses import AddressError, canonical_address
from cms.readers.codes import CodeError, read_code
from cms.readers.passwords import LONGEST, normal_password
from cms.readers.rules import PURPOSES

LONGEST_GIVEN = 1024


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


class Address(Text):
    """An e-mail address; loaded in its canonical spelling."""

    def _deserialize(self, value: Any, attr: Any, data: Any, **options: Any) -> str:
        text = super()._deserialize(value, attr, data, **options)
        try:
            return canonical_address(text[:LONGEST_GIVEN])
        except AddressError as error:
            raise ValidationError(str(error)) from None


class Password(Text):
    """A password of any characters; loaded in NFC. Which are refused is decided with the words around the reader."""

    def __init__(self, **options: Any) -> None:
        super().__init__(is_line=False, validate=validate.Length(max=LONGEST), **options)

    def _deserialize(self, value: Any, attr: Any, data: Any, **options: Any) -> str:
        return normal_password(super()._deserialize(value, attr, data, **options))


class Code(Text):
    """A code as typed; loaded without spaces and hyphens, in upper case."""

    def __init__(self, purpose: str, **options: Any) -> None:
        super().__init__(**options)
        self.purpose = purpose

    def _deserialize(self, value: Any, attr: Any, data: Any, **options: Any) -> str:
        text = super()._deserialize(value, attr, data, **options)
        try:
            return read_code(self.purpose, text[:LONGEST_GIVEN])
        except CodeError as error:
            raise ValidationError(str(error)) from None


class ChallengeId(Text):
    """The id of a challenge, as it was answered."""

    def _deserialize(self, value: Any, attr: Any, data: Any, **options: Any) -> str:
        text = super()._deserialize(value, attr, data, **options)
        if not is_id(text):
            raise ValidationError("Not a valid id.")
        return text


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
    challenge_id = ChallengeId(
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

    challenge_id = ChallengeId(required=True)
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
