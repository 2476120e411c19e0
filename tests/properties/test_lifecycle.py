"""Any sequence of the verbs of an article's life, over HTTP and by three kinds of colleagues, does what a table says.

The table was written down apart from the product's own state machine.
"""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from hypothesis import Phase, given
from hypothesis import settings as runs
from hypothesis import strategies as st

from cms.app import create_app
from cms.identity.tokens import issue_token
from cms.platform.actor import system
from cms.platform.clock import now
from cms.platform.db import Database
from cms.settings import Settings
from tests.conftest import SECRET
from workers.due import expire_trash

# What an act leads to; `-` is refused, `rests` is taken_down, unpublished or draft, by what happened before, `before`
# where it was scheduled. Where a schedule stands beside the state, or there is none to end, `?`: that has tests of its
# own.
TABLE = """
act        draft     submitted approved  rejected  scheduled published unpublished taken_down archived
edit       draft     submitted approved  rejected  scheduled published unpublished taken_down -
submit     submitted -         -         submitted -         -         submitted   -          -
approve    approved  approved  -         approved  -         -         approved    -          -
reject     -         rejected  rejected  -         -         -         -           -          -
schedule   scheduled scheduled scheduled scheduled scheduled ?         scheduled   -          -
unschedule ?         ?         ?         ?         before    ?         ?           ?          ?
publish    published published published published published published published   published  -
correct    -         -         -         -         -         published -           -          -
unpublish  -         -         -         -         -         rests     -           -          -
takedown   down      down      down      down      down      down      down        -          down
archive    archived  archived  archived  archived  archived  archived  archived    archived   -
unarchive  -         -         -         -         -         -         -           -          rests
delete     draft     submitted approved  rejected  rests     rests     unpublished taken_down archived
"""
_HEAD, *_LINES = (line.split() for line in TABLE.strip().splitlines())
LEADS = {line[0]: dict(zip(_HEAD[1:], line[1:], strict=True)) for line in _LINES}
MAY = {
    "author": {"edit", "submit"},
    "editor": set(LEADS) - {"takedown"} | {"recover"},
    "editor-in-chief": set(LEADS) | {"recover"},
}
BODIES: dict[str, dict[str, Any]] = {"reject": {"note": "Who says so?"}, "correct": {"note": "It was Friday."}}
ACTS = (*LEADS, "publish", "edit", "submit", "recover", "expire", "stale")


@dataclass
class Model:
    """One article as it should be."""

    state: str = "draft"
    revision: int = 1
    published: int | None = None
    was_seen: bool = False
    is_down: bool = False
    is_in_trash: bool = False
    scheduled_from: str = ""
    corrections: int = 0
    acts: list[str] = field(default_factory=lambda: ["created"])

    def do(self, act: str, role: str) -> int:
        """Do an act, if it may be, and give the status of its answer."""
        if act not in MAY[role]:
            return 403
        if self.is_in_trash != (act == "recover"):
            return 404
        if act == "recover":
            self.is_in_trash = False
            return self._step(self.state)
        target = LEADS[act][self.state]
        if act == "edit" and role == "author" and self.state == "scheduled":
            return 409
        if target == "-" or (act == "takedown" and not self.was_seen):
            return 409
        if act == "publish" and self.is_down and role != "editor-in-chief":
            return 403
        if act == "publish" and self.published == self.revision:
            return 409
        if act == "edit" and role == "author" and self.state in ("submitted", "approved", "rejected"):
            target = "draft"
        self.is_in_trash = act == "delete"
        self.is_down = (self.is_down or act == "takedown") and act != "publish"
        self.was_seen = self.was_seen or act == "publish"
        self.corrections += act == "correct"
        if act == "schedule" and self.state != "scheduled":
            self.scheduled_from = self.state
        target = self.scheduled_from if target == "before" else target
        self._step("taken_down" if target == "down" else self._rest() if target == "rests" else target)
        if act in ("publish", "correct"):
            self.published = self.revision
        if self.state != "published":
            self.published = None
        return 204 if act in ("delete", "unschedule") else 200

    def is_asked(self, act: str) -> bool:
        """Whether the table has an answer."""
        return self.is_in_trash or act not in LEADS or LEADS[act][self.state] != "?"

    def expire(self) -> None:
        """The time in the trash is over."""
        if self.is_in_trash:
            self.is_in_trash = False
            self._step("archived")

    def public_status(self) -> int:
        """What readers get."""
        return 200 if self.published else 410 if self.is_down else 404

    def _rest(self) -> str:
        return "taken_down" if self.is_down else "unpublished" if self.was_seen else "draft"

    def _step(self, state: str) -> int:
        self.state = state
        self.revision += 1
        return 200


