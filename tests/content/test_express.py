"""The short way and Flask answer the same, header for header and byte for byte, for everything that can be asked."""

import gzip
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
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
from cms.content.assembling import reassemble
from cms.content.burying import put_tombstone
from cms.content.models import RelatedEntry
from cms.content.publishing import PublishedArticle, put_document, withdraw_document
from cms.platform.db import Database
from cms.platform.direct_reads import DirectReads
from cms.platform.http.door import door
from cms.platform.ids import new_id
from cms.settings import Settings
from cms.taxonomy.models import Tag
from tests.content.making import article

AT = datetime(2026, 11, 2, 7, 30, tzinfo=UTC)
GONE = "01890a5d-ac96-774b-bcce-b302099a8058"
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


@pytest.fixture
def stories(database: Database) -> list[PublishedArticle]:
    put = [
        article(1, tags=("rail",), section="world/europe"),
        article(2, locale="zh-CN", slug="列车-出发"),
        article(3, locale="zh-CN", slug="liche", body_html="<p>Again. </p>" * 200),
        *(article(number, section="city", locale="en") for number in range(10, 33)),
    ]
    with database.transaction() as session:
        for story in put:
            put_document(session, story, AT)
        # A worker has been at all of them but one.
        reassemble(session, [story.article_id for story in put[1:]], AT)
        put_tombstone(session, GONE, "en", "gone", "A court said so.", AT)
    return put


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


CODINGS = (
    (None, ""), ("", ""), ("gzip", "gzip"), ("GZIP", "gzip"), ("x-gzip", "gzip"), ("gzip;q=0", ""), ("gzip;q=0.0", ""),
    ("gzip;q=0.001", "gzip"), ("gzip;q=1", "gzip"), ("gzip; q=1.0", "gzip"), ("gzip ;q=0.5", "gzip"), ("*", "gzip"),
    ("*;q=0.1", "gzip"), ("*;q=0", None), ("identity", ""), ("identity;q=0", None), ("identity;q=0, gzip", "gzip"),
    ("identity;q=0, *", "gzip"), ("identity;q=0, gzip;q=0", None), ("identity;q=0, br", None), ("br", ""),
    ("br, deflate", ""), ("br, gzip, deflate", "gzip"), ("gzip, deflate, br, zstd", "gzip"),
    ("deflate;q=1, gzip", "gzip"),
    ("identity, gzip;q=0.5", ""), ("identity;q=0.5, gzip;q=0.5", "gzip"), ("identity;q=0.4, gzip;q=0.5", "gzip"),
    ("identity;q=0.5, *;q=0.1", ""), ("gzip;q=0, *", ""), ("gzip;q=0, *;q=0", None), ("*;q=0, identity", ""),
    ("gzip;q=2", ""), ("gzip;q=-1", ""), ("gzip;q=", ""), ("gzip;q=0.5;x=1", ""), ("gzip;level=9", ""), (",,,", ""),
    (",gzip,", "gzip"), ("gzipp", ""), ("gzip,gzip;q=0", ""), ("identity;q=1, gzip;q=1", "gzip"), ("  gzip  ", "gzip"),
    ("gzip\t", "gzip"), ("g zip", ""), ("\"gzip\"", ""), ("gzip;Q=0", ""), ("compress", ""), ("gzip;q=0.0001", ""),
)  # fmt: skip


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


@pytest.mark.both_databases
def test_gzip_is_what_the_asker_takes_and_every_representation_has_its_own_etag(
    client: FlaskClient, stories: list[PublishedArticle]
) -> None:
    assert len({text for text, _ in CODINGS}) >= 40
    wrong = []
    for path in (f"{LIST}/{stories[2].article_id}", f"{LIST}?section=city"):
        plain = client.get(path)
        packed = client.get(path, headers={"Accept-Encoding": "gzip"})
        assert gzip.decompress(packed.data) == plain.data
        assert len(packed.data) < len(plain.data) / 3
        assert plain.headers["ETag"] != packed.headers["ETag"] == f'{plain.headers["ETag"][:-1]}-gzip"'
        for text, expected in CODINGS:
            headers = {} if text is None else {"Accept-Encoding": text}
            answer, head = (client.open(path, method=method, headers=headers) for method in ("GET", "HEAD"))
            found = answer.headers.get("Content-Encoding", "") if answer.status_code == 200 else None
            right = {"gzip": packed, "": plain, None: None}[expected]
            if found != expected or (right is not None and (answer.data, answer.headers["ETag"]) != (
                right.data, right.headers["ETag"])):  # fmt: skip
                wrong.append((path, text, found))
            if expected is None:
                assert (answer.status_code, answer.json["code"]) == (406, "not_acceptable")
                continue
            assert answer.headers["Vary"] == "Accept-Encoding"
            assert head.data == b"" and head.headers["Content-Length"] == str(len(answer.data)), text
            shared = [dict(one.headers) for one in (answer, head)]
            for one in shared:
                del one["X-Request-Id"]
            assert shared[0] == shared[1], text
    assert wrong == []


