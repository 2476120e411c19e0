"""The house in one process, and runs of it: acts by HTTP, workers moved by hand, and what must hold in the end."""

import random
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import delete

from cms.app import create_app
from cms.content.relating import shown as visible
from cms.content.relating import stored_lists
from cms.events.list_events import RelatedSweepDue
from cms.events.outbox import record
from cms.identity.tokens import issue_token
from cms.platform.actor import system
from cms.platform.clock import now
from cms.platform.db import Database, Table
from cms.platform.ids import new_id
from cms.platform.keys import load_keys
from cms.settings import Settings
from search_index.query import parse
from search_index.reader import Reader
from search_index.writer import Writer
from tests.conftest import SECRET
from tests.content.comparing import assert_entries_are_right, compared
from tests.draining import ALL, NONE, Drain
from tests.properties.folding import buried, fold
from workers.heard import HEARINGS
from workers.work import Handler, Work

HOUR = timedelta(hours=1)
STEPS = 30
# How often each step is taken: most articles are to be before readers in the end, and some to have translations there.
WEIGHTS = {
    "create": 4, "translate": 5, "link": 2, "part": 1, "edit": 5, "publish": 12, "correct": 1, "unpublish": 1,
    "takedown": 1, "archive": 1, "unarchive": 1, "approve": 1, "delete": 1, "recover": 2, "arrange": 3, "work": 9,
}  # fmt: skip
TOPICS = (
    "harbour crane container tide pilot anchor quay freight",
    "comet telescope orbit dust mirror night sky dome",
    "wheat harvest drought silo tractor rain barley field",
    "hospital nurse ward surgeon clinic ambulance vaccine bed",
)
LANGUAGES = ("kk", "ru")
TAGS = ("sea", "sky", "land", "health", "city", "money")
Step = tuple[str, int, int]
# What of the fold is not compared as it stands in the document.
FOLDED = ("text", "translations")


@dataclass
class House:
    """The product in this process: the API, a database, an index, and workers that are moved by hand."""

    settings: Settings
    client: FlaskClient
    database: Database
    work: Work

    def empty(self) -> None:
        """Forget everything but the token, the audit trail, which nobody may shorten, and the tables themselves."""
        with self.database.transaction() as session:
            for table in reversed(Table.metadata.sorted_tables):
                if table.name not in ("api_tokens", "audit_entries", "audit_checkpoints"):
                    session.execute(delete(table))
        if (self.settings.index_home / "CURRENT").exists():
            self.work.index.apply([], list(self.indexed()))

    def indexed(self) -> dict[str, int]:
        """What the index holds."""
        with self.reader() as reader:
            return reader.indexed()

    @contextmanager
    def reader(self) -> Iterator[Reader]:
        """A reader of the index. One that was open may be a moment behind; this one is not."""
        reader = Reader(self.settings.index_home)
        try:
            yield reader
        finally:
            reader.close()


@contextmanager
def open_house(template: Path, home: Path) -> Iterator[House]:
    """One house for all runs; without the pauses of the sweep, since nobody else is here to be let in."""
    patch = pytest.MonkeyPatch()
    patch.setattr("cms.content.sweeping.PAUSE_SECONDS", 0)
    shutil.copy(template, home / "copydesk.db")
    told = Settings(
        home=home,
        redis_url="redis://127.0.0.1:1/0",
        secret_key=SECRET,
        log_level="error",
        limit_writes="0",
        limit_search="0",
    )
    app = create_app(told)
    database = Database(told.database, is_durable=False)
    with database.transaction() as session:
        token = issue_token(session, system("test"), name="theorem", role="editor-in-chief", lifetime=HOUR, now=now())
    client = app.test_client()
    client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {token}"
    work = Work(told, database, load_keys(told), Writer(told.index_home), now)
    yield House(told, client, database, work)
    work.close()
    app.extensions["copydesk"].index.close()
    app.extensions["copydesk"].database.dispose()
    patch.undo()


