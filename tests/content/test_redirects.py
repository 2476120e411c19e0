"""Redirects: which paths and targets there can be (row S97), what wins where, and who is led round in a circle."""

from dataclasses import replace
from itertools import count
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import event

from cms.content.redirects.rules import site_path, wrong_path, wrong_target
from cms.platform.db import Database
from tests.newsroom.making import act, draft, patch

HOSTS = {"www.example.org", "archive.example.org"}
RESOLVE = "/content/v1/resolve?path="

FINE = (
    "/en/harbour-bridge", "/about", "/about?tab=team#map", "/\u043d\u043e\u0432\u043e\u0441\u0442\u0438",
    "/zh-CN/%E6%A1%A5", "https://www.example.org/", "http://archive.example.org/2019/?a=//b", "https://www.example.org:8443/x",
    "HTTPS://WWW.example.org/x",
)  # fmt: skip
LEADING_AWAY = (
    "//evil.example", "///evil.example", "/\\evil.example", "\\\\evil.example", "\\/evil.example", "https:evil.example",
    "https:/evil.example", "https:///evil.example", "http:\\\\evil.example", "//www.example.org@evil.example",
    "https://www.example.org@evil.example/", "https://evil.example@www.example.org/",
    "https://www.example.org.evil.example",
    "https://evilwww.example.org", "https://example.org", "https://www.example.org\\@evil.example",
    "javascript:alert(1)",
    "JaVaScRiPt:alert(1)", "data:text/html,x", "vbscript:x", "ftp://www.example.org/", "file:///etc/passwd",
    "mailto:a@www.example.org", " https://www.example.org", "https://www.example.org /", "\t//evil.example",
    "/\t/evil.example",
    "/\n/evil.example", "/%0a/evil.example", "/%2f/evil.example", "/%2Fevil.example", "/%5cevil.example",
    "/%5Cevil.example",
    "/.//evil.example", "/..//evil.example", "/%2e%2e//evil.example", "/a/../b", "/a/./b", "/a//b", "https://",
    "https://[::1", "https://www.example.org:99999/", "https://\u0435xample.org",
    "https://www.example.org\u3002evil.example",
    "https://www\u2044example.org", "/\u202egpj.live", "/\ufeff/evil.example", "evil.example", "www.example.org/x",
    "./x", "?x", "#x",
    "/%ff", "/\x00", "https://www.example.org/\x7f",
)  # fmt: skip
NO_PATHS = (
    "", "/", "//", "en/x", "/en//x", "//en/x", "/en/../x", "/en/./x", "/..", "/.", "/en/%2e%2e", "/en/x%00", "/en/\\x",
    "/en/x?a=1", "/en/x#y", "/en/%ff", "https://www.example.org/en/x", "/content/v1/articles/en/x", "/\u202ex", "/a\nb",
    "/" + "x" * 601,
)  # fmt: skip


@pytest.mark.parametrize("target", LEADING_AWAY)
def test_no_redirect_leads_out_of_the_site(target: str) -> None:
    assert wrong_target(target, HOSTS)


@pytest.mark.parametrize("target", FINE)
def test_paths_and_listed_hosts_are_fine(target: str) -> None:
    assert wrong_target(target, HOSTS) == ""


@pytest.mark.parametrize("path", NO_PATHS)
def test_what_is_no_path_of_the_site_cannot_redirect(path: str) -> None:
    assert wrong_path(path)


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("/en/x", "/en/x"), ("/EN/x/", "/en/x"), ("/zh-cn/%E6%A1%A5", "/zh-CN/\u6865"), ("/en/x?utm=1#top", "/en/x"),
        ("/content/v1/articles/zh-cn/%E6%A1%A5", "/zh-CN/\u6865"), ("/ru/\u0438\u0306", "/ru/\u0439"),
        ("/2019/05/x.html", "/2019/05/x.html"),
        ("/News/X", "/News/X"), ("/en/cafe%CC%81", "/en/caf\u00e9"),
    ],
)  # fmt: skip
def test_every_spelling_of_a_path_is_one_path(text: str, path: str) -> None:
    found = site_path(text)
    assert found is not None
    assert found.text == path
    assert site_path(found.text) == replace(found, is_content=False)