def test_what_a_worker_has_not_packed_yet_goes_out_as_it_is(client: FlaskClient, database: Database) -> None:
    long = article(1, body_html="<p>Again. </p>" * 200)
    path = f"{LIST}/{long.article_id}"
    with database.transaction() as session:
        put_document(session, long, AT)
    first = client.get(path, headers={"Accept-Encoding": "gzip"})
    assert "Content-Encoding" not in first.headers
    forced = client.get(path, headers={"Accept-Encoding": "gzip, identity;q=0"})
    assert gzip.decompress(forced.data) == first.data
    with database.transaction() as session:
        reassemble(session, [long.article_id], AT + timedelta(hours=1))
    packed = client.get(path, headers={"Accept-Encoding": "gzip"})
    assert (packed.data, packed.headers["ETag"]) == (forced.data, forced.headers["ETag"])
    assert client.get(path).headers["ETag"] == first.headers["ETag"]


def test_a_date_never_hides_a_change_of_the_same_second(client: FlaskClient, database: Database) -> None:
    story = article(1)
    path = f"{LIST}/{story.article_id}"
    seen: list[tuple[str, str]] = []
    for revision in range(1, 6):
        changed = replace(story, revision=revision, title=f"Title {revision}")
        with database.transaction() as session:
            put_document(session, changed, AT + timedelta(milliseconds=revision))
        answer = client.get(path)
        for modified, etag in seen:
            asked = client.get(path, headers={"If-Modified-Since": modified})
            assert asked.status_code == 200 and asked.headers["ETag"] != etag
        modified = answer.headers["Last-Modified"]
        assert client.get(path, headers={"If-Modified-Since": modified}).status_code == 304
        # An ETag has the word where both are sent.
        both = {"If-Modified-Since": modified, "If-None-Match": '"other"'}
        assert client.get(path, headers=both).status_code == 200
        seen.append((modified, answer.headers["ETag"]))
    assert len(set(seen)) == 5


