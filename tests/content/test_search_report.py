"""What readers search for is counted, and nothing of who they are."""

from datetime import UTC, datetime, timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from cms.content.search_report.counting import MOST_HELD, SearchLedger
from cms.content.search_report.models import SearchCount
from cms.content.search_report.rules import counted_text
from cms.platform.clock import now
from cms.platform.db import Database
from cms.settings import Settings
from workers.due import forget_old
from workers.handlers.indexing import rebuild_index

REPORT = "/api/v1/search-report"


@pytest.mark.both_databases
def test_searches_are_counted_by_text_and_language(
    editor: FlaskClient, client: FlaskClient, database: Database, settings: Settings
) -> None:
    rebuild_index(database, settings.index_home)
    for _ in range(3):
        client.get("/content/v1/search?q=Night  TRAM")
        client.get("/content/v1/search?q=ferry&locale=en")
    for typed in ("rare", "rare", "jo@example.org", "jo@example.org", "jo@example.org"):
        client.get(f"/content/v1/search?q={typed}")
    told = editor.get(REPORT)
    assert told.status_code == 200
    rows = [(row["text"], row["locale"], row["searches"], row["found_nothing"]) for row in told.json["data"]]
    assert rows == [("ferry", "en", 3, 3), ("night tram", None, 3, 3)]
    client.get("/content/v1/search?q=night%20tram")
    assert editor.get(f"{REPORT}?found=nothing&limit=1").json["data"][0]["searches"] == 4
    assert [row["text"] for row in editor.get(f"{REPORT}?locale=en").json["data"]] == ["ferry"]
    assert editor.get(f"{REPORT}?until=2020-01-01&since=2019-01-01").json["data"] == []
    with database.reading() as session:
        columns = set(SearchCount.__table__.columns.keys())
        texts = set(session.scalars(select(SearchCount.text)))
    assert columns == {"day", "locale", "text", "searches", "found_nothing"}
    assert texts == {"ferry", "night tram", "rare"}, "an address is never kept"


@pytest.mark.parametrize(
    ("typed", "counted"),
    [
        ("Night   Tram", "night tram"), ("ＴＲＡＭ", "tram"), ("城市交通", "城市交通"),
        ("election 2026", "election 2026"),
        ("jo@example.org", ""), ("+7 701 123 45 67", ""), ("4111-1111-1111-1111", ""), ("call 5551234", ""),
        ("https://example.org/me", ""), ("www.example.org", ""), ("x" * 61, ""),
        ("one two three four five six seven", ""),
    ],
)  # fmt: skip
def test_what_may_name_somebody_is_not_counted(typed: str, counted: str) -> None:
    assert counted_text(typed) == counted


def test_old_days_and_rare_texts_are_forgotten(database: Database, settings: Settings) -> None:
    today = datetime(2026, 11, 26, 12, tzinfo=UTC)
    ages = (0, 5, 8, settings.searches_kept_days - 1, settings.searches_kept_days + 1)
    with database.transaction() as session:
        for age in ages:
            day = (today - timedelta(days=age)).date().isoformat()
            for text, searches in (("often", 3), ("rare", 2)):
                session.add(SearchCount(day=day, locale="", text=f"{text}-{age}", searches=searches, found_nothing=0))
    forget_old(settings, database, today)
    with database.reading() as session:
        left = set(session.scalars(select(SearchCount.text)))
    assert left == {"often-0", "often-5", "often-8", f"often-{ages[3]}", "rare-0", "rare-5"}


def test_a_ledger_writes_now_and_then_and_holds_no_more_than_it_may(database: Database) -> None:
    tick = 0.0
    ledger = SearchLedger(database, lambda: tick)
    for number in range(MOST_HELD + 50):
        ledger.count(f"text {number}", None, found_nothing=True, now=now())
    with database.reading() as session:
        assert session.scalars(select(SearchCount)).all() == []
    tick = 11.0
    ledger.count("text 1", None, found_nothing=False, now=now())
    with database.reading() as session:
        kept = {row.text: (row.searches, row.found_nothing) for row in session.scalars(select(SearchCount))}
    assert len(kept) == MOST_HELD
    assert kept["text 1"] == (2, 1)
