"""The report: what was searched for most, and what found nothing."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from cms.content.search_report.models import SearchCount
from cms.content.search_report.rules import LEAST_SHOWN


@dataclass(frozen=True)
class Asked:
    """Which days are reported, both included, in which language, and whether only what found nothing."""

    since: date
    until: date
    locale: str | None
    only_nothing: bool
    limit: int


def report(session: Session, asked: Asked) -> list[tuple[str, str, int, int]]:
    """(text, locale, searches, searches that found nothing), the most frequent first."""
    searches, nothing = func.sum(SearchCount.searches), func.sum(SearchCount.found_nothing)
    statement = (
        select(SearchCount.text, SearchCount.locale, searches, nothing)
        .where(SearchCount.day.between(asked.since.isoformat(), asked.until.isoformat()))
        .group_by(SearchCount.text, SearchCount.locale)
        .having(searches >= LEAST_SHOWN)
        .limit(asked.limit)
    )
    if asked.locale is not None:
        statement = statement.where(SearchCount.locale == asked.locale)
    first = searches
    if asked.only_nothing:
        statement, first = statement.having(nothing > 0), nothing
    statement = statement.order_by(first.desc(), SearchCount.text, SearchCount.locale)
    return [(text, locale, int(total), int(lost)) for text, locale, total, lost in session.execute(statement)]
