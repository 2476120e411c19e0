"""Slugs that articles get by themselves (row S57): of alike titles each has its own, and none is an address that still
leads readers somewhere else. A slug that an editor names may take such an address over, and is said to."""

from threading import Event
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from cms.platform.text.slugs import slugify
from tests.newsroom.making import act, draft, patch
from tests.newsroom.test_racing import race
from tests.platform.test_slugs import ALIKE, DIFFERENT

RESOLVE = "/content/v1/resolve?path="
TITLE, PLAIN = "Harbour bridge reopens", "harbour-bridge-reopens"
SPELLINGS = (
    TITLE, TITLE.upper(), "Harbour \u00adbridge reopens", "Harbour  bridge —\u00a0reopens",
    "Ｈａｒｂｏｕｒ bridge reopens", "Ha\u0301rbour bridge reo\u0308pens", "\u202eHarbour bridge reopens\u202c",
    "Harbour bridge re\u200dopens",
)  # fmt: skip


def publish(editor: FlaskClient, **given: Any) -> dict[str, Any]:
    """An article that readers see, at revision 2."""
    answer = act(editor, "publish", draft(editor, **given)["id"], 1)
    assert answer.status_code == 200, answer.json
    published: dict[str, Any] = answer.json
    return published


def move(editor: FlaskClient, article: dict[str, Any], slug: str) -> int:
    """Publish an article at another address; gives its revision."""
    at = patch(editor, article["id"], article["revision"], slug=slug).json["revision"]
    return int(act(editor, "publish", article["id"], at).json["revision"])


@pytest.mark.slow
def test_titles_that_read_alike_are_told_apart_by_a_number_and_others_are_not(editor: FlaskClient) -> None:
    wrong, seen = [], set[str]()
    for number, pair in enumerate((*ALIKE, *DIFFERENT[::3])):
        # A word of their own keeps the pairs apart from one another.
        made = [draft(editor, title=f"{title} pair{number}")["slug"] for title in pair]
        plain = [slugify(f"{title} pair{number}", "en") for title in pair]
        if made != ([plain[0], f"{plain[0]}-2"] if pair in ALIKE else plain):
            wrong.append((pair, made, plain))
        seen.update(made)
    assert not wrong and len(seen) == 2 * len((*ALIKE, *DIFFERENT[::3]))


@pytest.mark.both_databases
def test_one_title_in_many_spellings_at_once_makes_as_many_slugs(app: Flask, editor: FlaskClient) -> None:
    slugs: list[str] = []
    race(app, editor, 32, lambda one, number: slugs.append(draft(one, title=SPELLINGS[number % 8])["slug"]))
    assert sorted(slugs) == sorted([PLAIN, *(f"{PLAIN}-{number}" for number in range(2, 33))])


@pytest.mark.both_databases
def test_of_many_that_name_one_slug_at_once_one_gets_it(app: Flask, editor: FlaskClient) -> None:
    answers: list[Any] = []

    def name(client: FlaskClient, number: int) -> None:
        given = {"title": f"Title {number}", "locale": "en", "slug": "bridge"}
        answers.append(client.post("/api/v1/articles", json=given))

    race(app, editor, 16, name)
    assert sorted(answer.status_code for answer in answers) == [201, *[409] * 15]
    assert {answer.json["code"] for answer in answers if answer.status_code == 409} == {"slug_taken"}


@pytest.mark.both_databases
def test_an_article_that_moves_while_others_are_made_keeps_its_old_address(app: Flask, editor: FlaskClient) -> None:
    moving = publish(editor)
    slugs: list[str] = []
    has_moved = Event()

    def go(client: FlaskClient, number: int) -> None:
        if number:
            while not has_moved.is_set():
                slugs.append(draft(client)["slug"])
        else:
            try:
                move(client, moving, "elsewhere")
            finally:
                has_moved.set()

    race(app, editor, 5, go)
    slugs.append(draft(editor)["slug"])
    assert len(set(slugs)) == len(slugs) and PLAIN not in slugs
    assert app.test_client().get(RESOLVE + f"/en/{PLAIN}").json["article"]["id"] == moving["id"]


