"""What it costs to make every rendition of a photograph of twelve megapixels, beside the library's own decoding,
resizing and encoding of the same files, in whichever of its two ways costs less.

Both are processes of their own. Of the product everything counts, from the start of the process to the last file; of
the library only what it is asked for.
"""

import io
import json
import random
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any

from PIL import Image, ImageChops, ImageFilter

from benchmarks.report import Row
from cms.media.darkroom.asking import RENDERING_CPU_SECONDS, RENDERING_SECONDS, develop
from cms.media.darkroom.developing import SAVED
from cms.media.presets import PICTURE_FORMATS, presets_of, sizes
from cms.settings import Settings

WIDTH, HEIGHT = 4_000, 3_000
ROUNDS = 5
MOST = 1.2
REPETITIONS = f"Medians of the CPU of {ROUNDS} rounds in turn."
# The library as it is, and with its own short cuts: a JPEG decoded smaller, and large steps taken cheaply.
WAYS: dict[str, dict[str, Any]] = {"plain": {}, "short_cuts": {"reducing_gap": 3.0}}


def run(rounds: int = ROUNDS) -> dict[str, Any]:
    """Medians of CPU seconds: of the product, and of the library in each way."""
    presets = presets_of(Settings().media_presets)
    wanted = [vars(size) for size in sizes(presets, WIDTH, HEIGHT, (0.5, 0.5))]
    found: dict[str, list[float]] = {"product": [], **{way: [] for way in WAYS}}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "photograph.jpg"
        path.write_bytes(photograph())
        order = {"path": str(path), "format": "jpeg", "width": WIDTH, "height": HEIGHT, "sizes": wanted}
        for _ in range(rounds):
            found["product"].append(_of_the_product({**order, "folder": folder}))
            for way in WAYS:
                found[way].append(_of_the_library(order, way))
        made = sum(file.stat().st_size for file in Path(folder).iterdir() if file != path)
        return {
            "rounds": rounds, "files": len(wanted) * len(PICTURE_FORMATS), "bytes": made,
            "original_bytes": path.stat().st_size,
            "cpu_seconds": {name: round(median(values), 3) for name, values in found.items()},
        }  # fmt: skip


def rows(figures: dict[str, Any]) -> list[Row]:
    """The promise, and both ways of the library."""
    seconds = figures["cpu_seconds"]
    best = min(seconds[way] for way in WAYS)
    told = f"{seconds['product'] / best:.2f} × ({seconds['product']:.2f} against {best:.2f} s)"
    what = f"{figures['files']} renditions of a JPEG of 12 megapixels: CPU"
    other = f"{seconds['product'] / seconds['plain']:.2f} × ({seconds['product']:.2f} against {seconds['plain']:.2f} s)"
    return [
        Row(f"{what}, against the library in its best way", f"≤ {MOST} ×", told, seconds["product"] <= MOST * best),
        Row(f"{what}, against the library as it is", "—", other, True),
    ]


def photograph() -> bytes:
    """A JPEG with soft and hard edges, plain sky and fine grain, the same every time."""
    chance = random.Random(12)
    whole = Image.linear_gradient("L").resize((WIDTH, HEIGHT)).convert("RGB")
    for size, share in ((6, 0.5), (40, 0.4), (300, 0.3), (1_500, 0.2)):
        noise = Image.frombytes("RGB", (size, size), chance.randbytes(size * size * 3))
        whole = Image.blend(whole, noise.resize((WIDTH, HEIGHT), Image.Resampling.BICUBIC), share)
    sky = Image.new("RGB", (WIDTH, HEIGHT // 3), "#9fb8cc").filter(ImageFilter.GaussianBlur(1))
    whole.paste(ImageChops.blend(sky, whole.crop((0, 0, *sky.size)), 0.06), (0, 0))
    held = io.BytesIO()
    whole.save(held, "JPEG", quality=90)
    return held.getvalue()


def _of_the_product(order: dict[str, Any]) -> float:
    before = _children_cpu()
    done = develop({"do": "render", "cpu_seconds": RENDERING_CPU_SECONDS, **order}, RENDERING_SECONDS)
    assert len(done["files"]) == len(order["sizes"]) * len(PICTURE_FORMATS), done
    return _children_cpu() - before


def _of_the_library(order: dict[str, Any], way: str) -> float:
    command = [sys.executable, "-m", "benchmarks.media_renditions", "library"]
    done = subprocess.run(command, input=json.dumps({**order, "way": way}), capture_output=True, text=True, check=True)
    return float(done.stdout)


def _library() -> float:
    """Make the same files with the library alone; gives the CPU that it took."""
    order = json.load(sys.stdin)
    began = time.process_time()
    picture = Image.open(order["path"])
    options = WAYS[order["way"]]
    if options:
        widest = max(size["width"] for size in order["sizes"])
        picture.draft(None, (widest * 2, widest * 2))
    picture.load()
    scale_x, scale_y = picture.width / order["width"], picture.height / order["height"]
    for size in order["sizes"]:
        left, top, right, bottom = size["box"]
        box = (left * scale_x, top * scale_y, right * scale_x, bottom * scale_y)
        small = picture.resize((size["width"], size["height"]), Image.Resampling.LANCZOS, box, **options)
        for kind in PICTURE_FORMATS:
            small.save(io.BytesIO(), kind.upper(), **SAVED[kind])
    return time.process_time() - began


def _children_cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    print(_library() if sys.argv[1:] == ["library"] else json.dumps(run(), indent=2))