@pytest.mark.both_databases
def test_what_is_taken_away_is_gone_at_the_next_read(
    client: FlaskClient, database: Database, stories: list[PublishedArticle]
) -> None:
    first = stories[0]
    assert client.get(f"{LIST}/{first.article_id}").status_code == 200
    assert [card["number"] for card in client.get(f"{LIST}?section=world").json["data"]] == [3, 2, 1]
    with database.transaction() as session:
        withdraw_document(session, first.article_id, AT)
    for path in (first.article_id, f"en/{first.slug}"):
        answer = client.get(f"{LIST}/{path}")
        assert (answer.status_code, answer.json["code"]) == (404, "not_found")
    assert [card["number"] for card in client.get(f"{LIST}?section=world").json["data"]] == [3, 2]


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every statement that is put to the database past the sessions, from now on."""
    seen: list[str] = []
    rows = DirectReads.rows

    def counted(reads: DirectReads, statement: str, values: Any = ()) -> Any:
        seen.append(statement)
        return rows(reads, statement, values)

    monkeypatch.setattr(DirectReads, "rows", counted)
    return seen


@pytest.mark.both_databases
def test_each_plain_answer_is_one_read_of_the_database(
    client: FlaskClient, stories: list[PublishedArticle], asked: list[str]
) -> None:
    for path in (*paths(stories)[:2], LIST, f"{LIST}?section=city", f"{LIST}?section=city&locale=en"):
        asked.clear()
        assert client.get(path).status_code == 200
        assert len(asked) == 1, path


def test_every_answer_costs_as_many_reads_with_many_tags_authors_and_related_as_with_few(
    client: FlaskClient, database: Database, asked: list[str]
) -> None:
    words = tuple(f"word-{number}" for number in range(12))
    few = article(1, tags=words[:1], authors=words[:1], section=None, locale="en", published_at=AT)
    many = article(2, tags=words, authors=words, section=None, locale="kk", published_at=AT)
    others = [article(number, section=None, locale="fr", published_at=AT) for number in range(3, 12)]
    with database.transaction() as session:
        for one in (few, many, *others):
            put_document(session, one, AT)
        session.flush()
        for one, near in ((few, others[:1]), (many, others)):
            session.add_all(
                RelatedEntry(article_id=one.article_id, other_id=other.article_id, score=0.5, why=["text"])
                for other in near
            )
        session.flush()
        reassemble(session, [few.article_id, many.article_id], AT)
    spent = []
    for one in (few, many):
        asked.clear()
        for path in (f"{one.article_id}", f"{one.locale}/{one.slug}?fields=title,tags,authors,related&body=markdown",
                     f"{one.article_id}/related", f"?locale={one.locale}&include=related,translations&body=text",
                     f"?locale={one.locale}&author=word-0&tag=word-0&count=exact"):  # fmt: skip
            assert client.get(f"{LIST}/{path}".replace("/?", "?")).status_code == 200
        spent.append(len(asked))
    assert len(client.get(f"{LIST}/{many.article_id}").json["related"]) > 1
    assert spent[0] == spent[1] == 6, spent


def test_a_database_that_is_gone_is_said_so_by_both_ways(settings: Settings) -> None:
    away = replace(settings, database_url=f"sqlite+pysqlite:///{settings.home}/nowhere/copydesk.db")
    for app in (create_app(away), without_the_short_way(away)):
        for path in (LIST, f"{LIST}?section=city", f"{LIST}/en/story", f"{LIST}/{GONE}", "/content/v1/tags"):
            answer = app.test_client().get(path)
            assert (answer.status_code, answer.headers["Retry-After"]) == (503, "2"), path
            assert (answer.json["code"], answer.headers["Cache-Control"]) == ("unavailable", "private, no-store")
        end(app)


def test_caches_are_told_what_to_forget_an_answer_by(
    client: FlaskClient, database: Database, stories: list[PublishedArticle]
) -> None:
    first, *_ = stories
    told = client.get(f"{LIST}/{first.article_id}").headers
    named = {f"article-{first.article_id}", "locale-en", "section-europe", "tag-rail", "person-mei-lin", "person-jo"}
    assert set(told["Surrogate-Key"].split(" ")) == named
    assert told["Cache-Tag"] == told["Surrogate-Key"].replace(" ", ",")
    newest = client.get(f"{LIST}/{stories[-1].article_id}")
    assert f"article-{newest.json['previous']['id']}" in newest.headers["Surrogate-Key"].split()
    assert client.get(f"{LIST}?section=city&locale=en").headers["Surrogate-Key"] == "articles section-city locale-en"
    assert client.get(LIST).headers["Cache-Tag"] == "articles"
    told_by = {
        "/content/v1/tags": "tags", "/content/v1/tags/rail": "tags tag-rail", "/content/v1/lists": "lists",
        f"{LIST}/{first.article_id}/related": f"articles article-{first.article_id}",
        f"/content/v1/resolve?path=/{first.locale}/{first.slug}": "articles redirects",
    }  # fmt: skip
    with database.transaction() as session:
        session.add(Tag(id=new_id(), slug="rail", name="Rail", names={}, created_at=AT))
    assert {path: client.get(path).headers["Surrogate-Key"] for path in told_by} == told_by


def test_metrics_and_route_labels_see_both(client: FlaskClient, stories: list[PublishedArticle]) -> None:
    client.get(f"{LIST}/{stories[0].article_id}")
    client.get(f"{LIST}?section=city")
    told = client.get("/metrics").get_data(as_text=True)
    assert 'route="/content/v1/articles/<uuid:article_id>",status="200"' in told
    assert 'route="/content/v1/articles",status="200"' in told
