"""Shapes of sections, tags, people and sources on the wire; what comes in becomes a frozen command."""

from typing import Any

from marshmallow import ValidationError, fields, post_load, validate

from cms.platform.http.shapes import ListShape, Shape, Text, UtcInstant
from cms.taxonomy import rules
from cms.taxonomy.rules import NewPerson, NewSection, NewSource, NewTag


def check_slug(text: str) -> None:
    """Refuse what cannot be a slug. Raises: ValidationError."""
    if not rules.is_slug(text):
        raise ValidationError(
            f"Must be lower-case letters and digits in words joined by hyphens, up to {rules.LONGEST_SLUG} characters."
        )


def check_url(text: str) -> None:
    """Refuse what is no address of the web. Raises: ValidationError."""
    if not rules.is_url(text):
        raise ValidationError("Must be an address that begins with http:// or https://.")


def check_not_blank(text: str) -> None:
    """Refuse a text of nothing but space. Raises: ValidationError."""
    if not text.strip():
        raise ValidationError("Must not be blank.")


def name_field(**options: Any) -> Text:
    """A name of one line."""
    return Text(validate=[validate.Length(max=rules.LONGEST_NAME), check_not_blank], **options)


def slug_field(**options: Any) -> Text:
    """A slug."""
    return Text(validate=check_slug, **options)


def url_field(**options: Any) -> Text:
    """An address of the web."""
    return Text(validate=[validate.Length(max=rules.LONGEST_URL), check_url], **options)


class NewTagShape(Shape):
    """A tag to add."""

    name = name_field(required=True)
    slug = slug_field(load_default=None, metadata={"description": "Made from the name when it is left out"})

    @post_load
    def _command(self, values: dict[str, Any], **_options: Any) -> NewTag:
        return NewTag(**values)


class NewSectionShape(Shape):
    """A section to add."""

    name = name_field(required=True)
    slug = slug_field(load_default=None, metadata={"description": "Made from the name when it is left out"})
    parent = slug_field(load_default=None, allow_none=True, metadata={"description": "Slug of the section above"})

    @post_load
    def _command(self, values: dict[str, Any], **_options: Any) -> NewSection:
        return NewSection(**values)


class NewPersonShape(Shape):
    """Somebody to add."""

    name = name_field(required=True)
    slug = slug_field(load_default=None, metadata={"description": "Made from the name when it is left out"})
    bio = Text(is_line=False, load_default="", validate=validate.Length(max=rules.LONGEST_BIO))

    @post_load
    def _command(self, values: dict[str, Any], **_options: Any) -> NewPerson:
        return NewPerson(**values)


class NewSourceShape(Shape):
    """A source to add."""

    name = name_field(required=True)
    url = url_field(load_default="")

    @post_load
    def _command(self, values: dict[str, Any], **_options: Any) -> NewSource:
        return NewSource(**values)


class TagShape(Shape):
    """A word that articles share."""

    id = fields.String(required=True)
    number = fields.Integer(required=True)
    slug = fields.String(required=True)
    name = fields.String(required=True)
    created_at = UtcInstant(required=True)


class SectionShape(TagShape):
    """A part of the site; `path` holds the slugs from the root to this section."""

    parent = fields.String(required=True, allow_none=True, metadata={"description": "Slug of the section above"})
    path = fields.List(fields.String(), required=True)


class PersonShape(TagShape):
    """Somebody who writes or edits."""

    bio = fields.String(required=True)


class SourceShape(Shape):
    """Where stories come from."""

    id = fields.String(required=True)
    number = fields.Integer(required=True)
    name = fields.String(required=True)
    url = fields.String(required=True)
    created_at = UtcInstant(required=True)


class SectionPageShape(ListShape):
    """Sections in the order of their paths."""

    data = fields.List(fields.Nested(SectionShape), required=True)


class TagPageShape(ListShape):
    """Tags in the order of their slugs."""

    data = fields.List(fields.Nested(TagShape), required=True)


class PersonPageShape(ListShape):
    """People in the order of their slugs."""

    data = fields.List(fields.Nested(PersonShape), required=True)


class SourcePageShape(ListShape):
    """Sources in the order of their names."""

    data = fields.List(fields.Nested(SourceShape), required=True)
