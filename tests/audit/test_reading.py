"""The audit trail over HTTP and on the command line: what an entry says, filters, pages, the stream."""

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from click.testing import CliRunner
from flask.testing import FlaskClient
from sqlalchemy import select, update

from cms.audit.recording import note
from cms.events.catalogue import ArticlePublished
from cms.events.models import Delivery
from cms.events.outbox import record
from cms.operations.audit_commands import audit
from cms.platform.clock import rfc3339
from cms.platform.db import Database
from cms.platform.ids import new_id
from cms.settings import Settings
from tests.audit.trail import EDITOR, NOON, Trail


def names(answer: Any) -> list[str]:
    assert answer.status_code == 200, answer.data
    return [entry["subject_id"] for entry in answer.json["data"]]


def lines(data: bytes) -> list[dict[str, Any]]:
    return [json.loads(line) for line in data.splitlines()]


@pytest.mark.both_databases
def test_an_act_is_on_record_with_who_what_when_where_and_how(
    editor: FlaskClient, administrator: FlaskClient, trail: Trail
) -> None:
    made = editor.post("/api/v1/articles", json={"title": "Nobody may read this in a trail", "locale": "en"})
    article = made.json["id"]
    edited = editor.patch(
        f"/api/v1/articles/{article}", json={"dek": "nor this"}, headers={"If-Match": made.headers["ETag"]}
    )
    trail.seal()
    [edit, creation] = administrator.get(f"/api/v1/audit?subject_id={article}").json["data"]
    assert edit["request_id"] == edited.headers["X-Request-Id"]
    assert creation["request_id"] == made.headers["X-Request-Id"]
    assert (edit["actor_kind"], edit["outcome"], edit["changes"]) == ("service", "done", ["dek"])
    assert edit["client_address"] == "127.0.0.1"
    assert edit["credential"] == f"token:{edit['actor_id']}"
    assert edit["seal_number"] == creation["seal_number"] + 1
    assert len(edit["seal"]) == 64
    assert "nor this" not in json.dumps([edit, creation])
    assert "Nobody may read" not in json.dumps([edit, creation])


@pytest.fixture
def filled(trail: Trail) -> Trail:
    """Twelve edits a second apart, and a refusal by nobody."""
    trail.write(12)
    with trail.database.transaction() as session:
        note(
            session, actor=EDITOR, action="session.refused", subject_kind="session", subject_id="nobody",
            outcome="refused", now=NOON + timedelta(hours=1),
        )  # fmt: skip
    trail.seal()
    return trail


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("action=article.edited&limit=2", ["article-11", "article-10"]),
        ("action=nothing", []),
        ("subject_id=article-3", ["article-3"]),
        ("subject_kind=session", ["nobody"]),
        ("outcome=refused", ["nobody"]),
        ("credential=token:1&limit=1", ["nobody"]),
        ("credential=token:2", []),
        ("actor_id=editor&actor_kind=service&limit=1", ["nobody"]),
        ("actor_id=editor&actor_kind=staff", []),
        ("request_id=r-1&limit=1", ["nobody"]),
        (f"from={rfc3339(NOON + timedelta(seconds=10))}&to={rfc3339(NOON + timedelta(seconds=11))}", ["article-10"]),
        (f"from={quote('2026-11-25T13:00:10+01:00')}&to={rfc3339(NOON + timedelta(seconds=11))}", ["article-10"]),
        (f"to={rfc3339(NOON)}", []),
    ],
)
def test_the_trail_is_filtered(filled: Trail, administrator: FlaskClient, query: str, expected: list[str]) -> None:
    assert names(administrator.get(f"/api/v1/audit?{query}")) == expected
    wide = "&".join(part for part in query.split("&") if not part.startswith("limit"))
    streamed = [entry["subject_id"] for entry in lines(administrator.get(f"/api/v1/audit/export?{wide}").data)]
    assert streamed[::-1][: len(expected) or None] == expected


@pytest.mark.parametrize(
    "query",
    ["colour=red", "from=yesterday", "from=2026-11-25", "from=2026-11-25T12:00:00", "outcome=maybe",
     "action=" + "x" * 61, "limit=0", "limit=101", "cursor=broken", "action=a&action=b",
     "since=2026-11-25T12:00:00Z", "action=%00"],
)  # fmt: skip
def test_a_filter_that_cannot_be_is_refused(administrator: FlaskClient, query: str) -> None:
    assert administrator.get(f"/api/v1/audit?{query}").status_code == 400
    assert administrator.get(f"/api/v1/audit/export?{query}").status_code == 400


