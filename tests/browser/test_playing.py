"""A talk is played on an article's page, with its words, by what the page's policy lets through."""

import json
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.newsroom import Site
from tests.media.drawing import form
from tests.media.sounding import VTT, pdf, wav

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]


def send(site: Site, data: bytes, name: str, **said: Any) -> str:
    sent = form(data, name, **said)
    kept = site.product.ask("POST", "/api/v1/assets", sent["data"], token=site.token, Content_Type=sent["content_type"])
    assert kept[0] == 201, kept
    return str(kept[1]["id"])


def test_a_talk_is_played_with_its_words_and_a_report_is_saved(site: Site, page: Page) -> None:
    talk = send(site, wav(bytes(16_000)), "talk.wav", credit="Ines Okafor", captions={"en": "At the quay"})
    send(site, VTT, "English", track={"of": talk, "kind": "captions", "locale": "en"})
    report = send(site, pdf(), "Annual report.pdf")
    site.publish("talk", title="A talk", body=f"![The mayor speaks](asset:{talk})\n\n[The report](asset:{report})")
    page.goto(site.page_of("talk"))
    player = page.locator("figure audio")
    expect(player).to_be_visible()
    expect(page.locator("figcaption")).to_have_text("At the quay Ines Okafor")
    # What the policy of the page blocked would stand in its console, which has to stay empty.
    seconds = player.evaluate(
        "audio => new Promise((done, failed) => { audio.onloadedmetadata = () => done(audio.duration);"
        " audio.onerror = () => failed(audio.error.message); audio.preload = 'metadata'; audio.load(); })"
    )
    assert seconds == pytest.approx(1.0)
    words = player.evaluate(
        "audio => new Promise((done, failed) => { const track = audio.querySelector('track');"
        " track.onload = () => done([...track.track.cues].map(cue => cue.text));"
        " track.onerror = () => failed('the words did not come'); track.track.mode = 'hidden'; })"
    )
    assert words == ["The harbour opened again."]
    with page.expect_download() as download:
        page.get_by_role("link", name="The report").click()
    assert download.value.suggested_filename == "Annual report.pdf"
    assert download.value.path().read_bytes() == pdf()
    told = json.loads(page.locator("script[type='application/ld+json']").inner_text())
    assert told["headline"] == "A talk"
