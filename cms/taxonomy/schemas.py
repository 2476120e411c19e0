"""Shapes of sections, tags, people and sources on the wire; what comes in becomes a frozen command or a merge patch."""

from typing import Any

from marshmallow import ValidationError, fields, post_load, validate

from cms.platform.http.query_input import PageShape
from cms.platform.http.shapes import ListShape, Locale, Shape, Text, UtcInstant
from cms.taxonomy import rules
from cms.taxonomy.rules import NewPerson, NewSection, NewSource, NewTag

BY_LOCALE = "By locale, for articles in that language; in a patch, null takes one away"


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


def by_locale_field(value: Text) -> fields.Dict:
    """Texts by locale."""
    most = validate.Length(max=rules.MOST_LOCALES)
    return fields.Dict(keys=Locale(), values=value, validate=most, metadata={"description": BY_LOCALE})


class LinkShape(Shape):
    """Where else somebody is found."""

    label = name_field(required=True)
    url = url_field(required=True)


class WordPatchShape(Shape):
    """A JSON Merge Patch (RFC 7396): what is left out stays, null clears."""

    name = name_field()


class SlugPatchShape(WordPatchShape):
    """The part of a patch that is the same for everything with a slug."""

    slug = slug_field(metadata={"description": "Articles and apps that know the old one are led to the new one"})
    names = by_locale_field(name_field(allow_none=True))


class SectionPatchShape(SlugPatchShape):
    """A change of a section."""

    parent = slug_field(allow_none=True, metadata={"description": "Slug of the section above; null for the root"})
    position = fields.Integer(
        strict=True,
        validate=validate.Range(0, rules.MOST_POSITION),
        metadata={"description": "Its place among its siblings, 0 first; those with the same go by slug"},
    )
    related_half_life_days = fields.Integer(
        strict=True,
        allow_none=True,
        validate=validate.Range(1, rules.MOST_HALF_LIFE_DAYS),
        metadata={
            "description": "After how many days between them two articles count half as close in time, when related "
            "lists are made. Null: as the section above, at the root 90"
        },
    )


class TagPatchShape(SlugPatchShape):
    """A change of a tag."""

    synonyms = fields.List(
        name_field(),
        validate=validate.Length(max=rules.MOST_SYNONYMS),
        metadata={"description": "Other words for it: written on an article they become this tag"},
    )


class PersonPatchShape(SlugPatchShape):
    """A change of a person."""

    bio = Text(is_line=False, validate=validate.Length(max=rules.LONGEST_BIO))
    bios = by_locale_field(Text(is_line=False, allow_none=True, validate=validate.Length(max=rules.LONGEST_BIO)))
    roles = fields.List(fields.String(validate=validate.OneOf(rules.PERSON_ROLES)), validate=validate.Length(max=6))
    links = fields.List(fields.Nested(LinkShape), validate=validate.Length(max=rules.MOST_LINKS))


class SourcePatchShape(WordPatchShape):
    """A change of a source. `url` is for articles that name the source from now on."""

    url = url_field()


def _command(values: dict[str, Any], kind: Any) -> Any:
    given: dict[str, Any] = {name: tuple(value) if isinstance(value, list) else value for name, value in values.items()}
    for name in ("names", "bios"):
        if name in given:
            given[name] = {locale: text for locale, text in given[name].items() if text is not None}
    return kind(**given)


class NewSectionShape(SectionPatchShape):
    """A section to add."""

    name = name_field(required=True)
    slug = slug_field(metadata={"description": "Made from the name when it is left out"})

    @post_load
    def _as_command(self, values: dict[str, Any], **_options: Any) -> NewSection:
        command: NewSection = _command(values, NewSection)
        return command


class NewTagShape(TagPatchShape):
    """A tag to add."""

    name = name_field(required=True)
    slug = slug_field(metadata={"description": "Made from the name when it is left out"})

    @post_load
    def _as_command(self, values: dict[str, Any], **_options: Any) -> NewTag:
        command: NewTag = _command(values, NewTag)
        return command


class NewPersonShape(PersonPatchShape):
    """Somebody to add."""

    name = name_field(required=True)
    slug = slug_field(metadata={"description": "Made from the name when it is left out"})

    @post_load
    def _as_command(self, values: dict[str, Any], **_options: Any) -> NewPerson:
        command: NewPerson = _command(values, NewPerson)
        return command


class NewSourceShape(SourcePatchShape):
    """A source to add."""

    name = name_field(required=True)

    @post_load
    def _as_command(self, values: dict[str, Any], **_options: Any) -> NewSource:
        command: NewSource = _command(values, NewSource)
        return command


class WordsQueryShape(PageShape):
    """Which words to list."""

    q = fields.String(
        load_default=None,
        validate=validate.Length(1, 200),
        metadata={"description": "Words of the name, the slug, a synonym or an older slug"},
    )


class NameShape(Shape):
    """Something with a slug and a name."""

    slug = fields.String(required=True)
    name = fields.String(required=True)


class SourceShape(Shape):
    """Where stories come from."""

    id = fields.String(required=True)
    number = fields.Integer(required=True)
    revision = fields.Integer(required=True, metadata={"description": "Counts every change; the ETag names it"})
    name = fields.String(required=True)
    url = fields.String(required=True)
    created_at = UtcInstant(required=True)


class WordShape(NameShape):
    """What everything with a slug has."""

    id = fields.String(required=True)
    number = fields.Integer(required=True)
    revision = fields.Integer(required=True, metadata={"description": "Counts every change; the ETag names it"})
    names = fields.Dict(keys=fields.String(), values=fields.String(), required=True)
    created_at = UtcInstant(required=True)


class TagShape(WordShape):
    """A word that articles share."""

    synonyms = fields.List(fields.String(), required=True)


class SectionShape(WordShape):
    """A part of the site; `path` holds the slugs from the root to this section."""

    parent = fields.String(required=True, allow_none=True, metadata={"description": "Slug of the section above"})
    path = fields.List(fields.String(), required=True)
    position = fields.Integer(required=True)
    related_half_life_days = fields.Integer(required=True, allow_none=True)


class PersonShape(WordShape):
    """Somebody who writes, edits or takes pictures."""

    bio = fields.String(required=True)
    bios = fields.Dict(keys=fields.String(), values=fields.String(), required=True)
    roles = fields.List(fields.String(), required=True)
    links = fields.List(fields.Nested(LinkShape), required=True)


class SectionPageShape(ListShape):
    """Sections as the tree stands."""

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
