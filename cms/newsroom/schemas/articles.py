"""Shapes of articles on the wire, for editors; what comes in becomes a frozen command."""

from typing import Any

from marshmallow import ValidationError, fields, post_load, validate

from cms.newsroom import rules
from cms.newsroom.leases.schemas import LeaseShape
from cms.newsroom.revisions.rules import LONGEST_NOTE
from cms.newsroom.rules import NewArticle
from cms.platform.http.query_input import PageShape
from cms.platform.http.shapes import Flag, ListShape, Locale, Shape, Text, UtcInstant
from cms.platform.text.locales import canonical_locale
from cms.platform.text.slugs import RESERVED, is_slug
from cms.taxonomy.rules import LONGEST_NAME, LONGEST_SLUG, NewSource
from cms.taxonomy.schemas import (
    check_not_blank,
    check_slug,
    name_field,
    slug_field,
    url_field,
)

LONGEST_FIELD_NAME = 100


def _check_slug(text: str) -> None:
    if not is_slug(text):
        raise ValidationError(
            f"Must be lower-case letters and digits in words joined by hyphens, up to {LONGEST_SLUG} characters, and "
            f"none of: {', '.join(sorted(RESERVED))}."
        )


def note_field(**options: Any) -> Text:
    """What the author of a revision says of it."""
    return Text(
        validate=validate.Length(max=LONGEST_NOTE),
        metadata={"description": "What you say of this revision; one with a note is never thinned out"},
        **options,
    )


class SourceInputShape(Shape):
    """Where the story comes from: the source, found or made by its name, and the address of the story there."""

    name = name_field(allow_none=True)
    url = url_field(allow_none=True)


class ArticlePatchShape(Shape):
    """A JSON Merge Patch (RFC 7396) of the working copy: what is left out stays, null clears."""

    type = Text(
        allow_none=True,
        validate=validate.Length(1, 40),
        metadata={"description": "Name of an article type, `article` where none is given; /api/v1/types lists them"},
    )
    title = Text(allow_none=True, validate=[validate.Length(max=rules.LONGEST_TITLE), check_not_blank])
    dek = Text(allow_none=True, validate=validate.Length(max=rules.LONGEST_DEK))
    summary = fields.List(
        Text(validate=[validate.Length(max=rules.LONGEST_SUMMARY_POINT), check_not_blank]),
        allow_none=True,
        validate=validate.Length(max=rules.MOST_SUMMARY_POINTS),
    )
    body = Text(is_line=False, allow_none=True, validate=validate.Length(max=rules.LONGEST_BODY))
    body_format = Text(allow_none=True, validate=validate.OneOf(rules.BODY_FORMATS))
    section = slug_field(allow_none=True, metadata={"description": "Slug of a section"})
    tags = fields.List(
        Text(validate=[validate.Length(max=LONGEST_NAME), check_not_blank]),
        allow_none=True,
        validate=validate.Length(max=rules.MOST_TAGS),
        metadata={"description": "Slugs; a tag that does not exist is made"},
    )
    authors = fields.List(
        Text(validate=check_slug),
        allow_none=True,
        validate=validate.Length(max=rules.MOST_AUTHORS),
        metadata={"description": "Slugs of people, in the order of the byline"},
    )
    editor = slug_field(allow_none=True, metadata={"description": "Slug of a person"})
    source = fields.Nested(SourceInputShape, allow_none=True)
    locale = Locale(allow_none=True, metadata={"description": "BCP 47, such as en or zh-CN"})
    slug = Text(
        allow_none=True, validate=_check_slug, metadata={"description": "Made from the title when it is left out"}
    )
    fields_ = fields.Dict(
        keys=Text(validate=validate.Length(1, LONGEST_FIELD_NAME)),
        allow_none=True,
        data_key="fields",
        metadata={"description": "The newsroom's own fields, as the article's type declares them"},
    )
    revision_note = note_field(allow_none=True)

    @post_load
    def _by_wire_names(self, values: dict[str, Any], **_options: Any) -> Any:
        if "fields_" in values:
            values["fields"] = values.pop("fields_")
        return values


class NewArticleShape(ArticlePatchShape):
    """A draft to make. It may be incomplete: only title and locale are needed."""

    title = Text(required=True, validate=[validate.Length(max=rules.LONGEST_TITLE), check_not_blank])
    locale = Locale(required=True, metadata={"description": "BCP 47, such as en or zh-CN"})
    body = Text(
        is_line=False,
        allow_none=True,
        validate=validate.Length(max=rules.LONGEST_BODY),
        metadata={"example": "The tram left the yard at dawn and climbed the hill without a second motor."},
    )

    @post_load
    def _by_wire_names(self, values: dict[str, Any], **options: Any) -> NewArticle:
        given: dict[str, Any] = {name: value for name, value in values.items() if value is not None}
        if "fields_" in given:
            given["fields"] = given.pop("fields_")
        if "source" in given:
            source = given["source"]
            given["source"] = NewSource(name=source.get("name") or "", url=source.get("url") or "")
        for name in ("summary", "tags", "authors"):
            given[name] = tuple(given.get(name, ()))
        return NewArticle(**given)


