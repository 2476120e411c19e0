"""Shapes of the readers' API: what is sent becomes a frozen command, with addresses and codes in their one spelling."""

from dataclasses import dataclass, field
from typing import Any

from marshmallow import ValidationError, fields, post_load, validate

from cms.identity.fields import LONGEST_GIVEN, Address, Code, Password, PublicId
from cms.platform.http.shapes import Flag, Locale, Shape, Text, UtcInstant
from cms.platform.text.names import UnfitName, shown_name
from cms.readers.bookmarks.schemas import ExportedBookmarkShape, ExportedFolderShape
from cms.readers.follows.schemas import ExportedDigestShape, ExportedMatchShape, FollowShape
from cms.readers.rules import DOCUMENT, LETTERS, MOST_CONSENTS, PURPOSES, VERSION

LONGEST_NAME = 120
NAME = {
    "description": "What others read beside comments: one line of at most 120 characters, all of which are seen",
    "maxLength": LONGEST_NAME,
}


@dataclass(frozen=True)
class GivenConsent:
    """Somebody agrees to a version of a document."""

    document: str
    version: str


@dataclass(frozen=True)
class Registration:
    """Somebody wants an account for an address."""

    email: str = field(repr=False)
    password: str = field(repr=False)
    locale: str
    display_name: str = field(repr=False)
    consents: list[GivenConsent]


@dataclass(frozen=True)
class CodeRequest:
    """Somebody asks for a code. `challenge_id` names the registration whose password and consents are to be kept."""

    purpose: str
    email: str = field(repr=False)
    challenge_id: str | None
    consents: list[GivenConsent]


@dataclass(frozen=True)
class PasswordChange:
    """A new password with the code that allows it."""

    challenge_id: str
    code: str = field(repr=False)
    new_password: str = field(repr=False)


class DisplayName(Text):
    """What others read as a reader's name; loaded as it is kept."""

    def _deserialize(self, value: Any, attr: Any, data: Any, **options: Any) -> str:
        text = super()._deserialize(value, attr, data, **options)
        try:
            name = shown_name(text[:LONGEST_GIVEN])
        except UnfitName as error:
            raise ValidationError(str(error)) from None
        if len(name) > LONGEST_NAME:
            raise ValidationError(f"Longer than maximum length {LONGEST_NAME}.")
        return name


class ConsentShape(Shape):
    """A document of the site, such as its terms, and the version of it that somebody agrees to."""

    document = Text(
        required=True, validate=[validate.Regexp(DOCUMENT), validate.NoneOf([LETTERS])], metadata={"example": "terms"}
    )
    version = Text(required=True, validate=validate.Regexp(VERSION), metadata={"example": "2026-11-01"})

    @post_load
    def _command(self, values: dict[str, Any], **_options: Any) -> GivenConsent:
        return GivenConsent(**values)


def _consents() -> fields.List:
    def each_once(given: list[GivenConsent]) -> None:
        if len({one.document for one in given}) < len(given):
            raise ValidationError("Must name each document once.")

    return fields.List(
        fields.Nested(ConsentShape),
        load_default=list,
        validate=[validate.Length(max=MOST_CONSENTS), each_once],
        metadata={"description": "What the reader agrees to; kept with the instant. A setting says what is needed"},
    )


class RegistrationShape(Shape):
    """A reader who wants an account. The answer is the same whether there is one already."""

    email = Address(required=True, metadata={"format": "email"})
    password = Password(
        required=True, metadata={"description": "15 to 256 characters of any kind", "format": "password"}
    )
    locale = Locale(
        required=True, metadata={"description": "The reader's language, such as en or zh-CN; letters come in it"}
    )
    display_name = DisplayName(load_default="", metadata=NAME)
    consents = _consents()

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
    consents = _consents()

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


@dataclass(frozen=True)
class SignIn:
    """Somebody says who they are."""

    email: str = field(repr=False)
    password: str = field(repr=False)


@dataclass(frozen=True)
class ProfileChange:
    """What a reader changes of the own account; None stays as it is."""

    display_name: str | None = field(repr=False)
    locale: str | None


class ReaderSignInShape(Shape):
    """Which reader signs in."""

    email = Address(required=True, metadata={"format": "email"})
    password = Password(required=True, metadata={"format": "password"})

    @post_load
    def _command(self, values: dict[str, Any], **_options: Any) -> SignIn:
        return SignIn(**values)


class ReaderSignedInShape(Shape):
    """What a sign-in answers. The token is shown now and never again."""

    id = fields.String(required=True)
    token = fields.String(required=True)
    expires_at = UtcInstant(required=True)


class ReaderSessionShape(Shape):
    """A reader's sign-in that lasts: from which device and network, since when, and seen when (to the hour)."""

    id = fields.String(required=True)
    device = fields.String(required=True)
    network = fields.String(required=True)
    created_at = UtcInstant(required=True)
    last_seen_at = UtcInstant(required=True)
    expires_at = UtcInstant(required=True)
    is_current = Flag(required=True)


