"""The theorem of the house.

For any sequence of create, translate, link, part, edit, approve, publish, correct, unpublish, take down, archive,
delete and what undoes them, with tasks doubled, reordered, delayed and handlers broken off, after draining the index
and the content API equal a pure fold of what the newsroom's tables hold, with the translations that a document names;
every related entry is live with its right score, what was taken down has its tombstone, and after the sweep the lists
equal brute force.
"""

import random
import shutil
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from hypothesis import Phase, given, note, settings
from hypothesis import strategies as st
from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from cms.app import create_app
from cms.content.assembling import article_url, reassemble
from cms.content.models import Document
from cms.content.portraits import portraits
from cms.content.relating import stored_lists
from cms.content.rules import SHOWN, best, neighbour, rank, reasons, score
from cms.events.catalogue import ArticlePublished, RelatedSweepDue
from cms.events.deliveries import close, hold
from cms.events.models import Delivery
from cms.events.outbox import record
from cms.identity.tokens import issue_token
from cms.newsroom.models import Article, Revision
from cms.platform.actor import system
from cms.platform.clock import now
from cms.platform.db import Database, Table
from cms.platform.ids import new_id
from cms.platform.keys import load_keys
from cms.platform.text.markdown import render
from cms.platform.text.reading_time import measure, rates_from
from cms.settings import Settings
from search_index.query import parse
from search_index.reader import Reader
from search_index.writer import Writer
from tests.conftest import SECRET
from tests.draining import ALL, NONE, Drain
from workers.handlers import indexing
from workers.heard import HEARINGS
from workers.work import Attempt, Handler, Work

RUNS = 200
# Parts of the runs, so that the processors of a machine share them.
PARTS = 4
HOUR = timedelta(hours=1)
STEPS = 30
RUNS_UNTIL_RED = 60
# How often each step is taken: most articles are to be before readers in the end, and some to have translations there.
WEIGHTS = {
    "create": 4, "translate": 5, "link": 2, "part": 1, "edit": 5, "publish": 12, "correct": 1, "unpublish": 1,
    "takedown": 1, "archive": 1, "unarchive": 1, "approve": 1, "delete": 1, "recover": 2, "work": 9,
}  # fmt: skip
TOPICS = (
    "harbour crane container tide pilot anchor quay freight",
    "comet telescope orbit dust mirror night sky dome",
    "wheat harvest drought silo tractor rain barley field",
    "hospital nurse ward surgeon clinic ambulance vaccine bed",
)
LANGUAGES = ("kk", "ru")
WORDS = ("title", "dek", "summary", "body", "body_format")
SHOWN_BY = ("published", "corrected")
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


