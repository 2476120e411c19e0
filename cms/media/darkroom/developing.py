"""The program that opens pictures: one picture for each process, which has little memory and little time.

Started by `asking.py` as `python -I -m cms.media.darkroom.developing`; reads an order as JSON from standard input, and
writes what came of it as JSON to standard output. Whatever a hostile file does here, it does to this process alone:
it knows no secret, no database and no network address. Nothing else of the product imports Pillow.
"""

import json
import os
import resource
import sys
import warnings
from io import BytesIO
from typing import Any

from PIL import AvifImagePlugin, Image, ImageCms, ImageFile, ImageFilter, ImageOps, UnidentifiedImageError

from cms.media.blurhash import blurhash
from cms.media.presets import PICTURE_FORMATS, TRANSPARENT_FORMATS
from cms.media.rules import LONGEST_CREDIT, LONGEST_SIDE, MOST_PIXELS

MEMORY_BYTES = 1 << 30
CPU_SECONDS = 5
# Tags of TIFF, as Exif has them. Source: Exif 2.3, 4.6.4.
ARTIST, COPYRIGHT = 0x013B, 0x8298
SMALL = 96
# How each format is written. AVIF at speed 8 takes a third of the time of the usual 6, for files as large.
SAVED: dict[str, dict[str, Any]] = {
    "avif": {"quality": 60, "speed": 8, "max_threads": 1},
    "webp": {"quality": 78, "method": 4},
    "jpeg": {"quality": 80, "optimize": True, "progressive": True},
    "png": {"optimize": True},
}
PLACES = 9


class Refused(Exception):
    """The picture is not taken; the text says why, for people."""


def limit(memory_bytes: int, cpu_seconds: int) -> None:
    """Let this process have no more than this, for good."""
    resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
    resource.setrlimit(resource.RLIMIT_CPU, (cpu_seconds, cpu_seconds))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NPROC, (0, 0))
    Image.MAX_IMAGE_PIXELS = MOST_PIXELS
    # Another thread would be one process more than it may have.
    AvifImagePlugin.DEFAULT_MAX_THREADS = 1
    ImageFile.LOAD_TRUNCATED_IMAGES = False
    warnings.simplefilter("error", Image.DecompressionBombWarning)


def opened(path: str, name: str, draft: tuple[int, int] | None = None) -> Image.Image:
    """The picture in a file of this format, as it is; of what moves, the first moment.

    With `draft` it may come smaller, but not smaller than twice that. Raises: Refused.
    """
    try:
        picture = Image.open(path, formats=[name.upper()])
        if picture.width * picture.height > MOST_PIXELS or max(picture.size) > LONGEST_SIDE:
            raise Refused(f"It has {picture.width} × {picture.height} pixels, more than {MOST_PIXELS:,} in all.")
        if draft is not None:
            picture.draft(None, (draft[0] * 2, draft[1] * 2))
        picture.load()
    except (Image.DecompressionBombWarning, Image.DecompressionBombError):
        raise Refused(f"It has more than {MOST_PIXELS:,} pixels.") from None
    except MemoryError:
        raise Refused("It needs more memory than a picture may have.") from None
    except Refused:
        raise
    except Exception as error:  # noqa: BLE001  # decoders raise whatever they like on broken files
        kind = "cannot be read" if isinstance(error, UnidentifiedImageError) else "is damaged"
        raise Refused(f"The file begins like {name.upper()}, but {kind}.") from None
    return picture


def upright(picture: Image.Image) -> Image.Image:
    """The pixels alone, turned as the camera said, in sRGB, with or without transparency."""
    try:
        turned = ImageOps.exif_transpose(picture)
    except Exception:  # noqa: BLE001  # broken Exif says nothing; the pixels are what they are
        turned = picture
    plain = _in_srgb(turned)
    has_alpha = "A" in plain.getbands() or "transparency" in plain.info
    bare = plain.convert("RGBA" if has_alpha else "RGB")
    # What is left of the file beside its pixels would be written again: comments, profiles, Exif.
    bare.info.clear()
    return bare


def _in_srgb(picture: Image.Image) -> Image.Image:
    profile = picture.info.get("icc_profile")
    if not profile or picture.mode not in ("RGB", "RGBA", "CMYK", "L"):
        return picture
    alpha = picture.getchannel("A") if picture.mode == "RGBA" else None
    try:
        colours = picture.convert("RGB") if alpha is not None else picture
        source = ImageCms.ImageCmsProfile(BytesIO(profile))
        changed = ImageCms.profileToProfile(colours, source, ImageCms.createProfile("sRGB"), outputMode="RGB")
    except (ImageCms.PyCMSError, OSError, ValueError):
        # A profile that nobody can read says nothing about the colours.
        return picture
    assert changed is not None
    if alpha is not None:
        changed.putalpha(alpha)
    return changed


