"""The report of searches over HTTP, for editors."""

from datetime import timedelta
from typing import Any, cast

from flask import Blueprint, Response, current_app

from cms.content.search_report import queries
from cms.content.search_report.counting import SEARCH_LEDGER, SearchLedger
from cms.content.search_report.rules import LEAST_SHOWN
from cms.content.search_report.schemas import ReportQueryShape, SearchReportShape
from cms.platform.http.answers import answer
from cms.platform.http.endpoint import endpoint
from cms.platform.http.services import services
from cms.platform.http.transactions import reading

search_report = Blueprint("search_report", __name__, url_prefix="/api/v1")

USUAL_DAYS = 30


@search_report.get("/search-report")
@endpoint(
    summary="Report what readers search for",
    scope="search:read",
    query=ReportQueryShape,
    answers={200: SearchReportShape},
    description="Nothing is kept of who searched: a text, a language, a day and two numbers. Texts with addresses or "
    f"long numbers in them, and long ones, are never counted; what was searched for less than {LEAST_SHOWN} times is "
    "not shown. Only first pages count. Days are kept for `COPYDESK_SEARCHES_KEPT_DAYS`. A search may take some "
    "seconds until it is counted.",
)
def report_searches(query: dict[str, Any]) -> Response:
    """What was searched for most, and what found nothing."""
    ledger().write()
    until = query["until"] or services().clock().date()
    since = query["since"] or until - timedelta(days=USUAL_DAYS)
    asked = queries.Asked(since, until, query["locale"], query["found"] == "nothing", query["limit"])
    with reading() as session:
        rows = queries.report(session, asked)
    names = ("text", "locale", "searches", "found_nothing")
    data = [{**dict(zip(names, row, strict=True)), "locale": row[1] or None} for row in rows]
    return answer({"since": since.isoformat(), "until": until.isoformat(), "data": data})


def ledger() -> SearchLedger:
    """What this process has counted and not written yet."""
    return cast(SearchLedger, current_app.extensions[SEARCH_LEDGER])