class ArticleQueryShape(PageShape):
    """Which articles to list."""

    type = fields.String(
        load_default=None, validate=validate.Length(1, 40), metadata={"description": "Name of an article type"}
    )

    state = fields.String(load_default=None, validate=validate.OneOf(rules.STATES))
    section = fields.String(
        load_default=None, validate=validate.Length(1, 120), metadata={"description": "With the sections below it"}
    )
    q = fields.String(
        load_default=None, validate=validate.Length(1, 200), metadata={"description": "Words of the title"}
    )
    looked_in = fields.String(
        load_default="title",
        data_key="in",
        validate=validate.OneOf(["title", "text"]),
        metadata={"description": "`text`: each word of `q` in title, dek or body, also of drafts. Nothing without `q`"},
    )
    translation = fields.String(
        load_default=None,
        metadata={
            "description": "`stale`: translations whose source changed for its readers since; `missing:kk`: articles, "
            "themselves no translations, that have none into this language",
            "example": "stale",
        },
    )

    @post_load
    def _read_translation(self, values: dict[str, Any], **_options: Any) -> dict[str, Any]:
        text = values["translation"]
        if text in (None, "stale"):
            return values
        locale = canonical_locale(text.removeprefix("missing:")) if text.startswith("missing:") else None
        if locale is None:
            raise ValidationError("Must be stale, or missing: and a language, such as missing:kk.", "translation")
        return {**values, "translation": f"missing:{locale}"}


class ArticleReadShape(Shape):
    """Which state of an article to read."""

    as_of = UtcInstant(
        load_default=None,
        metadata={"description": "An instant: the working copy as it stood then, from the revisions that are kept"},
    )


class SourceOutputShape(Shape):
    """Where the story comes from."""

    name = fields.String(required=True)
    url = fields.String(required=True)


class ArticleCorrectionShape(Shape):
    """A correction that readers are told of."""

    at = UtcInstant(required=True)
    note = fields.String(required=True)
    revision = fields.Integer(required=True)


class ArticleEntryShape(Shape):
    """An article in a list. Section, tags, authors and editor are slugs."""

    id = fields.String(required=True)
    number = fields.Integer(required=True, metadata={"description": "Stable, for clients that can only hold a number"})
    type = fields.String(required=True)
    state = fields.String(required=True, validate=validate.OneOf(rules.STATES))
    revision = fields.Integer(required=True, metadata={"description": "Counts every change; the ETag names it"})
    published_revision = fields.Integer(
        required=True, allow_none=True, metadata={"description": "The revision that readers see"}
    )
    has_unpublished_changes = Flag(required=True)
    title = fields.String(required=True)
    locale = fields.String(required=True)
    slug = fields.String(required=True)
    dek = fields.String(required=True)
    summary = fields.List(fields.String(), required=True)
    section = fields.String(required=True, allow_none=True)
    tags = fields.List(fields.String(), required=True)
    authors = fields.List(fields.String(), required=True)
    editor = fields.String(required=True, allow_none=True)
    source = fields.Nested(SourceOutputShape, required=True, allow_none=True)
    created_at = UtcInstant(required=True)
    updated_at = UtcInstant(required=True)
    published_at = UtcInstant(required=True, allow_none=True)
    first_published_at = UtcInstant(required=True, allow_none=True)
    taken_down_at = UtcInstant(required=True, allow_none=True)
    rejection_note = fields.String(required=True, metadata={"description": "Why it was rejected; empty otherwise"})
    corrections = fields.List(fields.Nested(ArticleCorrectionShape), required=True)


class ArticleShape(ArticleEntryShape):
    """An article as editors have it."""

    body = fields.String(required=True)
    body_format = fields.String(required=True, validate=validate.OneOf(rules.BODY_FORMATS))
    fields_ = fields.Dict(required=True, data_key="fields")


class TranslationOfShape(Shape):
    """The article that this one was translated from, and whether it changed for its readers since."""

    id = fields.String(required=True)
    revision = fields.Integer(required=True, metadata={"description": "The one that this translation follows"})
    is_stale = Flag(required=True)


class TranslationShape(Shape):
    """A variant of the article in another language."""

    id = fields.String(required=True)
    locale = fields.String(required=True)
    title = fields.String(required=True)
    state = fields.String(required=True, validate=validate.OneOf(rules.STATES))
    is_stale = Flag(required=True, metadata={"description": "Whether what it was translated from changed since"})


class ArticleWithLeaseShape(ArticleShape):
    """An article as editors read it."""

    lease = fields.Nested(LeaseShape, metadata={"description": "Who is at work on it; left out while nobody is"})
    translation_of = fields.Nested(
        TranslationOfShape,
        allow_none=True,
        metadata={
            "description": "What it was translated from; left out, as `translations` is, in no group and with `as_of`"
        },
    )
    translations = fields.List(
        fields.Nested(TranslationShape),
        metadata={"description": "Its variants in other languages, ordered by locale"},
    )


class ArticlePageShape(ListShape):
    """Articles, the ones changed last first."""

    data = fields.List(fields.Nested(ArticleEntryShape), required=True)
