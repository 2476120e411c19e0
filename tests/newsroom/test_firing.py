"""What happens at the instants of schedules: which revision is shown, what is missed and what is told of it."""

import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from threading import Barrier, Thread
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import event, select, update
from sqlalchemy.exc import OperationalError

from cms.audit.models import AuditEntry
from cms.content.models import Document
from cms.events.models import Letter
from cms.identity.models import ApiToken
from cms.identity.rules import digest
from cms.newsroom.models import Article, Revision, RevisionText
from cms.newsroom.revisions.packing import pack_text
from cms.newsroom.schedules.firing import Round, fire, fire_due
from cms.newsroom.schedules.models import Appointment
from cms.newsroom.schedules.queries import due, punctuality
from cms.platform.clock import rfc3339
from cms.platform.db import Database
from tests.newsroom.appointing import BEGAN, Clock, in_hours, live, put, schedule, state
from tests.newsroom.making import act, draft, patch


@pytest.mark.both_databases
def test_an_article_is_published_and_taken_away_at_its_instants(
    editor: FlaskClient, client: FlaskClient, database: Database, clock: Clock
) -> None:
    made = draft(editor)
    answer = put(editor, made["id"], publish_at="2026-11-02T15:00", unpublish_at=in_hours(5), timezone="Asia/Almaty")
    assert (answer.status_code, answer.headers["ETag"]) == (200, '"1"')
    told = answer.json
    assert (told["state"], told["revision"], told["publish_at"]) == ("waiting", 2, "2026-11-02T10:00:00Z")
    assert told["local"]["publish_at"] == "2026-11-02T15:00:00+05:00"
    assert [(one["does"], one["state"]) for one in told["appointments"]] == [
        ("publish", "waiting"), ("unpublish", "waiting"),
    ]  # fmt: skip
    assert {**schedule(editor, made["id"]), "warnings": told["warnings"]} == told
    assert state(editor, made["id"]) == "scheduled"
    assert editor.get(answer.headers["Location"]).json["event"]["type"] == "article.scheduled"
    assert fire_due(database, clock) == Round()
    clock.wait(hours=2)
    assert live(client, made["id"]) is None
    clock.wait(seconds=3)
    assert fire_due(database, clock) == Round(done=1)
    shown = live(client, made["id"])
    assert (shown["title"], shown["published_at"]) == (made["title"], "2026-11-02T10:00:00Z")
    assert state(editor, made["id"]) == "published"
    after = schedule(editor, made["id"])
    assert [(one["state"], one["late_seconds"]) for one in after["appointments"]] == [("done", 3.0), ("waiting", None)]
    assert fire_due(database, clock) == Round()
    clock.wait(hours=3)
    assert fire_due(database, clock) == Round(done=1)
    assert live(client, made["id"]) is None
    assert schedule(editor, made["id"])["state"] == "done"


def test_what_is_published_is_the_revision_that_was_scheduled(
    editor: FlaskClient, client: FlaskClient, database: Database, clock: Clock
) -> None:
    made = draft(editor, title="As it was read and approved")
    put(editor, made["id"], publish_at=in_hours(1))
    assert schedule(editor, made["id"])["has_later_changes"] is False
    revision = editor.get(f"/api/v1/articles/{made['id']}").json["revision"]
    patch(editor, made["id"], revision, title="Half an edit", body="Not ready.")
    assert schedule(editor, made["id"])["has_later_changes"] is True
    clock.wait(hours=1)
    assert fire_due(database, clock).done == 1
    shown = live(client, made["id"])
    assert (shown["title"], "bridge" in shown["body"]["html"]) == ("As it was read and approved", True)
    working = editor.get(f"/api/v1/articles/{made['id']}").json
    assert (working["title"], working["state"], working["has_unpublished_changes"]) == (
        "Half an edit", "published", True,
    )  # fmt: skip
    # Every revision still holds what stood there then, and the edit can be published on top.
    with database.reading() as session:
        rows = session.scalars(select(Revision).where(Revision.article_id == made["id"]))
        titles = {row.revision: row.content["title"] for row in rows}
    assert titles[working["published_revision"]] == "As it was read and approved"
    assert titles[working["revision"]] == "Half an edit"
    assert act(editor, "publish", made["id"], working["revision"]).status_code == 200
    assert live(client, made["id"])["title"] == "Half an edit"