@pytest.mark.both_databases
def test_a_slug_made_of_a_title_takes_no_address_that_leads_somewhere(client: FlaskClient, editor: FlaskClient) -> None:
    moved = publish(editor)
    patch(editor, moved["id"], 2, slug="waits-for-readers")
    # No article has the slug now, but readers still find one there.
    assert draft(editor)["slug"] == f"{PLAIN}-2"
    assert act(editor, "publish", moved["id"], 3).status_code == 200
    assert draft(editor)["slug"] == f"{PLAIN}-3"
    # An editor's redirect, and the number that would come next.
    for path in ("/en/tides", f"/en/{PLAIN}-4"):
        assert editor.post("/api/v1/redirects", json={"path": path, "target": "/en/elsewhere"}).status_code == 201
    assert draft(editor, title="Tides")["slug"] == "tides-2"
    assert draft(editor)["slug"] == f"{PLAIN}-5"
    # Another language has addresses of its own, and an article may have its own old address back.
    assert draft(editor, locale="de")["slug"] == PLAIN
    back = patch(editor, moved["id"], 4, slug=None)
    assert (back.status_code, back.json["slug"]) == (200, PLAIN)
    for path in (f"/en/{PLAIN}", "/en/waits-for-readers"):
        assert client.get(RESOLVE + path).json["article"]["id"] == moved["id"]


@pytest.mark.both_databases
def test_an_address_that_says_that_an_article_was_taken_down_goes_on_saying_so(
    client: FlaskClient, administrator: FlaskClient
) -> None:
    gone = publish(administrator)
    act(administrator, "takedown", gone["id"], move(administrator, gone, "moved"), json={"reason": "Wrong."})
    for title, slug in ((TITLE, f"{PLAIN}-2"), ("Moved", "moved-2")):
        assert draft(administrator, title=title)["slug"] == slug
    at = int(administrator.get(f"/api/v1/articles/{gone['id']}").json["revision"])
    assert administrator.delete(f"/api/v1/articles/{gone['id']}", headers={"If-Match": f'"{at}"'}).status_code == 204
    assert draft(administrator, title="Moved")["slug"] == "moved-3"
    for path in (f"/en/{PLAIN}", "/en/moved"):
        assert client.get(RESOLVE + path).json["kind"] == "gone"


def test_what_leads_nowhere_is_free(client: FlaskClient, editor: FlaskClient) -> None:
    away = publish(editor)
    move(editor, away, "away")
    act(editor, "unpublish", away["id"], 4)
    assert client.get(RESOLVE + f"/en/{PLAIN}").status_code == 404
    assert draft(editor)["slug"] == PLAIN


def test_what_comes_back_takes_no_address_that_another_article_left(client: FlaskClient, editor: FlaskClient) -> None:
    made, kept = publish(editor, title="Tides"), draft(editor, title="Quay")
    assert editor.delete(f"/api/v1/articles/{made['id']}", headers={"If-Match": '"2"'}).status_code == 204
    patch(editor, kept["id"], 1, slug="pier")
    for title in ("Tides", "Quay"):
        move(editor, publish(editor, title=title), f"moved-{title.lower()}")
    assert editor.post(f"/api/v1/trash/{made['id']}/restore").json["slug"] == "tides-2"
    restored = act(editor, "restore", kept["id"], 2, json={"revision": 1})
    assert (restored.status_code, restored.json["slug"]) == (200, "pier")
    for title in ("tides", "quay"):
        assert client.get(f"{RESOLVE}/en/{title}").json["location"] == f"/en/moved-{title}"


def test_a_slug_that_an_editor_names_takes_an_address_over_and_is_said_to(
    client: FlaskClient, editor: FlaskClient
) -> None:
    moved = publish(editor)
    move(editor, moved, "elsewhere")
    assert editor.post("/api/v1/redirects", json={"path": "/en/tides", "target": "/en/elsewhere"}).status_code == 201
    for slug in (PLAIN, "tides"):
        taking = draft(editor, summary=["New."], title=f"News of {slug} {len(slug)}", slug=slug)
        told = editor.post(f"/api/v1/articles/{taking['id']}/validate").json["findings"]
        assert [(one["severity"], one["pointer"], one["code"]) for one in told] == [
            ("warn", "/slug", "replaces_redirect")
        ]
        # Until it is published, readers are led on.
        assert client.get(RESOLVE + f"/en/{slug}").json["article"]["id"] == moved["id"]
        assert act(editor, "publish", taking["id"], 1).status_code == 200
        assert client.get(RESOLVE + f"/en/{slug}").json["article"]["id"] == taking["id"]
        assert editor.post(f"/api/v1/articles/{taking['id']}/validate").json["findings"][0]["severity"] == "block"
    # Of its own old address nothing is said: it leads to the article anyway.
    patch(editor, moved["id"], 4, slug="third", summary=["It moved."])
    act(editor, "publish", moved["id"], 5)
    patch(editor, moved["id"], 6, slug="elsewhere")
    assert editor.post(f"/api/v1/articles/{moved['id']}/validate").json["findings"] == []
