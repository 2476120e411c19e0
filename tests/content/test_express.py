"""The short way and Flask answer the same, header for header and byte for byte, for everything that can be asked."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from flask.testing import FlaskClient

from cms.app import create_app
from cms.content import express
from cms.content.burying import put_tombstone
from cms.content.publishing import PublishedArticle, put_document, withdraw_document
from cms.platform.db import Database
from cms.settings import Settings
from tests.content.making import article

AT = datetime(2026, 11, 2, 7, 30, tzinfo=UTC)
GONE = "01890a5d-ac96-774b-bcce-b302099a8058"
REQUEST_ID = "the-same-for-both"


@pytest.fixture
def by_flask(settings: Settings, client: FlaskClient) -> Iterator[FlaskClient]:
    """The application that always falls through, because a host is listed."""
    app = create_app(replace(settings, hosts=("localhost",)))
    yield app.test_client()
    app.extensions["copydesk"].database.dispose()
    app.extensions["copydesk"].index.close()


@pytest.fixture
def stories(database: Database) -> list[PublishedArticle]:
    put = [
        article(1, tags=("rail",)),
        article(2, locale="zh-CN", slug="列车-出发"),
        article(3, locale="zh-CN", slug="liche"),
    ]
    with database.transaction() as session:
        for story in put:
            put_document(session, story, AT)
        put_tombstone(session, GONE, "en", "gone", "A court said so.", AT)
    return put


def ask(client: FlaskClient, method: str, path: str, headers: dict[str, str]) -> tuple[int, list[Any], bytes]:
    answer = client.open(path, method=method, headers={"X-Request-Id": REQUEST_ID, **headers})
    return answer.status_code, sorted(answer.headers.items()), answer.data


def paths(stories: list[PublishedArticle]) -> list[str]:
    first, chinese, latin = stories
    unknown = "01890a5d-ac96-774b-bcce-b302099a8057"
    own = [f"/content/v1/articles/{first.article_id}", f"/content/v1/articles/en/{first.slug}",
           f"/content/v1/articles/zh-CN/{chinese.slug}", f"/content/v1/articles/zh-CN/{latin.slug}"]  # fmt: skip
    strange = [
        f"/content/v1/articles/{first.article_id.upper()}", f"/content/v1/articles/{unknown}",
        f"/content/v1/articles/zh-cn/{latin.slug}", "/content/v1/articles/en/none", "/content/v1/articles/en/Story-1",
        f"/content/v1/articles/EN/{first.slug}", f"/content/v1/articles/{first.article_id}/",
        f"/content/v1/articles/{first.article_id}?x=1", f"/content/v1/articles/{first.article_id}?",
        f"/content/v1/articles/en/{first.slug}/", "/content/v1/articles/en/", "/content/v1/articles/",
        f"/content/v1//articles/{first.article_id}", f"/content/v1/articles/{first.article_id}/related",
        "/content/v1/articles/en/%00", "/content/v1/articles/en/..", "/content/v1/articles/x-y-z/q",
    ]  # fmt: skip
    gone = [f"/content/v1/articles/{GONE}", "/content/v1/articles/en/gone", f"/content/v1/articles/{GONE}/related"]
    return own + strange + gone


HEADERS: tuple[dict[str, str], ...] = (
    {},
    {"Authorization": "Bearer nobody"},
    {"If-None-Match": "*"},
    {"If-None-Match": '"other"'},
    {"If-None-Match": "rubbish"},
    {"If-Modified-Since": "Mon, 02 Nov 2099 07:30:00 GMT"},
    {"Range": "bytes=0-10"},
    {"Accept-Encoding": "gzip"},
    {"Accept": "text/html"},
    {"Origin": "https://other.example"},
    {"Host": "localhost:8000"},
    {"Cookie": "a=b"},
)


@pytest.mark.both_databases
def test_both_ways_answer_the_same(
    client: FlaskClient, by_flask: FlaskClient, stories: list[PublishedArticle], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = 0
    for path in paths(stories):
        for method in ("GET", "HEAD", "POST", "OPTIONS"):
            for headers in HEADERS if method in ("GET", "HEAD") else HEADERS[:2]:
                assert ask(client, method, path, headers) == ask(by_flask, method, path, headers), (
                    method,
                    path,
                    headers,
                )
                asked += 1
    for path in paths(stories)[:2]:
        tag = client.get(path).headers["ETag"]
        for held in (tag, f"W/{tag}", f'"a", {tag}', f'{tag}, W/"b"', tag.strip('"')):
            one, other = (ask(way, "GET", path, {"If-None-Match": held}) for way in (client, by_flask))
            assert one == other
            assert one[0] == (200 if held == tag.strip('"') else 304)
            asked += 1
    assert asked > 500
    assert {client.get(path).status_code for path in paths(stories)[-3:]} == {410}
    # Nothing would be compared if the short way were never taken.
    monkeypatch.setattr(express, "PUBLIC", "no-store")
    first = paths(stories)[0]
    assert client.get(first).headers["Cache-Control"] == "no-store"
    assert by_flask.get(first).headers["Cache-Control"] != "no-store"


@pytest.mark.both_databases
def test_what_is_taken_away_is_gone_at_the_next_read(
    client: FlaskClient, database: Database, stories: list[PublishedArticle]
) -> None:
    first = stories[0]
    assert client.get(f"/content/v1/articles/{first.article_id}").status_code == 200
    with database.transaction() as session:
        withdraw_document(session, first.article_id, AT)
    for path in (first.article_id, f"en/{first.slug}"):
        answer = client.get(f"/content/v1/articles/{path}")
        assert (answer.status_code, answer.json["code"]) == (404, "not_found")


def test_metrics_and_route_labels_see_both(client: FlaskClient, stories: list[PublishedArticle]) -> None:
    client.get(f"/content/v1/articles/{stories[0].article_id}")
    told = client.get("/metrics").get_data(as_text=True)
    assert 'route="/content/v1/articles/<uuid:article_id>",status="200"' in told
