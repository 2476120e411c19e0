"""An app that follows the changes ends with exactly what readers see, whatever happened and whenever it looked."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import Phase, given
from hypothesis import settings as runs
from hypothesis import strategies as st

from cms.app import create_app
from cms.content.changes.rules import NOT_ITS_OWN
from cms.identity.tokens import issue_token
from cms.newsroom.schedules.firing import fire_due
from cms.platform.actor import system
from cms.platform.clock import now, rfc3339
from cms.platform.db import Database
from cms.settings import Settings
from tests.conftest import SECRET
from workers.due import forget_old

ARTICLES = 4
ACTS = (
    "publish", "publish", "edit", "correct", "unpublish", "takedown", "delete", "embargo", "lift", "release", "look",
)  # fmt: skip
STEPS = st.tuples(st.sampled_from(ACTS), st.integers(0, ARTICLES - 1), st.integers(1, 5))
CHANGES = "/content/v1/changes"


@dataclass
class App:
    """An app that keeps a copy: all that it knows of the site is what the changes say."""

    client: FlaskClient
    cursor: str | None = None
    copy: dict[str, Any] = field(default_factory=dict)

    def look(self, limit: int) -> bool:
        """Take one page of changes; says whether there are more."""
        query = {"limit": limit, **({"since": self.cursor} if self.cursor else {})}
        answer = self.client.get(CHANGES, query_string=query)
        assert answer.status_code == 200, answer.json
        for event in answer.json["data"]:
            if "article" in event["data"]:
                self.copy[event["subject"]] = own(event["data"]["article"])
            else:
                self.copy.pop(event["subject"], None)
        self.cursor = answer.json["page"]["next_cursor"]
        return bool(answer.json["page"]["has_more"])


def own(document: dict[str, Any]) -> dict[str, Any]:
    """What of a document is its own, and not of others or of its readers."""
    kept = {name: value for name, value in document.items() if name not in NOT_ITS_OWN}
    kept["seo"] = {name: value for name, value in kept["seo"].items() if name != "json_ld"}
    return kept


@dataclass
class Desk:
    """The product, with a client who may do everything and a reader, and a clock that embargoes can be ended by."""

    app: Flask
    settings: Settings
    database: Database
    chief: FlaskClient
    reader: FlaskClient

    def do(self, act: str, article_id: str) -> bool:
        """Do an act where the article's state allows it; a refusal changes nothing. Says whether it was done."""
        path = f"/api/v1/articles/{article_id}"
        shown = self.chief.get(path)
        if shown.status_code == 404:
            self.chief.post(f"/api/v1/trash/{article_id}/restore")
            return False
        headers = {"If-Match": shown.headers["ETag"]}
        if act == "edit":
            changes = {"dek": f"Change {shown.json['revision']}"}
            if shown.json["revision"] % 3 == 0:
                changes["slug"] = f"{article_id[-12:]}-{shown.json['revision']}"
            answer = self.chief.patch(path, headers=headers, json=changes)
        elif act == "delete":
            answer = self.chief.delete(path, headers=headers)
        elif act == "embargo":
            until = rfc3339(now() + timedelta(days=300))
            answer = self.chief.post(f"{path}/publish", headers=headers, json={"embargo_until": until})
            fire_due(self.database, now)
        elif act == "lift":
            fire_due(self.database, lambda: now() + timedelta(days=301))
            return True
        elif act == "release":
            made = self.chief.post("/api/v1/releases", json={"title": "At once", "articles": [article_id]})
            tag = made.headers.get("ETag", '"1"')
            answer = self.chief.post(f"{made.headers.get('Location')}/publish", headers={"If-Match": tag})
        else:
            bodies: dict[str, Any] = {"correct": {"note": "It was Friday."}, "takedown": {"reason": "A court said so."}}
            answer = self.chief.post(f"{path}/{act}", headers=headers, json=bodies.get(act, {}))
        assert answer.status_code < 500, (act, answer.json)
        return bool(answer.status_code < 300)

    def published(self) -> dict[str, Any]:
        """What readers see, by the other way to all of it."""
        lines = self.reader.get("/content/v1/export").data.splitlines()
        return {one["id"]: own(one) for one in map(orjson.loads, lines)}


@pytest.fixture(scope="module")
def desk(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    home = tmp_path_factory.mktemp("offline")
    shutil.copy(sqlite_template, home / "copydesk.db")
    told = Settings(
        home=home, redis_url="redis://127.0.0.1:1/0", secret_key=SECRET, log_level="error", limit_writes="0"
    )
    app, database = create_app(told), Database(told.database, is_durable=False)
    with database.transaction() as session:
        role, lifetime = "editor-in-chief", timedelta(hours=1)
        token = issue_token(session, system("test"), name=role, role=role, lifetime=lifetime, now=now())
    chief = app.test_client()
    chief.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {token}"
    yield Desk(app, told, database, chief, app.test_client())
    app.extensions["copydesk"].index.close()
    app.extensions["copydesk"].database.dispose()
    database.dispose()


@pytest.mark.slow
@runs(max_examples=12, deadline=None, database=None, phases=(Phase.generate,))
@given(st.lists(STEPS, min_size=15, max_size=25), st.integers(1, 5), st.booleans())
def test_who_follows_ends_with_what_readers_see(
    desk: Desk, steps: list[tuple[str, int, int]], limit: int, is_forgetful: bool
) -> None:
    ids = []
    for number in range(ARTICLES):
        body = {"title": f"Ferry {number}", "locale": "en", "body": "It left at noon."}
        ids.append(desk.chief.post("/api/v1/articles", json=body).json["id"])
    steady = App(desk.reader)
    # A lifted embargo bears the instant of a clock that is ahead, so such an article has no past of today.
    embargoed: set[str] = set()
    ahead: set[str] = set()
    taken_down: set[str] = set()
    seen_then: tuple[datetime, dict[str, Any]] | None = None
    for count, (act, place, size) in enumerate(steps):
        if act == "look":
            steady.look(size)
        else:
            if desk.do(act, ids[place]) and act == "takedown":
                taken_down.add(ids[place])
            embargoed |= {ids[place]} if act == "embargo" else set()
            ahead |= embargoed if act == "lift" else set()
        if count == len(steps) // 2:
            seen_then = (now(), desk.published())
    if is_forgetful:
        # What is forgotten is what went away before the app began to follow, or a newcomer begins.
        while steady.look(100):
            pass
        forget_old(desk.settings, desk.database, now() + timedelta(days=desk.settings.changes_kept_days))
    newcomer = App(desk.reader)
    for app in (steady, newcomer):
        while app.look(limit * 20 if app is newcomer else limit):
            pass
    published = desk.published()
    assert steady.copy == newcomer.copy == published
    assert seen_then is not None
    instant, then = seen_then
    for article_id in set(ids) - ahead:
        answer = desk.reader.get(f"/content/v1/articles/{article_id}", query_string={"as_of": rfc3339(instant)})
        if answer.status_code == 200:
            assert own(answer.json) == then[article_id]
        elif not is_forgetful:
            # Only what was taken down since, or never was there, has no past.
            assert article_id not in then or answer.status_code == 410 or article_id in taken_down
