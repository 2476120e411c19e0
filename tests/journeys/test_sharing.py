"""An article shared over HTTP: its address for a campaign, a short link that follows the article, what editors see."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import inspect

from cms.app import create_app
from cms.platform.db import Database
from cms.settings import Settings
from tests.newsroom.making import act, draft, patch

SITE = "https://news.example.org/{locale}/read/{slug}?from=copydesk"


@pytest.mark.both_databases
def test_from_the_share_to_the_takedown(
    settings: Settings, database: Database, administrator: FlaskClient, client_as: Callable[[str], FlaskClient]
) -> None:
    app: Flask = create_app(replace(settings, base_url="https://cms.example.org", article_page_url=SITE))
    client, editor = app.test_client(), administrator
    article = draft(editor, title="Pears are late", slug="pears")["id"]
    path, numbers = f"/readers/v1/articles/{article}/share", f"/api/v1/articles/{article}/audience"
    assert client.post(path).status_code == 404
    assert act(editor, "publish", article, 1).status_code == 200

    # Plain and for a campaign; asked again it is the same link, counted again.
    plain = client.post(path)
    assert plain.headers["Cache-Control"] == "private, no-store"
    assert plain.json["url"] == "https://news.example.org/en/read/pears?from=copydesk"
    campaign = {"utm_source": "letter", "utm_medium": "email", "utm_campaign": "sunday-2026.11"}
    told, again = (client.post(path, json=campaign).json for _ in range(2))
    assert told == again
    assert told["url"] == plain.json["url"] + "&utm_source=letter&utm_medium=email&utm_campaign=sunday-2026.11"
    short, other = (one["short_url"].removeprefix("https://cms.example.org") for one in (told, plain.json))
    assert short.startswith("/s/") and len(short) <= 12 and short != other

    # Followed, with what other sites put behind it; HEAD and what a browser fetches ahead of time is not counted.
    for query in ("", "?fbclid=abc", "?utm_source=other&url=//evil.example"):
        followed = client.get(short + query)
        assert (followed.status_code, followed.headers["Location"]) == (302, told["url"])
        assert followed.headers["Cache-Control"] == "private, no-store"
    assert client.get(other).headers["Location"] == plain.json["url"]
    assert client.head(short).status_code == 302
    assert client.get(short, headers={"Sec-Purpose": "prefetch;prerender"}).status_code == 302
    seen = editor.get(numbers).json["shares"]
    assert (seen["count"], seen["hits"]) == (3, 4)
    assert [(one["utm_campaign"], one["count"], one["hits"]) for one in seen["links"]] == [
        ("sunday-2026.11", 2, 3), (None, 1, 1),
    ]  # fmt: skip
    with database.reading() as session:
        columns = {column["name"] for column in inspect(session.get_bind()).get_columns("short_links")}
    assert columns == {
        "number", "code", "article_id", "source", "medium", "campaign", "shares", "hits", "created_at",
    }  # fmt: skip

    # The article moves, goes, comes back, and is taken down; the link goes with it.
    assert patch(editor, article, 2, slug="late-pears").status_code == 200
    assert act(editor, "publish", article, 3).status_code == 200
    assert client.get(short).headers["Location"].startswith("https://news.example.org/en/read/late-pears?from=")
    assert act(editor, "unpublish", article, 4).status_code == 200
    assert (client.get(short).status_code, client.post(path).status_code) == (404, 404)
    assert act(editor, "publish", article, 5).status_code == 200
    assert client.get(short).status_code == 302
    assert act(editor, "takedown", article, 6, json={"reason": "A court said so."}).status_code == 200
    for gone in (client.get(short), client.post(path)):
        assert (gone.status_code, gone.json["tombstone"]["reason"]) == (410, "A court said so.")
    assert editor.get(numbers).json["shares"]["hits"] == 6
    assert client_as("viewer").get(numbers).status_code == 200
    assert client.get(numbers).status_code == 401
    app.extensions["copydesk"].database.dispose()
    app.extensions["copydesk"].index.close()