def seen(picture: Image.Image) -> dict[str, Any]:
    """What a page shows while a picture loads, and the point that a crop should keep.

    Shape: {"colour": "#rrggbb", "blurhash", "focal_point": [x, y]}
    """
    small = picture.copy()
    small.thumbnail((SMALL, SMALL), Image.Resampling.BOX)
    flat = on_white(small)
    few = flat.quantize(8).convert("RGB")
    colours: Any = few.getcolors(SMALL * SMALL)
    red, green, blue = max(colours)[1]
    tiny = flat.resize((32, 32), Image.Resampling.BOX).tobytes()
    pixels = [(tiny[at], tiny[at + 1], tiny[at + 2]) for at in range(0, len(tiny), 3)]
    return {
        "colour": f"#{red:02x}{green:02x}{blue:02x}",
        "blurhash": blurhash(pixels, 32, 32),
        "focal_point": proposed_point(flat),
    }


def proposed_point(picture: Image.Image) -> list[float]:
    """Where most is to be seen: the middle of that half of the picture whose edges have the highest entropy.

    Of halves that are alike, the one nearest to the middle. Shape: [x, y], as parts of width and height.
    """
    edges = picture.convert("L").filter(ImageFilter.FIND_EDGES)
    # The filter sees an edge along the border, where there is none.
    edges = edges.crop((1, 1, max(2, edges.width - 1), max(2, edges.height - 1)))
    width, height = max(1, edges.width // 2), max(1, edges.height // 2)
    found = []
    for row in range(PLACES):
        for column in range(PLACES):
            left = (edges.width - width) * column // (PLACES - 1)
            top = (edges.height - height) * row // (PLACES - 1)
            entropy = edges.crop((left, top, left + width, top + height)).entropy()
            away = abs(column - PLACES // 2) + abs(row - PLACES // 2)
            point = [round((left + width / 2) / edges.width, 3), round((top + height / 2) / edges.height, 3)]
            found.append((round(entropy, 2), -away, point))
    return max(found)[2]


def on_white(picture: Image.Image) -> Image.Image:
    """A picture without transparency."""
    if picture.mode == "RGB":
        return picture
    ground = Image.new("RGB", picture.size, "white")
    ground.paste(picture, mask=picture.getchannel("A") if "A" in picture.getbands() else None)
    return ground


def credit_in(picture: Image.Image) -> str:
    """Whose picture it is, as its Exif says; empty where that says nothing."""
    try:
        told = picture.getexif()
        words = [str(told.get(tag) or "") for tag in (ARTIST, COPYRIGHT)]
    except Exception:  # noqa: BLE001  # what cannot be read says nothing
        return ""
    kept = ("".join(character for character in word if character.isprintable()).strip() for word in words)
    return next((word[:LONGEST_CREDIT] for word in kept if word), "")


def look(order: dict[str, Any]) -> dict[str, Any]:
    """Look at a picture that came in. Raises: Refused."""
    picture = opened(order["path"], order["format"])
    credit = credit_in(picture)
    plain = upright(picture)
    return {"width": plain.width, "height": plain.height, "credit": credit, **seen(plain)}


def render(order: dict[str, Any]) -> dict[str, Any]:
    """Make renditions, as files with numbers for names in a folder. Nothing of the file but its pixels goes into them.

    Shape: {"files": [{"preset", "format", "width", "height"}]}, in the order of the numbers. Raises: Refused.
    """
    wanted = order["sizes"]
    widest = max(size["width"] for size in wanted)
    picture = upright(opened(order["path"], order["format"], draft=(widest, widest)))
    # A JPEG is decoded in a fraction of its size where that is enough; boxes are of the whole.
    scale_x, scale_y = picture.width / order["width"], picture.height / order["height"]
    kinds = order.get("formats") or (TRANSPARENT_FORMATS if picture.mode == "RGBA" else PICTURE_FORMATS)
    made: list[dict[str, Any]] = []
    for size in wanted:
        left, top, right, bottom = size["box"]
        right, bottom = min(right * scale_x, picture.width), min(bottom * scale_y, picture.height)
        box = (left * scale_x, top * scale_y, right, bottom)
        small = picture.resize((size["width"], size["height"]), Image.Resampling.LANCZOS, box, reducing_gap=3.0)
        for kind in kinds:
            saved = on_white(small) if kind == "jpeg" else small
            saved.save(f"{order['folder']}/{len(made)}", kind.upper(), **SAVED[kind])
            made.append({"preset": size["preset"], "format": kind, "width": small.width, "height": small.height})
    return {"files": made}


ORDERS = {"look": look, "render": render}


def main() -> None:
    """Do what standard input asks for."""
    order = json.load(sys.stdin)
    if order["do"] == "render":
        # Readers and editors come first: nobody waits for the last of thirty files.
        os.nice(10)
    limit(order.get("memory_bytes", MEMORY_BYTES), order.get("cpu_seconds", CPU_SECONDS))
    try:
        done = ORDERS[order["do"]](order)
    except Refused as refused:
        done = {"refused": str(refused)}
    except MemoryError:
        done = {"refused": "It needs more memory than a picture may have."}
    json.dump(done, sys.stdout)


if __name__ == "__main__":
    main()
