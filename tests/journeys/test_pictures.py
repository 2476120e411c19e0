"""The story of a picture over HTTP: sent, described, written into a text, shown, looked for, given up.

Each numbered part of it is a test; what others do with files (one that takes the place of another, attachments, sizes
on demand, a bucket) has a journey of its own beside this one.
"""

import hashlib
import io
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from PIL import Image

from cms.platform.clock import now, rfc3339
from cms.platform.db import Database
from cms.settings import Settings
from tests.draining import drain
from tests.media.drawing import picture, send
from tests.newsroom.making import act, draft, patch

PRESETS = "natural=100,200;wide@16:9=160"
TYPES = ["image/avif", "image/webp", "image/jpeg"]


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return replace(settings, media_presets=PRESETS)


def shown(client: FlaskClient, article_id: str, **query: str) -> Any:
    """What readers get of an article."""
    answer = client.get(f"/content/v1/articles/{article_id}", query_string=query)
    assert answer.status_code == 200, answer.json
    return answer.json


def test_a_picture_is_sent_described_shown_exchanged_and_given_up(
    client: FlaskClient, editor: FlaskClient, settings: Settings, database: Database
) -> None:
    # 1. The client asks first; what nobody sent yet is sent, and what is known is not sent again.
    data = picture(width=300, height=200)
    digest = hashlib.sha256(data).hexdigest()
    assert editor.get(f"/api/v1/assets?sha256={digest}").json["data"] == []
    sent = send(editor, data, "notes.txt", sha256=digest, alt={"en": "Boats at a quay", "zh-CN": "码头边的船"})
    assert (sent.status_code, sent.json["media_type"]) == (201, "image/jpeg")
    asset = sent.json["id"]
    assert [one["id"] for one in editor.get(f"/api/v1/assets?sha256={digest}").json["data"]] == [asset]
    assert editor.get(f"/api/v1/assets/{asset}/original").data == data
    assert client.get(f"/api/v1/assets/{asset}/original").status_code == 401

    # 7. A text names it by its id; an id that is none is told of when the text is saved.
    words = f"At dawn.\n\n![](asset:{asset})\n\nThe rest."
    unknown = editor.post("/api/v1/articles", json={"title": "The quay", "locale": "en", "body": "![](asset:quay)"})
    assert [(one["pointer"], one["code"]) for one in unknown.json["errors"]] == [("/body", "unknown_asset")]
    article = draft(editor, title="The quay", body=words, summary=["It opens."])["id"]

    # 3, 4. A worker makes every size; of a draft's picture readers get nothing, whoever knows the address.
    drain(settings, database)
    made = editor.get(f"/api/v1/assets/{asset}").json["renditions"]
    assert [(one["preset"], one["width"], one["media_type"]) for one in made] == [
        (preset, width, kind) for preset, width in (("natural", 100), ("natural", 200), ("wide", 160)) for kind in TYPES
    ]
    assert {client.get(one["url"]).status_code for one in made} == {404}
    assert {client.get(one["preview_url"]).status_code for one in made} == {200}

    # 2. What a publish would say of its rights, and what it says once they are written down.
    found = editor.post(f"/api/v1/articles/{article}/validate").json["findings"]
    assert [(one["severity"], one["code"]) for one in found] == [("warn", "missing_credit")]
    told = {"credit": "Ines Okafor", "licence": "CC BY 4.0", "captions": {"en": "At noon", "zh-CN": "正午"}}
    described = editor.patch(f"/api/v1/assets/{asset}", json=told, headers={"If-Match": '"1"'})
    assert described.headers["ETag"] == '"2"'
    assert editor.post(f"/api/v1/articles/{article}/validate").json["findings"] == []
    assert act(editor, "publish", article, 1).status_code == 200
    drain(settings, database)

    # 3, 4, 7. The document has all that a page needs, in each form of the body, and every address in it answers.
    document = shown(client, article)
    [image] = document["images"]
    assert (image["alt"], image["caption"], image["credit"], image["licence"]) == (
        "Boats at a quay", "At noon", "Ines Okafor", "CC BY 4.0",
    )  # fmt: skip
    assert image["colour"].startswith("#")
    assert len(image["blurhash"]) == 28
    for file in [*image["srcset"], *image["crops"]["wide"]]:
        got = client.get(file["url"])
        assert (got.status_code, got.headers["Content-Type"]) == (200, file["media_type"])
        assert "immutable" in got.headers["Cache-Control"]
        assert got.headers["X-Content-Type-Options"] == "nosniff"
        assert "Set-Cookie" not in got.headers
        assert Image.open(io.BytesIO(got.data)).size == (file["width"], file["height"])
    first = image["srcset"][0]["url"]
    whole = client.get(first).data
    assert client.get(first, headers={"Range": "bytes=2-5"}).data == whole[2:6]
    assert client.get(first, headers={"If-None-Match": client.get(first).headers["ETag"]}).status_code == 304
    html = document["body"]["html"]
    assert "<figcaption>At noon <small>Ines Okafor</small></figcaption></figure>" in html
    assert all(one["url"] in html for one in image["srcset"])
    blocks = shown(client, article, body="blocks")["body"]["blocks"]
    assert [one["type"] for one in blocks] == ["paragraph", "figure", "paragraph"]
    assert shown(client, article)["seo"]["json_ld"]["image"]

    # 6. It says where it is used; while it is, it stays, and the answer names the article.
    kept = editor.delete(f"/api/v1/assets/{asset}", headers={"If-Match": '"2"'})
    assert (kept.status_code, kept.json["code"]) == (409, "in_use")
    assert {one["id"] for one in kept.json["used_by"]} == {article}
    assert editor.get("/api/v1/assets?use=unused").json["data"] == []
    other = send(editor, picture(width=300, height=200, seed=2), alt={"en": "A ferry"}, credit="Mei Lin").json["id"]
    assert [one["id"] for one in editor.get("/api/v1/assets?use=unused").json["data"]] == [other]
    drain(settings, database)
    changed = patch(editor, article, 2, body=words.replace(asset, other))
    assert changed.status_code == 200
    assert act(editor, "publish", article, 3).status_code == 200
    assert shown(client, article)["images"][0]["alt"] == "A ferry"
    assert client.get(first).status_code == 404
    assert editor.delete(f"/api/v1/assets/{asset}", headers={"If-Match": '"2"'}).status_code == 204
    assert editor.get(f"/api/v1/assets/{asset}").status_code == 404
    drain(settings, database)


