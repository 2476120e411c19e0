"""SQL and the language of searches in every place where a request has text: the database is sent the same statements as
for harmless text, no field is reached that is not named, and no answer is a mistake of ours (rows S34, S54 and S56)."""

import math
import re
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any
from urllib.parse import quote

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event
from werkzeug.test import TestResponse

from cms.platform.db import Database
from cms.platform.direct_reads import DirectReads
from cms.settings import Settings
from tests.draining import drain
from tests.newsroom.making import act, counts, draft

SQL = (
    "'", "''", '"', "`", "\\", "\\'", "%", "_", "';", "' --", "'#", "'/*", "*/'", "' OR '1'='1", "' OR 1=1 --",
    '" OR ""="',
    "') OR ('1'='1", "1 OR 1=1", "1' AND '1'='2", "' AND 1=(SELECT COUNT(*) FROM articles) --",
    "' UNION SELECT NULL --",
    "' UNION ALL SELECT digest, scopes FROM api_tokens --", "'; DROP TABLE articles; --",
    "'; DELETE FROM documents; --",
    "'; UPDATE articles SET state='published'; --", "'; ATTACH DATABASE 'x.db' AS x; --",
    "'; PRAGMA writable_schema=1; --",
    "' AND sqlite_version() > '0", "' AND randomblob(100000000) --", "' || pg_sleep(5) --", "'; SELECT pg_sleep(5); --",
    "' AND pg_sleep(5)='", "(SELECT pg_sleep(5))", "1; WAITFOR DELAY '0:0:5' --", "' AND BENCHMARK(9999999,MD5(1)) --",
    "'; COPY articles TO PROGRAM 'id'; --", "$$; SELECT 1; $$", "E'\\x27 OR 1=1 --", "U&'\\0027'", "?", "? OR ?", ":1",
    ":param", "%s", "%(a)s", "%%", "{0}", "$1", "CHAR(39)", "0x27", "’ OR ’1’=’1", "＇ OR 1=1", "ʼ OR 1=1", "[a,b']",
    "slug:[a,b']", "title;SELECT 1", "published_at,(SELECT 1)", "-published_at;--",
    "published_at DESC, (CASE WHEN 1=1)",
    "NULL", "null) OR (1=1", "a' COLLATE NOCASE --", "' GLOB '*", "' LIKE '%", "' ESCAPE '\\",
    "x' LIMIT 999 OFFSET 0 --",
)  # fmt: skip
SEARCHES = (
    '"', '""', '"""', '" "', "'", "(", ")", "((((((((", "a AND", "AND", "OR", "NOT", "NOT NOT a", "a OR OR b",
    "a AND NOT b",
    "+", "+a", "-", "--", "-a", "- a", "-*", "-\"", "*", "**", "?*", "a*b*c*", "*a", "a?", "a~", "a~99",
    '"a b"~9999999', "a^",
    "a^1e999", "^", ":", "::", "a:", ":a", "title:", "title:*", "tag:", "tag:\"", "section:\"", "section:*", "locale:*",
    "body:harbour", "text:harbour", "id:*", "article_id:*", "revision:*", "revision:[0 TO 9]", "_stored:x", "secret:*",
    "draft:canary", "state:draft", "password:*", "email:*", "note:canary", "fields.desk:canary", "_all:canary", "*:*",
    "[* TO *]", "[a TO z]", "{a TO z}", "[", "]", "{", "}", "published_at:[2000 TO]", "/a.*/", "/(a+)+$/", "(a+)+$",
    "\\",
    "\\\\", "a\\", "\\\"", "a\\:b", "&&", "||", "!", "!a", "<", ">", ">=2000", "a..b", "%", "%00", "\u202eabc",
    "\u200b",
    "\ufeff", "\ud7ff", "\uffff", "a\u0301" * 80, "ﷺ" * 60, "İ" * 90, "ß" * 120, "北" * 256, "🚋" * 128, "a" * 256,
    "a " * 128,
    "* " * 128, '"a ' * 64, "a-" * 128, "-a " * 85, "title:a " * 32, "a* " * 85, "\t\n\r", "a\tb\nc", "ǅ", "ﬁ", "１２",
    "١٢",
    "{{7*7}}", "${7*7}", "<script>", "../../etc/passwd", "' OR 1=1 --", "title:title:title:a", "TITLE:a",
    "ｔｉｔｌｅ:a",
    "tag:tag:", "-tag:none", "-section:none", "section:city OR section:sport", "a AND (b OR (c AND (d OR e)))",
)  # fmt: skip
CANARY = "quokkafish"
HARMLESS = "harbour"


