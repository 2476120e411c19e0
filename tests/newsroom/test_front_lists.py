"""Front lists: who may arrange what, what cannot be in one, how a move leaves the others, and what a section knows."""

import random
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import event, func, select
from werkzeug.test import TestResponse

from cms.audit.models import AuditEntry
from cms.content.front_lists.models import FrontList, FrontListEntry
from cms.content.front_lists.rules import arranged, is_open
from cms.content.front_lists.showing import shown_list
from cms.events.models import Letter
from cms.newsroom.front_lists.rules import MOST_ENTRIES, MOST_LISTS, Entry, PutEntry, with_entry, without_entry
from cms.newsroom.preparing import PreparedBody
from cms.newsroom.rules import ArticleAct, DeleteArticle
from cms.newsroom.schedules.firing import fire_due
from cms.newsroom.schedules.rules import PutSchedule, Times
from cms.newsroom.schedules.scheduling import put_schedule
from cms.newsroom.taking_down import take_down_article
from cms.newsroom.trashing import delete_article
from cms.platform.clock import now
from cms.platform.db import Database
from cms.platform.direct_reads import DirectReads
from cms.platform.ids import new_id
from cms.platform.text.markdown import render
from tests.access.desk import OPERATOR, Desk
from tests.newsroom.making import UNKNOWN, draft

NOON = datetime(2026, 11, 2, 12, tzinfo=UTC)
LISTS = "/api/v1/lists"


@pytest.fixture
def desk(editor: FlaskClient, database: Database) -> Desk:
    return Desk(editor.application, database).furnish()


def make(editor: FlaskClient, /, *articles: str, **given: Any) -> TestResponse:
    """Make a list of articles; what matters to a test is given by name."""
    body = {"name": "top", "title": "Top", "entries": [{"article": one} for one in articles], **given}
    return editor.post(LISTS, json=body)


def put(editor: FlaskClient, path: str, revision: int, /, **body: Any) -> TestResponse:
    return editor.put(path, json={"title": "Top", **body}, headers={"If-Match": f'"{revision}"'})


def post(editor: FlaskClient, path: str, revision: int, /, **body: Any) -> TestResponse:
    return editor.post(f"{path}/entries", json=body, headers={"If-Match": f'"{revision}"'})


def arranged_now(editor: FlaskClient, path: str) -> list[str]:
    return [one["article"] for one in editor.get(path).json["entries"]]


def lists_written(database: Database) -> list[Any]:
    """Everything that a verb of front lists can write."""
    with database.reading() as session:
        kinds = (FrontList, FrontListEntry, AuditEntry, Letter)
        counted = [session.scalar(select(func.count()).select_from(kind)) for kind in kinds]
        return [*counted, *session.execute(select(FrontList.id, FrontList.revision, FrontList.title)).all()]


# ── Rules ──


@pytest.mark.parametrize(
    ("start", "end", "is_shown"),
    [
        (None, None, True), (0, None, True), (1, None, False), (None, 0, False), (None, 1, True), (-1, 1, True),
        (-2, -1, False), (1, 2, False),
    ],
)  # fmt: skip
def test_an_entry_is_open_from_its_first_instant_to_just_before_its_last(
    start: int | None, end: int | None, is_shown: bool
) -> None:
    instants = [None if hours is None else NOON + timedelta(hours=hours) for hours in (start, end)]
    assert is_open(*instants, NOON) is is_shown


def test_pinned_entries_keep_their_places_among_what_comes_and_goes() -> None:
    assert arranged([(1, False, "a"), (2, True, "P"), (3, False, "b")], ["n"]) == ["a", "P", "b", "n"]
    assert arranged([(2, True, "P"), (3, False, "b")], []) == ["b", "P"]
    assert arranged([(2, True, "P")], ["n", "m"]) == ["n", "P", "m"]
    assert arranged([(5, True, "P"), (2, True, "Q")], []) == ["Q", "P"]


