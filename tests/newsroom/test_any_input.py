"""Whatever is sent is answered, never with a 5xx, and what was acknowledged is what is read."""

from typing import Any

import pytest
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cms.newsroom.rules import FIELDS
from tests.newsroom.making import draft

texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=40)
# PostgreSQL writes larger ones without their exponent, which Python reads as another number and JSON as the same.
numbers = st.floats(-(2.0**53), 2.0**53, width=32)
anything = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63) + 1, 2**63 - 1) | numbers | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=8,
)
slugs = st.sampled_from(["city", "mei-lin", "rail", "none", "UP", ""])
likely: dict[str, st.SearchStrategy[Any]] = {
    "title": texts.filter(str.strip),
    "locale": st.sampled_from(["en", "zh-CN", "kk", "EN-gb", "x"]),
    "slug": slugs | texts,
    "dek": texts,
    "summary": st.lists(texts, max_size=3),
    "body": texts,
    "body_format": st.sampled_from(["markdown", "html", "rst"]),
    "section": slugs,
    "tags": st.lists(texts | slugs, max_size=3),
    "authors": st.lists(slugs, max_size=3),
    "editor": slugs,
    "source": st.fixed_dictionaries({"name": texts}, optional={"url": texts | st.just("https://a.example/")}),
    "fields": st.dictionaries(texts, anything, max_size=3),
}
bodies = st.fixed_dictionaries({}, optional={name: st.none() | value | anything for name, value in likely.items()})
good_bodies = st.fixed_dictionaries(
    {"title": likely["title"], "locale": st.sampled_from(["en", "kk"])},
    optional={name: likely[name] for name in ("dek", "body", "fields", "tags", "source")},
)


@pytest.mark.slow
@pytest.mark.both_databases
@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(given_body=bodies | good_bodies, change=bodies)
def test_every_body_is_answered_and_what_was_acknowledged_is_read(
    editor: FlaskClient, given_body: dict[str, Any], change: dict[str, Any]
) -> None:
    created = editor.post("/api/v1/articles", json=given_body)
    assert created.status_code in (201, 409, 422), created.json
    made = created.json if created.status_code == 201 else draft(editor)
    path = f"/api/v1/articles/{made['id']}"
    assert editor.get(path).json == made
    changed = editor.patch(path, json=change, headers={"If-Match": '"1"'})
    assert changed.status_code in (200, 409, 422), changed.json
    now = changed.json if changed.status_code == 200 else made
    assert editor.get(path).json == now
    content = editor.get(f"{path}/revisions/{now['revision']}").json["content"]
    assert content == {name: now[name] for name in FIELDS}
    published = editor.post(f"{path}/publish", headers={"If-Match": f'"{now["revision"]}"'})
    assert published.status_code in (200, 422), published.json
    if published.status_code == 200:
        document = editor.get(f"/content/v1/articles/{made['id']}").json
        assert (document["title"], document["fields"]) == (now["title"], now["fields"])
        assert editor.delete(path, headers={"If-Match": published.headers["ETag"]}).status_code == 204