@contextmanager
def statements(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Each statement that the application sends meanwhile, without its values."""
    sent: list[str] = []
    database: Database = app.extensions["copydesk"].database
    read = DirectReads.rows

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        # When a token was used last is written once a minute, in whichever request comes first.
        if "SET last_used_at" not in statement and statement != "BEGIN IMMEDIATE":
            sent.append(statement)

    def noted(reads: DirectReads, statement: str, values: Any = ()) -> Any:
        sent.append(statement)
        return read(reads, statement, values)

    engines = {database.writer, database.reader}
    for engine in engines:
        event.listen(engine, "before_cursor_execute", note)
    with monkeypatch.context() as patched:
        patched.setattr(DirectReads, "rows", noted)
        # Searches are counted every few seconds, in whichever request comes first then.
        patched.setattr("cms.content.search_report.counting.WRITTEN_EVERY_SECONDS", math.inf)
        yield sent
    for engine in engines:
        event.remove(engine, "before_cursor_execute", note)


def taken(seen: list[str]) -> list[str]:
    """What was sent since the last look."""
    sent = seen.copy()
    seen.clear()
    return sent


# Where a request has text that reaches the database; in the first ones nothing has the name that is asked for.
PLACES = (
    "/content/v1/articles?section={}", "/content/v1/articles?author={}", "/content/v1/articles?tag={}&count=exact",
    "/content/v1/articles?locale=en&section={}", "/content/v1/articles/en/{}", "/content/v1/sections/{}",
    "/content/v1/tags/{}", "/content/v1/people/{}", "/content/v1/search?q=harbour&section={}",
    "/api/v1/articles?section={}", "/api/v1/articles?q={}", "/api/v1/articles/{}", "/api/v1/articles/{}/revisions",
    "/api/v1/sections/{}", "/api/v1/tags/{}", "/api/v1/people/{}", "/api/v1/sources/{}", "/api/v1/receipts/{}",
    "/api/v1/roles/{}", "/api/v1/tokens/{}", "/api/v1/staff/{}", "/api/v1/audit?subject_id={}",
)  # fmt: skip
# Where a value is one of a few, or ours: whatever else is given is refused before the database is asked.
CLOSED = (
    "/content/v1/articles?sort={}", "/content/v1/articles?cursor={}", "/content/v1/articles?limit={}",
    "/content/v1/articles?count={}", "/content/v1/articles?fields={}", "/content/v1/tags?cursor={}",
    "/content/v1/search?q=a&cursor={}", "/api/v1/articles?sort={}", "/api/v1/articles?state={}",
    "/api/v1/articles?cursor={}", "/api/v1/articles?limit={}", "/api/v1/deliveries?state={}",
    "/api/v1/schedules?from={}", "/api/v1/audit?cursor={}",
)  # fmt: skip
HEADERS = (
    "If-None-Match",
    "If-Modified-Since",
    "User-Agent",
    "Referer",
    "X-Request-Id",
    "Accept-Language",
    "X-Forwarded-For",
)


def harmless(text: str) -> str:
    """A text with as many words and commas, and nothing but letters and digits in them."""
    return re.sub(r"[^A-Za-z0-9,\s]", "7", text)


def refuse_mistakes(answer: TestResponse, what: Any) -> None:
    text = answer.get_data(as_text=True)
    assert answer.status_code < 500, (what, text[:300])
    for word in ("Traceback", "sqlite3", "psycopg", "OperationalError", "SELECT ", "/cms/"):
        assert word not in text or word in str(what), (what, text[:300])


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """Without the limit of searches, which would end the lists."""
    return replace(settings, limit_search="0")


@pytest.fixture
def furnished(editor: FlaskClient, settings: Settings, database: Database) -> dict[str, Any]:
    """One article that readers see and one that holds a word that nobody may find."""
    made = draft(editor, tags=["rails"])
    assert act(editor, "publish", made["id"], 1).status_code == 200
    draft(editor, title=f"Not yet {CANARY}", slug=CANARY, tags=[CANARY], body=CANARY, fields={"desk": CANARY})
    drain(settings, database)
    return made


def test_there_are_many_of_each() -> None:
    assert len(set(SQL)) == len(SQL) >= 40
    assert len(set(SEARCHES)) == len(SEARCHES) >= 40


@pytest.mark.slow
@pytest.mark.both_databases
def test_sql_in_a_place_for_text_is_text(
    app: Flask,
    administrator: FlaskClient,
    furnished: dict[str, Any],
    database: Database,
    database_kind: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    before = counts(database)
    # Every text in every place on SQLite; on the slower database each text in a third of them, and each place a third.
    step = 3 if database_kind == "postgresql" else 1
    pairs = [(place, text) for number, place in enumerate(PLACES) for text in SQL[number % step :: step]]
    assert len({text for _, text in pairs}) == len(SQL) and {place for place, _ in pairs} == set(PLACES)
    with statements(app, monkeypatch) as seen:
        for place, text in pairs:
            answer = administrator.get(place.format(quote(text, safe="")))
            sent = Counter(taken(seen))
            refuse_mistakes(answer, (place, text))
            first = administrator.get(place.format(quote(harmless(text), safe="")))
            plain = Counter(taken(seen))
            assert plain, place
            # Refused before anything is asked, or asked with the statements of its harmless twin.
            assert answer.status_code in (first.status_code, 400, 404, 422), (place, text, answer.json)
            assert sent <= plain, (place, text, sent - plain)
            assert CANARY not in answer.get_data(as_text=True) or place.startswith("/api/"), (place, text)
    assert counts(database) == before


def test_sql_where_a_value_is_one_of_a_few_is_refused_unasked(
    app: Flask, client: FlaskClient, administrator: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    for place in CLOSED:
        asker = client if place.startswith("/content/") else administrator
        with statements(app, monkeypatch) as seen:
            for text in SQL:
                answer = asker.get(place.format(quote(text, safe="")))
                assert answer.status_code == 400, (place, text, answer.json)
                refuse_mistakes(answer, (place, text))
                # Who is asking is looked up first; the list itself is not.
                sent = taken(seen)
                assert not any("FROM articles" in one or "FROM documents" in one for one in sent), (place, text)


def test_sql_in_headers_changes_nothing(
    app: Flask, client: FlaskClient, furnished: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = f"/content/v1/articles/{furnished['id']}"
    with statements(app, monkeypatch) as plain:
        first = client.get(path)
    for text in SQL:
        sendable = quote(text, safe=" !#$%&'()*+,-./:;<=>?@[]^_`{|}~\"\\")
        for header in HEADERS:
            with statements(app, monkeypatch) as sent:
                answer = client.get(path, headers={header: sendable})
            assert (answer.status_code, answer.data) == (200, first.data), (header, text)
            assert sent == plain, (header, text)


@pytest.mark.slow
def test_no_search_is_a_mistake_of_ours_or_finds_what_is_hidden(
    client: FlaskClient, editor: FlaskClient, furnished: dict[str, Any]
) -> None:
    assert [hit["id"] for hit in client.get("/content/v1/search?q=harbour").json["data"]] == [furnished["id"]]
    for text in SEARCHES:
        for typed in (text, f"{HARMLESS} {text}", f"{text} {HARMLESS}", f"{text}{CANARY}"):
            answer = client.get(f"/content/v1/search?q={quote(typed, safe='')}")
            assert answer.status_code in (200, 400, 422), (typed, answer.status_code)
            refuse_mistakes(answer, typed)
            if answer.status_code == 200:
                assert {hit["id"] for hit in answer.json["data"]} <= {furnished["id"]}, typed
            else:
                assert answer.json["errors"][0]["pointer"] == "?q" if answer.status_code == 422 else True, typed
            refuse_mistakes(editor.get(f"/api/v1/articles?q={quote(typed, safe='')}"), typed)


def test_no_field_but_the_named_ones_is_reached_by_a_search(client: FlaskClient, furnished: dict[str, Any]) -> None:
    for field in ("id", "article_id", "revision", "text", "body", "all", "fields", "state", "slug", "number", "note"):
        for value in (furnished["id"], "1", "published", "*", furnished["slug"]):
            answer = client.get(f"/content/v1/search?q={quote(f'{field}:{value}')}")
            assert answer.status_code == 200, (field, value)
            # The field's name and the value are words like others; as the value of a field they would be found.
            assert all(hit["score"] < 1 or HARMLESS in value for hit in answer.json["data"]), (field, value)


INCLUDES = (
    "include=related,unknown", "include=related.related", "include=" + ".".join(["related"] * 100),
    "include=" + ",".join(["related"] * 200), "include=" + ",".join(f"a{number}" for number in range(100)),
    "include=authors.articles.authors", "include=translations.translations", "include=*", "include=**", "include=",
    "include=related&include=related", "include[]=related", "include[0]=related", "include[related]=1", "populate=*",
    "populate=deep", "populate[related][populate]=*", "fields=", "fields=*", "fields=*.*", "fields=titles",
    "fields=title,",
    "fields=" + ",".join(["title"] * 100), "fields=related.related.title", "fields[related]=title",
    "fields[articles]=title,body", "fields=authors.email", "expand=related", "expand[]=related", "embed=related",
    "with=related", "depth=99", "depth=-1", "levels=9", "nested=true", "select=*", "select=title,(related(*))",
    "query={articles{related{related{id}}}}", "_embed=related", "_expand=related", "relations=all", "join=related",
    "aggregate[count]=*", "group_by=section", "filter[related][related][id]=1", "sort=related.related.title",
)  # fmt: skip


def test_nothing_is_included_in_itself_and_each_request_has_its_number_of_statements(
    app: Flask, client: FlaskClient, editor: FlaskClient, settings: Settings, database: Database,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    assert len(set(INCLUDES)) >= 40
    paths = ("/content/v1/articles", "/content/v1/articles/{id}", "/content/v1/articles/{id}/related",
             "/content/v1/search?q=bridge", "/content/v1/tags", "/content/v1/people",
    "/content/v1/sections")  # fmt: skip
    costs: list[list[int]] = []
    for number in range(6):
        made = draft(editor, title=f"Bridge {number}", tags=["rails", f"tag-{number}", f"other-{number}"])
        assert act(editor, "publish", made["id"], 1).status_code == 200
        drain(settings, database)
        if number in (1, 5):
            costs.append([])
            for path in paths:
                with statements(app, monkeypatch) as sent:
                    assert client.get(path.format(id=made["id"])).status_code == 200
                costs[-1].append(len(sent))
    assert costs[0] == costs[1]
    assert max(costs[0]) <= 2, dict(zip(paths, costs[0], strict=True))
    for path in paths:
        for query in INCLUDES:
            separator = "&" if "?" in path else "?"
            with statements(app, monkeypatch) as sent:
                answer = client.get(path.format(id=made["id"]) + separator + query)
            assert (answer.status_code, answer.json["code"]) == (400, "bad_request"), (path, query)
            assert sent == [], (path, query)
