"""The story of an installation that moves its pictures into a bucket: real processes, readers who look all the time."""

import threading
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import BUCKET_SECRET
from tests.media.drawing import form, picture
from tests.product import Product, product
from tests.servers import Broker, Buckets

PARTS = ("api", "relay", "worker")


def sent(running: Product, token: str, data: bytes) -> Any:
    """A picture that was sent, and made into its renditions."""
    request = form(data)
    status, asset, _ = running.ask(
        "POST", "/api/v1/assets", request["data"], token, Content_Type=request["content_type"]
    )
    assert status == 201, asset
    running.wait_settled()
    return running.ask("GET", f"/api/v1/assets/{asset['id']}", token=token)[1]


@pytest.mark.slow
def test_pictures_move_into_a_bucket_while_readers_look_at_them(
    tmp_path: Path, broker: Broker, buckets: Buckets
) -> None:
    given = {"redis_url": broker.url, "media_presets": "natural=60", "media_public": "always"}
    with product(tmp_path / "home", *PARTS, **given) as running:
        token = running.copydesk("token", "issue", "--role", "editor", "--quiet").strip()
        asset = sent(running, token, picture())
        files = [one["url"] for one in asset["renditions"]]
        assert len(files) == 3

        running.stop()
        buckets.make("courier")
        told = {
            "STORE": "s3://courier/media", "STORE_BEFORE": "folder", "STORE_ENDPOINT": buckets.endpoint,
            "STORE_KEY": "copydesk", "STORE_SECRET": BUCKET_SECRET,
        }  # fmt: skip
        running.environment |= {f"COPYDESK_MEDIA_{name}": text for name, text in told.items()}
        running.start(*PARTS)
        running.wait_ready()
        assert sent(running, token, picture(seed=2))["renditions"], "what is new goes into the bucket"

        looks: list[int] = []
        is_over = threading.Event()

        def look() -> None:
            while not is_over.is_set():
                looks.extend(running.ask("GET", one)[0] for one in files)

        reader = threading.Thread(target=look)
        reader.start()
        try:
            moved = running.copydesk("media", "move", "--to", "s3://courier/media")
        finally:
            is_over.set()
            reader.join()
        assert "8 of 8 files read back" in moved
        assert looks and set(looks) == {200}
        assert [path for path in (running.home / "media").rglob("*") if path.is_file()] == []

        running.kill("api")
        del running.environment["COPYDESK_MEDIA_STORE_BEFORE"]
        running.start("api")
        running.wait_ready()
        status, _, headers = running.ask("GET", files[0], Range="bytes=0-3")
        assert (status, headers["Content-Length"], headers["Server"]) == (206, "4", "copydesk")
        status, _, headers = running.ask("HEAD", files[0])
        assert (status, int(headers["Content-Length"]) > 4) == (200, True)
        assert running.copydesk("media", "verify") == "8 files, each as it was.\n"
        buckets.order("fail")
        assert running.ask("GET", files[0])[0] == 503
        body = {"title": "Saved", "locale": "en"}
        assert running.ask("POST", "/api/v1/articles", body, token)[0] == 201
        buckets.order()
        assert running.ask("GET", files[0])[0] == 200
        logs = "".join(running.log(name) for name in PARTS)
        assert BUCKET_SECRET not in logs and "store_away" in logs
        assert "Traceback" not in logs
