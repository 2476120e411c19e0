"""What giving out a rendition costs, beside constant bytes of the same size from a Flask view on the same server, with
1,000 pictures that articles show, on SQLite."""

import contextlib
import hashlib
import json
import random
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.report import Row
from benchmarks.serving import Subject, in_turn, product, yardstick
from cms.media.adding import add_asset
from cms.media.rendering import Made, keep_renditions, renditions_due
from cms.media.rules import NewAsset, Received, rendition_url
from cms.media.storing import ORIGINALS, RENDITIONS, LocalStore
from cms.media.using import put_uses
from cms.migrations.running import upgrade
from cms.platform.actor import system
from cms.platform.clock import now
from cms.platform.db import Database
from cms.platform.ids import new_id
from cms.settings import Settings

PICTURES = 1_000
BYTES = 24_000
HELD = 200
ROUNDS = 5
SECONDS = 3.0
AT_ONCE = 100
ACTOR = system("benchmark")
REPETITIONS = f"Medians of {ROUNDS} interleaved rounds of {SECONDS:.0f} s with 8 connections."


def run(pictures: int = PICTURES, rounds: int = ROUNDS, seconds: float = SECONDS) -> dict[str, Any]:
    """Medians over interleaved rounds. Shape: per subject `rate` (a second) and `cpu_ms` of the server a request."""
    with contextlib.ExitStack() as opened:
        folder = Path(opened.enter_context(tempfile.TemporaryDirectory()))
        home = folder / "home"
        addresses = put_pictures(Settings(home=home), pictures)
        served = opened.enter_context(product(home))
        constant = opened.enter_context(yardstick("constant", folder, [BYTES, 1]))
        assert served.size(addresses[0]) == BYTES
        subjects = {
            "constant": Subject(constant, [f"/constant/{BYTES}"]),
            "whole": Subject(served, addresses),
            "not_modified": Subject(served, [f"{path}\t{_etag(path)}" for path in addresses[:HELD]]),
            "constant_empty": Subject(constant, ["/constant/1"]),
        }
        medians = in_turn(subjects, rounds, seconds)
        return {"pictures": pictures, "bytes": BYTES, "rounds": rounds, "medians": medians}


def rows(figures: dict[str, Any]) -> list[Row]:
    """The promise, and what a 304 costs."""
    size = f"a rendition of {figures['bytes'] // 1000} kB"
    return [
        _cpu(figures, size, "whole", "constant", 1.0),
        _cpu(figures, f"304 for {size}", "not_modified", "constant_empty"),
    ]


def put_pictures(settings: Settings, count: int) -> list[str]:
    """Keep pictures that published articles show; gives the addresses of their renditions."""
    settings.home.mkdir(mode=0o700, parents=True, exist_ok=True)
    database, store = Database(settings.database, is_durable=False), LocalStore(settings.media_home)
    upgrade(database)
    chance = random.Random(8)
    addresses: list[str] = []
    for start in range(0, count, AT_ONCE):
        files = [_kept(store, chance) for _ in range(start, min(start + AT_ONCE, count))]
        with database.transaction() as session:
            for original, rendition in files:
                received = Received("a.jpg", original, 16, "image/jpeg", 640, 360, (0.5, 0.5), "#000000", "")
                asset = add_asset(session, ACTOR, store, NewAsset(received), now()).asset
                due = renditions_due(session, asset.id, settings.media_presets)
                assert due is not None
                made = [Made("natural", "webp", 640, 360, BYTES, rendition)]
                keep_renditions(session, ACTOR, store, due, made, settings.media_presets, now())
                put_uses(session, new_id(), "shown", [asset.id], is_new=True)
        addresses += [rendition_url(rendition, "webp") for _, rendition in files]
    database.dispose()
    return addresses


def _kept(store: LocalStore, chance: random.Random) -> tuple[str, str]:
    """An original and a rendition; what is in them plays no part. Shape: their digests"""
    return _put(store, ORIGINALS, chance.randbytes(16)), _put(store, RENDITIONS, chance.randbytes(BYTES))


def _put(store: LocalStore, area: str, data: bytes) -> str:
    sha256 = hashlib.sha256(data).hexdigest()
    store.incoming.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = store.incoming / "file.part"
    path.write_bytes(data)
    store.put(area, sha256, path)
    return sha256


def _etag(address: str) -> str:
    return f'"{Path(address).stem[:32]}"'


def _cpu(figures: dict[str, Any], label: str, name: str, other: str, most: float | None = None) -> Row:
    one, against = figures["medians"][name]["cpu_ms"], figures["medians"][other]["cpu_ms"]
    measured = f"{one / against:.2f} × ({one * 1000:.0f} against {against * 1000:.0f} µs)"
    promised = "—" if most is None else f"≤ {most} ×"
    return Row(f"{label}: CPU, against the Flask view", promised, measured, most is None or one / against <= most)


if __name__ == "__main__":
    print(json.dumps(run(), indent=2))
