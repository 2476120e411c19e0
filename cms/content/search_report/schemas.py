"""Shapes of the report on the wire."""

from typing import Any

from marshmallow import ValidationError, fields, validate, validates_schema

from cms.content.schemas import LOCALE, AskedLocale
from cms.content.search_report.rules import LEAST_SHOWN
from cms.platform.http.query_input import WholeNumber
from cms.platform.http.shapes import Shape

FOUND = ("all", "nothing")


class ReportQueryShape(Shape):
    """Which searches are reported."""

    since = fields.Date(load_default=None, metadata={"description": "The first day of UTC; 30 days ago unless said"})
    until = fields.Date(load_default=None, metadata={"description": "The last day; today unless said"})
    locale = AskedLocale(
        load_default=None, validate=LOCALE, metadata={"description": "Only searches that were narrowed to it"}
    )
    found = fields.String(
        load_default="all",
        validate=validate.OneOf(FOUND),
        metadata={"description": "`nothing`: those that found nothing, the most frequent of them first"},
    )
    limit = WholeNumber(load_default=50, validate=validate.Range(1, 500))

    @validates_schema
    def _in_order(self, values: dict[str, Any], **_options: Any) -> None:
        if values["since"] and values["until"] and values["since"] > values["until"]:
            raise ValidationError("Must not be after the last day.", "since")


class ReportedSearchShape(Shape):
    """A text and how often it was searched for. `locale` is null for searches in all languages."""

    text = fields.String(required=True)
    locale = fields.String(required=True, allow_none=True)
    searches = fields.Integer(required=True, metadata={"description": f"{LEAST_SHOWN} or more"})
    found_nothing = fields.Integer(required=True)


class SearchReportShape(Shape):
    """What was searched for between two days."""

    since = fields.Date(required=True)
    until = fields.Date(required=True)
    data = fields.List(fields.Nested(ReportedSearchShape), required=True)
