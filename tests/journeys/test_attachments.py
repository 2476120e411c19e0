"""The story of what is attached to articles, over HTTP: a report to save, a talk that is played, words of a film."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from flask import Flask
from flask.testing import FlaskClient

from cms.platform.db import Database
from cms.settings import Settings
from tests.content.test_feeds import read_json, read_rss
from tests.draining import drain
from tests.media.drawing import picture, send
from tests.media.sounding import VTT, mp3, mp4, pdf
from tests.media.test_articles import made, publish
from tests.media.test_replacing import put

NOBODY = "01890a5d-ac96-774b-bcce-b302099a8057"


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return replace(settings, media_presets="natural=60,100")


def test_a_text_leads_to_files_and_plays_sounds_and_readers_get_them_while_it_is_published(
    app: Flask, editor: FlaskClient, settings: Settings, database: Database
) -> None:
    report = send(editor, pdf(), "Annual report.pdf", captions={"en": "The whole of it"}).json
    talk = send(editor, mp3(), "talk.mp3", credit="Ines Okafor", captions={"en": "At the quay"}).json
    words = send(editor, VTT, "English", track={"of": talk["id"], "kind": "captions", "locale": "en"}).json
    photo = send(editor, picture()).json
    drain(settings, database)
    body = (
        f'Read the [report](asset:{report["id"]} "All of it") or the [photo](asset:{photo["id"]}).\n\n'
        f"![A talk](asset:{talk['id']})\n\n![](asset:{report['id']})"
    )
    article, readers = made(editor, body).json, app.test_client()
    addresses = [one["file"]["url"] for one in (report, talk, words)]
    assert {readers.get(url).status_code for url in addresses} == {404}
    assert publish(editor, article).status_code == 200
    assert [readers.get(url).status_code for url in addresses] == [200, 200, 200]
    document = readers.get(f"/content/v1/articles/{article['id']}").json
    html = document["body"]["html"]
    assert (
        f'<a href="{report["file"]["url"]}" type="application/pdf" title="All of it" rel="noopener">report</a>' in html
    )
    assert '.jpg" type="image/jpeg" rel="noopener">photo</a>' in html
    assert (
        f'<figure><audio controls="" preload="none" src="{talk["file"]["url"]}" title="A talk">'
        f'<track kind="captions" src="{words["file"]["url"]}" srclang="en" label="English"></audio>'
        "<figcaption>At the quay <small>Ines Okafor</small></figcaption></figure>"
    ) in html
    assert "Annual report.pdf</a></p>" in html
    assert "asset:" not in html
    assert document["images"] == [], "what is only led to is no picture of the article"
    told = {one["id"]: one for one in document["attachments"]}
    assert list(told) == [report["id"], talk["id"]]
    assert (told[report["id"]]["name"], told[report["id"]]["byte_count"]) == ("Annual report.pdf", len(pdf()))
    [track] = told[talk["id"]]["tracks"]
    assert (track["kind"], track["locale"], track["url"]) == ("captions", "en", words["file"]["url"])
    forms = {form: readers.get(f"/content/v1/articles/{article['id']}?body={form}").json["body"][form]
             for form in ("blocks", "markdown", "text")}  # fmt: skip
    assert [block["type"] for block in forms["blocks"]] == ["paragraph", "figure", "paragraph"]
    assert "<audio" in forms["blocks"][1]["html"]
    assert f"[report](<{report['file']['url']}>)" in forms["markdown"]
    assert forms["text"].split("\n") == [
        "Read the report or the photo.",
        "At the quay Ines Okafor",
        "Annual report.pdf",
    ]
    # Feed readers show the text elsewhere, and players of podcasts look for the sound.
    site = settings.public_url
    [item] = read_json(readers)["items"]
    assert [(one["mime_type"], one["url"]) for one in item["attachments"]] == [
        ("audio/mpeg", site + talk["file"]["url"]), ("application/pdf", site + report["file"]["url"]),
    ]  # fmt: skip
    assert item["content_html"].count(f'"{site}/media/') == item["content_html"].count("/media/") == 5
    [entry] = read_rss(readers).entries
    [enclosure] = entry.enclosures
    assert (enclosure.href, enclosure.type, enclosure.length) == (
        site + talk["file"]["url"], "audio/mpeg", str(len(mp3())),
    )  # fmt: skip
    assert editor.get(f"/api/v1/assets/{report['id']}/uses").json["data"][0]["places"] == ["shown", "working"]
    assert editor.delete(f"/api/v1/assets/{report['id']}", headers={"If-Match": '"1"'}).status_code == 409
    editor.post(f"/api/v1/articles/{article['id']}/unpublish", headers={"If-Match": '"2"'})
    assert {readers.get(url).status_code for url in addresses} == {404}
    drain(settings, database)


@pytest.mark.both_databases
def test_captions_are_a_part_of_what_they_go_along_with(
    app: Flask, editor: FlaskClient, client_as: Callable[[str], FlaskClient], settings: Settings, database: Database
) -> None:
    film, other = send(editor, mp4(b"vide", b"soun")).json, send(editor, mp3(seed=1)).json
    article = made(editor, f"![](asset:{film['id']})", summary=["A film."]).json
    path = f"/api/v1/articles/{article['id']}"

    def codes() -> set[str]:
        return {one["code"] for one in editor.post(f"{path}/validate").json["findings"]}

    assert "missing_captions" in codes()
    assert publish(editor, article).status_code == 200
    drain(settings, database)
    track = {"of": film["id"], "kind": "captions", "locale": "en-GB"}
    words = send(editor, VTT, "Words", track=track).json
    assert (words["track"], words["kind"]) == (track, "text")
    assert "missing_captions" not in codes()
    whole = editor.get(f"/api/v1/assets/{film['id']}").json
    assert [(one["id"], one["locale"]) for one in whole["tracks"]] == [(words["id"], "en-GB")]
    assert whole["revision"] == 2, "what goes along with it is a part of it"
    drain(settings, database)
    address, readers = f"/content/v1/articles/{article['id']}", app.test_client()
    assert f'src="{words["file"]["url"]}"' in readers.get(address).json["body"]["html"]
    # Another spelling of the same cues is another file and the same words.
    replaced = put(editor, words["id"], VTT.replace(b"again", b"anew")).json
    drain(settings, database)
    html = readers.get(address).json["body"]["html"]
    assert replaced["file"]["url"] in html
    assert readers.get(replaced["file"]["url"]).data == VTT.replace(
        b"00:00.000 --> 00:02", b"00:00:00.000 --> 00:00:02"
    ).replace(b"again", b"anew")
    assert readers.get(words["file"]["url"]).status_code == 200, "pages that are cached name it for a day"
    used = editor.delete(f"/api/v1/assets/{film['id']}", headers={"If-Match": '"3"'})
    assert {(one["kind"], one["place"]) for one in used.json["used_by"]} == {
        ("article", "working"), ("article", "shown"), ("asset", "track"),
    }  # fmt: skip
    second, tag = VTT.replace(b"again", b"once more"), {"If-Match": '"2"'}
    for wrong, pointer in (
        (track, "/track"), ({**track, "of": NOBODY}, "/track/of"), ({**track, "of": words["id"]}, "/track/of"),
        ({"of": film["id"]}, "/track/kind"), ({**track, "of": "x" * 36}, "/track/of"),
    ):  # fmt: skip
        refused = send(editor, second, track=wrong)
        assert (refused.status_code, refused.json["errors"][0]["pointer"]) == (422, pointer), wrong
    for wrong in ({**track, "kind": "metadata"}, {**track, "locale": "xx-"}, {**track, "colour": "red"}, "x"):
        assert send(editor, second, track=wrong).status_code == 422, wrong
    assert send(editor, picture(), track=track).json["errors"][0]["code"] == "no_text"
    author = client_as("author")
    assert send(author, second, track={**track, "locale": "kk"}).status_code == 403, "the film is not the author's"
    moved = editor.patch(f"/api/v1/assets/{words['id']}", json={"track": {"of": other["id"]}}, headers=tag)
    assert moved.json["track"] == {**track, "of": other["id"]}
    drain(settings, database)
    assert "<track" not in readers.get(address).json["body"]["html"]
    loose = editor.patch(f"/api/v1/assets/{words['id']}", json={"track": None}, headers={"If-Match": '"3"'})
    assert loose.json["track"] is None
    drain(settings, database)
