"""In which sizes and crops readers get pictures: presets as a setting names them, and what each makes of a picture.

Plain Python. Not here: making them (`darkroom/`), when they are made (`rendering.py`).
"""

import hashlib
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

# In the order in which a browser is offered them; the last one is for every browser.
PICTURE_FORMATS = ("avif", "webp", "jpeg")
TRANSPARENT_FORMATS = ("avif", "webp", "png")
# A change of how pictures are made makes all of them anew.
RECIPE = "1"


@dataclass(frozen=True)
class Preset:
    """A name for a crop and its widths. `ratio` is width and height of the crop, or None for the whole picture."""

    name: str
    ratio: tuple[int, int] | None
    widths: tuple[int, ...]


@dataclass(frozen=True)
class Size:
    """One picture to make: what is cut out of the whole, and how large it gets. Units: pixels."""

    preset: str
    box: tuple[int, int, int, int]
    width: int
    height: int


@lru_cache(maxsize=64)
def presets_of(text: str) -> tuple[Preset, ...]:
    """The presets of a setting, such as `natural=320,640;wide@16:9=640`; settings have checked the text."""
    found: list[Preset] = []
    if not text.strip("; "):
        return ()
    for part in text.replace(" ", "").strip(";").split(";"):
        head, _, widths = part.partition("=")
        name, _, ratio = head.partition("@")
        across, _, down = ratio.partition(":")
        sides = (int(across), int(down)) if ratio else None
        found.append(Preset(name, sides, tuple(sorted({int(width) for width in widths.split(",")}))))
    return tuple(found)


def sizes(presets: Sequence[Preset], width: int, height: int, point: tuple[float, float]) -> Iterator[Size]:
    """What the presets make of a picture. Nothing is enlarged: a width beyond the crop's gives the crop as it is."""
    for preset in presets:
        box = crop(width, height, preset.ratio, point)
        across, down = box[2] - box[0], box[3] - box[1]
        for wanted in sorted({min(one, across) for one in preset.widths}):
            yield Size(preset.name, box, wanted, max(1, round(down * wanted / across)))


def one_size(
    presets: Sequence[Preset], name: str, wanted: int, width: int, height: int, point: tuple[float, float]
) -> Size | None:
    """What the preset of a name makes of a picture in one of its widths; None where no preset has that."""
    for preset in presets:
        if preset.name == name and wanted in preset.widths:
            return next(sizes([replace(preset, widths=(wanted,))], width, height, point))
    return None


def crop(
    width: int, height: int, ratio: tuple[int, int] | None, point: tuple[float, float]
) -> tuple[int, int, int, int]:
    """The largest part of a picture in this ratio whose middle is as near to the point as the edges allow.

    Shape: left, top, right, bottom
    """
    if ratio is None:
        return 0, 0, width, height
    across = min(width, max(1, math.floor(height * ratio[0] / ratio[1])))
    down = min(height, max(1, math.floor(width * ratio[1] / ratio[0])))
    left = min(max(0, round(point[0] * width - across / 2)), width - across)
    top = min(max(0, round(point[1] * height - down / 2)), height - down)
    return left, top, left + across, top + down


def presets_key(presets: str) -> str:
    """What a setting is known by: other renditions are due where it says something else."""
    return hashlib.blake2b(f"{RECIPE}|{presets_of(presets)}".encode(), digest_size=8).hexdigest()


def recipe(presets: str, sha256: str, point: Sequence[float] | None) -> str:
    """What renditions of a picture are known by; it begins with the key of the presets."""
    picture = f"{sha256}|{None if point is None else list(point)}"
    return presets_key(presets) + hashlib.blake2b(picture.encode(), digest_size=8).hexdigest()