def test_hostile_targets_are_refused_over_http_with_a_pointer(editor: FlaskClient) -> None:
    for number, target in enumerate(LEADING_AWAY):
        answer = editor.post("/api/v1/redirects", json={"path": f"/old-{number}", "target": target})
        assert answer.status_code == 422, target
        assert {error["pointer"] for error in answer.json["errors"]} == {"/target"}
    for path in NO_PATHS:
        answer = editor.post("/api/v1/redirects", json={"path": path, "target": "/en/x"})
        assert answer.status_code == 422, path
        assert {error["pointer"] for error in answer.json["errors"]} == {"/path"}
    assert editor.get("/api/v1/redirects?count=exact").json["meta"]["count"] == 0


@pytest.mark.both_databases
def test_editors_redirects_are_collapsed_and_never_go_round(client: FlaskClient, editor: FlaskClient) -> None:
    def add(path: str, target: str, **more: Any) -> Any:
        return editor.post("/api/v1/redirects", json={"path": path, "target": target, **more})

    assert add("/a", "/b", status=302).status_code == 201
    assert add("/b", "/c").status_code == 201
    assert client.get(RESOLVE + "/a").json == {"kind": "redirect", "status": 302, "location": "/c", "article": None}
    assert add("/z", "/a").json["location"] == "/c"
    for path, target in (("/c", "/a"), ("/c", "/b"), ("/c", "/c"), ("/q", "/q?x=1")):
        refused = add(path, target)
        assert (refused.status_code, refused.json["code"]) == (409, "redirect_loop"), (path, target)
    again = add("/a/", "/d")
    assert (again.status_code, again.json["code"]) == (409, "path_taken")
    taken_away = editor.delete(f"/api/v1/redirects/{again.json['redirect_id']}")
    assert taken_away.status_code == 204
    assert client.get(RESOLVE + "/a").status_code == 404
    assert editor.get("/api/v1/redirects?path=/b/").json["data"][0]["location"] == "/c"


@pytest.mark.both_databases
def test_an_article_comes_before_a_redirect_and_a_redirect_leads_to_where_the_article_is(
    client: FlaskClient, editor: FlaskClient
) -> None:
    made = draft(editor, slug="bridge")
    act(editor, "publish", made["id"], 1)
    refused = editor.post("/api/v1/redirects", json={"path": "/en/bridge", "target": "/x"})
    assert (refused.status_code, refused.json["code"]) == (409, "path_taken")
    assert editor.post("/api/v1/redirects", json={"path": "/short", "target": "/en/bridge"}).status_code == 201
    patch(editor, made["id"], 2, slug="new-bridge")
    act(editor, "publish", made["id"], 3)
    assert client.get(RESOLVE + "/short").json["location"] == "/en/new-bridge"
    # Another article takes the old address: it is there, and the redirect is not.
    other = draft(editor, slug="bridge")
    act(editor, "publish", other["id"], 1)
    assert client.get(RESOLVE + "/en/bridge").json["article"]["id"] == other["id"]
    assert client.get("/content/v1/articles/en/bridge").json["id"] == other["id"]
    assert editor.get("/api/v1/redirects?path=/en/bridge").json["data"] == []


@pytest.mark.both_databases
def test_what_is_not_published_leads_nowhere_and_comes_back(client: FlaskClient, editor: FlaskClient) -> None:
    never = client.get("/content/v1/articles/en/never")
    made = draft(editor, slug="quay")
    act(editor, "publish", made["id"], 1)
    act(editor, "unpublish", made["id"], 2)
    for path in ("/content/v1/articles/en/quay", RESOLVE + "/en/quay"):
        answer = client.get(path)
        assert (answer.status_code, answer.json["detail"]) == (404, client.get(path + "-never").json["detail"])
    assert client.get("/content/v1/articles/en/quay").json["code"] == never.json["code"]
    patch(editor, made["id"], 3, slug="old-quay")
    act(editor, "publish", made["id"], 4)
    moved = client.get("/content/v1/articles/en/quay")
    assert (moved.status_code, moved.headers["Location"]) == (301, "/content/v1/articles/en/old-quay")
    # Who wants the path of an article that is away may have it.
    act(editor, "unpublish", made["id"], 5)
    assert editor.post("/api/v1/redirects", json={"path": "/en/quay", "target": "/harbour"}).status_code == 201
    assert client.get(RESOLVE + "/en/quay").json["location"] == "/harbour"
    assert client.get("/content/v1/articles/en/quay").status_code == 404