def test_any_row_of_moves_loses_no_article_and_leaves_pinned_ones_where_they_are() -> None:
    chance = random.Random(7)
    for _ in range(300):
        entries = tuple(Entry(str(number), is_pinned=chance.random() < 0.3) for number in range(chance.randint(0, 8)))
        article = str(chance.randint(0, 9))
        position = chance.choice([None, *range(1, 12)])
        changes = chance.choice([{}, {"is_pinned": True}, {"is_pinned": False}, {"title": "T"}])
        after = with_entry(entries, PutEntry(article, changes, position))
        assert {one.article for one in after} == {one.article for one in entries} | {article}
        assert len(after) == len({one.article for one in after})
        [moved] = [one for one in after if one.article == article]
        if not moved.is_pinned:
            for place, one in enumerate(entries):
                if one.is_pinned and one.article != article and place < len(after):
                    assert after[place] == one, (entries, article, position, changes)
        left = without_entry(after, article)
        assert [one for one in after if one.article != article and not one.is_pinned] == [
            one for one in left if not one.is_pinned
        ]
        assert len(left) == len(after) - 1


# ── What cannot be ──

BROKEN: tuple[dict[str, Any], ...] = (
    {"name": ""}, {"name": "Front Page"}, {"name": "-top"}, {"name": "top/../x"}, {"name": "a" * 121}, {"name": None},
    {"name": 1}, {"name": "top!"}, {"title": ""}, {"title": "  "}, {"title": "a\nb"}, {"title": "a" * 201},
    {"title": 1}, {"title": None}, {"title": "\u0000"}, {"locale": ""}, {"locale": "english!"}, {"locale": 7},
    {"locale": ["en"]},
    {"section": "nowhere"}, {"section": ""}, {"section": 3}, {"section": "../city"}, {"fill": {}}, {"fill": 5},
    {"fill": {"limit": 0}}, {"fill": {"limit": 101}}, {"fill": {"limit": -1}}, {"fill": {"limit": "3"}},
    {"fill": {"limit": 1.5}}, {"fill": {"limit": True}}, {"fill": {"limit": 3, "section": "nowhere"}},
    {"fill": {"limit": 3, "order": "oldest"}}, {"entries": None}, {"entries": {}}, {"entries": ["x"]},
    {"entries": [{}]},
    {"entries": [{"article": "1"}]}, {"entries": [{"article": UNKNOWN}]}, {"entries": [{"article": None}]},
    {"entries": [{"article": UNKNOWN}] * (MOST_ENTRIES + 1)}, {"id": UNKNOWN}, {"revision": 5}, {"position": 1},
)  # fmt: skip
BROKEN_ENTRIES: tuple[dict[str, Any], ...] = (
    {"is_pinned": 1}, {"is_pinned": "true"}, {"is_pinned": None}, {"from": "tomorrow"}, {"from": "2026-11-02"},
    {"from": "2026-11-02T08:00:00"}, {"from": 5}, {"until": "2026-13-02T08:00:00Z"}, {"until": ""},
    {"from": "2026-11-02T08:00:00Z", "until": "2026-11-02T08:00:00Z"},
    {"from": "2026-11-02T08:00:00Z", "until": "2026-11-02T10:00:00+06:00"}, {"title": "a\nb"}, {"title": "a" * 301},
    {"title": None}, {"title": {"en": "x"}}, {"position": 0}, {"position": -1}, {"position": 101}, {"position": "1"},
    {"position": 1.5}, {"position": True}, {"card": {}}, {"article": "1"}, {"article": None},
)  # fmt: skip


def test_what_cannot_be_a_list_is_refused_and_nothing_is_written(
    editor: FlaskClient, database: Database, desk: Desk
) -> None:
    known = draft(editor)["id"]
    path = make(editor, known, name="other").headers["Location"]
    before = lists_written(database)
    for broken in BROKEN:
        answer = make(editor, **{"name": "new", **broken})
        assert (answer.status_code, answer.mimetype) == (422, "application/problem+json"), broken
        assert answer.json["errors"][0]["pointer"].startswith("/" + next(iter(broken))), (broken, answer.json)
    for broken in BROKEN_ENTRIES:
        answer = post(editor, path, 1, **{"article": known, **broken})
        assert answer.status_code == 422, broken
        assert answer.json["errors"][0]["pointer"].startswith("/" + list(broken)[-1]), (broken, answer.json)
    twice = make(editor, known, known, name="new")
    assert twice.json["errors"][0]["pointer"] == "/entries/1/article"
    assert make(editor, known, name="new", locale="kk").json["errors"][0]["code"] == "wrong_locale"
    assert make(editor, known, name="other").json["code"] == "name_taken"
    assert lists_written(database) == before


