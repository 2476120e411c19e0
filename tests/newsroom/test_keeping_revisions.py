"""Revisions are kept small, named by notes, and thinned out when they are old; an old database keeps them all."""

import random
from datetime import UTC, datetime, timedelta

import orjson
import pytest
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select, update

from cms.migrations.running import upgrade
from cms.newsroom.models import Article, Revision, RevisionText
from cms.newsroom.revisions.packing import content_in, digest_of, pack, pack_text, standing_in
from cms.newsroom.revisions.rules import Kept, is_thinnable, spare, thinned_before
from cms.newsroom.revisions.thinning import thin_revisions
from cms.platform.db import Database
from cms.settings import Settings
from tests.going_back import go_back, insert
from tests.newsroom.making import act, draft, patch
from tests.newsroom.previewing import look, share
from workers.due import thin

DAY = timedelta(days=1)
NOON = datetime(2026, 11, 3, 12, 0, tzinfo=UTC)


def dated(database: Database, article_id: str, *instants: datetime) -> None:
    """Let an article's revisions be of these instants, the first one first."""
    with database.transaction() as session:
        for number, at in enumerate(instants, 1):
            one = (Revision.article_id == article_id) & (Revision.revision == number)
            session.execute(update(Revision).where(one).values(at=at))


def kept(editor: FlaskClient, article_id: str) -> list[int]:
    listed = editor.get(f"/api/v1/articles/{article_id}/revisions?limit=100").json["data"]
    return sorted(entry["revision"] for entry in listed)


def text_count(database: Database, article_id: str) -> int:
    with database.reading() as session:
        return session.scalar(select(func.count()).where(RevisionText.article_id == article_id)) or 0


@pytest.mark.both_databases
def test_a_body_is_kept_once_however_often_it_is_saved(editor: FlaskClient, database: Database) -> None:
    made = draft(editor)
    patch(editor, made["id"], 1, title="Second")
    act(editor, "publish", made["id"], 2)
    patch(editor, made["id"], 3, body="Another.")
    patch(editor, made["id"], 4, body=made["body"])
    assert text_count(database, made["id"]) == 2
    path = f"/api/v1/articles/{made['id']}/revisions"
    bodies = [editor.get(f"{path}/{number}").json["content"]["body"] for number in range(1, 6)]
    assert bodies == [made["body"]] * 3 + ["Another.", made["body"]]


def test_a_note_is_kept_with_its_revision_and_one_alone_names_the_present_state(editor: FlaskClient) -> None:
    made = draft(editor, revision_note="As filed from Almaty")
    assert "revision_note" not in made
    patch(editor, made["id"], 1, dek="Now with a dek", revision_note="编辑看过了")
    named = patch(editor, made["id"], 2, revision_note="Before the lawyers")
    assert (named.status_code, named.json["revision"], named.json["dek"]) == (200, 3, "Now with a dek")
    assert patch(editor, made["id"], 3, revision_note=None).json["revision"] == 3
    act(editor, "publish", made["id"], 3, json={"revision_note": "Cleared by Ines"})
    entries = editor.get(f"/api/v1/articles/{made['id']}/revisions").json["data"]
    assert [(entry["action"], entry["note"], entry["actor_name"]) for entry in reversed(entries)] == [
        ("created", "As filed from Almaty", "editor"),
        ("edited", "编辑看过了", "editor"),
        ("edited", "Before the lawyers", "editor"),
        ("published", "Cleared by Ines", "editor"),
    ]
    for wrong in ("x" * 501, "two\nlines", 7, ["a"]):
        refused = patch(editor, made["id"], 4, revision_note=wrong)
        assert (refused.status_code, refused.json["errors"][0]["pointer"]) == (422, "/revision_note")


