"""Draws the pictures of the sample newsroom: `python -m docs.drawing`, or those that are named.

Writes them beside its articles, with what the darkroom sees in each, so that a first start need not look at them again.
"""

import hashlib
import json
import sys
from collections.abc import Callable, Mapping

from PIL import Image

from cms.launch.sample.picturing import DRAWN, SEEN
from cms.media.darkroom.developing import look
from docs.drawing import charts, places
from docs.drawing.canvas import NIGHT, PAPER, SNOW, Canvas

MOTIFS: Mapping[str, tuple[Callable[[Canvas], None], str]] = {
    "tram-on-lock-hill": (places.tram, PAPER),
    "line-6-map": (charts.line_map, PAPER),
    "line-6-journeys": (charts.journeys, SNOW),
    "lock-hill-rents": (charts.rents, SNOW),
    "kessary-low-water": (places.dam, PAPER),
    "kessary-levels": (charts.reservoir, SNOW),
    "gannet-rock": (places.lighthouse, NIGHT),
    "comet-dunmarrow": (places.comet, NIGHT),
    "thistledown-orbit": (places.orbit, NIGHT),
    "lanterns-on-the-canal": (places.lanterns, NIGHT),
    "library-boat": (places.boat, PAPER),
    "ward-seven": (charts.ward, PAPER),
    "turbines-at-zhelsaz": (places.turbines, PAPER),
    "anselm-prices": (charts.prices, SNOW),
    "weavers-footbridge": (places.footbridge, PAPER),
    "fish-ladder": (places.fish_ladder, NIGHT),
    "ladder-in-a-pear-tree": (places.ladder, PAPER),
    "six-penalties": (charts.penalties, "#4f6b4c"),
}


def drawn(name: str) -> Image.Image:
    """One of the pictures."""
    draw, ground = MOTIFS[name]
    canvas = Canvas(ground)
    draw(canvas)
    return canvas.finished()


def main(names: list[str]) -> None:
    """Draw the pictures that are named, or all, and write down what is seen in each."""
    seen = json.loads(SEEN.read_text("utf-8")) if names and SEEN.exists() else {}
    for name in names or MOTIFS:
        path = DRAWN / f"{name}.webp"
        drawn(name).save(path, "WEBP", lossless=True, quality=100, method=6)
        data = path.read_bytes()
        found = look({"path": str(path), "format": "webp"})
        seen[name] = {"sha256": hashlib.sha256(data).hexdigest(), "byte_count": len(data), **found}
        sys.stdout.write(f"{name}: {len(data):,} bytes\n")
    SEEN.write_text(json.dumps(seen, indent=1, sort_keys=True) + "\n", "utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
