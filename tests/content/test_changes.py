"""The changes that apps follow: nothing is stepped over, nothing is told that readers do not see, the past is kept."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import datetime, timedelta
from threading import Event, Thread
from typing import Any

import orjson
import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select

from cms.app import create_app
from cms.content.addressing import Pages
from cms.content.assembling import reassemble
from cms.content.audience import put_counts
from cms.content.burying import lift_tombstone, put_tombstone
from cms.content.changes.models import DocumentVersion
from cms.content.changes.queries import Position, beginning
from cms.content.changes.rules import DELETED, TAKEN_DOWN
from cms.content.changes.telling import MOST_LOOKS, Teller, followed
from cms.content.deriving import set_reading_times
from cms.content.grouping import Kinship
from cms.content.models import RelatedEntry
from cms.content.publishing import PublishedArticle, put_document, withdraw_document
from cms.content.rules import AudienceCounts
from cms.platform.clock import now, rfc3339
from cms.platform.db import Database
from cms.platform.ids import new_id
from cms.platform.keys import load_keys
from cms.settings import Settings
from tests.content.making import article
from workers.due import forget_old

CHANGES = "/content/v1/changes"
LONG_AGO = now() - timedelta(days=3)
STREAM = {"Accept": "text/event-stream"}


def put(database: Database, story: PublishedArticle, at: datetime = LONG_AGO) -> None:
    with database.transaction() as session:
        put_document(session, story, at)


def withdraw(database: Database, story: PublishedArticle, at: datetime = LONG_AGO, why: str = DELETED) -> None:
    with database.transaction() as session:
        withdraw_document(session, story.article_id, at, why)


def take_down(database: Database, story: PublishedArticle, at: datetime = LONG_AGO) -> None:
    with database.transaction() as session:
        withdraw_document(session, story.article_id, at, TAKEN_DOWN)
        put_tombstone(session, story.article_id, story.locale, story.slug, "A court said so.", at)


def told(client: FlaskClient, since: str | None = None) -> tuple[list[tuple[str, str]], str]:
    answer = client.get(CHANGES, query_string={"limit": 100, **({"since": since} if since else {})})
    assert answer.status_code == 200, answer.json
    names = [(one["type"].removeprefix("article."), one["subject"]) for one in answer.json["data"]]
    return names, answer.json["page"]["next_cursor"]


def test_each_article_is_told_once_as_readers_see_it_last(client: FlaskClient, database: Database) -> None:
    one, two, three = (article(number) for number in (1, 2, 3))
    for story in (one, two, three):
        put(database, story)
    put(database, replace(one, title="A better title", revision=2))
    withdraw(database, two)
    take_down(database, three)
    assert told(client)[0] == [
        ("updated", one.article_id),
        ("deleted", two.article_id),
        ("taken_down", three.article_id),
    ]
    events = client.get(CHANGES).json["data"]
    assert events[0]["data"]["article"] == client.get(f"/content/v1/articles/{one.article_id}").json
    stone = {"id": two.article_id, "locale": "en", "slug": "story-2", "at": rfc3339(LONG_AGO)}
    assert events[1]["data"] == {"tombstone": stone}
    assert events[2]["data"]["tombstone"]["reason"] == "A court said so."
    assert events[0]["specversion"] == "1.0" and events[0]["source"].endswith("/content/v1")


def test_there_is_always_a_cursor_and_it_goes_on_from_where_it_was(client: FlaskClient, database: Database) -> None:
    nothing, cursor = told(client)
    assert nothing == [] and cursor
    stories = [article(number) for number in range(1, 8)]
    for story in stories:
        put(database, story)
    named, steps = [], 0
    has_more = True
    while has_more:
        page = client.get(CHANGES, query_string={"since": cursor, "limit": 3}).json
        named += [one["subject"] for one in page["data"]]
        cursor, has_more = page["page"]["next_cursor"], page["page"]["has_more"]
        steps += 1
    assert (named, steps) == ([story.article_id for story in stories], 3)
    assert told(client, cursor) == ([], cursor)
    other_list = client.get("/content/v1/articles?limit=1").json["page"]["next_cursor"]
    for broken in ("x", cursor[:-1], cursor + "A", other_list):
        assert client.get(CHANGES, query_string={"since": broken}).json["code"] == "bad_cursor"


def test_who_wants_the_past_not_begins_now(client: FlaskClient, database: Database) -> None:
    put(database, article(1))
    nothing, cursor = told(client, "now")
    later = article(2)
    put(database, later)
    events, _ = told(client, cursor)
    assert (nothing, events) == ([], [("published", later.article_id)])
    assert len(told(client)[0]) == 2


def test_what_comes_by_itself_is_told_and_what_is_of_others_is_not(client: FlaskClient, database: Database) -> None:
    story, beside = article(1), article(2)
    put(database, story)
    cursor = told(client)[1]
    put(database, beside)
    reading_time = {"minutes": 1, "words": 4, "characters": 0, "images": 0, "label": "1 min read"}
    with database.transaction() as session:
        put_counts(session, {story.article_id: AudienceCounts(bookmarks=3, comments=1)}, LONG_AGO)
    assert client.get(f"/content/v1/articles/{story.article_id}").json["bookmarks"] == {"count": 3}
    names, cursor = told(client, cursor)
    assert names == [("published", beside.article_id)]
    with database.transaction() as session:
        set_reading_times(session, {story.article_id: (1, reading_time)}, LONG_AGO)
    assert told(client, cursor)[0] == [("updated", story.article_id)]
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(DocumentVersion)) == 0


@pytest.mark.both_databases
def test_what_readers_saw_is_answered_for_each_instant(client: FlaskClient, database: Database) -> None:
    story = article(1)
    path, hour = f"/content/v1/articles/{story.article_id}", timedelta(hours=1)
    put(database, story, LONG_AGO)
    put(database, replace(story, title="Second", slug="second", revision=2), LONG_AGO + 2 * hour)
    withdraw(database, story, LONG_AGO + 4 * hour)
    put(database, replace(story, title="Third", revision=3), LONG_AGO + 6 * hour)

    def seen(hours: int, at: str = path) -> Any:
        answer = client.get(at, query_string={"as_of": rfc3339(LONG_AGO + hours * hour), "fields": "title"})
        return answer.json["title"] if answer.status_code == 200 else answer.status_code

    assert [seen(hours) for hours in (-1, 0, 1, 2, 3, 4, 5, 6, 7)] == [
        404, story.title, story.title, "Second", "Second", 404, 404, "Third", "Third",
    ]  # fmt: skip
    first, second = (f"/content/v1/articles/en/{slug}" for slug in (story.slug, "second"))
    assert [seen(hours, first) for hours in (1, 3, 7)] == [story.title, 404, "Third"]
    assert [seen(hours, second) for hours in (1, 3, 7)] == [404, "Second", 404]
    whole = client.get(path, query_string={"as_of": rfc3339(LONG_AGO + hour)})
    assert whole.json["body"] == {"html": story.body_html} and whole.headers["Surrogate-Key"].startswith("article-")
    for wrong in ({"as_of": rfc3339(now() + hour)}, {"as_of": "then"}, {"as_of": rfc3339(LONG_AGO), "locale": "kk"}):
        assert client.get(path, query_string=wrong).status_code == 400

    take_down(database, story, LONG_AGO + 8 * hour)
    assert [seen(hours) for hours in (1, 3, 7, 9)] == [410] * 4
    with database.transaction() as session:
        lift_tombstone(session, story.article_id)
    put(database, replace(story, revision=4), LONG_AGO + 10 * hour)
    assert [seen(hours) for hours in (1, 7, 9, 11)] == [404, 404, 404, story.title]


@pytest.mark.both_databases
def test_the_past_does_not_name_what_was_taken_down_since(client: FlaskClient, database: Database) -> None:
    hour, group = timedelta(hours=1), new_id()
    whole = article(2, slug="whole", title="Whole", kinship=Kinship(group))
    before, after = (article(number, title=f"Secret {number}", slug=f"secret-{number}") for number in (1, 3))
    shown = Kinship(group, whole.article_id)
    variants = [
        article(number, locale=locale, title=f"Secret {number}", slug=slug, kinship=shown)
        for number, locale, slug in ((4, "kk", "қала"), (5, "ru", "secret-5"))
    ]
    secret = [before, after, *variants]
    for story in (whole, *secret):
        put(database, story)
    with database.transaction() as session:
        session.add(RelatedEntry(article_id=whole.article_id, other_id=before.article_id, score=0.5, why=["text"]))
        session.flush()
        reassemble(session, [whole.article_id, variants[0].article_id], LONG_AGO)
    put(database, replace(whole, title="Whole again", revision=2), LONG_AGO + 2 * hour)
    put(database, replace(variants[0], title="Secret again", revision=2), LONG_AGO + 2 * hour)
    path, past = f"/content/v1/articles/{whole.article_id}", {"as_of": rfc3339(LONG_AGO + hour)}
    then = client.get(path, query_string=past)
    assert then.json["title"] == "Whole" and then.text.count("Secret") == 5
    assert {one["locale"] for one in then.json["translations"]} == {"kk", "ru"}
    take_down(database, variants[1], LONG_AGO + 3 * hour)
    assert [one["locale"] for one in client.get(path, query_string=past).json["translations"]] == ["kk"]
    take_down(database, whole, LONG_AGO + 3 * hour)
    other = client.get(f"/content/v1/articles/{variants[0].article_id}", query_string=past)
    assert other.json["title"] == "Secret 4" and "hole" not in other.text
    with database.transaction() as session:
        lift_tombstone(session, whole.article_id)
    put(database, replace(whole, title="Whole", revision=3), LONG_AGO + 4 * hour)
    with database.transaction() as session:
        session.add(RelatedEntry(article_id=whole.article_id, other_id=before.article_id, score=0.5, why=["text"]))
        session.flush()
        reassemble(session, [whole.article_id], LONG_AGO + 4 * hour)
    put(database, replace(whole, title="Whole again", revision=4), LONG_AGO + 6 * hour)
    past = {"as_of": rfc3339(LONG_AGO + 5 * hour)}
    assert client.get(path, query_string=past).text.count("Secret") == 4
    for story in (before, after, variants[0]):
        take_down(database, story, LONG_AGO + 7 * hour)
    last = client.get(path, query_string=past)
    assert last.json["title"] == "Whole" and "ecret" not in last.text and "қала" not in last.text
    assert (last.json["previous"], last.json["next"], last.json["related"]) == (None, None, [])


@pytest.mark.both_databases
def test_who_stayed_away_too_long_is_told_to_begin_again(
    client: FlaskClient, settings: Settings, database: Database
) -> None:
    kept, gone, late = (article(number) for number in (1, 2, 3))
    for story in (gone, kept):
        put(database, story)
    before = told(client)[1]
    put(database, replace(kept, title="Another", revision=2))
    withdraw(database, gone)
    after = told(client)[1]
    # Whoever began with nothing never had what was gone by then, however far they are.
    put(database, late)
    midway = client.get(f"{CHANGES}?limit=1").json["page"]["next_cursor"]
    assert "changes" not in forget_old(settings, database, now())
    later = LONG_AGO + timedelta(days=settings.changes_kept_days, minutes=1)
    forgotten = forget_old(settings, database, later)
    assert (forgotten["changes"], forgotten["document_versions"]) == (1, 2)
    answer = client.get(CHANGES, query_string={"since": before})
    assert (answer.status_code, answer.json["code"]) == (410, "cursor_too_old")
    stream = client.get(CHANGES, headers={**STREAM, "Last-Event-ID": before})
    assert (stream.status_code, stream.json["code"]) == (410, "cursor_too_old")
    assert told(client, after)[0] == told(client, midway)[0] == [("published", late.article_id)]
    assert {subject for _, subject in told(client)[0]} == {kept.article_id, late.article_id}
    # A number is never given twice, so a cursor from before never hides what comes.
    cursor = told(client)[1]
    withdraw(database, late)
    assert forget_old(settings, database, later)["changes"] == 1
    put(database, gone)
    assert told(client, told(client)[1])[0] == []
    assert client.get(CHANGES, query_string={"since": cursor}).status_code == 410
    # After a backup was brought back, whoever had followed further than it goes has what nobody published.
    teller = Teller(database.direct, load_keys(settings), Pages(""), "")
    ahead = teller.cursor(Position(beginning(teller.reads).harmless + 1, 0))
    assert client.get(CHANGES, query_string={"since": ahead}).json["code"] == "cursor_too_old"


@pytest.mark.slow
@pytest.mark.postgresql
@pytest.mark.both_databases
def test_no_change_is_stepped_over_whose_transaction_is_still_open(
    client: FlaskClient, database: Database, database_kind: str
) -> None:
    first, second = article(1), article(2)
    has_number, may_commit, second_begins = Event(), Event(), Event()

    def slow() -> None:
        with database.transaction() as session:
            put_document(session, first, LONG_AGO)
            has_number.set()
            may_commit.wait(20)

    def fast() -> None:
        second_begins.set()
        put(database, second)

    threads = [Thread(target=slow), Thread(target=fast)]
    threads[0].start()
    assert has_number.wait(20)
    threads[1].start()
    assert second_begins.wait(20)
    threads[1].join(0.3)
    # The second one has not overtaken the first, or a reader could stand behind a change that is yet to come.
    names, cursor = told(client)
    assert names == [] and threads[1].is_alive(), database_kind
    may_commit.set()
    for thread in threads:
        thread.join(20)
    assert told(client, cursor)[0] == [("published", first.article_id), ("published", second.article_id)]


def blocks(chunks: Iterator[bytes]) -> Iterator[dict[str, str]]:
    for chunk in chunks:
        yield dict(line.split(": ", 1) for line in chunk.decode().strip().splitlines() if not line.startswith(":"))


def test_a_stream_tells_what_happens_and_goes_on_where_it_was_broken_off(
    client: FlaskClient, settings: Settings, database: Database
) -> None:
    first, second = article(1), article(2)
    put(database, first)
    teller = Teller(database.direct, load_keys(settings), Pages(""), "https://cms.example.org/content/v1")
    pauses: list[float] = []

    def pause(seconds: float) -> bool:
        pauses.append(seconds)
        if len(pauses) == 3:
            put(database, second)
        return False

    came = [one for one in blocks(followed(teller, beginning(teller.reads), pause)) if "id" in one]
    assert [(one["event"], orjson.loads(one["data"])["subject"]) for one in came] == [
        ("article.published", first.article_id),
        ("article.published", second.article_id),
    ]
    # It ended by itself, after looking once a second.
    assert len(pauses) == MOST_LOOKS and set(pauses) == {1.0}
    assert told(client, came[0]["id"])[0] == [("published", second.article_id)]
    resumed = client.get(f"{CHANGES}?since={came[1]['id']}", headers={**STREAM, "Last-Event-ID": came[0]["id"]})
    with closing(resumed.response):
        chunks = blocks(iter(resumed.response))  # type: ignore[arg-type]  # werkzeug's stream of bytes
        assert next(chunks) == {"retry": "2000"}
        event = next(chunks)
    resumed.close()
    assert orjson.loads(event["data"])["subject"] == second.article_id and event["id"] == came[1]["id"]
    assert resumed.content_type == "text/event-stream; charset=utf-8" and resumed.headers["Cache-Control"] == "no-store"


def test_streams_are_counted_and_leave_their_place_when_they_end(settings: Settings, database: Database) -> None:
    put(database, article(1))
    for threads, wanted, most in ((4, 2, 2), (2, 5, 1), (1, 1, 0), (4, 0, 0)):
        app = create_app(replace(settings, api_threads=threads, change_streams=wanted))
        client = app.test_client()
        open_ones = [client.get(CHANGES, headers=STREAM) for _ in range(most)]
        assert {one.status_code for one in open_ones} <= {200}
        refused = client.get(CHANGES, headers=STREAM)
        assert (refused.status_code, refused.headers["Retry-After"]) == (503, "10")
        # Whoever asks for JSON, or for anything, is not kept waiting.
        for accept in ("application/json", "*/*", "text/html", "text/event-stream;q=0.5, application/json"):
            answer = client.get(CHANGES, headers={"Accept": accept})
            assert answer.status_code == 200 and answer.mimetype == "application/json", accept
            assert answer.headers["Vary"] == "Accept-Encoding, Accept"
        for one in open_ones:
            one.close()
        for _ in range(most + 1 if most else 0):
            assert client.head(CHANGES, headers=STREAM).status_code == 200
            client.get(CHANGES, headers=STREAM).close()
        app.extensions["copydesk"].database.dispose()
        app.extensions["copydesk"].index.close()
