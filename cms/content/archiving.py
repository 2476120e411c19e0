"""The months in which articles of a list were published, the latest first: found by leaps along an index, or counted.

Not here: the articles of a month, which are a list with `year` and `month` (`listing.py`).
"""

# ruff: noqa: S608  # the statements are put together from this module's own names; what askers send goes by placeholder

from dataclasses import dataclass
from typing import Any

from cms.content.narrowing import lead_of, parts_of, pattern_of, values_of, where
from cms.content.rules import Filter
from cms.platform.direct_reads import DirectReads, read_instant

# Where the month of an instant begins, and what the month is called, on either database.
BEGINS = {True: "substr({0}, 1, 7) || '-01 00:00:00.000000'", False: "date_trunc('month', {0}, 'UTC')"}
CALLED = {True: "substr({0}, 1, 7)", False: "to_char({0} AT TIME ZONE 'UTC', 'YYYY-MM')"}


@dataclass(frozen=True)
class Month:
    """A month of UTC with at least one article; `count` is None where nobody counted."""

    year: int
    month: int
    count: int | None


def months(reads: DirectReads, asked: Filter) -> list[Month]:
    """The months of a list: one leap along the index for each, however many articles it has. One statement."""
    parts, pattern = parts_of(pattern_of(asked)), pattern_of(asked)
    latest = f"SELECT k.published_at FROM {lead_of(pattern)} k{where(parts)}"
    order = "ORDER BY k.published_at DESC LIMIT 1"
    before = f"{' AND' if parts else ' WHERE'} k.published_at < {BEGINS[reads.is_sqlite].format('m.place')}"
    statement = (
        f"WITH RECURSIVE m(place) AS (SELECT ({latest} {order}) UNION ALL "
        f"SELECT ({latest}{before} {order}) FROM m WHERE m.place IS NOT NULL) "
        "SELECT place FROM m WHERE place IS NOT NULL ORDER BY place DESC"
    )
    rows = reads.rows(statement, _values(reads, asked) * 2)
    return [Month(instant.year, instant.month, None) for instant in (read_instant(row[0]) for row in rows)]


def counted_months(reads: DirectReads, asked: Filter) -> list[Month]:
    """The same with how many articles each has, counted one by one."""
    parts, pattern = parts_of(pattern_of(asked)), pattern_of(asked)
    called = CALLED[reads.is_sqlite].format("k.published_at")
    statement = f"SELECT {called}, COUNT(*) FROM {lead_of(pattern)} k{where(parts)} GROUP BY 1 ORDER BY 1 DESC"
    rows = reads.rows(statement, _values(reads, asked))
    return [Month(int(name[:4]), int(name[5:]), int(count)) for name, count in rows]


def _values(reads: DirectReads, asked: Filter) -> list[Any]:
    return values_of(parts_of(pattern_of(asked)), asked, next(iter(asked.tags), None), is_sqlite=reads.is_sqlite)
