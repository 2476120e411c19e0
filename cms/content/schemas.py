"""Shapes of the content API: what readers get, for the OpenAPI document, and what lists of words and searches take.

Not here: what lists of articles take (`asking.py`).
"""

from collections.abc import Mapping
from typing import Any

from marshmallow import fields, validate

from cms.content.related.rules import KEPT, SHOWN
from cms.platform.http.query_input import PageShape, WholeNumber
from cms.platform.http.shapes import Flag, ListShape, Shape, UtcInstant
from cms.platform.text.locales import LONGEST_LOCALE, canonical_locale
from cms.taxonomy.schemas import LinkShape, NameShape

SLUG = validate.Length(1, 120)
LOCALE = validate.Length(1, LONGEST_LOCALE)


class AskedLocale(fields.String):
    """A locale in any case; one that is none stays as it is, and nothing is found in it."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **options: Any) -> str:
        text = super()._deserialize(value, attr, data, **options)
        return canonical_locale(text) or text


class PartQueryShape(Shape):
    """Which part of the site is meant: a section, a language, or both."""

    section = fields.String(load_default=None, validate=SLUG, metadata={"description": "With the sections below it"})
    locale = AskedLocale(load_default=None, validate=LOCALE, metadata={"description": "Such as en or zh-CN"})


class WordQueryShape(Shape):
    """In which language a section, tag or person is named."""

    locale = AskedLocale(
        load_default=None,
        validate=LOCALE,
        metadata={"description": "Names and texts in this language if there are any"},
    )


class WordsQueryShape(PageShape, WordQueryShape):
    """How the lists of sections, tags and people are paged."""


class RelatedQueryShape(Shape):
    """How many neighbours are wanted."""

    limit = WholeNumber(load_default=SHOWN, validate=validate.Range(1, KEPT))


class SectionEntryShape(NameShape):
    """A section; `parent` is the slug of the one above it."""

    parent = fields.String(required=True, allow_none=True)


class PersonEntryShape(NameShape):
    """Somebody whom a published article names."""

    bio = fields.String(required=True)
    roles = fields.List(fields.String(), required=True)
    links = fields.List(fields.Nested(LinkShape), required=True)


class PublicSourceShape(Shape):
    """Where a story comes from."""

    name = fields.String(required=True)
    url = fields.String(required=True)


class ReadingTimeShape(Shape):
    """How long an article takes to read."""

    minutes = fields.Integer(required=True)
    words = fields.Integer(required=True)
    characters = fields.Integer(required=True)
    images = fields.Integer(required=True)
    label = fields.String(required=True)


class PictureFileShape(Shape):
    """A picture in one size and format; `url` is relative to the site and never means anything else."""

    url = fields.String(required=True)
    media_type = fields.String(required=True)
    width = fields.Integer(required=True)
    height = fields.Integer(required=True)


class PictureShape(Shape):
    """A picture of the article, its words in the article's language."""

    id = fields.UUID(required=True)
    alt = fields.String(required=True, metadata={"description": "Empty for what only decorates"})
    caption = fields.String(required=True)
    credit = fields.String(required=True)
    licence = fields.String(required=True)
    source = fields.String(required=True)
    width = fields.Integer(required=True, metadata={"description": "Of the picture as it came"})
    height = fields.Integer(required=True)
    focal_point = fields.List(
        fields.Float(), required=True, allow_none=True, metadata={"description": "[x, y] as parts of width and height"}
    )
    colour = fields.String(required=True, metadata={"description": "The most frequent one, as #rrggbb"})
    blurhash = fields.String(required=True)
    srcset = fields.List(
        fields.Nested(PictureFileShape),
        required=True,
        metadata={"description": "By the first preset; empty for some seconds after it was sent"},
    )
    crops = fields.Dict(
        keys=fields.String(),
        values=fields.List(fields.Nested(PictureFileShape)),
        required=True,
        metadata={"description": "By the other presets"},
    )


class ShownTrackShape(Shape):
    """A text that goes along with a sound or video, in WebVTT."""

    id = fields.UUID(required=True)
    kind = fields.String(required=True, metadata={"description": "`captions`, `subtitles`, `chapters`, `descriptions`"})
    locale = fields.String(required=True)
    name = fields.String(required=True)
    url = fields.String(required=True)


class AttachmentShape(Shape):
    """A document, sound, video or text that the article shows or leads to."""

    id = fields.UUID(required=True)
    kind = fields.String(required=True, metadata={"description": "`document`, `audio`, `video` or `text`"})
    media_type = fields.String(required=True)
    name = fields.String(required=True)
    url = fields.String(required=True, metadata={"description": "The file, to save; relative to the site"})
    byte_count = fields.Integer(required=True)
    caption = fields.String(required=True)
    credit = fields.String(required=True)
    licence = fields.String(required=True)
    source = fields.String(required=True)
    tracks = fields.List(fields.Nested(ShownTrackShape), required=True)


