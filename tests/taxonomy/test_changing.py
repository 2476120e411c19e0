"""Changing words: what a patch may hold, who may send it, what comes of two at once, and what it costs."""

import re
from collections.abc import Callable
from datetime import timedelta
from threading import Thread
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event, select

from cms.content.models import DocumentWord
from cms.content.rewording import AT_ONCE, reword_documents
from cms.identity import issuing
from cms.identity.moving import count_grants
from cms.identity.rules import NewToken
from cms.identity.staff.models import StaffInvitation
from cms.platform.actor import system
from cms.platform.clock import now
from cms.platform.db import Database
from cms.settings import Settings
from cms.taxonomy.rules import in_locale
from tests.draining import drain
from tests.newsroom.making import act, draft, patch

OPERATOR = system("test")
FIRST = {"If-Match": '"1"'}


def add(editor: FlaskClient, listing: str, /, **body: Any) -> dict[str, Any]:
    answer = editor.post(f"/api/v1/{listing}", json=body)
    assert answer.status_code == 201, answer.json
    made: dict[str, Any] = answer.json
    return made


@pytest.mark.parametrize(
    ("listing", "body", "pointer"),
    [
        ("sections", {"name": ""}, "/name"),
        ("sections", {"name": None}, "/name"),
        ("sections", {"slug": None}, "/slug"),
        ("sections", {"slug": "Not A Slug"}, "/slug"),
        ("sections", {"parent": "nowhere"}, "/parent"),
        ("sections", {"position": -1}, "/position"),
        ("sections", {"position": "1"}, "/position"),
        ("sections", {"names": {"no locale at all": "x"}}, "/names/no locale at all/key"),
        ("sections", {"names": {"kk": " "}}, "/names/kk/value"),
        ("sections", {"path": ["a"]}, "/path"),
        ("sections", {"id": "x"}, "/id"),
        ("tags", {"synonyms": ["🎈"]}, "/synonyms/0"),
        ("tags", {"synonyms": ["other"]}, "/synonyms/0"),
        ("tags", {"synonyms": ["Word"]}, "/synonyms/0"),
        ("tags", {"parent": "other"}, "/parent"),
        ("people", {"roles": ["king"]}, "/roles/0"),
        ("people", {"links": [{"label": "Site", "url": "javascript:alert(1)"}]}, "/links/0/url"),
        ("people", {"bios": {"kk": "x" * 4001}}, "/bios/kk/value"),
        ("people", {"email": "a@example.org"}, "/email"),
    ],
)
def test_what_no_word_can_be_is_refused_and_changes_nothing(
    editor: FlaskClient, listing: str, body: dict[str, Any], pointer: str
) -> None:
    word = add(editor, listing, name="Word")
    add(editor, listing, name="Other")
    path = f"/api/v1/{listing}/word"
    refused = editor.patch(path, json=body, headers=FIRST)
    assert (refused.status_code, [error["pointer"] for error in refused.json["errors"]]) == (422, [pointer])
    assert editor.get(path).json == word


@pytest.mark.parametrize("listing", ["sections", "tags", "people"])
def test_a_slug_in_use_now_or_before_is_not_given_away(editor: FlaskClient, listing: str) -> None:
    add(editor, listing, name="First")
    add(editor, listing, name="Second")
    taken = editor.patch(f"/api/v1/{listing}/first", json={"slug": "second"}, headers=FIRST)
    assert (taken.status_code, taken.json["code"]) == (409, "slug_taken")
    assert editor.patch(f"/api/v1/{listing}/first", json={"slug": "third"}, headers=FIRST).status_code == 200
    for refused in (
        editor.post(f"/api/v1/{listing}", json={"name": "First"}),
        editor.patch(f"/api/v1/{listing}/second", json={"slug": "first"}, headers=FIRST),
    ):
        assert (refused.status_code, refused.json["code"], refused.json["held_by"]) == (409, "slug_taken", "third")
    back = editor.patch(f"/api/v1/{listing}/first", json={"slug": "first"}, headers={"If-Match": '"2"'})
    assert back.json["slug"] == editor.get(f"/api/v1/{listing}/third").json["slug"] == "first"


