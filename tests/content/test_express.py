"""The short way and Flask answer the same, header for header and byte for byte, for everything that can be asked."""

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from itertools import product
from typing import Any
from urllib.parse import quote, unquote_to_bytes

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from cms.app import create_app
from cms.content import express
from cms.content.publishing import PublishedArticle
from cms.platform.http.door import door
from cms.settings import Settings
from tests.content.making import GONE
from tests.content.test_answers import CODINGS

REQUEST_ID = "the-same-for-both"
LIST = "/content/v1/articles"
PAGE = "https://www.example.org"


def without_the_short_way(settings: Settings) -> Flask:
    """The application as Flask alone answers it."""
    app = create_app(settings)
    app.wsgi_app = door(partial(Flask.wsgi_app, app), settings)  # type: ignore[method-assign]  # Flask's documented way
    return app


def end(app: Flask) -> None:
    app.extensions["copydesk"].database.dispose()
    app.extensions["copydesk"].index.close()


@pytest.fixture
def by_flask(settings: Settings, client: FlaskClient) -> Iterator[FlaskClient]:
    app = without_the_short_way(settings)
    yield app.test_client()
    end(app)


def ask(client: FlaskClient, method: str, path: str, headers: dict[str, str]) -> tuple[int, list[Any], bytes]:
    answer = client.open(path, method=method, headers={"X-Request-Id": REQUEST_ID, **headers})
    return answer.status_code, sorted(answer.headers.items()), answer.data


def paths(stories: list[PublishedArticle]) -> list[str]:
    first, chinese, latin, *_ = stories
    unknown = "01890a5d-ac96-774b-bcce-b302099a8057"
    own = [f"{LIST}/{first.article_id}", f"{LIST}/en/{first.slug}", f"{LIST}/zh-CN/{chinese.slug}",
           f"{LIST}/zh-CN/{latin.slug}"]  # fmt: skip
    lists = [
        LIST, f"{LIST}?", f"{LIST}?section=world", f"{LIST}?section=city", f"{LIST}?locale=zh-CN",
        f"{LIST}?section=city&locale=en", f"{LIST}?locale=en&section=europe", f"{LIST}?section=nowhere",
        f"{LIST}?locale=zh-cn", f"{LIST}?locale=no-such", f"{LIST}?section=", f"{LIST}?section=city&section=world",
        f"{LIST}?section=city&", f"{LIST}?&section=city", f"{LIST}?section=city&&locale=en", f"{LIST}?section",
        f"{LIST}?section=city&limit=20", f"{LIST}?limit=3", f"{LIST}?section=City", f"{LIST}?section=%63ity",
        f"{LIST}?section=city&x=1", f"{LIST}?section=worldlocale=en", f"{LIST}?section=city%26locale=en", f"{LIST}/",
        f"{LIST}?section=city&tag=rail&year=2026", f"{LIST}?year=2026&month=11", f"{LIST}?month=11&year=2026",
        f"{LIST}?month=11", f"{LIST}?year=2025", f"{LIST}?year=02026", f"{LIST}?year=9999", f"{LIST}?year=0",
        f"{LIST}?year=2026&month=0", f"{LIST}?year=2026&month=011", f"{LIST}?year=2026&month=12", f"{LIST}?year=",
        f"{LIST}?tag=rail", f"{LIST}?tag=rail,energy", f"{LIST}?tag=", f"{LIST}?author=mei-lin&locale=en",
        f"{LIST}?author=nobody", f"{LIST}?year=2026&published_at[gte]=2026-01-01T00:00:00Z", f"{LIST}?year=+2026",
    ]  # fmt: skip
    strange = [
        f"{LIST}/{first.article_id.upper()}", f"{LIST}/{unknown}", f"{LIST}/zh-cn/{latin.slug}", f"{LIST}/en/none",
        f"{LIST}/en/Story-1", f"{LIST}/EN/{first.slug}", f"{LIST}/{first.article_id}/",
        f"{LIST}/{first.article_id}?x=1", f"{LIST}/{first.article_id}?", f"{LIST}/en/{first.slug}/", f"{LIST}/en/",
        f"{LIST}/en/%00", f"{LIST}/en/..", f"/content/v1//articles/{first.article_id}",
        f"{LIST}/{first.article_id}/related", f"{LIST}/x-y-z/q",
    ]  # fmt: skip
    gone = [f"{LIST}/{GONE}", f"{LIST}/en/gone", f"{LIST}/{GONE}/related"]
    return own + lists + strange + gone