@pytest.mark.both_databases
def test_of_old_days_the_last_edit_stays_and_whatever_readers_saw_or_somebody_named(
    editor: FlaskClient, database: Database, settings: Settings
) -> None:
    made, other = draft(editor), draft(editor)
    patch(editor, made["id"], 1, body="2")
    patch(editor, made["id"], 2, body="3", revision_note="Named")
    patch(editor, made["id"], 3, body="4")
    act(editor, "publish", made["id"], 4)
    for number in range(5, 11):
        patch(editor, made["id"], number, body=str(number + 1))
    first = [NOON + timedelta(minutes=number) for number in range(7)]
    dated(database, made["id"], *first, NOON + DAY, NOON + DAY, NOON + 2 * DAY, NOON + 2 * DAY)
    patch(editor, other["id"], 1, body="2")
    before = kept(editor, made["id"])
    assert before == list(range(1, 12))
    assert thin(settings, database, NOON + 30 * DAY) == {}
    assert thin(settings, database, NOON + 31 * DAY) == {"revisions": 3}
    # Of the first day: the first, the named, the published, the last. Of the second day the last one.
    assert kept(editor, made["id"]) == [1, 3, 5, 7, 8, 9, 10, 11]
    assert text_count(database, made["id"]) == 8
    assert thin(settings, database, NOON + 31 * DAY) == {}
    assert thin(settings, database, NOON + 33 * DAY) == {"revisions": 2}
    assert kept(editor, made["id"]) == [1, 3, 5, 7, 9, 11]
    for number in kept(editor, made["id"]):
        assert editor.get(f"/api/v1/articles/{made['id']}/revisions/{number}").status_code == 200
    assert editor.get(f"/api/v1/articles/{made['id']}/revisions/2").status_code == 404
    assert kept(editor, other["id"]) == [1, 2]


@pytest.mark.both_databases
def test_an_article_that_is_being_changed_is_left_for_another_time(
    editor: FlaskClient, database: Database, database_kind: str
) -> None:
    made = draft(editor)
    for number in (1, 2):
        patch(editor, made["id"], number, body=str(number))
    dated(database, made["id"], NOON, NOON, NOON)
    if database_kind == "postgresql":
        with database.transaction() as holder, database.transaction() as session:
            holder.scalar(select(Article).where(Article.id == made["id"]).with_for_update())
            assert thin_revisions(session, NOON + DAY) is None
    with database.transaction() as session:
        assert thin_revisions(session, NOON + DAY) == 1
    with database.transaction() as session:
        assert thin_revisions(session, NOON + DAY) is None


@pytest.mark.both_databases
def test_what_a_scheduled_release_will_show_is_not_let_go(editor: FlaskClient, database: Database) -> None:
    made = draft(editor)
    patch(editor, made["id"], 1, title="As it will be shown")
    release = editor.post("/api/v1/releases", json={"title": "Monday", "articles": [made["id"]]}).json
    when = {"release_at": "2031-01-06T06:00:00", "timezone": "Europe/Paris"}
    path = f"/api/v1/releases/{release['id']}/schedule"
    assert editor.put(path, json=when, headers={"If-Match": '"1"'}).status_code == 200
    for revision in (2, 3):
        patch(editor, made["id"], revision, title=f"Later thought {revision}")
    dated(database, made["id"], NOON, NOON, NOON, NOON)
    with database.transaction() as session:
        assert thin_revisions(session, NOON + DAY) == 1
    assert kept(editor, made["id"]) == [1, 2, 4]


def test_what_a_preview_link_shows_for_good_is_not_let_go_while_it_opens(
    editor: FlaskClient, client: FlaskClient, database: Database
) -> None:
    made = draft(editor)
    for revision in range(1, 6):
        patch(editor, made["id"], revision, title=f"Title {revision + 1}")
    shown, ended = share(editor, made["id"], revision=2), share(editor, made["id"], revision=3)
    editor.delete(ended["link"])
    dated(database, made["id"], *(NOON,) * 6)
    with database.transaction() as session:
        assert thin_revisions(session, NOON + DAY) == 3
    assert kept(editor, made["id"]) == [1, 2, 6]
    assert look(client, shown).json["title"] == "Title 2"


moments = st.integers(0, 5 * 24 * 60)


@given(st.lists(st.tuples(moments, st.sampled_from(["edited", "published", "unpublished"]), st.booleans())))
def test_thinning_is_what_its_definition_says(rows: list[tuple[int, str, bool]]) -> None:
    history = [
        Kept(number, NOON + timedelta(minutes=minute), is_thinnable(action, number, "named" if has_note else ""))
        for number, (minute, action, has_note) in enumerate(sorted(rows), 1)
    ]
    gone = set(spare(history))
    for one in history:
        is_last = not any(later.at.date() == one.at.date() for later in history[one.revision :])
        assert (one.revision in gone) == (one.is_thinnable and not is_last)
    left = [one for one in history if one.revision not in gone]
    assert spare(left) == []


