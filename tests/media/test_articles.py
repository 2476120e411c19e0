"""Pictures of articles: figures in the body, the member `images`, who may see them, and where an asset is used."""

import gzip
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import orjson
import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from cms.content.figures import at_site, with_figures
from cms.events.models import Letter
from cms.media.expiring import tell_expired
from cms.media.pictures import Picture, PictureFile, shown_ids, written_ids
from cms.platform.actor import system
from cms.platform.clock import now, rfc3339
from cms.platform.db import Database
from cms.platform.text.forms import FORMS
from cms.platform.text.markdown import pieces, render
from cms.settings import Settings
from tests.draining import drain
from tests.media.drawing import picture, send

NOBODY = "01890a5d-ac96-774b-bcce-b302099a8057"
FEW = "natural=60,100;square@1:1=50"


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return replace(settings, media_presets=FEW)


def made(client: FlaskClient, body: str, **given: Any) -> Any:
    return client.post("/api/v1/articles", json={"title": "The quay", "locale": "en", "body": body, **given})


def publish(client: FlaskClient, article: dict[str, Any], revision: int = 1) -> Any:
    return client.post(f"/api/v1/articles/{article['id']}/publish", headers={"If-Match": f'"{revision}"'})


def test_a_picture_in_the_text_is_a_figure_and_readers_get_it_while_it_is_published(
    app: Flask, editor: FlaskClient, settings: Settings, database: Database
) -> None:
    asset = send(
        editor, picture(), alt={"en": "Boats <at> a quay"}, captions={"en": "At dawn & later"}, credit="Ines Okafor"
    ).json
    article = made(editor, f"Before.\n\n![](asset:{asset['id']})\n\nAfter.").json
    drain(settings, database)
    readers = app.test_client()
    shown = editor.get(f"/api/v1/assets/{asset['id']}").json["renditions"]
    assert {readers.get(file["url"]).status_code for file in shown} == {404}
    assert publish(editor, article).status_code == 200
    assert {readers.get(file["url"]).status_code for file in shown} == {200}
    document = readers.get(f"/content/v1/articles/{article['id']}").json
    [told] = document["images"]
    assert (told["id"], told["alt"], told["caption"], told["credit"]) == (
        asset["id"], "Boats <at> a quay", "At dawn & later", "Ines Okafor",
    )  # fmt: skip
    assert [(file["width"], file["media_type"]) for file in told["srcset"][:3]] == [
        (60, "image/avif"), (60, "image/webp"), (60, "image/jpeg"),
    ]  # fmt: skip
    assert list(told["crops"]) == ["square"]
    html = document["body"]["html"]
    assert "asset:" not in html
    assert '<img src="/media/' in html
    assert 'alt="Boats &lt;at&gt; a quay" width="100" height="67"' in html
    assert "<figcaption>At dawn &amp; later <small>Ines Okafor</small></figcaption></figure>" in html
    assert html.index("Before") < html.index("<figure>") < html.index("After")
    [card] = readers.get("/content/v1/articles").json["data"]
    assert card["images"] == [told]
    # Search engines take no relative address; everything else stays relative to the site.
    [pictured] = document["seo"]["json_ld"]["image"]
    assert pictured == f"{settings.public_url}{told['srcset'][-1]['url']}"
    again = {"If-None-Match": readers.get(f"/content/v1/articles/{article['id']}").headers["ETag"]}
    assert readers.get(f"/content/v1/articles/{article['id']}", headers=again).status_code == 304
    small = readers.get(f"/content/v1/articles/{article['id']}", headers={"Accept-Encoding": "gzip"})
    assert orjson.loads(gzip.decompress(small.data)) == document
    assert f"asset-{asset['id']}" in small.headers["Surrogate-Key"].split(" ")
    blocks = readers.get(f"/content/v1/articles/{article['id']}?body=blocks").json["body"]["blocks"]
    assert [block["type"] for block in blocks] == ["paragraph", "figure", "paragraph"]
    unpublished = editor.post(f"/api/v1/articles/{article['id']}/unpublish", headers={"If-Match": '"2"'})
    assert unpublished.status_code == 200
    assert {readers.get(file["url"]).status_code for file in shown} == {404}
    drain(settings, database)


def test_a_publish_does_not_wait_for_renditions_and_later_words_come_by_themselves(
    app: Flask, editor: FlaskClient, settings: Settings, database: Database
) -> None:
    asset = send(editor, picture(), credit="Wrong").json
    article = made(editor, f'![Boats](asset:{asset["id"]} "Its own words")').json
    assert publish(editor, article).status_code == 200
    address = f"/content/v1/articles/{article['id']}"
    document = app.test_client().get(address).json
    assert document["images"][0]["srcset"] == []
    assert document["body"]["html"].strip() == ""
    drain(settings, database)
    document = app.test_client().get(address).json
    assert document["images"][0]["srcset"]
    assert "<figcaption>Its own words <small>Wrong</small></figcaption>" in document["body"]["html"]
    assert 'alt="Boats"' in document["body"]["html"]
    editor.patch(f"/api/v1/assets/{asset['id']}", json={"credit": "Mei Lin"}, headers={"If-Match": '"1"'})
    drain(settings, database)
    assert "<small>Mei Lin</small>" in app.test_client().get(address).json["body"]["html"]