class ReaderSessionListShape(Shape):
    """All sessions of one reader that are alive."""

    data = fields.List(fields.Nested(ReaderSessionShape), required=True)


class ProfileShape(Shape):
    """The own account."""

    id = fields.String(required=True)
    email = fields.String(required=True)
    display_name = fields.String(required=True)
    locale = fields.String(required=True)
    created_at = UtcInstant(required=True)


class ProfileChangeShape(Shape):
    """What is to change; what is left out stays."""

    display_name = DisplayName(load_default=None, metadata=NAME)
    locale = Locale(load_default=None, metadata={"description": "Letters come in this language"})

    @post_load
    def _command(self, values: dict[str, Any], **_options: Any) -> ProfileChange:
        return ProfileChange(**values)


class NewAddressShape(Shape):
    """The address to move to, with the present password."""

    email = Address(required=True, metadata={"format": "email"})
    password = Password(required=True, metadata={"format": "password"})


class AddressProofShape(Shape):
    """The code of the letter to the new address."""

    challenge_id = PublicId(required=True)
    code = Code("change_email", required=True, metadata={"example": "ABCD-EFGH"})


class UndoShape(Shape):
    """The code of the letter to the old address."""

    code = Code("undo_email", required=True, metadata={"example": "ABCD-EFGH"})


class ReaderPasswordShape(Shape):
    """The password of the reader who is signed in."""

    password = Password(required=True, metadata={"format": "password"})


class ReaderPasswordChangeShape(Shape):
    """Another password, with the present one."""

    current_password = Password(
        load_default="",
        metadata={"format": "password", "description": "Without it nothing is changed either (403)"},
    )
    new_password = Password(
        required=True, metadata={"description": "15 to 256 characters of any kind", "format": "password"}
    )


class ExportedLetterShape(Shape):
    """A letter that was sent to the reader, without its text, which is not kept."""

    kind = fields.String(required=True)
    state = fields.String(required=True)
    created_at = UtcInstant(required=True)
    sent_at = UtcInstant(required=True, allow_none=True)


class ExportedCodeShape(Shape):
    """A code that was asked for the reader's address."""

    purpose = fields.String(required=True)
    created_at = UtcInstant(required=True)
    used_at = UtcInstant(required=True, allow_none=True)


class ExportedConsentShape(Shape):
    """What the reader agreed to, when and by what, and when that was withdrawn."""

    document = fields.String(required=True)
    version = fields.String(required=True)
    given_at = UtcInstant(required=True)
    given_by = fields.String(required=True, validate=validate.OneOf(("registration", "account", "follow")))
    withdrawn_at = UtcInstant(required=True, allow_none=True)


class RequiredConsentShape(Shape):
    """What the site asks of everybody now, and whether the reader agreed to it."""

    document = fields.String(required=True)
    version = fields.String(required=True)
    is_given = Flag(required=True)


class ConsentListShape(Shape):
    """All consents of one reader, the newest first."""

    data = fields.List(fields.Nested(ExportedConsentShape), required=True)
    required = fields.List(fields.Nested(RequiredConsentShape), required=True)


class AgreedVersionShape(Shape):
    """Which version the reader agrees to."""

    version = Text(required=True, validate=validate.Regexp(VERSION), metadata={"example": "2026-11-01"})


class ExportedCommentShape(Shape):
    """What the reader said. A moderator's note about it is no part of it."""

    id = fields.String(required=True)
    article = fields.String(required=True)
    parent = fields.String(required=True, allow_none=True)
    state = fields.String(required=True)
    text = fields.String(required=True)
    created_at = UtcInstant(required=True)
    edited_at = UtcInstant(required=True, allow_none=True)


class ExportedLikeShape(Shape):
    """A comment that the reader likes."""

    comment = fields.String(required=True)
    at = UtcInstant(required=True)


class ExportedReportShape(ExportedLikeShape):
    """A comment that the reader reported."""

    reason = fields.String(required=True)
    note = fields.String(required=True)


class ExportShape(Shape):
    """All that is kept of a reader. `told` are the articles that letters told of lately, or are to tell of."""

    account = fields.Nested(ProfileShape, required=True)
    sessions = fields.List(fields.Nested(ReaderSessionShape), required=True)
    letters = fields.List(fields.Nested(ExportedLetterShape), required=True)
    codes = fields.List(fields.Nested(ExportedCodeShape), required=True)
    consents = fields.List(fields.Nested(ExportedConsentShape), required=True)
    bookmarks = fields.List(fields.Nested(ExportedBookmarkShape), required=True)
    folders = fields.List(fields.Nested(ExportedFolderShape), required=True)
    comments = fields.List(fields.Nested(ExportedCommentShape), required=True)
    likes = fields.List(fields.Nested(ExportedLikeShape), required=True)
    reports = fields.List(fields.Nested(ExportedReportShape), required=True)
    follows = fields.List(fields.Nested(FollowShape), required=True)
    told = fields.List(fields.Nested(ExportedMatchShape), required=True)
    digest = fields.Nested(ExportedDigestShape, required=True, allow_none=True)
