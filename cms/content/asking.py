"""What may be asked of articles: how a list is narrowed and sorted, and which members of documents are wanted."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from marshmallow import ValidationError, fields, post_load, pre_load, validate, validates_schema

from cms.content.rules import (
    BODY_FORMS,
    MOST_IDS,
    MOST_TAGS,
    NEWEST_FIRST,
    NOT_ON_CARDS,
    ORDER,
    SORTS,
    Choice,
    Filter,
    span,
)
from cms.content.schemas import LOCALE, SLUG, AskedLocale, PartQueryShape
from cms.platform.http.query_input import (
    OWN_FIELDS,
    AskedFields,
    Moment,
    NamesOf,
    PageShape,
    WholeNumber,
    gathered,
)
from cms.platform.http.shapes import ListShape, Shape, UtcInstant
from cms.platform.ids import is_id


class ChoiceShape(Shape):
    """Which members of documents are wanted."""

    fields_ = NamesOf(
        ORDER,
        load_default=(),
        data_key="fields",
        metadata={"description": "Only these members, with commas, and `id`: such as `title,dek,reading_time`"},
    )
    include = NamesOf(
        NOT_ON_CARDS,
        load_default=(),
        metadata={"description": "These members too, where entries of lists do not have them: `related,translations`"},
    )
    body = fields.String(
        load_default=None,
        validate=validate.OneOf(BODY_FORMS),
        metadata={"description": "The form of the body; `none` leaves it out. In lists the body comes with it"},
    )

    @post_load
    def _choose(self, values: dict[str, Any], **_options: Any) -> dict[str, Any]:
        choice = Choice(values.pop("fields_"), values.pop("include"), values.pop("body"))
        return {**values, "choice": choice if choice != Choice() else None}


class ListQueryShape(PageShape, PartQueryShape, ChoiceShape):
    """How a list of articles is narrowed."""

    tag = fields.String(
        load_default=None,
        validate=validate.Length(1, 1220),
        metadata={"description": f"One slug, or up to {MOST_TAGS} with commas: articles with any of them"},
    )
    author = fields.String(load_default=None, validate=SLUG, metadata={"description": "Slug of a person"})
    embargoed = fields.String(
        load_default=None,
        validate=validate.OneOf(["true"]),
        metadata={"description": "What is under embargo instead, for tokens with `embargo:read`; narrowed by nothing"},
    )

    @validates_schema
    def _embargoed_alone(self, values: dict[str, Any], **_options: Any) -> None:
        usual = {"limit", "cursor", "embargoed", "sort"}
        if values["embargoed"] and any(value for name, value in values.items() if name not in usual):
            raise ValidationError("What is under embargo is listed whole; send limit and cursor alone.", "embargoed")

    type = fields.String(
        load_default=None, validate=validate.Length(1, 40), metadata={"description": "Name of an article type"}
    )
    own_fields = AskedFields(
        load_default=None,
        data_key=OWN_FIELDS,
        metadata={
            "description": "Filters by fields that the type declares as filterable, such as "
            "`type=video&fields[duration_seconds][gte]=60`: `eq` (or nothing), `in` with commas, `gte`, `lte`"
        },
    )
    sort = fields.String(load_default=NEWEST_FIRST, validate=validate.OneOf(SORTS))
    year = WholeNumber(load_default=None, validate=validate.Range(1, 9998), metadata={"description": "Of UTC"})
    month = WholeNumber(load_default=None, validate=validate.Range(1, 12), metadata={"description": "Of `year`"})
    since = Moment(load_default=None, data_key="published_at[gte]")
    after = Moment(load_default=None, data_key="published_at[gt]")
    until = Moment(load_default=None, data_key="published_at[lte]")
    before = Moment(load_default=None, data_key="published_at[lt]")
    ids = fields.String(
        load_default=None,
        validate=validate.Length(1, 37 * MOST_IDS),
        metadata={"description": f"Up to {MOST_IDS} ids with commas: those that readers see, in this order"},
    )

    @pre_load
    def _gather(self, given: Mapping[str, Any], **_options: Any) -> dict[str, Any]:
        return gathered(given)

    @post_load
    def _narrow(self, values: dict[str, Any], **_options: Any) -> dict[str, Any]:
        tags = tuple(sorted({tag for tag in (values.pop("tag") or "").split(",") if tag}))
        if len(tags) > MOST_TAGS:
            raise ValidationError(f"Name at most {MOST_TAGS} tags.", "tag")
        asked = Filter(
            section=values.pop("section"),
            tags=tags,
            author=values.pop("author"),
            locale=values.pop("locale"),
            type=values["type"],
            sort=values.pop("sort"),
            **_span(values),
        )
        return {**values, "asked": asked, "ids": _ids(values["ids"], asked, values)}


class ArchiveQueryShape(PartQueryShape):
    """Which articles' months are wanted."""

    tag = fields.String(load_default=None, validate=SLUG, metadata={"description": "One slug"})
    author = fields.String(load_default=None, validate=SLUG, metadata={"description": "Slug of a person"})
    count = fields.String(
        load_default=None,
        validate=validate.OneOf(["exact"]),
        metadata={"description": "`exact` counts the articles of each month"},
    )

    @post_load
    def _narrow(self, values: dict[str, Any], **_options: Any) -> dict[str, Any]:
        tags = (values["tag"],) if values["tag"] else ()
        asked = Filter(section=values["section"], tags=tags, author=values["author"], locale=values["locale"])
        return {"asked": asked, "count": values["count"]}