def test_a_publish_costs_the_same_whether_an_article_moved_once_or_often(
    client: FlaskClient, editor: FlaskClient, database: Database, app: Any
) -> None:
    made = draft(editor, slug="place-0")
    act(editor, "publish", made["id"], 1)
    asked = count()
    spent = []
    engine = app.extensions["copydesk"].database.writer
    event.listen(engine, "before_cursor_execute", lambda *_: next(asked))
    for number in range(1, 7):
        patch(editor, made["id"], 2 * number, slug=f"place-{number}")
        before = next(asked)
        assert act(editor, "publish", made["id"], 2 * number + 1).status_code == 200
        spent.append(next(asked) - before)
    assert len(set(spent)) == 1, spent
    for number in range(6):
        assert client.get(f"/content/v1/articles/en/place-{number}").headers["Location"].endswith("/en/place-6")


@pytest.mark.both_databases
def test_what_an_old_address_answers_follows_what_becomes_of_its_article(
    client: FlaskClient, administrator: FlaskClient
) -> None:
    nothing = client.get("/content/v1/articles/en/never")
    made = draft(administrator, slug="quay")
    revision = 1

    def done(verb: str, **given: Any) -> None:
        nonlocal revision
        answer = act(administrator, verb, made["id"], revision, json=given)
        assert answer.status_code == 200, (verb, answer.json)
        revision = answer.json["revision"]

    def renamed(slug: str) -> None:
        nonlocal revision
        revision = patch(administrator, made["id"], revision, slug=slug).json["revision"]
        done("publish")

    def answers(*slugs: str) -> set[tuple[int, str, int, str]]:
        """What front ends and apps are answered, for each path of the site."""
        found = set()
        for slug in slugs:
            told, read = client.get(f"{RESOLVE}/en/{slug}"), client.get(f"/content/v1/articles/en/{slug}")
            end = told.json["kind"] if told.status_code == 200 else told.json["detail"]
            word = read.json["tombstone"]["reason"] if read.status_code == 410 else read.headers.get("Location", "")
            if read.status_code == 404:
                assert (read.json["code"], read.json["detail"]) == (nothing.json["code"], nothing.json["detail"])
            found.add((told.status_code, end, read.status_code, word))
        return found

    lost = {(404, "There is nothing at this path.", 404, "")}
    gone = {(200, "gone", 410, "It was not so.")}
    done("publish")
    renamed("pier")
    renamed("wharf")
    assert answers("quay", "pier") == {(200, "redirect", 301, "/content/v1/articles/en/wharf")}
    # Taken away, nobody is told that it ever was, by its present name and by the ones before.
    done("unpublish")
    assert answers("quay", "pier", "wharf") == lost
    # Taken down, everybody is told, by every name; also from the archive and the trash.
    done("publish")
    done("takedown", reason="It was not so.")
    assert answers("quay", "pier", "wharf") == gone
    done("archive")
    assert answers("quay", "pier", "wharf") == gone
    done("unarchive")
    headers = {"If-Match": f'"{revision}"'}
    assert administrator.delete(f"/api/v1/articles/{made['id']}", headers=headers).status_code == 204
    assert answers("quay", "pier", "wharf") == gone
    # Published again it is found by all of them; in the trash from there it leads nowhere.
    revision = administrator.post(f"/api/v1/trash/{made['id']}/restore").json["revision"]
    done("publish")
    assert answers("quay", "pier") == {(200, "redirect", 301, "/content/v1/articles/en/wharf")}
    assert (
        administrator.delete(f"/api/v1/articles/{made['id']}", headers={"If-Match": f'"{revision}"'}).status_code == 204
    )
    assert answers("quay", "pier", "wharf") == lost


def test_an_old_address_that_another_article_had_too_says_what_became_of_the_last_one(
    client: FlaskClient, administrator: FlaskClient
) -> None:
    first, second = draft(administrator, slug="quay"), draft(administrator, slug="pier")
    act(administrator, "publish", first["id"], 1)
    patch(administrator, first["id"], 2, slug="wharf")
    act(administrator, "publish", first["id"], 3)
    patch(administrator, second["id"], 1, slug="quay")
    act(administrator, "publish", second["id"], 2)
    act(administrator, "takedown", first["id"], 4, json={"reason": "The first."})
    assert client.get("/content/v1/articles/en/quay").json["id"] == second["id"]
    act(administrator, "takedown", second["id"], 3, json={"reason": "The second."})
    told = client.get("/content/v1/articles/en/quay")
    assert (told.status_code, told.json["tombstone"]["reason"]) == (410, "The second.")
    assert client.get(RESOLVE + "/en/quay").json["kind"] == "gone"