HEADERS: tuple[dict[str, str], ...] = (
    {},
    {"Authorization": "Bearer nobody"},
    {"If-None-Match": "*"},
    {"If-None-Match": '"other"'},
    {"If-None-Match": "rubbish"},
    {"If-Modified-Since": "Mon, 02 Nov 2099 07:30:00 GMT"},
    {"If-Modified-Since": "Mon, 02 Nov 2026 07:29:59 GMT"},
    {"Range": "bytes=0-10"},
    {"Accept-Encoding": "gzip"},
    {"Accept-Encoding": "identity;q=0"},
    {"Accept": "text/html"},
    {"Origin": "https://other.example"},
    {"Origin": PAGE, "Accept-Encoding": "gzip;q=0.5"},
    {"Host": "localhost:8000"},
    {"Host": "other.example"},
    {"Cookie": "a=b"},
)


def differences(one: FlaskClient, other: FlaskClient, asked: list[str], headers: Any) -> list[Any]:
    """Where two applications do not answer the same."""
    found = []
    for path, method, sent in product(asked, ("GET", "HEAD", "POST", "OPTIONS"), headers):
        if method in ("GET", "HEAD") or sent in headers[:2]:
            pair = [ask(client, method, path, sent) for client in (one, other)]
            found += [(method, path, sent, *pair)] if pair[0] != pair[1] else []
    return found