def test_changes_of_a_published_article_can_be_scheduled(
    editor: FlaskClient, client: FlaskClient, database: Database, clock: Clock
) -> None:
    made = draft(editor)
    act(editor, "publish", made["id"], 1)
    assert put(editor, made["id"], publish_at=in_hours(1)).json["code"] == "already_published"
    patch(editor, made["id"], 2, title="What everybody will know tomorrow")
    assert put(editor, made["id"], publish_at=in_hours(1)).status_code == 200
    assert live(client, made["id"])["title"] == made["title"]
    began = live(client, made["id"])["published_at"]
    clock.wait(hours=1)
    assert fire_due(database, clock).done == 1
    shown = live(client, made["id"])
    assert (shown["title"], shown["published_at"]) == ("What everybody will know tomorrow", began)


@pytest.mark.both_databases
def test_what_is_refused_at_its_instant_is_missed_with_its_reason(
    editor: FlaskClient, client: FlaskClient, database: Database, clock: Clock
) -> None:
    made = draft(editor, slug="the-one-slug")
    put(editor, made["id"], publish_at=in_hours(1), unpublish_at=in_hours(9))
    with database.transaction() as session:
        # Another article shows the slug to readers meanwhile.
        session.execute(update(Article).where(Article.id == made["id"]).values(slug="moved"))
    other = draft(editor, slug="the-one-slug")
    act(editor, "publish", other["id"], 1)
    clock.wait(hours=1)
    assert fire_due(database, clock) == Round(missed=1)
    assert fire_due(database, clock) == Round()
    told = schedule(editor, made["id"])
    [missed, waiting] = told["appointments"]
    assert (told["state"], missed["state"], missed["problem"]["code"]) == ("missed", "missed", "slug_taken")
    assert (missed["problem"]["status"], "the-one-slug" in missed["problem"]["detail"]) == (409, True)
    assert waiting["state"] == "waiting"
    assert state(editor, made["id"]) not in ("scheduled", "published")
    [entry] = editor.get("/api/v1/schedules?state=missed").json["data"]
    assert (entry["subject"]["id"], entry["problem"]["code"]) == (made["id"], "slug_taken")
    with database.reading() as session:
        letter = session.scalars(select(Letter).where(Letter.type == "schedule.missed")).one()
        noted = session.scalars(select(AuditEntry).where(AuditEntry.action == "schedule.missed")).one()
    assert (letter.subject, letter.data) == (made["id"], {"does": "publish", "code": "slug_taken"})
    assert (noted.outcome, noted.credential.startswith("schedule:")) == ("refused", True)
    metrics = client.get("/metrics").get_data(as_text=True)
    assert 'copydesk_appointments{state="missed"} 1.0' in metrics
    # Whoever puts it right schedules it again, on the version that says what went wrong.
    act(editor, "unpublish", other["id"], 2)
    version = int(editor.get(f"/api/v1/articles/{made['id']}/schedule").headers["ETag"].strip('"'))
    assert put(editor, made["id"], version, publish_at=in_hours(2)).status_code == 200
    clock.wait(hours=1)
    assert fire_due(database, clock) == Round(done=1)
    assert live(client, made["id"]) is not None


def test_one_that_is_not_ready_at_its_instant_is_missed_and_names_what_readers_would_miss(
    editor: FlaskClient, database: Database, clock: Clock
) -> None:
    made = draft(editor)
    assert put(editor, made["id"], publish_at=in_hours(1)).status_code == 200
    with database.transaction() as session:
        # What is not ready is not scheduled; by its instant the rules may be others.
        session.execute(update(RevisionText).values(packed=pack_text("")))
    clock.wait(hours=1)
    assert fire_due(database, clock) == Round(missed=1)
    [missed] = schedule(editor, made["id"])["appointments"]
    assert [error["pointer"] for error in missed["problem"]["errors"]] == ["/body"]


def test_one_that_cannot_be_done_does_not_keep_the_others(
    editor: FlaskClient, client: FlaskClient, database: Database, clock: Clock
) -> None:
    broken, good = draft(editor), draft(editor)
    for made in (broken, good):
        put(editor, made["id"], publish_at=in_hours(1))
    with database.transaction() as session:
        # Nothing that the product does leads here; a revision that cannot be read stands for every surprise.
        session.execute(update(Revision).where(Revision.article_id == broken["id"]).values(packed=b"rubbish"))
    clock.wait(hours=1)
    assert fire_due(database, clock) == Round(done=1, missed=1)
    assert live(client, good["id"]) is not None
    [missed] = schedule(editor, broken["id"])["appointments"]
    assert missed["problem"]["code"] == "internal"


