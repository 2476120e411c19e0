"""Rows S59 and S60: a parameter that is wrong is refused by its name and never taken for another, and a cursor works
for the list, the filters, the sort and the caller that it was given for, under our keys alone."""

import base64
from collections.abc import Callable
from dataclasses import replace
from typing import Any
from urllib.parse import quote

import pytest
from flask.testing import FlaskClient

from cms.app import create_app
from cms.content.publishing import put_document
from cms.platform.db import Database
from cms.platform.http.paging import Cursor, encode_cursor
from cms.platform.keys import Keys, load_keys
from cms.settings import Settings
from tests.content.making import DAY_ONE, article

LIST = "/content/v1/articles"
NUMBERS = (
    "", " ", "-1", "0", "101", "1.0", "1e2", "+1", "1_0", "0x10", "١", "１", "²", "1 ", " 1", "1,2", "1;2", "abc",
    "null",
    "true", "NaN", "Infinity", "-0", "99999999999999999999999", "9" * 5000, "1%00", "%0a1", "[]", "[1]", "{}", "1'",
    '1"', "1 OR 1=1", "*", "%", "1%0d%0aX:1", "\ud7ff", "１0", "۱۰", "0b1", "1L", "1/2", "1..2",
)  # fmt: skip
# Parameters that other APIs have and this one does not: to pass them over would answer page 1 of everything.
UNKNOWN = (
    "page=2", "page=-1", "page=abc", "page=99999999999999999999999", "page[number]=2", "page[size]=5", "offset=20",
    "skip=20", "start=20", "from=20", "per_page=5", "page_size=5", "size=5", "count=all", "count=1", "count=EXACT",
    "Limit=5", "LIMIT=5", "limit[]=5", "limit[0]=5", "limit%00=5", "limit%20=5", "%20limit=5", "limit.=5", "after=x",
    "before=x", "next=x", "next_cursor=x", "order=asc", "order_by=title", "orderby=title", "sort=title", "sort=--x",
    "sort=published_at,title", "sort=PUBLISHED_AT", "sort=", "q=harbour", "filter=x", "filter[section]=city", "where=1",
    "tags=rail", "category=city", "lang=en", "year=0", "year=9999", "year=2026&month=13", "month=1",
    "year=2026&month=0",
    "published_at=2026", "published_at[gte]=2026", "published_at[gte]=2026-13-01", "published_at[gte]=2026-02-30",
    "published_at[gte]=now", "published_at[ne]=2026-01-01", "published_at[gte]=2026-01-01T00:00:00", "since=x",
    "published_at[gte]=1735689600", "published_at[gte]=2026-01-01T25:00:00Z", "_method=DELETE", "callback=x", "fmt=xml",
)  # fmt: skip
# The same name more than once, in whatever spelling: the last one does not win, and neither does the first.
TWICE = (
    "limit=1&limit=1", "limit=1&limit=2", "limit=1&lim%69t=2", "%6Cimit=1&limit=2", "section=a&section=b",
    "section=a&section=a", "section=a&locale=en&section=b", "tag=a&tag=b", "cursor=a&cursor=b", "sort=updated_at&sort=",
    "fields=title&fields=dek", "count=exact&count=exact", "locale=en&locale=kk", "year=2026&year=2025",
    "author=a&author=b", "limit&limit=1", "limit=&limit=1", "ids=a&ids=b", "body=html&body=none",
    "published_at[gte]=2026-01-01&published_at%5Bgte%5D=2026-01-02",
)  # fmt: skip


@pytest.fixture
def stories(database: Database) -> None:
    with database.transaction() as session:
        for number in range(1, 7):
            tags = ("rail",) if number % 2 else ("rail", "energy")
            put_document(session, article(number, tags=tags), DAY_ONE)


def test_a_wrong_parameter_is_refused_by_its_name_and_never_page_one(
    client: FlaskClient, administrator: FlaskClient, stories: None
) -> None:
    assert all(len(set(cases)) == len(cases) >= least for cases, least in ((NUMBERS, 40), (UNKNOWN, 40), (TWICE, 20)))
    asked = [(client, LIST, f"limit={quote(one, safe='%')}", "?limit") for one in NUMBERS]
    asked += [(administrator, "/api/v1/articles", f"limit={quote(one, safe='%')}", "?limit") for one in NUMBERS]
    asked += [(client, place, f"limit={quote(one, safe='%')}", "?limit")
              for one in NUMBERS[:12] for place in ("/content/v1/tags", "/content/v1/changes")]  # fmt: skip
    asked += [(client, LIST, query, "") for query in (*UNKNOWN, *TWICE)]
    asked += [(administrator, "/api/v1/tags", query, "") for query in (*UNKNOWN[:30], *TWICE[:4])]
    given = []
    for who, place, query, pointer in asked:
        answer = who.get(f"{place}?{query}")
        named = [error["pointer"] for error in answer.json.get("errors", ())] if answer.status_code == 400 else None
        if (
            named is None
            or answer.mimetype != "application/problem+json"
            or (pointer and named[:1] not in ([], [pointer]))
        ):
            given.append((place, query[:80], answer.status_code, named))
    assert given == []
    for raw in ("é", "limit=é", "\xff", "\xc3(", "q=\x80", "section=\xe9&limit=1"):
        for place in (LIST, "/content/v1/tags", "/livez", "/content/v1/search"):
            answer = client.open("/", environ_overrides={"PATH_INFO": place, "QUERY_STRING": raw})
            assert (answer.status_code, answer.json["detail"]) == (400, "The query is not UTF-8."), (raw, place)
    twice = client.get(f"{LIST}?limit=1&limit=2").json["detail"]
    assert twice == "The query parameter 'limit' is given 2 times; give it once."
    assert [len(client.get(f"{LIST}?limit={limit}").json["data"]) for limit in ("1", "001", "100")] == [1, 1, 6]


