"""Shapes of searches on the wire."""

from typing import Any

from marshmallow import fields, post_load, validate

from cms.content.rules import span
from cms.content.schemas import LOCALE, SLUG, AskedLocale, CardShape
from cms.platform.http.query_input import Moment, NamesOf, WholeNumber
from cms.platform.http.shapes import ListMetaShape, ListShape, Shape
from search_index.engine import FACETS, RELEVANCE, SORTS
from search_index.query import Span

MOST_COMPLETIONS = 20
KINDS = ("article", "tag", "person")


class SearchQueryShape(Shape):
    """A search: words, "phrases", -without, one OR other, pre*, field:word, before:2026 and after:2026-11."""

    q = fields.String(required=True, metadata={"description": "What is looked for"})
    locale = AskedLocale(load_default=None, validate=LOCALE)
    section = fields.String(load_default=None, validate=SLUG, metadata={"description": "With the sections below it"})
    tag = fields.String(load_default=None, validate=SLUG, metadata={"description": "Slug of a tag"})
    author = fields.String(load_default=None, validate=SLUG, metadata={"description": "Slug of a person"})
    type = fields.String(
        load_default=None, validate=validate.Length(1, 40), metadata={"description": "Name of an article type"}
    )
    year = WholeNumber(load_default=None, validate=validate.Range(1, 9998), metadata={"description": "Of UTC"})
    since = Moment(load_default=None, data_key="published_at[gte]")
    until = Moment(load_default=None, data_key="published_at[lt]")
    sort = fields.String(
        load_default=RELEVANCE,
        validate=validate.OneOf(SORTS),
        metadata={"description": "By date, only what has all that was asked for is listed, where there is any"},
    )
    facets = NamesOf(
        FACETS,
        load_default=(),
        metadata={"description": "What to count the results by, into `meta.facets`: such as `section,year`"},
    )
    count = fields.String(
        load_default=None,
        validate=validate.OneOf(["exact"]),
        metadata={"description": "`exact` counts all results into `meta.count`"},
    )
    limit = WholeNumber(load_default=20, validate=validate.Range(1, 100))
    cursor = fields.String(load_default=None, validate=validate.Length(max=2000))

    @post_load
    def _narrow(self, values: dict[str, Any], **_options: Any) -> dict[str, Any]:
        since, until, year = values.pop("since"), values.pop("until"), values.pop("year")
        first, over = span(year, None) if year is not None else (None, None)
        starts = [one for one in (since[0] if since else None, first) if one is not None]
        ends = [one for one in (until[0] if until else None, over) if one is not None]
        return {**values, "span": Span(max(starts, default=None), min(ends, default=None))}


class HighlightShape(Shape):
    """HTML with `<mark>` around what was found; everything else is escaped."""

    title = fields.String(required=True)
    snippet = fields.String(required=True)


class HitShape(CardShape):
    """One result of a search."""

    score = fields.Float(required=True)
    highlight = fields.Nested(HighlightShape, required=True)


class FacetValueShape(Shape):
    """A value that results have; `value` narrows the search to them as the parameter of the facet's name."""

    value = fields.String(required=True)
    name = fields.String(required=True)
    count = fields.Integer(required=True)


class SearchMetaShape(ListMetaShape):
    """What is known of all results. `did_you_mean` is a search that finds more where this one finds next to nothing."""

    facets = fields.Dict(
        keys=fields.String(validate=validate.OneOf(FACETS)),
        values=fields.List(fields.Nested(FacetValueShape)),
        required=True,
        metadata={"description": "By the names that were asked for, the most frequent values first, up to 50 each"},
    )
    did_you_mean = fields.String(required=True, allow_none=True)


class HitListShape(ListShape):
    """Results, best first. A page can hold fewer than `limit` where the index is behind; `has_more` says the truth."""

    data = fields.List(fields.Nested(HitShape), required=True)
    meta = fields.Nested(SearchMetaShape, required=True)


class CompletionQueryShape(Shape):
    """What somebody has begun to type."""

    q = fields.String(required=True, metadata={"description": "Two letters and more, or one character of Chinese"})
    locale = AskedLocale(load_default=None, validate=LOCALE)
    kinds = NamesOf(KINDS, load_default=KINDS, metadata={"description": "Which of `article,tag,person` are wanted"})
    limit = WholeNumber(
        load_default=5, validate=validate.Range(1, MOST_COMPLETIONS), metadata={"description": "Of each kind"}
    )


class CompletionShape(Shape):
    """Something that goes on as was typed: a headline with `url`, or a tag or person with the number of articles."""

    kind = fields.String(required=True, validate=validate.OneOf(KINDS))
    text = fields.String(required=True)
    slug = fields.String(required=True)
    url = fields.String(required=True, allow_none=True, metadata={"description": "Of an article, in the content API"})
    count = fields.Integer(required=True, allow_none=True, metadata={"description": "Of articles with a tag or person"})


class CompletionListShape(Shape):
    """Headlines, the newest first; then tags and people, those of most articles first."""

    data = fields.List(fields.Nested(CompletionShape), required=True)