@pytest.mark.both_databases
def test_what_the_database_fails_to_do_is_tried_again_by_itself_and_keeps_nothing_else_from_its_instant(
    editor: FlaskClient, client: FlaskClient, database: Database, clock: Clock
) -> None:
    broken, good, later = draft(editor), draft(editor), draft(editor)
    for made, hours in ((broken, 1), (good, 1), (later, 2)):
        put(editor, made["id"], publish_at=in_hours(hours))
    clock.wait(hours=1)
    with failing_for(database, broken["id"]):
        assert fire_due(database, clock, limit=1) == Round(put_off=1, is_more=True)
        assert fire_due(database, clock) == Round(done=1)
        assert live(client, good["id"]) is not None
        told = schedule(editor, broken["id"])
        [waits] = told["appointments"]
        assert (told["state"], waits["state"], waits["failures"]) == ("waiting", "waiting", 1)
        assert (waits["problem"]["code"], waits["next_try_at"]) == (
            "unavailable",
            rfc3339(clock() + timedelta(seconds=1)),
        )
        assert "copydesk_appointments_failing 1.0" in client.get("/metrics").get_data(as_text=True)
        pauses = []
        for _ in range(11):
            clock.at = datetime.fromisoformat(schedule(editor, broken["id"])["appointments"][0]["next_try_at"])
            assert fire_due(database, clock) == Round(put_off=1)
            with database.reading() as session:
                pauses.append(session.scalars(select(Appointment.next_try_at).where(Appointment.failures > 0)).one())
            pauses[-1] = (pauses[-1] - clock()).total_seconds()
        assert pauses == [2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300]
        clock.at = BEGAN + timedelta(hours=2)
        assert fire_due(database, clock).done == 1
        assert live(client, later["id"]) is not None
    clock.wait(minutes=5)
    assert fire_due(database, clock) == Round(done=1)
    assert live(client, broken["id"])["published_at"] == in_hours(1)
    [done] = schedule(editor, broken["id"])["appointments"]
    assert (done["state"], done["problem"], done["next_try_at"]) == ("done", None, None)
    with database.reading() as session:
        assert punctuality(session, clock()).failing == 0


def test_a_database_that_can_write_nothing_is_no_fault_of_an_appointment(
    editor: FlaskClient, client: FlaskClient, database: Database, clock: Clock
) -> None:
    made = draft(editor)
    put(editor, made["id"], publish_at=in_hours(1))
    clock.wait(hours=1)
    with failing_for(database, ""), pytest.raises(OperationalError):
        fire_due(database, clock)
    [waits] = schedule(editor, made["id"])["appointments"]
    assert (waits["state"], waits["failures"], waits["problem"]) == ("waiting", 0, None)
    assert fire_due(database, clock) == Round(done=1)


@contextmanager
def failing_for(database: Database, article_id: str) -> Iterator[None]:
    """Let the driver fail whenever it is to show an article to readers, as at a bad sector or a limit of the server; at
    every change, where no article is named."""

    def fail(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_more: Any) -> None:
        is_meant = statement.startswith("INSERT INTO documents ") if article_id else statement.startswith("UPDATE")
        if is_meant and article_id.replace("-", "") in str(parameters).replace("-", ""):
            raise OperationalError(statement, None, sqlite3.OperationalError("disk I/O error"))

    event.listen(database.writer, "before_cursor_execute", fail)
    try:
        yield
    finally:
        event.remove(database.writer, "before_cursor_execute", fail)


@pytest.mark.both_databases
def test_what_was_due_while_nothing_ran_is_done_at_the_start(
    editor: FlaskClient, client: FlaskClient, database: Database, clock: Clock
) -> None:
    made = [draft(editor) for _ in range(30)]
    for place, one in enumerate(made):
        put(editor, one["id"], publish_at=rfc3339(BEGAN + timedelta(minutes=1 + place)))
    clock.wait(days=3)
    rounds = [fire_due(database, clock)]
    while rounds[-1].is_more:
        rounds.append(fire_due(database, clock))
    assert [one.done for one in rounds] == [25, 5]
    listed = client.get("/content/v1/articles?limit=100").json["data"]
    assert [one["id"] for one in listed] == [one["id"] for one in reversed(made)]
    # Readers are told the instants that were promised.
    assert listed[-1]["published_at"] == "2026-11-02T08:01:00Z"
    metrics = client.get("/metrics").get_data(as_text=True)
    assert 'copydesk_schedule_lateness_seconds_bucket{le="+Inf"} 30.0' in metrics
    assert 'copydesk_schedule_lateness_seconds_bucket{le="3600.0"} 0.0' in metrics