def flipped(cursor: str) -> list[str]:
    """A cursor with each of its bits turned, one after the other."""
    raw = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
    turned = [raw[:place] + bytes([raw[place] ^ 1 << bit]) + raw[place + 1 :]
              for place in range(len(raw)) for bit in range(8)]  # fmt: skip
    return [base64.urlsafe_b64encode(one).rstrip(b"=").decode() for one in turned]


def test_a_cursor_works_where_it_was_given_and_nowhere_else(
    client: FlaskClient, settings: Settings, stories: None
) -> None:
    mine = "tag=rail&limit=2"
    cursor = client.get(f"{LIST}?{mine}").json["page"]["next_cursor"]
    assert [one["number"] for one in client.get(f"{LIST}?{mine}&cursor={cursor}").json["data"]] == [4, 3]
    # How many come and which members is no other list.
    assert client.get(f"{LIST}?tag=rail&limit=3&fields=title&cursor={cursor}").status_code == 200
    position = (DAY_ONE.isoformat(), 3)
    forged = [
        encode_cursor(Keys(b"another key of thirty-two bytes!!"), "content|articles|None|rail|None|None",
                      Cursor("next", position)),
        encode_cursor(load_keys(settings), "content|articles", Cursor("next", position)),
    ]  # fmt: skip
    broken = [
        *flipped(cursor), *forged, "A" * 2001, "A" * 100_000, "", "=", cursor + "=", cursor + "A", cursor[:-1],
        cursor[1:],
        cursor.lower(), cursor.upper(), cursor[::-1], cursor + cursor, f" {cursor}", f"{cursor} ", f"{cursor}%00",
        cursor.replace(cursor[0], "é", 1), "null", "0", "-1", "2", "eyJpZCI6MX0", "../../etc/passwd", "%ff%fe", "W10",
        base64.urlsafe_b64encode(b'["n",1,2]').decode(), base64.urlsafe_b64encode(b"\x00" * 40).decode(),
    ]  # fmt: skip
    assert len(set(broken)) >= 300
    others = ["", "tag=energy&", "tag=rail,energy&", "tag=rail&section=world&", "tag=rail&author=mei-lin&",
              "year=2026&",
              "tag=rail&locale=en&", "tag=rail&sort=published_at&", "tag=rail&sort=-updated_at&",
              "tag=rail&type=article&",
              "tag=rail&published_at[gte]=2026-01-01&"]  # fmt: skip
    asked = [f"{LIST}?{mine}&cursor={quote(one, safe='%')}" for one in broken]
    asked += [f"{LIST}?{query}cursor={cursor}" for query in others]
    asked += [f"/content/v1/{place}cursor={cursor}" for place in ("tags?", "people?", "sections?", "search?q=rail&")]
    asked += [f"/content/v1/changes?since={cursor}"]
    answers = [(path[:120], client.get(path)) for path in asked]
    assert [path for path, answer in answers if answer.status_code != 400] == []
    assert {answer.json["code"] for _, answer in answers} == {"bad_cursor", "bad_request"}
    rotated = create_app(replace(settings, secret_key="another secret of the tests 0123456789 abcdefg"))
    assert rotated.test_client().get(f"{LIST}?{mine}&cursor={cursor}").json["code"] == "bad_cursor"
    kept = create_app(replace(settings, secret_key="another secret of the tests 0123456789 abcdefg",
                              previous_secret_key=settings.secret_key))  # fmt: skip
    assert kept.test_client().get(f"{LIST}?{mine}&cursor={cursor}").status_code == 200
    for app in (rotated, kept):
        app.extensions["copydesk"].database.dispose()
        app.extensions["copydesk"].index.close()


def test_a_cursor_of_one_caller_is_none_of_anothers(client_as: Callable[[str], FlaskClient]) -> None:
    one, other = client_as("administrator"), client_as("administrator")
    for number in range(3):
        assert one.post("/api/v1/tags", json={"name": f"Tag {number}"}).status_code == 201
    places: Any = ("/api/v1/tags", "/api/v1/tokens", "/api/v1/audit")
    for place in places:
        cursor = one.get(f"{place}?limit=1").json["page"]["next_cursor"]
        assert one.get(f"{place}?limit=1&cursor={cursor}").status_code == 200, place
        answer = other.get(f"{place}?limit=1&cursor={cursor}")
        assert (answer.status_code, answer.json["code"]) == (400, "bad_cursor"), place