def test_lists_and_their_entries_have_an_end(editor: FlaskClient, database: Database, desk: Desk) -> None:
    articles = [desk.article().article.id for _ in range(3)]
    path = make(editor, articles[0]).headers["Location"]
    with database.transaction() as session:
        number = session.scalar(select(FrontList.number))
        session.add_all(
            FrontListEntry(
                list_number=number, position=place, article_id=new_id(), is_pinned=False, title="",
                from_at=None, until_at=None,
            )
            for place in range(2, MOST_ENTRIES + 1)
        )  # fmt: skip
        session.add_all(
            FrontList(
                id=new_id(), name=f"list-{index}", locale="", title="Top", fill_limit=0, revision=1, created_at=now(),
                updated_at=now(),
            )
            for index in range(1, MOST_LISTS)
        )  # fmt: skip
    assert post(editor, path, 1, article=articles[1]).json["errors"][0]["code"] == "too_many"
    assert post(editor, path, 1, article=articles[0], position=100).status_code == 200, "a move adds none"
    assert make(editor, name="one-more").json["code"] == "too_many"


# ── Who may, and where (rows S31 and S62) ──


@pytest.mark.both_databases
def test_a_list_is_arranged_where_it_belongs_and_with_what_one_may_read(desk: Desk, database: Database) -> None:
    city, sport = (desk.client(desk.token("editor", section_path=path)) for path in ("city/", "sport/"))
    everywhere = desk.client(desk.token("editor"))
    mine, theirs = desk.article().article.id, desk.article(section="sport").article.id
    path = make(city, mine, section="trams").headers["Location"]
    before = lists_written(database)
    assert make(city, mine, name="site").status_code == 403, "one of the site takes a grant without limits"
    assert make(city, mine, name="theirs", section="sport").status_code == 403
    assert make(desk.client(desk.token("author")), mine, name="no").status_code == 403
    assert put(city, path, 1, section="sport").status_code == 403, "and so does where it shall belong"
    assert put(city, path, 1).status_code == 403
    assert put(sport, path, 1, section="sport").status_code == 403, "nobody takes it over from elsewhere"
    first = {"If-Match": '"1"'}
    for address in (path, f"{path}/entries/{mine}"):
        refused = sport.delete(address, headers=first)
        assert (refused.status_code, refused.json["missing_permission"]) == (403, "lists:write")
    # What is elsewhere cannot be told from what never was.
    gone = desk.article(section="city").article.id
    with database.transaction() as session:
        delete_article(session, OPERATOR, DeleteArticle(gone, 1), now())
    assert lists_written(database)[:2] == before[:2], "nothing of all that came of it"
    before = lists_written(database)
    refusals = [post(city, path, 1, article=one) for one in (theirs, UNKNOWN, gone)]
    assert {one.status_code for one in refusals} == {422}
    assert len({str(one.json["errors"]) for one in refusals}) == 1
    wholes = [put(city, path, 1, section="trams", entries=[{"article": one}]) for one in (theirs, UNKNOWN, gone)]
    assert {one.json["errors"][0]["code"] for one in wholes} == {"unknown"}
    assert city.delete(f"{path}/entries/{theirs}", headers=first).status_code == 404
    assert lists_written(database) == before
    # An article that somebody else put in stays when the whole list is written.
    assert post(everywhere, path, 1, article=theirs).status_code == 200
    whole = put(city, path, 2, section="trams", entries=[{"article": theirs}, {"article": mine}])
    assert (whole.status_code, arranged_now(city, path)) == (200, [theirs, mine])
    assert sport.get(path).status_code == 200, "every list is public"


