"""The months of the articles, and the snapshot of all of them."""

from datetime import UTC, datetime
from typing import Any

import orjson
import pytest
from flask.testing import FlaskClient

from cms.content.publishing import put_document, withdraw_document
from cms.content.whole import copying
from cms.platform.db import Database
from tests.content.making import DAY_ONE, article

ARCHIVES, EXPORT = "/content/v1/archives", "/content/v1/export"
MONTHS = ((2026, 11), (2026, 11), (2026, 1), (2025, 12), (2025, 12), (2025, 12), (1999, 1))


@pytest.fixture
def stories(database: Database) -> list[Any]:
    made = [
        article(
            number, published_at=datetime(year, month, 1, tzinfo=UTC), section="world/asia" if number % 2 else "city",
            tags=("rail",) if number > 3 else (), locale="en" if number < 7 else "kk",
        )
        for number, (year, month) in enumerate(MONTHS, 1)
    ]  # fmt: skip
    with database.transaction() as session:
        for one in made:
            put_document(session, one, DAY_ONE)
    return made


@pytest.mark.both_databases
def test_months_are_found_and_counted(client: FlaskClient, stories: list[Any]) -> None:
    for query, right in (
        ("", {(2026, 11): 2, (2026, 1): 1, (2025, 12): 3, (1999, 1): 1}),
        ("section=world", {(2026, 11): 1, (2026, 1): 1, (2025, 12): 1, (1999, 1): 1}),
        ("section=world&locale=en", {(2026, 11): 1, (2026, 1): 1, (2025, 12): 1}),
        ("tag=rail", {(2025, 12): 3, (1999, 1): 1}),
        ("tag=rail&section=city&author=mei-lin&locale=en", {(2025, 12): 2}),
        ("section=none", {}),
    ):
        plain = client.get(f"{ARCHIVES}?{query}").json["data"]
        counted = client.get(f"{ARCHIVES}?{query}&count=exact").json["data"]
        assert [(one["year"], one["month"]) for one in plain] == list(right)
        assert {one["count"] for one in plain} <= {None}
        assert {(one["year"], one["month"]): one["count"] for one in counted} == right
        for year, month in right:
            found = client.get(f"/content/v1/articles?{query}&year={year}&month={month}").json["data"]
            assert len(found) == right[year, month]
    assert client.get(f"{ARCHIVES}?cursor=x").status_code == 400


@pytest.mark.both_databases
def test_a_copy_is_of_one_instant(client: FlaskClient, database: Database, stories: list[Any]) -> None:
    answer = client.get(EXPORT, buffered=False)
    assert answer.mimetype == "application/x-ndjson"
    lines = [orjson.loads(line) for line in answer.data.splitlines()]
    assert lines == [client.get(f"/content/v1/articles/{one.article_id}").json for one in stories]
    assert [orjson.loads(line)["number"] for line in client.get(f"{EXPORT}?locale=kk").data.splitlines()] == [7]
    assert client.head(EXPORT).data == b""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("cms.content.exporting.LINES_AT_ONCE", 2)
        streamed = client.get(EXPORT, buffered=False)
        pieces = iter(streamed.response)
        first = next(pieces)
        with database.transaction() as session:
            withdraw_document(session, stories[-1].article_id, DAY_ONE)
            put_document(session, article(8), DAY_ONE)
        assert len((first + b"".join(pieces)).splitlines()) == 7
        streamed.close()
    assert len(client.get(EXPORT).data.splitlines()) == 7


def test_only_two_copies_are_made_at_once(client: FlaskClient, stories: list[Any]) -> None:
    assert copying.acquire(blocking=False) and copying.acquire(blocking=False)
    refused = client.get(EXPORT)
    assert (refused.status_code, refused.headers["Retry-After"]) == (503, "10")
    copying.release()
    assert [client.get(EXPORT).status_code for _ in range(4)] == [200] * 4
    copying.release()