def test_a_patch_that_changes_nothing_makes_no_revision_and_a_stale_one_is_told_what_clashes(
    editor: FlaskClient,
) -> None:
    add(editor, "tags", name="Rail", names={"kk": "Темір жол"}, synonyms=["Train"])
    same = {"name": "Rail", "names": {"kk": "Темір жол"}, "synonyms": ["Train"]}
    unchanged = editor.patch("/api/v1/tags/rail", json=same, headers=FIRST)
    assert (unchanged.status_code, unchanged.headers["ETag"], "Location" in unchanged.headers) == (200, '"1"', False)
    changed = editor.patch("/api/v1/tags/rail", json={"names": {"kk": None, "ru": "Рельсы"}}, headers=FIRST)
    assert (changed.json["names"], changed.headers["ETag"]) == ({"ru": "Рельсы"}, '"2"')
    stale = editor.patch("/api/v1/tags/rail", json={"name": "Tram"}, headers=FIRST)
    assert (stale.status_code, stale.json["etag"], stale.headers["ETag"]) == (412, '"2"', '"2"')
    assert stale.json["conflicts"] == [{"pointer": "/name", "base": None, "yours": "Tram", "theirs": "Rail"}]


def test_a_tag_renamed_meanwhile_clashes_with_no_edit_of_an_article(editor: FlaskClient) -> None:
    made = draft(editor, tags=["rail", "sun"])
    assert patch(editor, made["id"], 1, dek="Theirs").status_code == 200
    assert editor.patch("/api/v1/tags/rail", json={"slug": "tram"}, headers=FIRST).status_code == 200
    stale = patch(editor, made["id"], 1, summary=["Yours"], tags=["rail", "sun"])
    assert stale.json["conflicts"] == []
    merge = stale.json["merge"]
    assert (merge["dek"], merge["summary"], merge["tags"]) == ("Theirs", ["Yours"], ["tram", "sun"])


def test_whoever_is_limited_adds_shared_words_but_changes_none(app: Flask, database: Database) -> None:
    def limited(**place: str) -> FlaskClient:
        with database.transaction() as session:
            command = NewToken(name="desk", role="editor", lifetime=timedelta(hours=1), **place)
            token = issuing.issue(session, OPERATOR, command, now())[1]
        client = app.test_client()
        client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {token}"
        return client

    for number, desk in enumerate((limited(section_path="city/"), limited(locale="kk"))):
        for listing in ("tags", "people", "sources"):
            word = add(desk, listing, name=f"Word {number}")
            path = f"/api/v1/{listing}/{word.get('slug') or word['id']}"
            for refused in (
                desk.patch(path, json={"name": "Other"}, headers=FIRST),
                desk.delete(path, headers=FIRST),
            ):
                assert (refused.status_code, refused.json["missing_permission"]) == (403, "taxonomy:write"), path
        assert desk.post("/api/v1/sections", json={"name": "Root"}).status_code == 403