def test_a_place_that_a_pinned_entry_has_is_refused_and_the_next_free_one_named(
    editor: FlaskClient, database: Database
) -> None:
    top, second, other, late = (draft(editor, title=title)["id"] for title in ("Top", "Second", "Other", "Late"))
    path = make(editor, entries=[
        {"article": top, "is_pinned": True}, {"article": second, "is_pinned": True}, {"article": other},
    ]).headers["Location"]  # fmt: skip
    before = lists_written(database)
    for position in (1, 2):
        for moved in (late, other):
            refused = post(editor, path, 1, article=moved, position=position)
            [error] = refused.json["errors"]
            assert (refused.status_code, error["pointer"], error["code"]) == (422, "/position", "pinned")
            assert f"position {position}: the next that is free is 3" in error["detail"]
    assert lists_written(database) == before
    assert post(editor, path, 1, article=late, position=3).status_code == 200
    assert arranged_now(editor, path) == [top, second, late, other]
    # Pinned too it takes the place, and the other one gives way; and one's own place is free.
    assert post(editor, path, 2, article=late, position=1, is_pinned=True).status_code == 200
    assert arranged_now(editor, path) == [late, top, second, other]
    assert post(editor, path, 3, article=top, position=2, is_pinned=False).status_code == 200
    assert arranged_now(editor, path) == [late, top, second, other]


def test_acts_are_on_record_and_one_that_changes_nothing_is_not(editor: FlaskClient, database: Database) -> None:
    one, other = draft(editor)["id"], draft(editor, title="Another")["id"]
    path = make(editor, one).headers["Location"]
    same = put(editor, path, 1, entries=[{"article": one}])
    assert same.headers["ETag"] == '"1"'
    assert put(editor, path, 1, title="Top of it", entries=[{"article": one}]).headers["ETag"] == '"2"'
    assert post(editor, path, 2, article=other, title="Mine").headers["ETag"] == '"3"'
    kept = post(editor, path, 3, article=other, position=1).json["entries"][0]
    assert (kept["article"], kept["title"]) == (other, "Mine"), "a move keeps what it does not name"
    assert editor.delete(path, headers={"If-Match": '"4"'}).status_code == 204
    with database.reading() as session:
        acts = session.execute(
            select(AuditEntry.action, AuditEntry.changes)
            .where(AuditEntry.subject_kind == "list")
            .order_by(AuditEntry.number)
        ).all()
        letters = session.scalars(select(Letter.type).where(Letter.type.like("list.%")).order_by(Letter.number)).all()
    assert [tuple(act) for act in acts] == [
        ("list.made", ["name", "locale", "title", "section", "fill", "entries"]),
        ("list.changed", ["title"]), ("list.changed", ["entries"]), ("list.changed", ["entries"]), ("list.deleted", []),
    ]  # fmt: skip
    assert letters == ["list.changed"] * 4 + ["list.deleted"]


@pytest.mark.both_databases
def test_eight_editors_at_one_revision_lose_no_move(editor: FlaskClient, desk: Desk) -> None:
    articles = [desk.article().article.id for _ in range(8)]
    path = make(editor).headers["Location"]
    clients = [desk.client(desk.token("editor")) for _ in articles]
    start = Barrier(len(articles))

    def add(client: FlaskClient, article: str) -> int:
        start.wait()
        return post(client, path, 1, article=article).status_code

    with ThreadPoolExecutor(len(articles)) as pool:
        statuses = list(pool.map(add, clients, articles))
    assert sorted(statuses) == [200] + [412] * 7
    assert arranged_now(editor, path) == [articles[statuses.index(200)]]
    with ThreadPoolExecutor(len(articles)) as pool:
        answers = list(pool.map(lambda client: make(client, articles[0], name="one").status_code, clients))
    assert sorted(answers) == [201] + [409] * 7


# ── Sections and articles that change ──


@pytest.mark.both_databases
def test_a_section_knows_the_lists_that_use_it(administrator: FlaskClient, desk: Desk, database: Database) -> None:
    path = make(administrator, section="sport", fill={"limit": 5, "section": "sport"}).headers["Location"]
    first = {"If-Match": '"1"'}
    refused = administrator.delete("/api/v1/sections/sport", headers=first)
    assert (refused.status_code, refused.json["code"]) == (409, "in_use")
    assert refused.json["used_by"]["lists"] == [{"id": path.rpartition("/")[2], "name": "top", "locale": None}]
    moved = administrator.patch("/api/v1/sections/sport", json={"parent": "city", "slug": "games"}, headers=first)
    assert moved.status_code == 200
    told = administrator.get(path).json
    assert (told["section"], told["fill"], told["revision"]) == ("games", {"limit": 5, "section": "games"}, 1)
    city = desk.client(desk.token("editor", section_path="city/"))
    assert put(city, path, 1, section="games").status_code == 200, "its list went with it"
    second = {"If-Match": moved.headers["ETag"]}
    assert administrator.delete("/api/v1/sections/games?reassign_to=trams", headers=second).status_code == 204
    told = administrator.get(path).json
    assert (told["section"], told["fill"], told["revision"]) == ("trams", None, 3)
    assert administrator.get("/content/v1/lists").json["data"][0]["section"] == "trams"