@dataclass
class Desk:
    """The product with a client for each kind of colleague."""

    settings: Settings
    database: Database
    clients: dict[str, FlaskClient]


@pytest.fixture(scope="module")
def desk(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    home = tmp_path_factory.mktemp("lifecycle")
    shutil.copy(sqlite_template, home / "copydesk.db")
    told = Settings(
        home=home, redis_url="redis://127.0.0.1:1/0", secret_key=SECRET, log_level="error", limit_writes="0"
    )
    app, database = create_app(told), Database(told.database, is_durable=False)
    clients = {}
    for role in MAY:
        with database.transaction() as session:
            token = issue_token(session, system("test"), name=role, role=role, lifetime=timedelta(hours=1), now=now())
        clients[role] = app.test_client()
        clients[role].environ_base["HTTP_AUTHORIZATION"] = f"Bearer {token}"
    yield Desk(told, database, clients)
    app.extensions["copydesk"].index.close()
    app.extensions["copydesk"].database.dispose()
    database.dispose()


def ask(desk: Desk, role: str, act: str, article_id: str, revision: int, count: int) -> Any:
    """The request of an act."""
    client, headers = desk.clients[role], {"If-Match": f'"{revision}"'}
    path = f"/api/v1/articles/{article_id}"
    if act == "edit":
        return client.patch(path, headers=headers, json={"dek": f"Change {count}"})
    if act == "delete":
        return client.delete(path, headers=headers)
    if act.endswith("schedule"):
        tag = client.get(f"{path}/schedule").headers.get("ETag")
        # Without an ETag to name, any is as good: the article is refused before its schedule is looked at.
        named = {"If-Match": tag} if tag else {"If-Match": '"1"'} if act == "unschedule" else {}
        if act == "unschedule":
            return client.delete(f"{path}/schedule", headers=named)
        return client.put(f"{path}/schedule", headers=named, json={"publish_at": "2036-01-01T08:00:00Z"})
    if act == "recover":
        return client.post(f"/api/v1/trash/{article_id}/restore")
    return client.post(f"{path}/{act}", headers=headers, json=BODIES.get(act, {}))


def compare(desk: Desk, article_id: str, model: Model) -> None:
    """Hold what editors and readers get against the model."""
    shown = desk.clients["author"].get(f"/api/v1/articles/{article_id}")
    if model.is_in_trash:
        assert shown.status_code == 404
    else:
        expected = (model.state, model.revision, model.published)
        assert (shown.json["state"], shown.json["revision"], shown.json["published_revision"]) == expected
        assert len(shown.json["corrections"]) == model.corrections
        assert (shown.json["taken_down_at"] is not None) == model.is_down
    public = desk.clients["author"].get(f"/content/v1/articles/{article_id}", headers={"Authorization": ""})
    assert public.status_code == model.public_status()


@pytest.mark.slow
@runs(max_examples=40, deadline=None, database=None, phases=(Phase.generate,))
@given(st.lists(st.tuples(st.sampled_from(ACTS), st.sampled_from(sorted(MAY))), min_size=20, max_size=30))
def test_the_life_of_an_article_goes_by_the_table(desk: Desk, steps: list[tuple[str, str]]) -> None:
    body = {"title": "The ferry is back", "locale": "en", "body": "It left at noon."}
    made = desk.clients["author"].post("/api/v1/articles", json=body)
    article_id, model = made.json["id"], Model()
    for count, (act, role) in enumerate(steps):
        if act == "expire":
            expire_trash(desk.settings, desk.database, now() + timedelta(days=desk.settings.trash_days, seconds=1))
            model.expire()
        elif act == "stale":
            status = 404 if model.is_in_trash else 412 if model.revision > 1 else None
            if status:
                answer = ask(desk, "editor-in-chief", "publish", article_id, model.revision - 1, count)
                assert answer.status_code == status
        elif model.is_asked(act):
            answer = ask(desk, role, act, article_id, model.revision, count)
            assert answer.status_code == model.do(act, role), (act, role, model, answer.get_data(as_text=True))
        compare(desk, article_id, model)
    if model.is_in_trash:
        assert ask(desk, "editor", "recover", article_id, 0, 0).status_code == model.do("recover", "editor")
    # Nothing was lost: every step that was taken left a revision that can be read.
    kept = desk.clients["editor"].get(f"/api/v1/articles/{article_id}/revisions?limit=1&count=exact").json
    assert kept["meta"]["count"] == model.revision == kept["data"][0]["revision"]