@pytest.mark.both_databases
def test_two_moves_at_once_make_no_circle(app: Flask, editor: FlaskClient) -> None:
    for name in ("One", "Two"):
        add(editor, "sections", name=name)
    answers: list[int] = []

    def move(slug: str, parent: str) -> None:
        mine = app.test_client()
        mine.environ_base = editor.environ_base
        answers.append(mine.patch(f"/api/v1/sections/{slug}", json={"parent": parent}, headers=FIRST).status_code)

    threads = [Thread(target=move, args=pair) for pair in (("one", "two"), ("two", "one"))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == [200, 422]
    assert sorted(len(one["path"]) for one in editor.get("/api/v1/sections").json["data"]) == [1, 2]


def test_open_invitations_go_with_the_section_and_keep_it_from_being_deleted(
    editor: FlaskClient, database: Database
) -> None:
    add(editor, "sections", name="City")
    add(editor, "sections", name="World")
    grant = {"role": "editor", "section_path": "city/", "locale": ""}
    with database.transaction() as session:
        session.add(
            StaffInvitation(
                id="01890a5d-ac96-774b-bcce-b302099a8057", email="a@example.org", name="A", locale="en",
                grants=[grant], invited_by="test", created_at=now(), expires_at=now() + timedelta(days=1),
            )
        )  # fmt: skip
    moved = editor.patch("/api/v1/sections/city", json={"parent": "world"}, headers=FIRST)
    assert moved.status_code == 200
    with database.reading() as session:
        assert session.scalars(select(StaffInvitation)).one().grants == [{**grant, "section_path": "world/city/"}]
        assert (count_grants(session, "world/"), count_grants(session, "city/")) == (1, 0)
    refused = editor.delete("/api/v1/sections/city", headers={"If-Match": '"2"'})
    assert (refused.status_code, refused.json["used_by"]["grants"]) == (409, {"count": 1})


def test_a_name_is_found_by_locale_then_language_then_for_all() -> None:
    names = {"zh-CN": "国际", "zh": "國際"}
    assert [in_locale("World", names, one) for one in ("zh-CN", "zh-TW", "en")] == ["国际", "國際", "World"]


@pytest.mark.both_databases
def test_a_publish_that_raced_with_a_rename_shows_the_new_name(
    editor: FlaskClient, client: FlaskClient, settings: Settings, database: Database
) -> None:
    articles = [draft(editor, title=f"Story {number}", tags=["rail"])["id"] for number in range(6)]
    answers: list[int] = []

    def publish(article_id: str) -> None:
        mine = editor.application.test_client()
        mine.environ_base = editor.environ_base
        answers.append(act(mine, "publish", article_id, 1).status_code)

    threads = [Thread(target=publish, args=(one,)) for one in articles]
    for thread in threads:
        thread.start()
    assert editor.patch("/api/v1/tags/rail", json={"name": "Trams", "slug": "trams"}, headers=FIRST).status_code == 200
    tag = editor.get("/api/v1/tags/trams").json["id"]
    reword_documents(database, OPERATOR, "tag", tag, now)
    for thread in threads:
        thread.join()
    assert answers == [200] * 6
    shown = [client.get(f"/content/v1/articles/{one}").json["tags"] for one in articles]
    assert shown == [[{"slug": "trams", "name": "Trams"}]] * 6
    drain(settings, database)


@pytest.mark.both_databases
def test_articles_that_are_saved_while_their_tag_is_merged_have_the_tag_that_stays(
    editor: FlaskClient, settings: Settings, database: Database
) -> None:
    add(editor, "tags", name="Rail")
    add(editor, "tags", name="Tram")
    articles = [draft(editor, title=f"Story {number}", tags=["rail"])["id"] for number in range(8)]
    answers: list[int] = []

    def save(article_id: str) -> None:
        mine = editor.application.test_client()
        mine.environ_base = editor.environ_base
        answers.append(patch(mine, article_id, 1, dek="Saved", tags=["rail", "sun"]).status_code)

    threads = [Thread(target=save, args=(one,)) for one in articles]
    for thread in threads:
        thread.start()
    merged = editor.post("/api/v1/tags/rail/merge", json={"into": "tram"}, headers=FIRST)
    for thread in threads:
        thread.join()
    assert (merged.status_code, answers) == (200, [200] * 8)
    assert {tuple(editor.get(f"/api/v1/articles/{one}").json["tags"]) for one in articles} == {("tram", "sun")}
    drain(settings, database)


def test_rewording_costs_the_same_statements_for_one_article_as_for_a_whole_portion(
    editor: FlaskClient, settings: Settings, database: Database
) -> None:
    asked: dict[int, list[str]] = {}
    for count in (1, 6):
        tag = add(editor, "tags", name=f"Rail {count}")
        for number in range(count):
            made = draft(editor, title=f"Story {count} {number}", tags=[tag["slug"]])
            assert act(editor, "publish", made["id"], 1).status_code == 200
        drain(settings, database)
        statements: list[str] = []

        def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
            statements.append(statement)  # noqa: B023  # listened to within the turn

        event.listen(database.writer, "before_cursor_execute", note)
        assert reword_documents(database, OPERATOR, "tag", tag["id"], now) == count
        event.remove(database.writer, "before_cursor_execute", note)
        reads = [statement for statement in statements if statement.lstrip().startswith("SELECT")]
        # How many values there are is the only difference, and none is written in a way of its own.
        several = re.compile(r"\((\?(, \?)*|SELECT 1 FROM \(SELECT 1\) WHERE 1!=1)\)")
        asked[count] = [several.sub("(?)", statement) for statement in reads]
        drain(settings, database)
    assert AT_ONCE >= 6
    assert asked[1] == asked[6]


@pytest.mark.parametrize("use", ["delete", "merge"])
def test_words_of_old_revisions_that_are_gone_do_not_keep_an_article_from_readers(
    editor: FlaskClient, settings: Settings, database: Database, use: str
) -> None:
    made = draft(editor, tags=["rail"])
    assert patch(editor, made["id"], 1, tags=["sun"]).status_code == 200
    path = "/api/v1/tags/rail"
    answer = (
        editor.delete(path, headers=FIRST)
        if use == "delete"
        else editor.post(f"{path}/merge", json={"into": "sun"}, headers=FIRST)
    )
    assert answer.status_code in (200, 204)
    assert act(editor, "publish", made["id"], 2).status_code == 200
    with database.reading() as session:
        assert session.scalars(select(DocumentWord.role)).all() == ["tag"]
    drain(settings, database)


HIDDEN = (
    "password_hash", "email", "token", "digest", "author.email[startswith]", "editor[password_hash]", "body", "state",
    "section.path", "parent.id", "bio", "bios", "links.url", "roles", "revision", "created_at[gte]", "number[gt]",
    "sort", "order", "group", "include", "fields", "search", "where", "filter[name]", "filters[name][$contains]",
    "names.kk", "synonyms", "former_id", "word_id", "articles.title", "articles.state", "grants", "name[regex]",
    "$where", "q[contains]", "slug__startswith", "name__icontains", "populate", "expand", "select", "having",
)  # fmt: skip


@pytest.mark.parametrize("name", HIDDEN)
def test_lists_of_words_are_narrowed_by_nothing_but_what_is_allowed(
    editor: FlaskClient, client: FlaskClient, name: str
) -> None:
    for kind in ("sections", "tags", "people", "sources"):
        refused = editor.get(f"/api/v1/{kind}", query_string={name: "a"})
        assert (refused.status_code, refused.json["code"]) == (400, "bad_request"), kind
        if kind != "sources":
            assert client.get(f"/content/v1/{kind}", query_string={name: "a"}).status_code == 400, kind


def test_at_least_forty_hidden_fields_are_tried() -> None:
    assert len(set(HIDDEN)) >= 40


def test_words_are_found_by_name_slug_and_synonym(editor: FlaskClient, client_as: Callable[[str], FlaskClient]) -> None:
    add(editor, "tags", name="Железная дорога", slug="rail", synonyms=["Streetcar"])
    add(editor, "sources", name="Issen Wire")
    for q in ("дорога", "ДОРОГА", "rail", "streetcar", "желез дорог"):
        found = client_as("viewer").get("/api/v1/tags", query_string={"q": q, "count": "exact"}).json
        assert ([tag["slug"] for tag in found["data"]], found["meta"]["count"]) == (["rail"], 1), q
    assert editor.get("/api/v1/tags?q=nothing").json["data"] == []
    assert editor.get("/api/v1/tags?q=%25").json["data"] == []
    assert [one["name"] for one in editor.get("/api/v1/sources?q=wire").json["data"]] == ["Issen Wire"]