@pytest.fixture(scope="module")
def house(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """One house for all runs; without the pauses of the sweep, since nobody else is here to be let in."""
    patch = pytest.MonkeyPatch()
    patch.setattr("cms.content.sweeping.PAUSE_SECONDS", 0)
    home = tmp_path_factory.mktemp("theorem")
    shutil.copy(sqlite_template, home / "copydesk.db")
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
                hits = reader.search(parse(marker), locale=None, section=None, limit=50, after=None).hits
                assert {hit.id for hit in hits} == {key for key, value in live.items() if marker in value["text"]}

    def check_related(self, live: Mapping[str, Mapping[str, Any]]) -> None:
        with self.house.database.reading() as session:
            faces = portraits(session, list(live))
            lists = stored_lists(session, list(live))
        for owner, entries in lists.items():
            for other, entry in entries.items():
                assert other in live, f"{owner} lists {other}, which is not published"
                assert entry.score == score(faces[owner], faces[other])
                assert entry.why == reasons(faces[owner], faces[other])
            shown = self.house.client.get(f"/content/v1/articles/{owner}").json["related"]
            expected = [(one.other_id, one.score) for one in sorted(entries.values(), key=rank)[:SHOWN]]
            assert [(one["id"], one["score"]) for one in shown] == expected
            assert all(one["title"] == live[one["id"]]["title"] for one in shown)

    def check_brute_force(self, live: Mapping[str, Mapping[str, Any]]) -> None:
        with self.house.database.reading() as session:
            faces = portraits(session, list(live))
            lists = stored_lists(session, list(live))
        for owner, mine in faces.items():
            found = [entry for face in faces.values() if (entry := neighbour(mine, face)) is not None]
            assert lists[owner] == {entry.other_id: entry for entry in best(found)}


def fold(session: Session) -> dict[str, dict[str, Any]]:
    """What readers should see of each article, from the newsroom's own tables alone."""
    query = select(Article, Revision).join(
        Revision, (Revision.article_id == Article.id) & (Revision.revision == Article.published_revision)
    )
    live = {}
    for row, revision in session.execute(query.where(Article.deleted_at.is_(None))):
        rendered = render(revision.content["body"], revision.content["body_format"])
        minutes = measure(rendered.text, rendered.image_count, revision.content["locale"], rates_from(""))
        live[row.id] = {
            "id": row.id,
            "locale": revision.content["locale"],
            "slug": revision.content["slug"],
            "revision": row.published_revision,
            "title": revision.content["title"],
            "body": {"html": rendered.html},
            "reading_time": minutes.as_dict(),
            "text": rendered.text,
        }
    kin = translations(session, live)
    return {article_id: {**one, "translations": kin[article_id]} for article_id, one in live.items()}


def buried(session: Session) -> dict[str, str]:
    """The articles that were taken down and not published since, with the reason that readers are given."""
    query = (
        select(Article.id, Revision.note)
        .join(Revision, Revision.article_id == Article.id)
        .where(Article.taken_down_at.is_not(None), Revision.action == "taken_down")
        .order_by(Revision.revision)
    )
    return {row.id: row.note for row in session.execute(query)}


def translations(session: Session, live: Mapping[str, Mapping[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    """For each published article the other published ones of its group, and whether each lags behind its source.

    It does when readers of the source were shown other words, after the revision that was translated from.
    """
    rows = {row.id: row for row in session.scalars(select(Article).where(Article.deleted_at.is_(None)))}
    shown = dict(
        session.execute(
            select(Revision.article_id, func.max(Revision.revision))
            .where(Revision.action.in_(SHOWN_BY))
            .group_by(Revision.article_id)
        ).all()
    )

    def words(article_id: str, revision: int) -> list[Any]:
        content = session.get_one(Revision, (article_id, revision)).content
        return [content[name] for name in WORDS]

    def is_behind(row: Article) -> bool:
        source = rows.get(row.translated_from_id or "")
        if source is None or source.group_id != row.group_id or source.id not in shown:
            return False
        assert row.translated_revision is not None
        last, followed = shown[source.id], row.translated_revision
        return last > followed and words(source.id, last) != words(source.id, followed)

    def named(article_id: str) -> dict[str, Any]:
        locale, slug = live[article_id]["locale"], live[article_id]["slug"]
        return {"locale": locale, "url": article_url(locale, slug), "is_stale": is_behind(rows[article_id])}

    groups: dict[str | None, list[str]] = defaultdict(list)
    for article_id in sorted(live, key=lambda one: (live[one]["locale"], one)):
        groups[rows[article_id].group_id].append(article_id)
    groups[None] = []
    return {
        article_id: [named(other) for other in groups[rows[article_id].group_id] if other != article_id]
        for article_id in live
    }


def steps_of(seed: int) -> list[Step]:
    """The steps of a run."""
    chance = random.Random(seed)
    kinds = chance.choices(list(WEIGHTS), list(WEIGHTS.values()), k=STEPS)
    return [(kind, chance.randrange(8), chance.randrange(64)) for kind in kinds]


@pytest.mark.slow
@pytest.mark.parametrize("part", range(PARTS))
# A failing run is told whole: making it shorter would take minutes, and its seed says everything of it.
@settings(max_examples=RUNS // PARTS, deadline=None, database=None, phases=(Phase.generate,))
@given(seed=st.integers(0, 2**63))
def test_whatever_happens_everything_agrees_in_the_end(house: House, part: int, seed: int) -> None:
    steps = steps_of(seed)
    note(f"the steps: {steps}")
    Run(house, seed).take(steps)


def write_what_the_letter_says(work: Work, attempt: Attempt) -> None:
    """A planted bug: the reading time of the letter's revision is written, whatever readers see by now."""
    with work.database.transaction() as session:
        [delivery] = hold(session, attempt.numbers)
        revision = delivery.letter.data["revision"]
        content = session.get_one(Revision, (attempt.subject, revision)).content
        document = session.get(Document, attempt.subject)
        if document is not None:
            rendered = render(content["body"], content["body_format"])
            document.reading_time = measure(rendered.text, rendered.image_count, "en", rates_from("")).as_dict()
            session.flush()
            reassemble(session, [attempt.subject], work.clock())
        close(session, delivery, work.clock())


def close_before_the_effect(work: Work, attempt: Attempt) -> None:
    """A planted bug: the deliveries are closed before the index was written."""
    with work.database.transaction() as session:
        for delivery in hold(session, attempt.numbers):
            close(session, delivery, work.clock())
    indexing.put_in_order(work, {owed.subject for owed in attempt.owed})


def ignore_what_is_no_publish(work: Work, attempt: Attempt) -> None:
    """A planted bug: what was unpublished or deleted stays in the index."""
    subjects = set()
    with work.database.reading() as session:
        for owed in attempt.owed:
            if session.get_one(Delivery, owed.number).letter.type == ArticlePublished.type:
                subjects.add(owed.subject)
    if subjects:
        indexing.put_in_order(work, subjects)
    with work.database.transaction() as session:
        for delivery in hold(session, attempt.numbers):
            close(session, delivery, work.clock())


PLANTED: dict[str, dict[str, Handler]] = {
    "no revision check": {"reading_time": write_what_the_letter_says},
    "a delivery closed early": {"search": close_before_the_effect},
    "an unpublish ignored": {"search": ignore_what_is_no_publish},
}


@pytest.mark.slow
@pytest.mark.parametrize("bug", PLANTED)
def test_a_planted_bug_turns_it_red(house: House, bug: str) -> None:
    for number in range(RUNS_UNTIL_RED):
        steps = steps_of(number)
        try:
            Run(house, number, PLANTED[bug]).take(steps)
        except AssertionError as error:
            # It is the bug that is found, and nothing else.
            Run(house, number).take(steps)
            print(f"{bug}: red in run {number + 1}: {str(error).splitlines()[0][:100]}")
            return
    raise AssertionError(f"{bug}: still green after {RUNS_UNTIL_RED} runs")