@pytest.mark.slow
@pytest.mark.both_databases
def test_three_sweepers_at_once_publish_each_article_once(
    editor: FlaskClient, database: Database, clock: Clock, settings: Any
) -> None:
    made = [draft(editor)["id"] for _ in range(24)]
    for article_id in made:
        put(editor, article_id, publish_at=in_hours(1))
    clock.wait(hours=1, seconds=1)
    start, done, failures = Barrier(3), Counter[str](), list[Exception]()

    def sweep() -> None:
        own = Database(settings.database, is_durable=True)
        start.wait()
        try:
            with own.reading() as session:
                found = due(session, clock(), 100)
            for one in found:
                done[fire(own, one, clock)] += 1
            while fire_due(own, clock).done:
                pass
        except Exception as error:  # noqa: BLE001  # raised again in the test's own thread
            failures.append(error)
        finally:
            own.dispose()

    threads = [Thread(target=sweep) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    print(f"outcomes of three sweepers: {dict(done)}")
    with database.reading() as session:
        letters = session.scalars(select(Letter.subject).where(Letter.type == "article.published")).all()
        assert Counter(letters) == Counter(made)
        assert Counter(session.scalars(select(Appointment.state))) == {"done": 24}
        assert set(session.scalars(select(Document.article_id))) == set(made)
    assert done["missed"] == 0


def test_what_an_editor_has_in_hand_waits_for_the_next_round(
    editor: FlaskClient, database: Database, clock: Clock
) -> None:
    made = draft(editor)
    put(editor, made["id"], publish_at=in_hours(1))
    clock.wait(hours=1)
    with database.reading() as session:
        [one] = due(session, clock(), 10)
    # It was put off between the look and the act.
    put(editor, made["id"], 1, publish_at=in_hours(2))
    assert fire(database, one, clock) == "left"
    assert state(editor, made["id"]) == "scheduled"
    clock.wait(hours=1)
    assert fire_due(database, clock) == Round(done=1)
    assert fire(database, one, clock) == "left"


@pytest.mark.parametrize(
    ("verb", "left"),
    [
        ("publish", {"publish": "ended", "unpublish": "waiting"}),
        ("delete", {"publish": "ended", "unpublish": "ended"}),
    ],
)
def test_what_an_editor_does_by_hand_ends_what_it_makes_pointless(
    editor: FlaskClient, client: FlaskClient, database: Database, clock: Clock, verb: str, left: dict[str, str]
) -> None:
    made = draft(editor)
    put(editor, made["id"], publish_at=in_hours(1), unpublish_at=in_hours(2))
    if verb == "publish":
        assert act(editor, "publish", made["id"], 2).status_code == 200
    else:
        assert editor.delete(f"/api/v1/articles/{made['id']}", headers={"If-Match": '"2"'}).status_code == 204
    with database.reading() as session:
        rows = session.execute(select(Appointment.does, Appointment.state)).all()
    assert dict([tuple(row) for row in rows]) == left
    clock.wait(hours=1)
    assert fire_due(database, clock) == Round()


def test_an_article_that_was_taken_away_by_hand_does_not_come_back(
    editor: FlaskClient, client: FlaskClient, database: Database, clock: Clock
) -> None:
    made = draft(editor)
    act(editor, "publish", made["id"], 1)
    patch(editor, made["id"], 2, dek="More")
    put(editor, made["id"], publish_at=in_hours(1), unpublish_at=in_hours(2))
    assert act(editor, "unpublish", made["id"], 4).status_code == 200
    clock.wait(hours=3)
    assert fire_due(database, clock) == Round()
    assert live(client, made["id"]) is None


def test_the_decision_stands_when_the_one_who_made_it_is_gone(
    editor: FlaskClient, client: FlaskClient, database: Database, clock: Clock
) -> None:
    made = draft(editor)
    put(editor, made["id"], publish_at=in_hours(1))
    who = schedule(editor, made["id"])["scheduled_by"]
    with database.transaction() as session:
        token = editor.environ_base["HTTP_AUTHORIZATION"].removeprefix("Bearer ")
        values = {"revoked_at": clock(), "role": "viewer"}
        session.execute(update(ApiToken).where(ApiToken.digest == digest(token)).values(**values))
    clock.wait(hours=1)
    assert fire_due(database, clock) == Round(done=1)
    assert live(client, made["id"]) is not None
    with database.reading() as session:
        published = session.scalars(select(AuditEntry).where(AuditEntry.action == "article.published")).one()
        row = session.scalars(select(Appointment)).one()
    assert {"kind": published.actor_kind, "id": published.actor_id} == who
    assert published.credential == f"schedule:{row.number}"
