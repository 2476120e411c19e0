"""Lists of articles: filters, counts, and paging while articles come and go."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from cms.content.models import Document
from cms.content.publishing import PublishedArticle, put_document, withdraw_document
from cms.platform.db import Database
from cms.platform.direct_reads import DirectReads
from tests.content.making import DAY_ONE, article

LIST = "/content/v1/articles"
SITE = (
    article(1, section="world", tags=("rail",), authors=("mei-lin",)),
    article(2, section="world/europe", tags=("rail", "energy"), authors=("aigul", "mei-lin")),
    article(3, section="world/europe/north", tags=("energy",), authors=("jo",), locale="zh-CN"),
    article(4, section="sport", tags=(), authors=(), locale="zh-CN"),
    article(5, section=None, tags=("rail", "energy", "steel"), authors=("aigul",)),
)


def put(database: Database, *articles: PublishedArticle) -> None:
    with database.transaction() as session:
        for one in articles:
            put_document(session, one, DAY_ONE)


def numbers(answer: Any) -> list[int]:
    assert answer.status_code == 200, answer.json
    return [card["number"] for card in answer.json["data"]]


ASKED = (
    ("", [5, 4, 3, 2, 1]),
    ("section=world", [3, 2, 1]),
    ("section=europe", [3, 2]),
    ("section=north", [3]),
    ("section=nowhere", []),
    ("tag=rail", [5, 2, 1]),
    ("tag=steel,energy", [5, 3, 2]),
    ("tag=energy,energy,", [5, 3, 2]),
    ("author=aigul", [5, 2]),
    ("author=mei-lin", [2, 1]),
    ("locale=zh-CN", [4, 3]),
    ("locale=zh", []),
    ("section=world&tag=rail", [2, 1]),
    ("section=world&tag=rail,energy&author=mei-lin&locale=en", [2, 1]),
    ("section=world&locale=zh-CN", [3]),
    ("tag=rail&author=aigul", [5, 2]),
    ("author=jo&section=world", [3]),
    ("author=jo&locale=en", []),
    ("sort=published_at", [1, 2, 3, 4, 5]),
    ("sort=published_at&tag=energy,steel&section=world", [2, 3]),
    ("sort=-updated_at", [5, 4, 3, 2, 1]),
    ("sort=updated_at&tag=rail&locale=en", [1, 2, 5]),
    ("sort=-updated_at&section=world&tag=rail,energy&author=mei-lin", [2, 1]),
    ("year=2026", [5, 4, 3, 2, 1]),
    ("year=2026&month=11&section=world&tag=energy", [3, 2]),
    ("year=2026&month=10", []),
    ("year=2025", []),
    ("year=2026&month=12", []),
    ("published_at[gte]=2026-11-01T11:00:00Z", [5, 4, 3]),
    ("published_at[gt]=2026-11-01T11:00:00Z&section=world", []),
    ("published_at[lt]=2026-11-01T14:00:00%2B03:00", [2, 1]),
    ("published_at[lte]=2026-11-01T11:00:00Z&published_at[gt]=2026-11-01T09:00:00Z", [3, 2]),
    ("published_at[gte]=2026-11-01&published_at[lt]=2026-11-02", [5, 4, 3, 2, 1]),
    ("published_at[lte]=2026-11-01", [5, 4, 3, 2, 1]),
    ("published_at[gt]=2026-11-01", []),
    ("published_at[lt]=0001-01-01", []),
    ("type=article&author=aigul", [5, 2]),
    ("type=video", []),
)


@pytest.mark.both_databases
def test_a_list_holds_what_was_asked_for_newest_first(client: FlaskClient, database: Database) -> None:
    put(database, *SITE)
    for query, expected in ASKED:
        assert numbers(client.get(f"{LIST}?{query}")) == expected
        assert client.get(f"{LIST}?{query}").json["meta"]["count"] is None
        counted = client.get(f"{LIST}?{query}&count=exact&limit=1")
        assert counted.json["meta"]["count"] == len(expected)
        assert numbers(counted) == expected[:1]


def test_articles_of_one_instant_come_in_the_order_of_their_numbers(client: FlaskClient, database: Database) -> None:
    put(database, *(article(number, published_at=DAY_ONE) for number in (3, 1, 4, 2)))
    assert numbers(client.get(f"{LIST}?limit=2")) == [4, 3]
    assert walk(client, "limit=1") == [[4], [3], [2], [1]]


def test_an_article_whose_instant_changes_moves_in_every_list(client: FlaskClient, database: Database) -> None:
    put(database, *SITE)
    moved = article(2, article_id=SITE[1].article_id, section="sport", tags=("rail",), authors=("jo",), revision=2,
                    published_at=DAY_ONE + timedelta(days=9, microseconds=1))  # fmt: skip
    put(database, moved)
    assert numbers(client.get(LIST)) == [2, 5, 4, 3, 1]
    assert numbers(client.get(f"{LIST}?section=sport&tag=rail&author=jo")) == [2]
    assert numbers(client.get(f"{LIST}?section=europe")) == [3]
    assert numbers(client.get(f"{LIST}?tag=energy")) == [5, 3]


def walk(client: FlaskClient, query: str, between: Callable[[], None] = lambda: None) -> list[list[int]]:
    """All pages from the first on, by `next_cursor`."""
    pages, cursor = [], ""
    while True:
        answer = client.get(f"{LIST}?{query}{cursor}")
        pages.append(numbers(answer))
        following = answer.json["page"]["next_cursor"]
        assert answer.json["page"]["has_more"] == (following is not None)
        if following is None:
            return pages
        cursor = f"&cursor={following}"
        between()


@pytest.mark.both_databases
def test_pages_lead_there_and_back(client: FlaskClient, database: Database) -> None:
    put(database, *(article(number, tags=("rail",) if number % 2 else ("energy",)) for number in range(1, 12)))
    for query in ("limit=4", "limit=4&tag=rail,energy", "limit=4&section=world", "limit=4&author=mei-lin&locale=en"):
        pages = walk(client, query)
        assert pages == [[11, 10, 9, 8], [7, 6, 5, 4], [3, 2, 1]]
        first = client.get(f"{LIST}?{query}")
        second = client.get(f"{LIST}?{query}&cursor={first.json['page']['next_cursor']}")
        third = client.get(f"{LIST}?{query}&cursor={second.json['page']['next_cursor']}")
        back = client.get(f"{LIST}?{query}&cursor={third.json['page']['prev_cursor']}")
        assert numbers(back) == pages[1]
        assert numbers(client.get(f"{LIST}?{query}&cursor={back.json['page']['next_cursor']}")) == pages[2]
        start = client.get(f"{LIST}?{query}&cursor={back.json['page']['prev_cursor']}")
        assert numbers(start) == pages[0]
        assert start.json["page"]["prev_cursor"] is None
        assert first.json["page"]["prev_cursor"] is None
        assert f'cursor={first.json["page"]["next_cursor"]}>; rel="next"' in first.headers["Link"]
        assert 'rel="prev"' in second.headers["Link"]


@pytest.mark.parametrize("damage", ["cut", "turned", "longer", "padded", "foreign", "empty", "noise", "long"])
def test_a_cursor_that_was_not_given_for_this_list_is_refused(
    client: FlaskClient, database: Database, damage: str
) -> None:
    put(database, *SITE)
    cursor = client.get(f"{LIST}?limit=1&tag=rail").json["page"]["next_cursor"]
    assert numbers(client.get(f"{LIST}?limit=1&tag=rail&cursor={cursor}")) == [2]
    query = "limit=1&tag=rail"
    if damage == "foreign":
        query = "limit=1&tag=energy"
    turned = chr(ord(cursor[5]) ^ 1)
    cursor = {
        "cut": cursor[:-1], "turned": cursor[:5] + turned + cursor[6:], "longer": cursor + "A", "padded": cursor + "=",
        "foreign": cursor, "empty": "", "noise": "!!", "long": "A" * 2001,
    }[damage]  # fmt: skip
    answer = client.get(f"{LIST}?{query}&cursor={cursor}")
    assert (answer.status_code, answer.mimetype) == (400, "application/problem+json")
    assert answer.json["code"] == ("bad_request" if damage == "long" else "bad_cursor")


ACTS = st.lists(st.tuples(st.sampled_from(["put", "move", "withdraw"]), st.integers(0, 400)), max_size=4)


@pytest.mark.slow
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    at_first=st.lists(st.integers(0, 400), max_size=12, unique=True),
    limit=st.integers(1, 5),
    query=st.sampled_from(["", "&tag=rail,energy", "&section=world", "&author=mei-lin&tag=rail"]),
    acts=st.lists(ACTS, max_size=8),
    is_backwards=st.booleans(),
)
def test_whoever_pages_sees_what_stayed_once_and_in_order_while_articles_come_and_go(
    client: FlaskClient, database: Database, at_first: list[int], limit: int, query: str, acts: Any, is_backwards: bool
) -> None:
    with database.transaction() as session:
        for article_id in session.scalars(select(Document.article_id)).all():
            withdraw_document(session, article_id, DAY_ONE)

    def made(hours: int, number: int, **changes: Any) -> PublishedArticle:
        at = DAY_ONE + timedelta(hours=hours)
        return article(number, slug=f"story-{number}", published_at=at, tags=("rail", "energy"), **changes)

    live = {number: made(hours, number) for number, hours in enumerate(at_first, 1)}
    put(database, *live.values())
    stayed = set(live)
    pending = list(acts)

    def between() -> None:
        for act, hours in pending.pop(0) if pending else ():
            if act == "put":
                number = max(live, default=0) + max(stayed, default=0) + 1
                live[number] = made(hours, number)
                put(database, live[number])
            elif live:
                number = sorted(live)[hours % len(live)]
                stayed.discard(number)
                if act == "move":
                    live[number] = made(hours, number, article_id=live[number].article_id, revision=2)
                    put(database, live[number])
                else:
                    with database.transaction() as session:
                        withdraw_document(session, live.pop(number).article_id, DAY_ONE)

    if is_backwards:
        seen = back(client, f"limit={limit}{query}", between)
    else:
        seen = [number for page in walk(client, f"limit={limit}{query}", between) for number in page]
    kept = [number for number in seen if number in stayed]
    right = sorted(stayed, key=lambda number: (live[number].published_at, number), reverse=True)
    assert kept == right


def back(client: FlaskClient, query: str, between: Callable[[], None]) -> list[int]:
    """What the pages before the last one show, walked back to the start, in the order of the list; with the last."""
    answer = client.get(f"{LIST}?{query}")
    while answer.json["page"]["next_cursor"]:
        answer = client.get(f"{LIST}?{query}&cursor={answer.json['page']['next_cursor']}")
    seen = numbers(answer)
    while answer.json["page"]["prev_cursor"]:
        between()
        answer = client.get(f"{LIST}?{query}&cursor={answer.json['page']['prev_cursor']}")
        seen = numbers(answer) + seen
    return seen


@pytest.mark.both_databases
def test_the_etag_of_a_page_changes_with_its_bytes_and_only_with_them(client: FlaskClient, database: Database) -> None:
    put(database, *SITE)
    first = client.get(f"{LIST}?limit=2").json["page"]["next_cursor"]
    second = client.get(f"{LIST}?limit=2&cursor={first}").json["page"]
    asked = ["", "limit=2", f"limit=2&cursor={first}", f"limit=2&cursor={second['prev_cursor']}", "section=world",
             "section=sport", "tag=rail", "tag=energy,steel", "sort=published_at", "fields=title"]  # fmt: skip

    def answers() -> dict[str, tuple[str, bytes]]:
        told = {query: client.get(f"{LIST}?{query}") for query in asked}
        return {query: (one.headers["ETag"], one.data) for query, one in told.items()}

    before = answers()
    # The way back to the first page leads to its very bytes.
    assert len(dict(before.values())) == len({body for _, body in before.values()}) == len(asked) - 1
    put(database, replace(SITE[1], title="Told otherwise", revision=2))
    after = answers()
    same = {query for query in asked if before[query][1] == after[query][1]}
    assert same == {"limit=2", f"limit=2&cursor={second['prev_cursor']}", "section=sport"}
    assert {query for query in asked if before[query][0] == after[query][0]} == same


def test_ids_come_in_the_order_asked_for_and_what_readers_do_not_see_is_left_out(
    client: FlaskClient, database: Database
) -> None:
    put(database, *SITE)
    ids = [SITE[place].article_id for place in (3, 0, 4)]
    answer = client.get(f"{LIST}?ids={','.join([*ids, ids[0], '01890a5d-ac96-774b-bcce-b302099a8057'])}")
    assert numbers(answer) == [4, 1, 5]
    assert answer.json["page"] == {"limit": 4, "next_cursor": None, "prev_cursor": None, "has_more": False}
    sparse = client.get(f"{LIST}?ids={','.join(ids)}&fields=title,body&body=text")
    assert sparse.json["data"][0] == {"id": ids[0], "title": "Story number 4", "body": {"text": SITE[3].text}}
    wrong = ["", "1", ids[0] + ",", f"{ids[0]}&section=world", f"{ids[0]}&count=exact", ",".join(ids * 40) + "x",
             f"{ids[0]}&sort=published_at", f"{ids[0]}&year=2026", ids[0].upper() + "0"]  # fmt: skip
    assert [text for text in wrong if client.get(f"{LIST}?ids={text}").status_code != 400] == []


def test_every_list_is_a_range_of_an_index_on_every_page(client: FlaskClient, database: Database) -> None:
    put(database, *SITE)
    plans: list[str] = []
    rows = DirectReads.rows

    def explained(reads: DirectReads, statement: str, values: Any = ()) -> Any:
        if statement.endswith(" AS page"):
            plans.extend(row[3] for row in rows(reads, f"EXPLAIN QUERY PLAN {statement}", values))
        return rows(reads, statement, values)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(DirectReads, "rows", explained)
        for query, _ in ASKED:
            first = client.get(f"{LIST}?{query}&limit=1")
            if first.json["page"]["next_cursor"]:
                client.get(f"{LIST}?{query}&limit=1&cursor={first.json['page']['next_cursor']}")
    ranges = [plan for plan in plans if " k " in f"{plan} "]
    assert len(ranges) > len(ASKED)
    # An index that is read in its own order is a scan of as many rows as the page has.
    assert [plan for plan in ranges if "USING" not in plan] == []
    assert [plan for plan in plans if plan.startswith(("SCAN d", "SCAN c"))] == []


def test_a_page_deep_in_a_list_reads_as_many_rows_as_the_second(client: FlaskClient, database: Database) -> None:
    put(database, *(article(number, tags=("rail",)) for number in range(1, 121)))
    counted: list[int] = []
    for query in ("", "&section=world", "&section=world&locale=en", "&tag=rail&section=world&year=2026"):
        counted.clear()
        cursor = ""
        for _ in range(40):
            answer = client.get(f"{LIST}?limit=3{query}{cursor}")
            counted.append(steps(client, f"limit=3{query}{cursor}"))
            cursor = f"&cursor={answer.json['page']['next_cursor']}"
        # Pages after the first have the same number of steps, wherever they are.
        assert max(counted[1:39]) - min(counted[1:39]) <= max(counted[1:39]) * 0.05, (query, counted)


def steps(client: FlaskClient, query: str) -> int:
    """How many steps of SQLite's machine a page takes."""
    done = 0

    def count() -> int:
        nonlocal done
        done += 1
        return 0

    own: Any = client.application.extensions["copydesk"].database.direct
    own.rows("SELECT 1")
    own._mine.connection.set_progress_handler(count, 1)
    client.get(f"{LIST}?{query}")
    own._mine.connection.set_progress_handler(None, 1)
    return done