def test_pages_follow_each_other_and_a_cursor_works_only_with_its_filters(
    filled: Trail, administrator: FlaskClient
) -> None:
    path = "/api/v1/audit?action=article.edited&limit=5&count=exact"
    seen, cursor = [], ""
    while True:
        page = administrator.get(path + cursor).json
        seen += [entry["subject_id"] for entry in page["data"]]
        assert page["meta"]["count"] == 12
        if not page["page"]["has_more"]:
            break
        cursor = f"&cursor={page['page']['next_cursor']}"
    assert seen == [f"article-{number}" for number in range(11, -1, -1)]
    assert administrator.get(f"/api/v1/audit?limit=5{cursor}").status_code == 400


@pytest.mark.both_databases
def test_the_export_is_whole_in_order_and_streamed(
    trail: Trail, administrator: FlaskClient, settings: Settings
) -> None:
    trail.write(1200)
    trail.seal()
    answer = administrator.get("/api/v1/audit/export?action=article.edited")
    assert answer.mimetype == "application/x-ndjson"
    assert answer.headers["Cache-Control"] == "private, no-store"
    assert answer.is_streamed
    entries = lines(answer.data)
    assert [entry["subject_id"] for entry in entries] == [f"article-{number}" for number in range(1200)]
    assert [entry["previous_seal"] for entry in entries[1:]] == [entry["seal"] for entry in entries[:-1]]
    written = CliRunner().invoke(audit, ["export"], obj=settings)
    assert written.exit_code == 0
    assert lines(written.output.encode())[-1200:] == entries
    some = CliRunner().invoke(
        audit, ["export", "--from", "2026-11-25 12:00:03", "--to", "2026-11-25 12:00:05"], obj=settings
    )
    assert [entry["subject_id"] for entry in lines(some.output.encode())] == ["article-3", "article-4"]


@pytest.mark.parametrize("role", ["viewer", "author", "editor"])
def test_only_who_may_audit_reads_the_trail(client_as: Callable[[str], FlaskClient], role: str) -> None:
    client = client_as(role)
    for path in ("/api/v1/audit", "/api/v1/audit/export"):
        assert client.get(path).status_code == 403


def test_verify_on_the_command_line_says_what_it_saw(trail: Trail, settings: Settings) -> None:
    trail.write(5)
    told = CliRunner().invoke(audit, ["verify"], obj=settings)
    assert told.exit_code == 0
    assert "does the relay run?" in told.output
    assert "ok: 0 entries" in told.output
    trail.seal()
    told = CliRunner().invoke(audit, ["verify"], obj=settings)
    assert told.output.splitlines()[-1] == "ok: 5 entries fit their seals, 1 to 5"
    assert "does the relay run?" not in told.output


def test_what_a_person_decides_about_a_dead_letter_is_on_record(
    administrator: FlaskClient, database: Database, trail: Trail
) -> None:
    with database.transaction() as session:
        record(session, ArticlePublished(subject=new_id(), revision=2, is_first=True), actor=EDITOR, now=NOON)
        session.execute(update(Delivery).values(state="dead"))
        first, second, *_ = session.scalars(select(Delivery.number).order_by(Delivery.number))
    for number, verb in ((first, "retry"), (second, "discard")):
        done = administrator.post(f"/api/v1/deliveries/{number}/{verb}")
        assert done.status_code == 200
        [entry] = administrator.get(f"/api/v1/audit?subject_kind=delivery&subject_id={number}").json["data"]
        assert (entry["action"], entry["changes"]) == (f"delivery.{verb}", ["state"])
        assert entry["request_id"] == done.headers["X-Request-Id"]
        assert entry["credential"].startswith("token:")


def test_verify_where_there_is_nothing_says_so_and_makes_nothing(tmp_path: Path) -> None:
    nothing = Settings(home=tmp_path / "nothing")
    told = CliRunner().invoke(audit, ["verify"], obj=nothing)
    assert told.exit_code == 1
    assert "no key at" in told.output
    assert not nothing.home.exists()