def test_an_asset_that_is_none_is_refused_when_the_text_is_saved(editor: FlaskClient) -> None:
    asset = send(editor, picture()).json["id"]
    for body in (f"![x](asset:{NOBODY})", "![x](asset:quay)", "![x](<asset:>)", f'<img src="asset:{NOBODY}">',
                 f"![x][1]\n\n[1]: asset:{NOBODY}", f"![x](asset:{asset.upper()})",
                 f"![x](asset:{asset}.jpg)", f"![x](  asset:{NOBODY})", f"[x](\nasset:{NOBODY})",
                 f"[x][r]\n\n[r]:     asset:{NOBODY}", f"[x][r]\n\n[r]:\nasset:{NOBODY}"):  # fmt: skip
        refused = made(editor, body)
        assert refused.status_code == 422, body
        assert refused.json["errors"][0]["code"] == "unknown_asset", body
    for hidden in (f"[x](asset&#58;{NOBODY})", f"![x](asset\\:{NOBODY})"):
        assert publish(editor, made(editor, hidden).json, 1).status_code == 200, "a publish finds that there is none"
    good = made(editor, f"![x](asset:{asset}) and what an asset: is").json
    path = f"/api/v1/articles/{good['id']}"
    for body, status in ((f"![x](asset:{NOBODY})", 422), ("No picture.", 200)):
        assert editor.patch(path, json={"body": body}, headers={"If-Match": '"1"'}).status_code == status


def test_an_asset_that_an_article_names_is_not_deleted_and_says_where_it_is(
    client_as: Callable[[str], FlaskClient], editor: FlaskClient, settings: Settings, database: Database
) -> None:
    asset = send(editor, picture()).json["id"]
    path, first = f"/api/v1/assets/{asset}", {"If-Match": '"1"'}
    assert [one["id"] for one in editor.get("/api/v1/assets?use=unused").json["data"]] == [asset]
    article = made(editor, f"![x](asset:{asset})").json
    assert editor.get("/api/v1/assets?use=unused").json["data"] == []
    assert [one["id"] for one in editor.get("/api/v1/assets?use=used").json["data"]] == [asset]
    publish(editor, article)
    uses = editor.get(f"{path}/uses").json
    assert uses == {
        "data": [
            {"id": article["id"], "title": "The quay", "locale": "en", "state": "published", "is_in_trash": False,
             "places": ["shown", "working"]},
        ],
        "hidden": 0,
    }  # fmt: skip
    refused = editor.delete(path, headers=first)
    assert (refused.status_code, refused.json["code"]) == (409, "in_use")
    assert {(one["id"], one["place"]) for one in refused.json["used_by"]} == {
        (article["id"], "shown"), (article["id"], "working"),
    }  # fmt: skip
    edited = editor.patch(f"/api/v1/articles/{article['id']}", json={"body": "None."}, headers={"If-Match": '"2"'})
    assert edited.status_code == 200
    assert editor.get(f"{path}/uses").json["data"][0]["places"] == ["shown"]
    assert editor.delete(path, headers=first).status_code == 409
    assert publish(editor, article, 3).status_code == 200
    assert editor.get(f"{path}/uses").json["data"] == []
    assert editor.delete(path, headers=first).status_code == 204
    # An old revision that names it cannot come back without it.
    restored = editor.post(
        f"/api/v1/articles/{article['id']}/restore", json={"revision": 1}, headers={"If-Match": '"4"'}
    )
    assert (restored.status_code, restored.json["errors"][0]["code"]) == (422, "unknown_asset")
    drain(settings, database)


def test_rights_that_ended_keep_an_article_from_being_published_and_are_told_of_once(
    editor: FlaskClient, administrator: FlaskClient, settings: Settings, database: Database
) -> None:
    soon = now() + timedelta(hours=1)
    asset = send(editor, picture(), alt={"fr": "Un quai"}, use_until=rfc3339(soon)).json
    article = made(editor, f"![](asset:{asset['id']})", summary=["It opens."]).json
    path = f"/api/v1/articles/{article['id']}"

    def codes() -> set[tuple[str, str]]:
        return {(one["severity"], one["code"]) for one in editor.post(f"{path}/validate").json["findings"]}

    assert codes() == {("warn", "missing_alt_text"), ("warn", "missing_credit")}
    late = {"publish_at": rfc3339(soon + timedelta(hours=1)), "timezone": "UTC"}
    refused = editor.put(f"{path}/schedule", json=late)
    assert refused.status_code == 422, refused.data
    assert refused.json["errors"][0]["code"] == "expired_picture"
    words = {"alt": {"en": "A quay"}, "credit": "Ines Okafor", "use_until": "2020-01-01T00:00:00Z"}
    editor.patch(f"/api/v1/assets/{asset['id']}", json=words, headers={"If-Match": '"1"'})
    assert codes() == {("block", "expired_picture")}
    assert publish(editor, article).status_code == 422
    with database.transaction() as session:
        assert tell_expired(session, system("test"), now()) == 1
        assert tell_expired(session, system("test"), now()) == 0
        [letter] = session.scalars(select(Letter).where(Letter.type == "asset.expired"))
        assert (letter.subject, letter.data) == (asset["id"], {"use_until": "2020-01-01T00:00:00Z"})
    assert [one["id"] for one in editor.get("/api/v1/assets?rights=expired").json["data"]] == [asset["id"]]
    noted = administrator.get(f"/api/v1/audit?subject_id={asset['id']}&action=asset.expired").json["data"]
    assert [one["action"] for one in noted] == ["asset.expired"]
    freed = {"is_decorative": True, "use_until": None, "alt": {"en": None}, "credit": None}
    editor.patch(f"/api/v1/assets/{asset['id']}", json=freed, headers={"If-Match": '"2"'})
    assert codes() == set()


