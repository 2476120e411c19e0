"""Search as readers see it: a real index, joined with what is live."""

from dataclasses import replace

import pytest
from flask.testing import FlaskClient

from cms.content.publishing import PublishedArticle, put_document, withdraw_document
from cms.content.schemas import HitListShape
from cms.platform.db import Database
from cms.settings import Settings
from tests.content.making import DAY_ONE, article
from workers.handlers.indexing import rebuild_index

SEARCH = "/content/v1/search"


def put(database: Database, *articles: PublishedArticle) -> None:
    with database.transaction() as session:
        for one in articles:
            put_document(session, one, DAY_ONE)


def titles(client: FlaskClient, query: str) -> list[str]:
    answer = client.get(f"{SEARCH}?{query}")
    assert answer.status_code == 200, answer.json
    assert HitListShape().validate(answer.json) == {}
    return [hit["title"] for hit in answer.json["data"]]


@pytest.mark.both_databases
def test_a_search_finds_what_is_live_with_what_was_found_marked(
    client: FlaskClient, database: Database, settings: Settings
) -> None:
    ferry = article(1, title="Ferries <b>return</b>", text="The ferry sailed at dawn. " * 40, section="world/europe")
    train = article(2, title="列车出发", text="北京的列车今天出发。", locale="zh-CN", slug="列车", tags=("rail",))
    put(database, ferry, train)
    rebuild_index(database, settings.index_home)
    assert titles(client, "q=ferry") == ["Ferries <b>return</b>"]
    assert titles(client, "q=列车") == titles(client, "q=Rail") == titles(client, "q=列车&locale=zh-CN") == ["列车出发"]
    assert titles(client, "q=列车&locale=en") == titles(client, "q=nothing") == []
    assert titles(client, "q=ferry&section=world") == titles(client, "q=ferry&section=europe") == [ferry.title]
    assert titles(client, "q=ferry&section=sport") == []
    [hit] = client.get(f"{SEARCH}?q=return").json["data"]
    assert "<mark>return</mark>" in hit["highlight"]["title"]
    assert "<b>" not in hit["highlight"]["title"]
    with database.transaction() as session:
        withdraw_document(session, ferry.article_id, DAY_ONE)
    assert titles(client, "q=ferry") == []
    put(database, replace(train, revision=2, title="晚点", locale="zh-TW"))
    assert titles(client, "q=列车") == ["晚点"]
    assert titles(client, "q=列车&locale=zh-CN") == []


def test_results_are_paged_to_the_end_without_repeats(
    client: FlaskClient, database: Database, settings: Settings
) -> None:
    put(database, *(article(number, text="ferry " * number) for number in range(1, 14)))
    rebuild_index(database, settings.index_home)
    seen, cursor = [], ""
    while True:
        answer = client.get(f"{SEARCH}?q=ferry&limit=5{cursor}").json
        seen += [hit["number"] for hit in answer["data"]]
        if not answer["page"]["has_more"]:
            break
        cursor = f"&cursor={answer['page']['next_cursor']}"
    assert sorted(seen) == list(range(1, 14))
    other = client.get(f"{SEARCH}?q=harbour&limit=5{cursor}")
    assert (other.status_code, other.json["code"]) == (400, "bad_cursor")


def test_without_an_index_a_search_says_when_to_come_back(
    client: FlaskClient, database: Database, settings: Settings
) -> None:
    answer = client.get(f"{SEARCH}?q=ferry")
    assert (answer.status_code, answer.json["code"]) == (503, "unavailable")
    assert answer.headers["Retry-After"]
    put(database, article(1, text="ferry"))
    rebuild_index(database, settings.index_home)
    assert titles(client, "q=ferry") == ["Story number 1"]


REFUSED = (
    ("", 400, "bad_request"), ("q=", 422, "invalid"), ("q=%20", 422, "invalid"),
    ("q=" + "x" * 100_000, 422, "invalid"), ("q=a&q=b", 400, "bad_request"), ("q=a&limit=0", 400, "bad_request"),
    ("q=%00", 400, "bad_request"), ("q=a&cursor=x", 400, "bad_cursor"),
)  # fmt: skip


def test_what_cannot_be_searched_for_is_refused(client: FlaskClient, database: Database, settings: Settings) -> None:
    rebuild_index(database, settings.index_home)
    for query, status, code in REFUSED:
        answer = client.get(f"{SEARCH}?{query}")
        assert (answer.status_code, answer.mimetype) == (status, "application/problem+json")
        assert answer.json["code"] == code


def test_the_description_says_that_pages_of_a_search_move_with_what_is_published(client: FlaskClient) -> None:
    said = client.get("/openapi.json").json["paths"]["/content/v1/search"]["get"]["description"]
    assert "may come twice or be missed" in said
    assert "/content/v1/articles" in said