def test_an_edit_stays_the_days_of_the_setting_after_it_was_replaced() -> None:
    for hour in range(24):
        now = NOON + timedelta(hours=hour)
        # What is let go was replaced on its own day, and that day was over so many days ago.
        assert now - 2 * DAY < thinned_before(now, 1) <= now - DAY


CONTENT = {
    "type": "article",
    "title": "桥",
    "fields": {"a": [1, 1.5, True, None], "é": "x"},
    "tags": ["b", "a"],
    "body": "Nine\r\n桥 bells.",
}


def test_what_is_packed_comes_back_the_same() -> None:
    for body in ("", CONTENT["body"], "long " * 50_000):
        content = {**CONTENT, "body": body}
        packed = pack(content, {"state": "draft", "published_at": NOON})
        assert content_in(packed, pack_text(str(body))) == content
        assert orjson.dumps(content_in(packed, pack_text(str(body)))["fields"]) == orjson.dumps(content["fields"])
        assert standing_in(packed) == {"state": "draft", "published_at": "2026-11-03T12:00:00Z"}
    assert digest_of("a") != digest_of("b")


def test_an_article_of_fifty_saves_takes_a_fraction_of_what_its_copies_would() -> None:
    chance = random.Random(7)
    words = ["harbour", "bridge", "opened", "friday", "trams", "council", "said", "the", "of", "a", "night", "vote"]
    content = {**CONTENT, "body": " ".join(chance.choice(words) for _ in range(900))}
    plain = packed = 0
    texts: dict[str, int] = {}
    for save in range(50):
        if save % 5 == 0:
            content["body"] += " " + chance.choice(words)
        content["title"] = f"Title {save}"
        plain += len(orjson.dumps(content))
        packed += len(pack(content, {"state": "draft"}))
        texts[digest_of(content["body"])] = len(pack_text(content["body"]))
    kept_bytes = packed + sum(texts.values())
    print(f"50 saves of a body of {len(content['body'])} bytes: {plain} bytes of JSON, {kept_bytes} kept")
    assert kept_bytes < plain / 8


@pytest.mark.both_databases
def test_a_filled_database_of_before_keeps_its_revisions(
    settings: Settings, database: Database, database_kind: str
) -> None:
    go_back(database, database_kind, "0006")
    article, instant = "01890a5d-ac96-774b-bcce-b302099a8057", "2026-11-03 12:00:00"
    stored = article if database_kind == "postgresql" else article.replace("-", "")
    story = [("created", "One"), ("edited", "Two"), ("published", "Two"), ("edited", "Three"), ("unpublished", "Three")]
    with database.transaction() as session:
        insert(
            session,
            "articles",
            number=1, id=stored, state="draft", revision=5, locale="en", slug="s", title="T", dek="", summary="[]",
            body="Three", body_format="markdown", fields="{}", source_url="", first_published_at=instant,
            created_at=instant, updated_at=instant,
        )  # fmt: skip
        for number, (action, body) in enumerate(story, 1):
            insert(
                session,
                "article_revisions",
                article_id=stored, revision=number, action=action, actor_kind="service", actor_id="x", at=instant,
                content=orjson.dumps({**CONTENT, "body": body}).decode(),
            )  # fmt: skip
    upgrade(database)
    with database.reading() as session:
        # What readers saw once was called a draft too; the newer tables tell it apart.
        told = select(Article.state, Article.corrections, Article.rejection_note, Article.taken_down_at)
        assert tuple(session.execute(told).one()) == ("unpublished", [], "", None)
        rows = list(session.scalars(select(Revision).order_by(Revision.revision)))
        assert [(row.action, row.content) for row in rows] == [
            (action, {**CONTENT, "body": body}) for action, body in story
        ]
        assert [row.is_weighed for row in rows] == [True, False, True, False, True]
        assert [row.standing["state"] for row in rows] == ["draft", "draft", "published", "published", "unpublished"]
        assert [row.standing["published_revision"] for row in rows] == [None, None, 3, 3, None]
        assert rows[3].standing["published_at"] == "2026-11-03T12:00:00Z"
        assert rows[4].standing["first_published_at"] == "2026-11-03T12:00:00Z"
    assert text_count(database, article) == 3
