"""Renditions that are made when they are asked for: once, by signed addresses alone, and never for anybody else."""

import io
import threading
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image

from cms.environment import SettingsError
from cms.media.api import MEDIA
from cms.media.darkroom.asking import Darkroom
from cms.media.on_demand.making import WaitingLine
from cms.media.on_demand.rules import Order, order_of, signed_url
from cms.platform.db import Database
from cms.platform.errors import Unavailable
from cms.platform.keys import Keys
from cms.settings import Settings
from tests.draining import drain
from tests.media.drawing import picture, saved, send
from tests.media.test_articles import made, publish
from tests.media.test_replacing import put

ON_DEMAND = "social@40:21=60;tall@2:3=40,50"


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return replace(settings, media_presets="natural=60", media_presets_on_demand=ON_DEMAND)


@dataclass(frozen=True)
class Counting(Darkroom):
    """The darkroom, which remembers what it was asked to make."""

    asked: tuple[list[Any], ...] = ()

    def render(self, order: Mapping[str, Any]) -> list[dict[str, Any]]:
        self.asked[0].append((order["sizes"][0]["preset"], order["formats"]))
        return super().render(order)


@pytest.fixture
def asked(app: Flask) -> list[Any]:
    """What the application's darkroom is asked to make."""
    held: list[Any] = []
    app.extensions[MEDIA] = replace(app.extensions[MEDIA], darkroom=Counting(asked=(held,)))
    return held


def on_demand(client: FlaskClient, asset_id: str) -> dict[tuple[str, int, str], str]:
    whole = client.get(f"/api/v1/assets/{asset_id}").json["on_demand"]
    return {(one["preset"], one["width"], one["media_type"]): one["url"] for one in whole}


def test_a_rendition_is_made_once_when_it_is_asked_for_and_then_kept(
    app: Flask, editor: FlaskClient, settings: Settings, database: Database, asked: list[Any]
) -> None:
    drawn = Image.open(io.BytesIO(picture("png"))).convert("RGBA")
    drawn.putalpha(120)
    asset = send(editor, saved(drawn, "png")).json
    article = made(editor, f"![](asset:{asset['id']})").json
    drain(settings, database)
    addresses = on_demand(editor, asset["id"])
    assert len(addresses) == 9
    url, readers = addresses["social", 60, "image/jpeg"], app.test_client()
    assert readers.get(url).status_code == 404, "no published article shows it"
    publish(editor, article)
    before = readers.get(f"/content/v1/articles/{article['id']}").json["images"]
    assert asked == []
    led = readers.get(url)
    assert (led.status_code, led.headers["Cache-Control"]) == (302, "public, max-age=300")
    assert led.headers["Surrogate-Key"] == f"asset-{asset['id']}"
    got = readers.get(led.headers["Location"])
    assert got.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    shown = Image.open(io.BytesIO(got.data))
    assert (shown.size, shown.get_format_mimetype()) == ((60, 32), "image/jpeg")
    assert {readers.get(url).headers["Location"] for _ in range(3)} == {led.headers["Location"]}
    assert readers.head(url).headers["Location"] == led.headers["Location"]
    assert asked == [("social", ["jpeg"])]
    # It is no part of documents, and what else is made of the picture stays.
    drain(settings, database)
    editor.patch(f"/api/v1/assets/{asset['id']}", json={"credit": "x"}, headers={"If-Match": '"1"'})
    drain(settings, database)
    after = readers.get(f"/content/v1/articles/{article['id']}").json["images"]
    assert (after[0]["srcset"], after[0]["crops"]) == (before[0]["srcset"], {})
    assert [one["preset"] for one in editor.get(f"/api/v1/assets/{asset['id']}").json["renditions"]] == ["natural"] * 3
    # Another file in its place: the address stays, and leads to another rendition; the one before is there a while.
    put(editor, asset["id"], picture(seed=7), 2)
    drain(settings, database)
    later = readers.get(url)
    assert later.headers["Location"] != led.headers["Location"]
    assert {readers.get(one.headers["Location"]).status_code for one in (led, later)} == {200}
    assert len(asked) == 2