def test_both_ways_answer_the_same(
    client: FlaskClient, by_flask: FlaskClient, stories: list[PublishedArticle], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = paths(stories)
    assert differences(client, by_flask, [*asked[:10], *asked[-3:]], HEADERS) == []
    assert differences(client, by_flask, asked[10:-3], (HEADERS[0], HEADERS[1], HEADERS[8], HEADERS[12])) == []
    for path, coding in product((asked[0], asked[3], LIST, f"{LIST}?section=city"), ("gzip", "identity")):
        sent = {"Accept-Encoding": coding}
        tag = client.get(path, headers=sent).headers["ETag"]
        for held in (tag, f"W/{tag}", f'"a", {tag}', f'{tag}, W/"b"', tag.strip('"'), f'{tag[:-1]}-gzip"'):
            one, other = (ask(way, "GET", path, {**sent, "If-None-Match": held}) for way in (client, by_flask))
            assert one == other
            assert one[0] == (304 if tag in held else 200), (path, held)
    assert {client.get(path).status_code for path in asked[-3:]} == {410}
    # Nothing would be compared if the short way were never taken.
    monkeypatch.setattr(express, "respond", lambda *_: ("200 OK", [("X-Short", "yes")], b"short"))
    assert [path for path in (*asked[:2], asked[3], *asked[4:11]) if client.get(path).data != b"short"] == []
    assert client.get(f"{LIST}?section=europe&tag=rail&author=mei-lin&locale=en&year=2026&month=11").data == b"short"
    assert all(by_flask.get(path).data != b"short" for path in asked)


def test_both_ways_answer_the_same_where_hosts_and_origins_are_listed(
    settings: Settings, stories: list[PublishedArticle], monkeypatch: pytest.MonkeyPatch
) -> None:
    listed = replace(settings, hosts=("localhost",), allowed_origins=(PAGE,))
    short, long = create_app(listed), without_the_short_way(listed)
    asked = [*paths(stories)[:10], f"{LIST}/en/none"]
    assert differences(short.test_client(), long.test_client(), asked, HEADERS) == []
    answer = short.test_client().get(asked[0], headers={"Origin": PAGE})
    assert answer.headers["Access-Control-Allow-Origin"] == PAGE
    assert answer.headers["Vary"] == "Accept-Encoding, Origin"
    monkeypatch.setattr(express, "respond", lambda *_: ("200 OK", [], b"short"))
    assert short.test_client().get(asked[0]).data == b"short"
    assert short.test_client().get(asked[0], headers={"Host": "other.example"}).status_code == 400
    end(short)
    end(long)


def spelled(draw: st.DrawFn, whole: str) -> str:
    """A path or query as somebody might write it: whole, cut, longer, in other letters or other escapes."""
    for _ in range(draw(st.integers(0, 2))):
        place = draw(st.integers(0, len(whole)))
        piece = draw(st.sampled_from(PIECES) | st.text(max_size=3).map(lambda text: quote(text, safe="")))
        whole = draw(st.sampled_from([
            whole[:place] + piece + whole[place:], whole[:place], whole.upper(), whole[:place] + whole[place + 1 :],
            whole[:place] + "".join(f"%{ord(one):02x}" for one in whole[place : place + 1]) + whole[place + 1 :],
            whole.replace("%", "%25"), f"{whole}{piece}",
        ]))  # fmt: skip
    return whole


PIECES = ("/", "//", "/.", "/..", ";", "?", "&", "=", "%2f", "%00", "%", "%ff", "+", " ", ".", "-", "_", "~", "*",
    ":", "@",
          "section=city", "locale=en", "limit=2", "fields=title", "cursor=x", "&section=city", "1", "é",
          "文")  # fmt: skip
WORDS = st.text(st.characters(min_codepoint=32, max_codepoint=255), max_size=12)
SENT = st.fixed_dictionaries({}, optional={
    "If-None-Match": st.sampled_from(["*", "T", "W/T", '"a", T', "T, W/T", ""]) | WORDS,
    "If-Modified-Since": st.sampled_from(["Mon, 02 Nov 2099 07:30:00 GMT", "Sun, 01 Nov 2020 07:30:00 GMT"]) | WORDS,
    "Accept-Encoding": st.sampled_from([text for text, _ in CODINGS if text]) | WORDS,
    "Accept": st.sampled_from(["*/*", "text/html", "application/json;q=0"]) | WORDS,
    "Authorization": st.sampled_from(["Bearer x", "Basic eDp5", "Bearer"]) | WORDS,
    "Host": st.sampled_from(["localhost", "LOCALHOST:80", "a b", "other.example:8000", "[::1]", "x,y"]),
    "Origin": st.sampled_from([PAGE, "null", "https://other.example"]), "Range": st.just("bytes=0-1"),
    "Cookie": WORDS, "X-HTTP-Method-Override": st.just("DELETE"), "Content-Length": st.sampled_from(["0", "x", "-1"]),
})  # fmt: skip


@pytest.mark.slow
@hypothesis_settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_whatever_is_asked_both_ways_answer_the_same(
    client: FlaskClient, by_flask: FlaskClient, stories: list[PublishedArticle], data: st.DataObject
) -> None:
    path, _, query = data.draw(st.sampled_from(paths(stories))).partition("?")
    path = spelled(data.draw, path)
    # A server hands on bytes, one character for each.
    query = spelled(data.draw, query).encode("latin-1", "ignore").decode("latin-1")
    method = data.draw(st.sampled_from(["GET", "HEAD", "GET", "HEAD", "POST", "OPTIONS", "get", "TRACE"]))
    headers = dict(data.draw(SENT))
    if "T" in headers.get("If-None-Match", ""):
        # The test client would take what stands behind two strokes for a host.
        asked_for = path if path.startswith("/") and not path.startswith("//") else LIST
        tag = client.get(asked_for).headers.get("ETag", '"x"')
        headers["If-None-Match"] = headers["If-None-Match"].replace("T", tag)
    answers = []
    for way in (client, by_flask):
        sent = {"X-Request-Id": REQUEST_ID, **headers}
        environ = {"PATH_INFO": unquote_to_bytes(path).decode("latin-1"), "QUERY_STRING": query}
        answer = way.open("/", method=method, headers=sent, environ_overrides=environ)
        answers.append((answer.status_code, sorted(answer.headers.items()), answer.data))
    assert answers[0] == answers[1]
    assert answers[0][0] < 500 or answers[0][0] == 501


def test_a_database_that_is_gone_is_said_so_by_both_ways(settings: Settings) -> None:
    away = replace(settings, database_url=f"sqlite+pysqlite:///{settings.home}/nowhere/copydesk.db")
    for app in (create_app(away), without_the_short_way(away)):
        for path in (LIST, f"{LIST}?section=city", f"{LIST}/en/story", f"{LIST}/{GONE}", "/content/v1/tags"):
            answer = app.test_client().get(path)
            assert (answer.status_code, answer.headers["Retry-After"]) == (503, "2"), path
            assert (answer.json["code"], answer.headers["Cache-Control"]) == ("unavailable", "private, no-store")
        end(app)


def test_metrics_and_route_labels_see_both(client: FlaskClient, stories: list[PublishedArticle]) -> None:
    client.get(f"{LIST}/{stories[0].article_id}")
    client.get(f"{LIST}?section=city")
    told = client.get("/metrics").get_data(as_text=True)
    assert 'route="/content/v1/articles/<uuid:article_id>",status="200"' in told
    assert 'route="/content/v1/articles",status="200"' in told