class CardShape(Shape):
    """An article as lists show it. `url` is relative to the site; `reading_time` is null until it is computed."""

    id = fields.UUID(required=True)
    number = fields.Integer(required=True)
    type = fields.String(required=True)
    locale = fields.String(required=True)
    slug = fields.String(required=True)
    url = fields.String(required=True)
    section = fields.Nested(NameShape, required=True, allow_none=True)
    title = fields.String(required=True)
    dek = fields.String(required=True)
    source = fields.Nested(PublicSourceShape, required=True, allow_none=True)
    authors = fields.List(fields.Nested(NameShape), required=True)
    published_at = UtcInstant(required=True)
    first_published_at = UtcInstant(required=True)
    updated_at = UtcInstant(required=True)
    revision = fields.Integer(required=True)
    summary = fields.List(fields.String(), required=True)
    reading_time = fields.Nested(ReadingTimeShape, required=True, allow_none=True)
    images = fields.List(
        fields.Nested(PictureShape), required=True, metadata={"description": "In lists the first one alone"}
    )
    tags = fields.List(fields.Nested(NameShape), required=True)
    embargo_until = UtcInstant(metadata={"description": "Only under embargo: when everybody may know of it"})


class RelatedCardShape(CardShape):
    """A neighbour: its card, how near it is and why."""

    score = fields.Float(required=True, metadata={"description": "0 to 1"})
    why = fields.List(
        fields.String(),
        required=True,
        metadata={
            "description": "`pinned` by an editor, `tag:rail`, `text`, `section`, `person:mei-lin`, and "
            "`translation:en` where two articles are near each other in another language"
        },
    )


class BesideShape(Shape):
    """An article that was published before or after another one, as its document names it."""

    id = fields.UUID(required=True)
    url = fields.String(required=True)
    section = fields.Nested(NameShape, required=True, allow_none=True)
    title = fields.String(required=True)
    published_at = UtcInstant(required=True)


class MentionShape(BesideShape):
    """A neighbour as the article document shows it."""

    score = fields.Float(required=True)
    why = fields.List(fields.String(), required=True)


class HtmlBodyShape(Shape):
    """The body, sanitised."""

    html = fields.String(required=True)


class CommentsMemberShape(Shape):
    """Whether readers can comment, and how many comments they see."""

    is_enabled = Flag(required=True)
    count = fields.Integer(required=True)


class BookmarkCountShape(Shape):
    """How many readers keep the article."""

    count = fields.Integer(required=True)


class ShareShape(Shape):
    """Where to point others to."""

    url = fields.String(
        required=True, metadata={"description": "The article's page where `COPYDESK_ARTICLE_PAGE_URL` says where it is"}
    )


class SeoShape(Shape):
    """What the head of a page needs."""

    title = fields.String(required=True)
    description = fields.String(required=True)
    canonical_url = fields.String(required=True, metadata={"description": "As in `share`"})
    json_ld = fields.Dict(required=True, metadata={"description": "A NewsArticle in the words of schema.org"})


class VariantShape(Shape):
    """The article in another language."""

    locale = fields.String(required=True)
    url = fields.String(required=True)
    is_stale = Flag(
        required=True, metadata={"description": "Whether what it was translated from changed after the translation"}
    )


class CorrectionShape(Shape):
    """What was wrong and is put right: `note` says it, `revision` is the one that put it right."""

    at = UtcInstant(required=True)
    note = fields.String(required=True)
    revision = fields.Integer(required=True)


class ArticleDocumentShape(CardShape):
    """One call renders the page."""

    editor = fields.Nested(NameShape, required=True, allow_none=True)
    body = fields.Nested(HtmlBodyShape, required=True)
    attachments = fields.List(fields.Nested(AttachmentShape), required=True)
    fields_ = fields.Dict(required=True, data_key="fields", metadata={"description": "The newsroom's own fields"})
    related = fields.List(fields.Nested(MentionShape), required=True)
    comments = fields.Nested(CommentsMemberShape, required=True)
    bookmarks = fields.Nested(BookmarkCountShape, required=True)
    share = fields.Nested(ShareShape, required=True)
    translations = fields.List(
        fields.Nested(VariantShape), required=True, metadata={"description": "The published ones, ordered by locale"}
    )
    corrections = fields.List(
        fields.Nested(CorrectionShape), required=True, metadata={"description": "Oldest first; readers should see them"}
    )
    seo = fields.Nested(SeoShape, required=True)
    previous = fields.Nested(
        BesideShape, required=True, allow_none=True,
        metadata={"description": "Published before this one in its section and language; a few seconds late"},
    )  # fmt: skip
    next = fields.Nested(BesideShape, required=True, allow_none=True, metadata={"description": "Published after it"})


class CardListShape(ListShape):
    """Articles, newest first."""

    data = fields.List(fields.Nested(CardShape), required=True)


class RelatedListShape(ListShape):
    """Neighbours, nearest first."""

    data = fields.List(fields.Nested(RelatedCardShape), required=True)


class SectionListShape(ListShape):
    """Sections in the order of their paths."""

    data = fields.List(fields.Nested(SectionEntryShape), required=True)


class TagListShape(ListShape):
    """Tags of published articles."""

    data = fields.List(fields.Nested(NameShape), required=True)


class PersonListShape(ListShape):
    """Authors of published articles."""

    data = fields.List(fields.Nested(PersonEntryShape), required=True)
