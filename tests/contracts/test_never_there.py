"""What anonymous readers may not see is answered as if it had never been: the same bytes, status and headers; and no
answer of the content API depends on what is hidden (rows S32 and S33)."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from cms.platform.db import Database
from cms.settings import Settings
from tests.draining import drain
from tests.newsroom.making import UNKNOWN, act, draft, patch

CANARY = "quokkafish"
# Every request has these of its own; nothing else may differ.
OF_THE_REQUEST = ("X-Request-Id", "Date", "RateLimit", "RateLimit-Policy")


@dataclass(frozen=True)
class Hidden:
    """An article that readers may not see, and the slug that it has or had."""

    article_id: str
    slug: str


def seen(client: FlaskClient, hidden: Hidden, headers: dict[str, str]) -> list[tuple[str, str]]:
    """All that an anonymous reader can ask of an article, with what names it and the request taken out."""
    article, slug = hidden.article_id, hidden.slug
    paths = (
        f"articles/{article}", f"articles/{article.upper()}", f"articles/{article}/related", f"articles/en/{slug}",
        f"articles/EN/{slug}", f"articles/kk/{slug}", f"articles/{article}?x=1", f"articles/en/{slug}?fields=title",
        f"articles/{article}/comments", f"articles/{article}/revisions/1", f"articles/{article}/translations",
        f"search?q={slug}", f"search?q={article}", f"search?q=%22{slug}%22", f"tags/{slug}", f"people/{slug}",
        f"articles?tag={slug}&count=exact", f"articles?author={slug}&count=exact",
        f"articles?section={slug}&count=exact",
    )  # fmt: skip
    answers = []
    for path in paths:
        for method in ("GET", "HEAD", "OPTIONS"):
            answer = client.open(f"/content/v1/{path}", method=method, headers=headers)
            kept = [(name, value) for name, value in answer.headers if name not in OF_THE_REQUEST]
            text = repr((answer.status_code, kept, answer.data)).replace(answer.headers["X-Request-Id"], "")
            for name in (article, article.upper(), slug):
                text = text.replace(name, "_" * len(name))
            # A list's ETag is a digest of its bytes, of which links with the slug are a part.
            answers.append((method, re.sub(r'"[0-9a-f]{16,64}"', "", text)))
    return answers


@pytest.fixture
def never() -> Hidden:
    return Hidden(UNKNOWN, f"{CANARY}-never-was")


def hide(editor: FlaskClient, kind: str) -> Hidden:
    """An article in a state in which readers may not see it. Its slug is as long as that of the one that never was."""
    slug = f"{CANARY}-{kind:_<9}".replace("_", "x")
    given: dict[str, Any] = {"slug": slug, "title": f"Of {slug}", "body": slug, "dek": slug, "summary": [slug]}
    made = draft(editor, **given, fields={"desk": slug})
    article = made["id"]
    if kind in ("unpubl", "deleted", "archived"):
        assert act(editor, "publish", article, 1).status_code == 200
        assert act(editor, "unpublish", article, 2).status_code == 200
    if kind == "submitted":
        assert act(editor, "submit", article, 1).status_code == 200
    elif kind == "approved":
        assert act(editor, "approve", article, 1).status_code == 200
    elif kind == "rejected":
        assert act(editor, "submit", article, 1).status_code == 200
        assert act(editor, "reject", article, 2, json={"note": slug}).status_code == 200
    elif kind == "archived":
        assert act(editor, "archive", article, 3).status_code == 200
    elif kind == "scheduled":
        wanted = {"publish_at": "2030-01-01T08:00:00", "timezone": "Asia/Almaty"}
        assert editor.put(f"/api/v1/articles/{article}/schedule", json=wanted).status_code == 200
    elif kind == "deleted":
        answer = editor.delete(f"/api/v1/articles/{article}", headers={"If-Match": '"3"'})
        assert answer.status_code == 204
    elif kind == "trashed":
        assert editor.delete(f"/api/v1/articles/{article}", headers={"If-Match": '"1"'}).status_code == 204
    return Hidden(article, slug)


KINDS = ("draft", "submitted", "approved", "rejected", "scheduled", "unpubl", "archived", "deleted", "trashed")


@pytest.mark.slow
@pytest.mark.both_databases
@pytest.mark.leaves_work
def test_what_is_hidden_cannot_be_told_from_what_never_was(
    client: FlaskClient, administrator: FlaskClient, settings: Settings, database: Database, never: Hidden
) -> None:
    made = draft(administrator, title="A harbour that everybody sees")
    assert act(administrator, "publish", made["id"], 1).status_code == 200
    etag = client.get(f"/content/v1/articles/{made['id']}").headers["ETag"]
    hidden = [hide(administrator, kind) for kind in KINDS]
    assert all(len(one.slug) == len(never.slug) for one in hidden)
    drain(settings, database)
    for headers in ({}, {"If-None-Match": etag}, {"If-None-Match": "*"}, {"If-None-Match": '"1", W/"2"'}):
        nothing = seen(client, never, headers)
        for kind, one in zip(KINDS, hidden, strict=True):
            for was, answered in zip(nothing, seen(client, one, headers), strict=True):
                assert answered == was, (kind, headers)


@pytest.mark.leaves_work
def test_what_was_written_since_the_publish_is_nowhere(
    client: FlaskClient, editor: FlaskClient, settings: Settings, database: Database
) -> None:
    made = draft(editor, title="Harbour", tags=["rails"])
    assert act(editor, "publish", made["id"], 1).status_code == 200
    other = draft(editor, title="Harbour too", tags=["rails"])
    assert act(editor, "publish", other["id"], 1).status_code == 200
    drain(settings, database)
    before = everything(client, made["id"])
    changes = {
        "title": CANARY,
        "dek": CANARY,
        "summary": [CANARY],
        "body": CANARY,
        "tags": [CANARY],
        "fields": {"a": CANARY},
    }
    assert patch(editor, made["id"], 2, **changes, revision_note=CANARY).status_code == 200
    drain(settings, database)
    assert everything(client, made["id"]) == before
    assert client.get(f"/content/v1/search?q={CANARY}").json["data"] == []


def everything(client: FlaskClient, article_id: str) -> dict[str, bytes]:
    """What readers get of all that there is, in every order of paging that they may ask for."""
    paths = (
        "articles", "articles?count=exact&limit=1", "articles?tag=rails&count=exact", "articles?author=ines-okafor",
        "articles?section=city&count=exact", "articles?locale=en&limit=2", f"articles/{article_id}",
        f"articles/{article_id}/related", "search?q=harbour", "search?q=harbour&section=city", "sections", "tags",
        "people", "search?q=quokka*", "people/ines-okafor", "tags/rails", "sections/city",
    )  # fmt: skip
    answers = {path: client.get(f"/content/v1/{path}") for path in paths}
    assert {answer.status_code for answer in answers.values()} <= {200, 404}
    return {path: answer.data.replace(answer.headers["X-Request-Id"].encode(), b"") for path, answer in answers.items()}


# What nobody declared as a filter, an order or a member to choose.
SECRETS = (
    "password_hash", "email", "token", "digest", "body", "draft", "note", "revision_note", "moderator_note", "state",
    "created_at", "created_by", "actor_id", "editor.email", "author.email", "authors.email", "author.password_hash",
    "tags.articles.title", "section.articles.state", "revisions.content", "lease.holder", "schedule.publish_at",
    "embargo", "embargo_until", "deleted_at", "number", "id", "fields.desk", "source.url", "__class__", "_id", "rowid",
)  # fmt: skip
FORMS = (
    "{}=a", "{}[eq]=a", "{}[startswith]=a", "{}[gte]=a", "{}__startswith=a", "filter[{}]=a",
    "filter[{}][starts_with]=a",
    "where={{%22{}%22:%22a%22}}", "sort={}", "sort=-{}", "order_by={}", "group_by={}", "fields={}", "include={}",
    "search_field={}", "select={}", "q[{}]=a", "facet={}",
)  # fmt: skip


def test_filters_orders_and_members_that_are_not_declared_are_refused_by_name(
    client: FlaskClient, app: Flask, administrator: FlaskClient
) -> None:
    assert len(SECRETS) * len(FORMS) > 500
    document = app.test_client().get("/openapi.json").json
    lists = ("/content/v1/articles", "/content/v1/tags", "/content/v1/people", "/content/v1/search?q=a",
             "/api/v1/articles", "/api/v1/people", "/api/v1/staff", "/api/v1/tokens", "/api/v1/trash")  # fmt: skip
    for path in lists:
        asker = client if path.startswith("/content") else administrator
        declared = {one["name"] for one in document["paths"][path.partition("?")[0]]["get"]["parameters"]}
        separator = "&" if "?" in path else "?"
        for secret in SECRETS:
            for form in FORMS:
                query = form.format(secret)
                name = query.partition("=")[0]
                if name in declared:
                    continue
                answer = asker.get(path + separator + query)
                assert (answer.status_code, answer.json["code"]) == (400, "bad_request"), (path, query)
                assert name in json.dumps(answer.json, ensure_ascii=False), (path, query)


words = st.text(st.sampled_from("abcxyz "), min_size=1, max_size=12).map(lambda text: f"{CANARY} {text}")


@pytest.mark.slow
@pytest.mark.leaves_work
def test_no_answer_depends_on_what_is_hidden(
    client: FlaskClient, client_as: Callable[[str], FlaskClient], settings: Settings, database: Database
) -> None:
    chief = client_as("administrator")
    for path, body in (
        ("sections", {"name": "City"}), ("people", {"name": "Ines Okafor"}), ("people", {"name": "Mei Lin"}),
    ):  # fmt: skip
        assert chief.post(f"/api/v1/{path}", json=body).status_code == 201
    places = {"section": "city", "tags": ["rails"], "authors": ["ines-okafor"]}
    live = [draft(chief, title=f"Harbour {number}", **places) for number in range(4)]
    for made in live:
        assert act(chief, "publish", made["id"], 1).status_code == 200
    hidden = [draft(chief, title=f"{CANARY} {number}", **places)["id"] for number in range(3)]
    drain(settings, database)
    before = everything(client, live[0]["id"])
    revisions = dict.fromkeys(hidden, 1) | {made["id"]: 2 for made in live}

    @hypothesis_settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
    @given(
        st.lists(
            st.tuples(
                st.sampled_from(sorted(revisions)), words, words, st.sampled_from([None, "city"]),
                st.sampled_from([[], ["rails"], [CANARY]]), st.sampled_from([[], ["mei-lin"], ["ines-okafor"]]),
            ),
            min_size=1, max_size=5,
        )
    )  # fmt: skip
    def holds(changes: list[tuple[Any, ...]]) -> None:
        for article, title, body, section, tags, authors in changes:
            change = {"title": title, "body": body, "section": section, "tags": tags, "authors": authors}
            answer = patch(chief, article, revisions[article], **change, fields={"desk": body}, revision_note=title)
            assert answer.status_code == 200, answer.json
            revisions[article] = answer.json["revision"]
        drain(settings, database)
        assert everything(client, live[0]["id"]) == before

    holds()