class Run:
    """One sequence of acts on an empty house, and what must hold at its end."""

    def __init__(self, house: House, seed: int, handlers: Mapping[str, Handler] | None = None) -> None:
        # The index names its segments by chance, and Hypothesis would begin each run with the same names.
        random.seed()
        house.empty()
        self.house = house
        self.chance = random.Random(seed)
        hearings = {name: replace(one, handle=(handlers or {}).get(name, one.handle)) for name, one in HEARINGS.items()}
        self.drain = Drain(house.work, ALL, self.chance, hearings)
        self.revisions: dict[str, int] = {}
        self.ids: list[str] = []
        self.markers: list[str] = []
        self.buried: dict[str, str] = {}

    def take(self, steps: list[Step]) -> None:
        """Do every step, then check."""
        for kind, which, variant in steps:
            if kind == "create" or not self.ids:
                self.create(variant)
            elif kind == "work":
                self.drain.step()
            else:
                getattr(self, kind)(self.ids[which % len(self.ids)], variant)
        self.drain.run()
        self.check()

    def create(self, variant: int) -> None:
        answer = self.house.client.post("/api/v1/articles", json=self.content(variant) | {"locale": "en"})
        assert answer.status_code == 201, answer.json
        self.ids.append(answer.json["id"])
        self.revisions[answer.json["id"]] = answer.json["revision"]

    def translate(self, article_id: str, variant: int) -> None:
        given = self.content(variant) | {"locale": LANGUAGES[variant % len(LANGUAGES)]}
        answer = self.house.client.post(f"/api/v1/articles/{article_id}/translate", json=given)
        assert answer.status_code in (201, 404, 409), answer.json
        if answer.status_code == 201:
            self.ids.append(answer.json["id"])
            self.revisions[answer.json["id"]] = answer.json["revision"]

    def link(self, article_id: str, variant: int) -> None:
        source = self.ids[variant % len(self.ids)]
        answer = self.ask("put", article_id, "/translation", json={"of": source})
        assert answer.status_code in (200, 404, 409) or source == article_id, answer.json

    def part(self, article_id: str, _variant: int) -> None:
        answer = self.ask("delete", article_id, "/translation")
        assert answer.status_code in (204, 404, 409), answer.json

    def edit(self, article_id: str, variant: int) -> None:
        self.note(article_id, self.ask("patch", article_id, "", json=self.content(variant)))

    def publish(self, article_id: str, _variant: int) -> None:
        self.note(article_id, self.ask("post", article_id, "/publish"))

    def unpublish(self, article_id: str, _variant: int) -> None:
        self.note(article_id, self.ask("post", article_id, "/unpublish"))

    def correct(self, article_id: str, _variant: int) -> None:
        self.note(article_id, self.ask("post", article_id, "/correct", json={"note": "It was another day."}))

    def takedown(self, article_id: str, variant: int) -> None:
        self.note(article_id, self.ask("post", article_id, "/takedown", json={"reason": f"Reason {variant}"}))

    def archive(self, article_id: str, _variant: int) -> None:
        self.note(article_id, self.ask("post", article_id, "/archive"))

    def unarchive(self, article_id: str, _variant: int) -> None:
        self.note(article_id, self.ask("post", article_id, "/unarchive"))

    def approve(self, article_id: str, _variant: int) -> None:
        self.note(article_id, self.ask("post", article_id, "/approve"))

    def recover(self, article_id: str, _variant: int) -> None:
        self.note(article_id, self.house.client.post(f"/api/v1/trash/{article_id}/restore"))

    def arrange(self, article_id: str, variant: int) -> None:
        """Pin one other article and ban another; those in other languages and in the trash are refused."""
        path = f"/api/v1/articles/{article_id}/related"
        found = self.house.client.get(path)
        others = [one for one in self.ids if one != article_id]
        body = {"pins": others[variant % 5 : variant % 5 + 1], "bans": others[: variant % 2]}
        if found.status_code == 200:
            answer = self.house.client.put(path, json=body, headers={"If-Match": found.headers["ETag"]})
            assert answer.status_code in (200, 422), answer.json

    def delete(self, article_id: str, _variant: int) -> None:
        answer = self.ask("delete", article_id, "")
        assert answer.status_code in (204, 404), answer.json

    def ask(self, method: str, article_id: str, verb: str, **given: Any) -> Any:
        headers = {"If-Match": f'"{self.revisions[article_id]}"'}
        return getattr(self.house.client, method)(f"/api/v1/articles/{article_id}{verb}", headers=headers, **given)

    def note(self, article_id: str, answer: Any) -> None:
        assert answer.status_code in (200, 404, 409), answer.json
        if answer.status_code == 200:
            self.revisions[article_id] = answer.json["revision"]

    def content(self, variant: int) -> dict[str, Any]:
        """An article about one or two subjects, with a word that stands nowhere else, long or short."""
        chance = random.Random(variant)
        words = TOPICS[variant % len(TOPICS)].split() + TOPICS[chance.randrange(len(TOPICS))].split()
        marker = f"marker{len(self.markers)}x"
        self.markers.append(marker)
        length = chance.choice((20, 60, 700))
        return {
            "title": " ".join(chance.sample(words, 3)).title(),
            "body": f"{marker} " + " ".join(chance.choice(words) for _ in range(length)),
            "tags": chance.sample(TAGS, chance.randrange(3)),
        }

    def check(self) -> None:
        """Compare what readers, the index and the lists hold with a fold of the newsroom's tables."""
        with self.house.database.reading() as session:
            live = fold(session)
            self.buried = buried(session)
        self.check_documents(live)
        self.check_index(live)
        self.check_related(live)
        with self.house.database.transaction() as session:
            record(session, RelatedSweepDue(subject=new_id()), actor=system("test"), now=now())
        self.drain.faults = NONE
        self.drain.run()
        self.check_documents(live)
        self.check_brute_force(live)

    def check_documents(self, live: Mapping[str, Mapping[str, Any]]) -> None:
        for article_id in self.ids:
            answer = self.house.client.get(f"/content/v1/articles/{article_id}")
            if article_id not in live:
                expected = 410 if article_id in self.buried else 404
                assert answer.status_code == expected, f"{article_id} is not published and still shown"
                if expected == 410:
                    assert answer.json["tombstone"]["reason"] == self.buried[article_id]
                continue
            assert article_id not in self.buried
            told = [{name: one[name] for name in ("locale", "url", "is_stale")} for one in answer.json["translations"]]
            assert told == live[article_id]["translations"]
            folded = {name: value for name, value in live[article_id].items() if name not in FOLDED}
            assert {name: answer.json[name] for name in folded} == folded

    def check_index(self, live: Mapping[str, Mapping[str, Any]]) -> None:
        if not self.ids or not (self.house.settings.index_home / "CURRENT").exists():
            assert not live
            return
        with self.house.reader() as reader:
            assert reader.indexed() == {key: value["revision"] for key, value in live.items()}
            for marker in self.chance.sample(self.markers, min(4, len(self.markers))):
                hits = reader.search(parse(marker), limit=50).hits
                assert {hit.id for hit in hits} == {key for key, value in live.items() if marker in value["text"]}

    def check_related(self, live: Mapping[str, Mapping[str, Any]]) -> None:
        with self.house.database.reading() as session:
            lists = stored_lists(session, list(live))
            strangers = {other for entries in lists.values() for other in entries} - live.keys()
            assert not strangers, "articles that are not published are in related lists"
            assert_entries_are_right(session)
        for owner, entries in lists.items():
            shown = self.house.client.get(f"/content/v1/articles/{owner}").json["related"]
            expected = [(one.other_id, one.score) for one in visible(entries)]
            assert [(one["id"], one["score"]) for one in shown] == expected
            assert all(one["title"] == live[one["id"]]["title"] for one in shown)

    def check_brute_force(self, live: Mapping[str, Mapping[str, Any]]) -> None:
        with self.house.database.reading() as session:
            assert stored_lists(session, list(live)) == compared(session)


def steps_of(seed: int) -> list[Step]:
    """The steps of a run."""
    chance = random.Random(seed)
    kinds = chance.choices(list(WEIGHTS), list(WEIGHTS.values()), k=STEPS)
    return [(kind, chance.randrange(8), chance.randrange(64)) for kind in kinds]
