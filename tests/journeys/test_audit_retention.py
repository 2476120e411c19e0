"""The story of a trail that grows old: found by filters, exported, shortened by policy, and still whole."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from click.testing import CliRunner
from flask import Flask
from flask.testing import FlaskClient

from cms.operations.audit_commands import audit
from cms.platform.clock import now, rfc3339
from cms.platform.db import Database
from cms.settings import Settings
from tests.access.desk import Desk
from tests.audit.trail import Trail

KEPT_DAYS = 30


class Story:
    """A newsroom that acts at instants of its own, its trail, and who reads it."""

    def __init__(self, app: Flask, settings: Settings, database: Database) -> None:
        self.desk = Desk(app, database).furnish()
        self.trail = Trail(replace(settings, audit_retention_days=KEPT_DAYS), database)
        self.clock = self.desk.clock(now())
        self.auditor = self.service("administrator")

    def service(self, role: str) -> FlaskClient:
        """A client whose token outlives the story."""
        return self.desk.client(self.desk.token(role, lifetime=timedelta(days=300)))

    def found(self, **filters: str) -> list[dict[str, Any]]:
        """The entries that fulfil the filters, oldest first, over the API."""
        answer = self.auditor.get("/api/v1/audit", query_string={"limit": "100", **filters})
        assert answer.status_code == 200, answer.json
        return list(reversed(answer.json["data"]))

    def taken_away(self, **filters: str) -> list[dict[str, Any]]:
        """The same, as the export has it."""
        answer = self.auditor.get("/api/v1/audit/export", query_string=filters)
        assert (answer.status_code, answer.mimetype) == (200, "application/x-ndjson")
        return [json.loads(line) for line in answer.get_data().splitlines()]

    def verdict(self) -> tuple[int, str]:
        """What `copydesk audit verify` says."""
        done = CliRunner().invoke(audit, ["verify"], obj=self.trail.settings)
        return done.exit_code, done.output


@pytest.fixture
def story(app: Flask, settings: Settings, database: Database) -> Iterator[Story]:
    return Story(app, settings, database)


def work(client: FlaskClient, title: str) -> str:
    """An article is made, edited and deleted: three entries. Gives its id."""
    made = client.post("/api/v1/articles", json={"title": title, "locale": "en", "section": "trams"})
    assert made.status_code == 201, made.json
    path = f"/api/v1/articles/{made.json['id']}"
    edited = client.patch(path, json={"dek": title}, headers={"If-Match": made.headers["ETag"]})
    assert client.delete(path, headers={"If-Match": edited.headers["ETag"]}).status_code == 204
    return str(made.json["id"])


@pytest.mark.both_databases
def test_a_trail_is_found_taken_away_shortened_by_policy_and_still_whole(story: Story) -> None:
    # Two desks work, the other one five weeks later.
    ines, ola = story.service("editor"), story.service("editor")
    old = work(ines, "The last horse tram")
    story.clock.wait(minutes=1)
    between = rfc3339(story.clock.at)
    story.clock.wait(days=35)
    young = work(ola, "The first electric tram")
    sealed = story.trail.seal(story.clock.at)
    assert sealed > 6

    # Who, what, when: each filter finds its own, and what is taken away is the same with its seals.
    acts = ["article.created", "article.edited", "article.deleted"]
    assert [entry["action"] for entry in story.found(subject_id=old)] == acts
    [whose] = {entry["actor_id"] for entry in story.found(subject_id=young)}
    assert {entry["subject_id"] for entry in story.found(actor_id=whose, subject_kind="article")} == {young}
    assert {entry["subject_id"] for entry in story.found(action="article.deleted", to=between)} == {old}
    assert {entry["subject_id"] for entry in story.found(action="article.deleted", **{"from": between})} == {young}
    assert [entry["changes"] for entry in story.found(action="article.edited", credential=credential(story, old))] == [
        ["dek"]
    ]
    whole = story.taken_away()
    assert len(whole) == sealed and all(entry["seal"] for entry in whole)
    assert story.taken_away(subject_id=young) == story.found(subject_id=young)
    assert "tram" not in json.dumps([entry["changes"] for entry in whole])
    assert story.verdict()[0] == 0

    # What is older than the policy goes; a signed checkpoint stands for it, and the rest is whole.
    removed = story.trail.sealer.forget_old(story.clock.at, 1000)
    assert removed == len([entry for entry in whole if entry["at"] < between])
    assert story.found(subject_id=old) == []
    assert story.taken_away() == whole[removed:]
    status, said = story.verdict()
    assert status == 0 and f"{removed} entries up to seal {removed}" in said
    assert f"ok: {sealed - removed} entries fit their seals, {removed + 1} to {sealed}" in said

    # Two rows change places: the first of them is named. Without the checkpoint the beginning is missing.
    story.trail.drop_guard()
    first, second = (entry["seal_number"] for entry in story.found(subject_id=young)[:2])
    swap = "UPDATE audit_entries SET seal_number = :to WHERE seal_number = :number"
    for number, to in ((first, 10_000), (second, first), (10_000, second)):
        story.trail.execute(swap, number=number, to=to)
    status, said = story.verdict()
    assert status == 1 and f"seal {first} " in said and "is the first that is" in said
    for number, to in ((first, 10_000), (second, first), (10_000, second)):
        story.trail.execute(swap, number=number, to=to)
    assert story.verdict()[0] == 0
    story.trail.execute("DELETE FROM audit_checkpoints")
    status, said = story.verdict()
    assert status == 1 and "WRONG" in said


def credential(story: Story, article: str) -> str:
    [found] = {entry["credential"] for entry in story.found(subject_id=article)}
    assert found.startswith("token:")
    return str(found)