def test_rights_that_end_keep_an_article_back_and_are_listed(
    client_as: Callable[[str], FlaskClient], editor: FlaskClient, settings: Settings, database: Database
) -> None:
    soon = rfc3339(now() + timedelta(hours=2))
    given = {"alt": {"en": "A quay"}, "credit": "Ines Okafor", "licence": "For one week", "use_until": soon}
    asset = send(editor, picture(), **given).json["id"]
    article = draft(editor, body=f"![](asset:{asset})")["id"]
    assert [one["id"] for one in editor.get("/api/v1/assets?rights=limited").json["data"]] == [asset]
    late = {"publish_at": rfc3339(now() + timedelta(days=1)), "timezone": "UTC"}
    refused = editor.put(f"/api/v1/articles/{article}/schedule", json=late)
    assert [one["code"] for one in refused.json["errors"]] == ["expired_picture"]
    # Of what others sent, an author changes nothing.
    author = client_as("author").patch(f"/api/v1/assets/{asset}", json={"credit": "Me"}, headers={"If-Match": '"1"'})
    assert author.status_code == 403
    ended = {"use_until": "2020-01-01T00:00:00Z"}
    assert editor.patch(f"/api/v1/assets/{asset}", json=ended, headers={"If-Match": '"1"'}).status_code == 200
    assert act(editor, "publish", article, 1).json["errors"][0]["code"] == "expired_picture"
    assert [one["id"] for one in editor.get("/api/v1/assets?rights=expired").json["data"]] == [asset]
    drain(settings, database)