@pytest.mark.both_databases
def test_what_readers_may_not_see_is_in_no_list_and_comes_back_with_its_article(desk: Desk, database: Database) -> None:
    editor, client = desk.client(desk.token("administrator")), desk.client(None)
    shown, down, trashed = (desk.article(published=True).article for _ in range(3))
    hidden, shared = desk.article().article, desk.article().article
    with database.transaction() as session:
        command = PutSchedule(shared.id, Times(embargo_until=now() + timedelta(days=1)))
        put_schedule(session, OPERATOR, command, PreparedBody(shared.revision, render("Shared.", "markdown")), now())
    path = make(editor, hidden.id, down.id, trashed.id, shared.id, shown.id, fill={"limit": 9}).headers["Location"]
    with database.transaction() as session:
        take_down_article(session, OPERATOR, ArticleAct(down.id, down.revision, "Wrong."), now())
        delete_article(session, OPERATOR, DeleteArticle(trashed.id, trashed.revision), now())
    early = desk.client(desk.token(permissions=frozenset({"embargo:read", "articles:read"})))
    fire_due(database, now)
    assert early.get(f"/content/v1/articles/{shared.id}").status_code == 200
    assert [card["id"] for card in early.get("/content/v1/lists/top").json["data"]] == [shown.id]
    answer = client.get("/content/v1/lists/top")
    assert [card["id"] for card in answer.json["data"]] == [shown.id]
    for secret in (hidden, down, trashed, shared):
        assert secret.id not in answer.get_data(as_text=True)
        assert secret.title not in answer.get_data(as_text=True)
    assert arranged_now(editor, path) == [hidden.id, down.id, trashed.id, shared.id, shown.id]
    again = put(editor, path, 1, entries=[{"article": one} for one in (trashed.id, hidden.id)])
    assert again.status_code == 200, "what was in it may stay, wherever it is now"
    restored = editor.post(f"/api/v1/trash/{trashed.id}/restore")
    assert restored.status_code == 200
    for article_id in (hidden.id, trashed.id):
        etag = editor.get(f"/api/v1/articles/{article_id}").headers["ETag"]
        assert editor.post(f"/api/v1/articles/{article_id}/publish", headers={"If-Match": etag}).status_code == 200
    assert [card["id"] for card in client.get("/content/v1/lists/top").json["data"]] == [trashed.id, hidden.id]


@pytest.mark.both_databases
def test_a_list_costs_as_many_statements_for_many_entries_as_for_one(
    editor: FlaskClient, desk: Desk, database_url: str
) -> None:
    parts = editor.application.extensions["copydesk"]
    articles = [desk.article(published=True).article.id for _ in range(12)]
    few = make(editor, articles[0], name="few", fill={"limit": 3}).headers["Location"]
    many = make(editor, *articles[:10], name="many", fill={"limit": 12}).headers["Location"]
    asked: list[str] = []

    class Counted(DirectReads):
        """The direct reads, each on record."""

        def rows(self, statement: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
            asked.append(statement)
            return super().rows(statement, values)

    reads = Counted(database_url)
    for name, length in (("few", 3), ("many", 12)):
        shown = shown_list(reads, name, None, now())
        assert shown is not None
        assert len(shown.cards) == length
    reads.close()
    assert len(asked) == 6

    def count(*args: Any) -> None:
        asked.append(args[2])

    event.listen(parts.database.reader, "before_cursor_execute", count)
    costs = []
    for path in (few, many):
        asked.clear()
        assert editor.get(path).status_code == 200
        costs.append(len(asked))
    event.remove(parts.database.reader, "before_cursor_execute", count)
    assert costs[0] == costs[1] <= 6, asked