class MonthShape(Shape):
    """A month of UTC with at least one article."""

    year = fields.Integer(required=True)
    month = fields.Integer(required=True)
    count = fields.Integer(required=True, allow_none=True, metadata={"description": "Null unless it was asked for"})


class MonthListShape(ListShape):
    """Months, the latest first."""

    data = fields.List(fields.Nested(MonthShape), required=True)


class PastShape(ChoiceShape):
    """When an article is wanted as it was."""

    as_of = UtcInstant(
        load_default=None,
        metadata={"description": "As readers saw it at this instant, such as `2026-11-25T08:00:00Z`"},
    )


class VariantQueryShape(PastShape):
    """In which language an article is wanted."""

    locale = AskedLocale(
        load_default=None,
        validate=LOCALE,
        metadata={
            "description": "The variant in this language, or the first that there is in the site's order of fallbacks "
            "for it; `Content-Language` says which. Without it the very article of this id"
        },
    )

    @validates_schema
    def _past_of_one(self, values: dict[str, Any], **_options: Any) -> None:
        if values["as_of"] is not None and values["locale"] is not None:
            raise ValidationError("The past of an article is asked for by its own id, without locale.", "as_of")


def _span(values: dict[str, Any]) -> dict[str, Any]:
    year, month = values.pop("year"), values.pop("month")
    if month is not None and year is None:
        raise ValidationError("Name the year too.", "month")
    spans: list[tuple[datetime | None, datetime | None]] = [span(year, month)] if year is not None else []
    for name, side, place in (("since", 0, 0), ("after", 0, 1), ("before", 1, 0), ("until", 1, 1)):
        bound = values.pop(name)
        if bound is not None:
            spans.append((bound[place], None) if side == 0 else (None, bound[place]))
    return {
        "since": max((low for low, _ in spans if low is not None), default=None),
        "until": min((high for _, high in spans if high is not None), default=None),
    }


def _ids(text: str | None, asked: Filter, values: Mapping[str, Any]) -> tuple[str, ...]:
    if text is None:
        return ()
    ids = tuple(dict.fromkeys(text.split(",")))
    if len(ids) > MOST_IDS or not all(is_id(one) for one in ids):
        raise ValidationError(f"Must be up to {MOST_IDS} ids of articles, with commas.", "ids")
    if asked != Filter() or any(values[name] for name in ("cursor", "count", "own_fields", "embargoed")):
        raise ValidationError("Ids are asked for alone, with `fields`, `include` and `body` at most.", "ids")
    return ids
