"""Receipts, deliveries and what a person decides about dead letters, over HTTP and on both databases."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from cms.audit.models import AuditEntry
from cms.events.at_once import done_at_once
from cms.events.deliveries import begin, close, fail, hold
from cms.events.models import Delivery
from cms.events.subscriptions import ATTEMPTS_BEFORE_DEAD
from cms.platform.clock import now
from cms.platform.db import Database
from tests.newsroom.making import OWED, act, draft

UNKNOWN = "01890a5d-ac96-774b-bcce-b302099a8057"


def publish(editor: FlaskClient) -> str:
    """Publish one article; gives the path of its receipt."""
    answer = act(editor, "publish", draft(editor)["id"], 1)
    assert answer.status_code == 200
    return answer.headers["Location"]


def number_of(database: Database, subscription: str) -> int:
    with database.reading() as session:
        return session.scalars(select(Delivery.number).where(Delivery.subscription == subscription)).one()


def bury(database: Database, number: int) -> None:
    at = now()
    for _ in range(ATTEMPTS_BEFORE_DEAD):
        with database.transaction() as session:
            assert isinstance(begin(session, number, at), Delivery)
            fail(session, number, ConnectionError("no route to mei.lin@example.org"), at)
        at += timedelta(minutes=5)


def states(editor: FlaskClient, receipt: str) -> dict[str, str]:
    told = editor.get(receipt).json
    at_once = done_at_once(told["event"]["type"])
    return {one["name"]: one["state"] for one in told["consequences"] if one["name"] not in at_once}


@pytest.mark.both_databases
def test_a_receipt_shows_every_consequence_as_it_comes_true(editor: FlaskClient, database: Database) -> None:
    receipt = publish(editor)
    answer = editor.get(receipt).json
    assert (answer["state"], answer["event"]["type"]) == ("running", "article.published")
    assert states(editor, receipt) == dict.fromkeys(OWED, "waiting")
    number = number_of(database, "search")
    with database.transaction() as session:
        begin(session, number, now())
    assert states(editor, receipt)["search"] == "running"
    with database.transaction() as session:
        close(session, hold(session, [number])[0], now(), "superseded")
    assert states(editor, receipt)["search"] == "superseded"
    for name in OWED - {"search"}:
        with database.transaction() as session:
            close(session, hold(session, [number_of(database, name)])[0], now())
    answer = editor.get(receipt).json
    assert answer["state"] == "done"
    done = next(one for one in answer["consequences"] if one["name"] == "related")
    assert done["duration_ms"] >= 0
    assert done["finished_at"] is not None


@pytest.mark.both_databases
def test_a_dead_letter_is_listed_with_its_error_and_retried(
    editor: FlaskClient, administrator: FlaskClient, database: Database
) -> None:
    receipt = publish(editor)
    number = number_of(database, "search")
    bury(database, number)
    assert editor.get(receipt).json["state"] == "failed"
    [listed] = administrator.get("/api/v1/deliveries").json["data"]
    assert (listed["number"], listed["state"], listed["attempts"]) == (number, "dead", ATTEMPTS_BEFORE_DEAD)
    assert listed["error"] == "ConnectionError: no route to [address]"
    assert receipt.endswith(listed["receipt_id"])
    answer = administrator.post(f"/api/v1/deliveries/{number}/retry")
    assert (answer.status_code, answer.json["state"], answer.json["attempts"]) == (200, "open", 0)
    assert states(editor, receipt)["search"] == "waiting"
    assert administrator.get("/api/v1/deliveries").json["data"] == []
    assert administrator.post(f"/api/v1/deliveries/{number}/retry").status_code == 409
    assert audited(database) == ["delivery.retry"]


@pytest.mark.both_databases
def test_a_dead_letter_is_discarded_and_its_error_stays(
    editor: FlaskClient, administrator: FlaskClient, database: Database
) -> None:
    receipt = publish(editor)
    number = number_of(database, "related")
    bury(database, number)
    answer = administrator.post(f"/api/v1/deliveries/{number}/discard")
    assert (answer.status_code, answer.json["state"]) == (200, "discarded")
    assert answer.json["error"] is not None
    assert states(editor, receipt)["related"] == "failed"
    for verb in ("retry", "discard"):
        answer = administrator.post(f"/api/v1/deliveries/{number}/{verb}")
        assert (answer.status_code, answer.json["code"]) == (409, "conflict")
    assert audited(database) == ["delivery.discard"]


@pytest.mark.both_databases
@pytest.mark.parametrize("verb", ["retry", "discard"])
def test_what_is_no_dead_letter_is_refused(
    editor: FlaskClient, administrator: FlaskClient, database: Database, verb: str
) -> None:
    publish(editor)
    number = number_of(database, "search")
    assert administrator.post(f"/api/v1/deliveries/{number}/{verb}").status_code == 409
    for unknown in ("4711", str(2**31), str(2**63 - 1), str(2**63), str(10**30)):
        answer = administrator.post(f"/api/v1/deliveries/{unknown}/{verb}")
        assert (answer.status_code, answer.json["code"]) == (404, "not_found"), unknown
    assert administrator.post(f"/api/v1/deliveries/-1/{verb}").status_code == 404
    with database.reading() as session:
        assert session.get_one(Delivery, number).state == "open"
    assert audited(database) == []


def test_only_operators_may_decide(
    editor: FlaskClient, client: FlaskClient, client_as: Callable[[str], FlaskClient], database: Database
) -> None:
    publish(editor)
    number = number_of(database, "search")
    bury(database, number)
    for verb in ("retry", "discard"):
        assert client.post(f"/api/v1/deliveries/{number}/{verb}").status_code == 401
        for role in ("viewer", "author", "editor"):
            assert client_as(role).post(f"/api/v1/deliveries/{number}/{verb}").status_code == 403
    with database.reading() as session:
        assert session.get_one(Delivery, number).state == "dead"


@pytest.mark.parametrize("receipt_id", [UNKNOWN, "1", "x" * 300, "%00", UNKNOWN.upper()])
def test_an_unknown_receipt_is_not_found(editor: FlaskClient, receipt_id: str) -> None:
    answer = editor.get(f"/api/v1/receipts/{receipt_id}")
    assert (answer.status_code, answer.json["code"]) == (404, "not_found")


def audited(database: Database) -> list[str]:
    with database.reading() as session:
        query = select(AuditEntry.action).where(AuditEntry.subject_kind == "delivery").order_by(AuditEntry.number)
        return list(session.scalars(query))
