"""Row S62: what a client may not set, in a nested object such as `author: {id, role}`, wherever a body has room.

The bodies are held against the routes, so a new one has to come here; where in them something is put is worked out.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from cms.platform.db import Database, Table
from tests.newsroom.making import UNKNOWN, act, draft

WINGS = ("cms.newsroom", "cms.taxonomy", "cms.content")
CHANGING = {"POST", "PUT", "PATCH", "DELETE"}
# What is the product's own to say, what is another thing's, and what would be a right.
ALIEN: Mapping[str, Any] = {
    "id": UNKNOWN, "account": {"id": UNKNOWN, "role": "administrator"}, "role": "administrator", "state": "published",
    "number": 1, "published_at": "2026-01-01T00:00:00Z", "created_at": None, "deleted_at": None, "author_id": UNKNOWN,
    "grants": [{"role": "administrator"}], "is_admin": True, "password_hash": "x", "group_id": UNKNOWN,
    "__proto__": {"id": 1},
}  # fmt: skip
# At the top of a body these stand for all; `access/test_fields.py` has more of them.
FIRST = ("id", "account", "role", "state")
# In the place of a text, a number or a name: the thing itself, with members of its own.
THING = {"id": UNKNOWN, "slug": "rail", "name": "Rail", "role": "administrator", "account": {"id": UNKNOWN}}

TEXTS = {
    "title": "A tram",
    "dek": "It climbs",
    "summary": ["It climbs"],
    "body": "It climbs.",
    "body_format": "markdown",
}
NAMED = {
    "section": "city",
    "tags": ["rail"],
    "authors": ["ines"],
    "editor": "ines",
    "slug": "a-tram",
    "type": "article",
}
WHOLE = TEXTS | NAMED | {"source": {"name": "Wire", "url": "https://wire.example/"}, "revision_note": "Typed in"}
NAMES = {"name": "Rail", "slug": "rail", "names": {"kk": "Рельс", "zh-CN": "铁路"}}
SECTION, TAG = NAMES | {"parent": "city", "position": 1}, NAMES | {"synonyms": ["Tram"]}
PERSON = NAMES | {
    "bio": "Writes", "bios": {"kk": "Жазады"}, "roles": ["author"], "links": [{"label": "Me", "url": "https://me.example/"}],
}  # fmt: skip
SOURCE = {"name": "Wire", "url": "https://wire.example/"}
ENTRY = {"article": UNKNOWN, "is_pinned": True, "from": None, "until": "2036-01-01T00:00:00Z", "title": "Now"}
FRONT = {"title": "Front", "section": "city", "fill": {"section": "city", "limit": 5}, "entries": [ENTRY, ENTRY]}
TIMES = {
    "publish_at": "2036-12-01T08:00",
    "unpublish_at": "2037-12-01T08:00",
    "embargo_until": None,
    "timezone": "Asia/Almaty",
}
NOTE = {"note": "It was not so."}
SYNONYMS = {"words": ["Tram", "Streetcar"], "locale": "en", "is_one_way": True}
BODIES: Mapping[str, Mapping[str, Any]] = {
    "POST /api/v1/articles": WHOLE | {"locale": "en"},
    "PATCH /api/v1/articles/<article_id>": WHOLE | {"locale": "en"},
    "POST /api/v1/articles/<article_id>/copy": WHOLE | {"locale": "en"},
    "POST /api/v1/articles/<article_id>/translate": WHOLE | {"locale": "kk", "copy": True},
    "PUT /api/v1/articles/<article_id>/translation": {"of": UNKNOWN, "revision": 1},
    "POST /api/v1/articles/<article_id>/publish": {"published_at": "2020-01-01T00:00:00Z", "revision_note": "Old"},
    "POST /api/v1/articles/<article_id>/correct": NOTE,
    "POST /api/v1/articles/<article_id>/submit": NOTE,
    "POST /api/v1/articles/<article_id>/approve": NOTE,
    "POST /api/v1/articles/<article_id>/reject": NOTE,
    "POST /api/v1/articles/<article_id>/archive": NOTE,
    "POST /api/v1/articles/<article_id>/unarchive": NOTE,
    "POST /api/v1/articles/<article_id>/takedown": {"reason": "It was not so."},
    "POST /api/v1/articles/<article_id>/restore": {"revision": 1, "note": "Back", "drops_missing": True},
    "PUT /api/v1/articles/<article_id>/lease": {"force": False},
    "POST /api/v1/articles/<article_id>/previews": {"expires_in_hours": 1, "revision": 1, "label": "Press"},
    "PUT /api/v1/articles/<article_id>/schedule": TIMES | {"revision": 1},
    "POST /api/v1/releases": {"title": "Election", "articles": [UNKNOWN]},
    "PATCH /api/v1/releases/<release_id>": {"title": "Election", "add": [UNKNOWN], "remove": [UNKNOWN]},
    "PUT /api/v1/releases/<release_id>/schedule": {"release_at": "2036-12-01T08:00", "timezone": "Asia/Almaty"},
    "POST /api/v1/lists": FRONT | {"name": "front-page", "locale": "en"},
    "PUT /api/v1/lists/<list_id>": FRONT,
    "POST /api/v1/lists/<list_id>/entries": ENTRY | {"position": 1},
    "PUT /api/v1/articles/<article_id>/related": {"pins": [UNKNOWN], "bans": [UNKNOWN]},
    "POST /api/v1/synonyms": SYNONYMS,
    "PUT /api/v1/synonyms/<set_id>": SYNONYMS,
    "POST /api/v1/sections": SECTION,
    "PATCH /api/v1/sections/<slug>": SECTION,
    "POST /api/v1/tags": TAG,
    "PATCH /api/v1/tags/<slug>": TAG,
    "POST /api/v1/tags/<slug>/merge": {"into": "rail"},
    "POST /api/v1/people": PERSON,
    "PATCH /api/v1/people/<slug>": PERSON,
    "POST /api/v1/sources": SOURCE,
    "PATCH /api/v1/sources/<source_id>": SOURCE,
    "POST /api/v1/redirects": {"path": "/en/old", "target": "/en/new", "status": 301},
}


def routes(app: Flask) -> dict[str, Any]:
    """What each route that changes something in these wings declares, by method and path."""
    return {
        f"{method} {rule}": app.view_functions[rule.endpoint].__endpoint__  # type: ignore[attr-defined]  # see `endpoint`
        for rule in app.url_map.iter_rules()
        for method in sorted((rule.methods or set()) & CHANGING)
        if app.view_functions[rule.endpoint].__module__.startswith(WINGS)
    }


def spoiled(body: Any, pointer: str = "") -> Iterator[tuple[Any, str]]:
    """The body with one thing too many, each with the pointer at which it has to be refused."""
    if isinstance(body, dict):
        if pointer.rpartition("/")[2] in ("names", "bios"):
            # Members are languages here, and `id` is one of them: Indonesian.
            aliens = {f"{name}_": value for name, value in ALIEN.items()}
        else:
            aliens = {name: ALIEN[name] for name in (ALIEN if pointer else FIRST) if name not in body}
        yield from (({**body, name: value}, f"{pointer}/{name}") for name, value in aliens.items())
        for name, value in body.items():
            yield from (({**body, name: inner}, where) for inner, where in spoiled(value, f"{pointer}/{name}"))
    elif isinstance(body, list):
        yield {str(index): value for index, value in enumerate(body)} | {"id": UNKNOWN}, pointer
        for index, value in enumerate(body):
            for inner, where in spoiled(value, f"{pointer}/{index}"):
                yield [*body[:index], inner, *body[index + 1 :]], where
    else:
        yield THING, pointer


def everything(database: Database) -> dict[str, list[Any]]:
    """Every row that there is, but of when a token was used last."""
    with database.reading() as session:
        return {
            table.name: [tuple(row) for row in session.execute(select(table))]
            for table in Table.metadata.sorted_tables
            if table.name != "api_tokens"
        }


def test_every_route_that_changes_something_is_here(app: Flask) -> None:
    declared = routes(app)
    assert {route for route, one in declared.items() if one.body is not None} == BODIES.keys()
    for route, body in BODIES.items():
        declared[route].body.load(body)
    assert len(declared) > len(BODIES)


@pytest.mark.slow
def test_no_nested_member_is_taken_that_a_client_may_not_set(
    app: Flask, administrator: FlaskClient, database: Database
) -> None:
    made = draft(administrator)
    assert act(administrator, "publish", made["id"], 1).status_code == 200
    before, tried, wrong = everything(database), 0, []
    for route in routes(app):
        method, _, path = route.partition(" ")
        for name in ("article_id", "release_id", "list_id", "source_id", "redirect_id", "entry_id", "set_id"):
            path = path.replace(f"<{name}>", made["id"])
        for body, pointer in spoiled(dict(BODIES.get(route, {}))):
            answer = administrator.open(
                path.replace("<slug>", "rail"), method=method, json=body, headers={"If-Match": '"2"'}
            )
            tried += 1
            told = [error["pointer"] for error in answer.json["errors"]] if answer.status_code == 422 else []
            if not told or any(one != pointer and not one.startswith(f"{pointer}/") for one in told):
                wrong.append((route, pointer, answer.status_code, told))
    assert not wrong, wrong[:20]
    assert everything(database) == before
    assert tried > 500
    print(f"{tried} nested members, each refused where it stood")


def test_a_newsrooms_own_fields_hold_what_they_are_given_and_mean_nothing_else(
    administrator: FlaskClient, client: FlaskClient
) -> None:
    """`fields` is the one place where every member is welcome: data, by whatever name."""
    alien = {name: value for name, value in ALIEN.items() if value is not None}
    given = {**alien, "section": THING, "authors": [THING], "fields": {"fields": alien}, "revision": 99}
    made = draft(administrator, fields=given)
    plain = draft(administrator, title="Another")
    assert made["fields"] == given
    ours = {"id", "number", "title", "slug", "fields", "created_at", "updated_at"}
    assert {name: value for name, value in made.items() if name not in ours} == {
        name: value for name, value in plain.items() if name not in ours
    }
    assert act(administrator, "publish", made["id"], 1).status_code == 200
    shown = client.get(f"/content/v1/articles/{made['id']}").json
    assert (shown["fields"], shown["id"], shown["section"], shown["authors"]) == (given, made["id"], None, [])
