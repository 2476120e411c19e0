"""A press office without an account reads a draft, says yes, sees it published; a link that went astray ends."""

from collections.abc import Callable

from flask import Flask
from flask.testing import FlaskClient

from cms.platform.db import Database
from cms.settings import Settings
from tests.draining import drain
from tests.newsroom.making import act, draft, patch
from tests.newsroom.previewing import look, share


def test_a_draft_is_shown_to_people_without_an_account(
    app: Flask, client_as: Callable[[str], FlaskClient], client: FlaskClient, settings: Settings, database: Database
) -> None:
    author, editor = client_as("author"), client_as("editor")
    made = draft(author, title="The new ferry", body="It sails at noon.")
    link = share(author, made["id"], expires_in_hours=72, label="The ferry's press office")
    # The press office opens it in a browser; nobody else finds the article anywhere.
    assert "It sails at noon." in client.get(link["page"]).text
    for path in (f"/content/v1/articles/{made['id']}", "/content/v1/articles/en/the-new-ferry"):
        assert client.get(path).status_code == 404
    assert client.get("/content/v1/articles").json["data"] == []
    # They ask for a change and see it by the same link. What was agreed is kept under a link of its own.
    assert patch(author, made["id"], 1, body="It sails at one.").status_code == 200
    assert look(client, link).json["body"]["html"] == "<p>It sails at one.</p>\n"
    agreed = share(author, made["id"], revision=2, label="As agreed")
    assert act(author, "submit", made["id"], 2).status_code == 200
    assert act(editor, "publish", made["id"], 3).status_code == 200
    drain(settings, database)
    published, seen = client.get(f"/content/v1/articles/{made['id']}").json, look(client, link).json
    assert (seen["title"], seen["body"], seen["preview"]["is_published"]) == (
        published["title"], published["body"], True,
    )  # fmt: skip
    # The editor sees who was shown the article, and that one link is opened from places that nobody knows.
    for number in range(3):
        look(client, link, f"198.51.100.{number}")
    links = editor.get(f"/api/v1/articles/{made['id']}/previews").json["data"]
    assert [(one["label"], one["views"], one["state"]) for one in links] == [
        ("As agreed", 0, "active"), ("The ferry's press office", 6, "active"),
    ]  # fmt: skip
    assert len(editor.get(link["link"] + "/views").json["data"]) == 5
    assert editor.delete(link["link"]).status_code == 204
    assert (look(client, link).status_code, client.get(link["page"]).status_code) == (410, 410)
    assert patch(author, made["id"], 4, body="It sails at two.").status_code == 200
    assert look(client, agreed).json["body"] == published["body"]
    drain(settings, database)