def test_nobody_orders_what_copydesk_did_not_sign_and_no_work_is_done_for_them(
    app: Flask, editor: FlaskClient, settings: Settings, database: Database, asked: list[Any]
) -> None:
    asset, other = send(editor, picture()).json, send(editor, picture(seed=2)).json
    article = made(editor, f"![](asset:{asset['id']}) ![](asset:{other['id']})").json
    publish(editor, article)
    url = on_demand(editor, asset["id"])["social", 60, "image/jpeg"]
    path, _, signature = url.partition("?signature=")
    readers, foreign = app.test_client(), Keys(b"another secret that is long enough for the tests")
    beyond = Order(asset["id"], "social", 4_000, "jpeg")
    forged = [
        path, f"{path}?signature=", f"{path}?signature={'0' * 32}", f"{path}?signature={signature[:-1]}",
        f"{path}?signature={signature}0", f"{path}?signature={signature.upper()}x", f"{path}?signature=%00",
        signed_url(foreign, Order(asset["id"], "social", 60, "jpeg")), signed_url(foreign, beyond),
        url.replace("social-60", "social-61"), url.replace("social-60", "social-4000"), url.replace("social", "tall"),
        url.replace("social", "natural"), url.replace(".jpg", ".webp"), url.replace(".jpg", ".png"),
        url.replace(".jpg", ".gif"), url.replace(".jpg", ""), url.replace(asset["id"], other["id"]),
        url.replace(asset["id"], asset["id"].upper()), url.replace(asset["id"], "x"), url.replace("-60", "-060"),
        url.replace("-60", "-6e1"), url.replace("-60", "--60"), url.replace("-60", "-999999999999"),
        url.replace("social", "../social"), url.replace("social", "%2e%2e/social"), url.replace("social", "SOCIAL"),
        url.replace("/social", "//social"), url.replace("signature", "sig"), url.replace("?", "?until=1&"),
        f"{path}?width=4000&signature={signature}", url.replace("-60", "-60@2x"), f"{url}&signature={'0' * 32}",
        # Signed, and not to be had: a width and presets that are none any more, no picture, and one that is hidden.
        signed_url(app.extensions["copydesk"].keys, beyond),
        signed_url(app.extensions["copydesk"].keys, Order(asset["id"], "gone", 60, "jpeg")),
        signed_url(app.extensions["copydesk"].keys, Order(asset["id"], "natural", 60, "jpeg")),
        signed_url(app.extensions["copydesk"].keys, Order(article["id"], "social", 60, "jpeg")),
        on_demand(editor, send(editor, picture(seed=3)).json["id"])["social", 60, "image/jpeg"],
    ]  # fmt: skip
    answers = {one: readers.get(one).status_code for one in forged}
    assert {one: status for one, status in answers.items() if status not in (400, 404)} == {}
    assert len(forged) >= 38
    assert asked == [], "no picture was opened for any of them"
    assert readers.get(url).status_code == 302
    assert len(asked) == 1
    drain(settings, database)


def test_many_who_ask_at_once_are_served_by_one_making_and_few_wait(
    app: Flask, editor: FlaskClient, settings: Settings, database: Database, asked: list[Any]
) -> None:
    asset = send(editor, picture()).json
    publish(editor, made(editor, f"![](asset:{asset['id']})").json)
    url = on_demand(editor, asset["id"])["tall", 40, "image/webp"]
    parts = app.extensions["copydesk"]
    app.extensions["copydesk"] = replace(parts, settings=replace(settings, media_reserve_bytes=2**50))
    full = app.test_client().get(url)
    assert (full.status_code, full.headers["Retry-After"]) == (503, "60")
    app.extensions["copydesk"] = parts
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda _: app.test_client().get(url), range(6)))
    assert {one.status_code for one in answers} <= {302, 503}
    assert {one.headers["Retry-After"] for one in answers if one.status_code == 503} <= {"2"}
    assert asked == [("tall", ["webp"])]
    drain(settings, database)
    line, inside = WaitingLine(1), threading.Event()
    with line.turn():
        with pytest.raises(Unavailable), line.turn():
            inside.set()
        assert not inside.is_set()
    with line.turn():
        inside.set()
    assert inside.is_set()


def test_a_setting_names_each_preset_once() -> None:
    for text in ("social", "a=10;a=20", "natural=40", "a@0:1=10"):
        with pytest.raises(SettingsError, match="COPYDESK_MEDIA_PRESETS_ON_DEMAND"):
            Settings(media_presets_on_demand=text).check()
    Settings(media_presets_on_demand="").check()
    assert order_of("x", "social-60.jpg") == Order("x", "social", 60, "jpeg")
    assert order_of("x", "a-b-60.avif") == Order("x", "a-b", 60, "avif")