def a_picture(**given: Any) -> Picture:
    files = tuple(
        PictureFile("natural", kind, width, width, f"/media/{width}.{kind[6:]}")
        for width in (60, 100)
        for kind in ("image/avif", "image/webp", "image/jpeg")
    )
    plain: dict[str, Any] = {
        "id": NOBODY, "width": 300, "height": 300, "alt": {"zh": "码头"}, "captions": {"zh": "清晨"}, "credit": "C",
        "licence": "", "source": "", "use_until": None, "is_decorative": False, "focal_point": None,
        "colour": "#000000", "blurhash": "x", "files": files,
    }  # fmt: skip
    return Picture(**{**plain, **given})


def test_figures_are_html_that_every_form_of_a_body_reads() -> None:
    pictures = {NOBODY: a_picture()}
    source = f"One ![in line](asset:{NOBODY}) two.\n\n![](asset:{NOBODY})\n\n![far](https://example.org/far.png)"
    html = with_figures(render(source, "markdown").html, pictures, "zh-CN")
    assert html.count("<figure>") == 1
    assert html.count("<picture>") == 2
    assert '<img src="https://example.org/far.png" alt="far">' in html
    assert 'alt="码头"' in html
    assert "<figcaption>清晨 <small>C</small></figcaption>" in html
    assert '<source type="image/avif" srcset="/media/60.avif 60w, /media/100.avif 100w"' in html
    rest = html
    for slash, tag, attributes, text in pieces(html):
        rest = rest.replace(f"<{slash}{tag}{attributes}>" if tag else text, "", 1)
    assert rest == "", "every part of it is read"
    assert FORMS["text"](html) == "One two.\n清晨 C"
    assert [block["type"] for block in FORMS["blocks"](html)] == ["paragraph", "figure", "paragraph"]
    assert "asset:" not in FORMS["markdown"](html)
    assert 'alt=""' in with_figures(render(source, "markdown").html, {NOBODY: a_picture(is_decorative=True)}, "zh")
    for gone in ({}, {NOBODY: a_picture(files=())}):
        assert "asset:" not in with_figures(render(source, "markdown").html, gone, "en")


def test_words_of_a_picture_cannot_leave_their_places() -> None:
    evil = '"><script>alert(1)</script><img src=x onerror="alert(1)'
    shown = a_picture(alt={"en": evil}, captions={"en": evil}, credit=evil)
    html = with_figures(render(f"![](asset:{NOBODY})", "markdown").html, {NOBODY: shown}, "en")
    tags = [tag for slash, tag, _, _ in pieces(html) if tag and not slash]
    assert tags == ["figure", "picture", "source", "source", "img", "figcaption", "small"]
    told = with_figures(render(f'<p><img src="asset:{NOBODY}" alt="a &gt; b" title="c > d"></p>', "html").html,
                        {NOBODY: shown}, "en")  # fmt: skip
    assert told.count("<figure>") == 1
    assert "c &gt; d" in told


def test_a_body_that_is_shown_elsewhere_names_its_files_with_the_site() -> None:
    html = with_figures(
        render(f'![](asset:{NOBODY}) "/media/x" src="/media/y"', "markdown").html, {NOBODY: a_picture()}, "en"
    )
    away = at_site(html, "https://cms.example")
    assert away.count("https://cms.example/media/") == html.count("/media/") - 2
    assert "/media/x" in away and "cms.example/media/x" not in away and "cms.example/media/y" not in away
    assert at_site("<p>/media/z</p>", "https://cms.example") == "<p>/media/z</p>"


def test_what_names_an_asset_is_found_where_it_is_written() -> None:
    body = f"![a](asset:{NOBODY}) ![b](<asset:{NOBODY}>) `asset: x` <img src='asset:1'> [c]: asset:2 (asset:3)"
    assert written_ids(body) == [NOBODY, "1", "2", "3"]
    assert written_ids("An asset: a thing. http://asset:80/") == []
    assert shown_ids(f'<img alt="x" src="asset:{NOBODY}"><img src="asset:{NOBODY}"><a href="asset:{NOBODY}">') == [
        NOBODY
    ]
