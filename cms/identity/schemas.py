"""Shapes of tokens and roles on the wire; what comes in becomes a frozen command."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from marshmallow import ValidationError, fields, post_load, validate, validates_schema

from cms.identity import rules
from cms.identity.rules import NewRole, NewToken
from cms.platform.http.shapes import Flag, Shape, Text, UtcInstant

LONGEST_LOCALE = 35
LONGEST_SLUG = 120


class Network(Text):
    """An address or network in CIDR form, in its usual spelling."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **options: Any) -> str:
        network = rules.network_of(super()._deserialize(value, attr, data, **options))
        if network is None:
            raise ValidationError("Must be an address or network such as 192.0.2.7 or 192.0.2.0/24.")
        return network


def permissions_field(**options: Any) -> fields.List:
    """Names of permissions, each at most once."""
    return fields.List(
        Text(validate=validate.OneOf(sorted(rules.PERMISSIONS))),
        validate=[validate.Length(1, len(rules.PERMISSIONS)), _check_each_once],
        **options,
    )


def check_role_name(text: str) -> None:
    """Refuse what cannot name a role. Raises: ValidationError."""
    if not rules.is_role_name(text):
        raise ValidationError(
            f"Must be lower-case letters and digits in words joined by hyphens, up to {rules.LONGEST_ROLE_NAME}."
        )


def check_not_blank(text: str) -> None:
    """Refuse a text of nothing but space. Raises: ValidationError."""
    if not text.strip():
        raise ValidationError("Must not be blank.")


def _check_each_once(names: list[str]) -> None:
    if len(set(names)) != len(names):
        raise ValidationError("Must name each permission once.")


@dataclass(frozen=True)
class AskedToken:
    """A token as it was asked for; `section` is the slug of the section that it is limited to."""

    command: NewToken
    section: str | None


class NewTokenShape(Shape):
    """A token to issue: a role, or permissions in `scopes`; limited to a section, a language, networks and days."""

    name = Text(
        required=True,
        validate=[validate.Length(max=rules.LONGEST_TOKEN_NAME), check_not_blank],
        metadata={"description": "What it is for"},
    )
    role = Text(
        load_default=None, validate=check_role_name, metadata={"description": "A role, built in or custom; or `scopes`"}
    )
    scopes = permissions_field(load_default=None, metadata={"description": "Permissions; instead of a role"})
    section = Text(
        load_default=None,
        allow_none=True,
        validate=validate.Length(1, LONGEST_SLUG),
        metadata={"description": "Slug of the section that it is limited to, with the sections below"},
    )
    locale = Text(
        load_default=None,
        allow_none=True,
        validate=validate.Length(2, LONGEST_LOCALE),
        metadata={"description": "The language that it is limited to, spelled as in the articles"},
    )
    addresses = fields.List(
        Network(),
        load_default=list,
        validate=validate.Length(max=rules.MOST_NETWORKS),
        metadata={"description": "The only addresses and networks that it may come from; empty: any"},
    )
    expires_in_days = fields.Integer(
        strict=True, load_default=rules.DEFAULT_DAYS, validate=validate.Range(1, rules.MOST_DAYS)
    )

    @validates_schema
    def _one_of_two(self, values: dict[str, Any], **_options: Any) -> None:
        if (values.get("role") is None) == (values.get("scopes") is None):
            raise ValidationError("Give either a role or scopes.", "role")

    @post_load
    def _command(self, values: dict[str, Any], **_options: Any) -> AskedToken:
        command = NewToken(
            name=values["name"],
            role=values["role"] or "",
            permissions=frozenset(values["scopes"] or ()),
            locale=values["locale"] or "",
            networks=tuple(dict.fromkeys(values["addresses"])),
            lifetime=timedelta(days=values["expires_in_days"]),
        )
        return AskedToken(command, values["section"])


class RotateInputShape(Shape):
    """How long the token of before goes on working."""

    overlap_minutes = fields.Integer(
        strict=True,
        load_default=0,
        validate=validate.Range(0, rules.MOST_OVERLAP_MINUTES),
        metadata={"description": "Minutes that the old text still works; 0 ends it at once"},
    )


class TokenShape(Shape):
    """A token, never its text. `hint` is its beginning."""

    id = fields.String(required=True)
    name = fields.String(required=True)
    hint = fields.String(required=True)
    role = fields.String(required=True, allow_none=True)
    scopes = fields.List(fields.String(), required=True, metadata={"description": "What it may do now"})
    section = fields.String(required=True, allow_none=True)
    locale = fields.String(required=True, allow_none=True)
    addresses = fields.List(fields.String(), required=True)
    state = fields.String(required=True, validate=validate.OneOf(["active", "expired", "revoked"]))
    created_at = UtcInstant(required=True)
    rotated_at = UtcInstant(required=True, allow_none=True)
    expires_at = UtcInstant(required=True)
    revoked_at = UtcInstant(required=True, allow_none=True)
    last_used_at = UtcInstant(required=True, allow_none=True, metadata={"description": "To within a minute"})
    previous_until = UtcInstant(
        required=True, allow_none=True, metadata={"description": "Until when the text before the rotation works"}
    )


class IssuedTokenShape(TokenShape):
    """A token with its text, which is shown only in this answer."""

    token = fields.String(required=True)


class NewRoleShape(Shape):
    """A custom role to make."""

    name = Text(required=True, validate=check_role_name, metadata={"example": "night-desk"})
    description = Text(load_default="", validate=validate.Length(max=rules.LONGEST_DESCRIPTION))
    permissions = permissions_field(required=True)

    @post_load
    def _command(self, values: dict[str, Any], **_options: Any) -> NewRole:
        return NewRole(values["name"], frozenset(values["permissions"]), values["description"])


class RolePatchShape(Shape):
    """What to change of a custom role; what is left out stays."""

    description = Text(validate=validate.Length(max=rules.LONGEST_DESCRIPTION))
    permissions = permissions_field()

    @post_load
    def _sorted(self, values: dict[str, Any], **_options: Any) -> dict[str, Any]:
        return values | ({"permissions": sorted(values["permissions"])} if "permissions" in values else {})


class RoleShape(Shape):
    """A role. A built-in one stays as it is and has no revision."""

    name = fields.String(required=True)
    description = fields.String(required=True)
    permissions = fields.List(fields.String(), required=True)
    is_built_in = Flag(required=True)
    revision = fields.Integer(required=True, allow_none=True)
    created_at = UtcInstant(required=True, allow_none=True)
    updated_at = UtcInstant(required=True, allow_none=True)


class RoleListShape(Shape):
    """Every role: built-in ones first, then custom ones by name."""

    data = fields.List(fields.Nested(RoleShape), required=True)
