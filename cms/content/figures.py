"""The HTML of pictures in a body: figures with caption, credit and every size that a browser may choose from.

Plain values in and out; sanitised HTML comes in, and what goes out is of the same kind, with our own addresses alone.
"""

import re
from collections.abc import Mapping
from html import escape, unescape
from itertools import groupby

from cms.media.pictures import SCHEME, Picture, PictureFile, alt_of, in_language

IMAGE = r'<img((?: [a-z]+="[^"]*")*)>'
ALONE = re.compile(rf"<p>\s*{IMAGE}\s*</p>")
ANYWHERE = re.compile(IMAGE)
ATTRIBUTE = re.compile(r' ([a-z]+)="([^"]*)"')
LAZY, FIRST = 'loading="lazy"', 'fetchpriority="high"'
SIZES = "(min-width: 48rem) 48rem, 100vw"


def with_figures(html: str, pictures: Mapping[str, Picture], locale: str) -> str:
    """A body with its pictures. One that stands alone becomes a figure; of one that is not there, or not made yet,
    nothing is left."""
    if SCHEME not in html:
        return html

    def alone(found: re.Match[str]) -> str:
        told = _told(found[1])
        return found[0] if told is None else _figure(told, pictures.get(told["src"]), locale)

    def within(found: re.Match[str]) -> str:
        told = _told(found[1])
        return found[0] if told is None else _picture(told, pictures.get(told["src"]), locale)

    shown = ANYWHERE.sub(within, ALONE.sub(alone, html))
    # What a page begins with is seen at once: waiting for the layout would only delay it.
    return shown.replace(LAZY, FIRST, 1) if shown.startswith("<figure>") else shown


def _told(attributes: str) -> dict[str, str] | None:
    """What an image says, with the id of its asset for `src`; None for what is no picture of ours."""
    told = {name: unescape(value) for name, value in ATTRIBUTE.findall(attributes)}
    if not told.get("src", "").startswith(SCHEME):
        return None
    return {**told, "src": told["src"].removeprefix(SCHEME)}


def _figure(told: Mapping[str, str], picture: Picture | None, locale: str) -> str:
    shown = _picture(told, picture, locale)
    if picture is None or not shown:
        return ""
    caption = told.get("title") or in_language(picture.captions, locale)
    parts = [escape(caption, quote=False)] if caption else []
    parts += [f"<small>{escape(picture.credit, quote=False)}</small>"] if picture.credit else []
    return f"<figure>{shown}" + (f"<figcaption>{' '.join(parts)}</figcaption>" if parts else "") + "</figure>"


def _picture(told: Mapping[str, str], picture: Picture | None, locale: str) -> str:
    if picture is None or not picture.files:
        return ""
    kinds = [(kind, list(files)) for kind, files in groupby(_by_kind(picture), key=lambda file: file.media_type)]
    *better, (_, usual) = kinds
    sources = "".join(
        f'<source type="{kind}" srcset="{_srcset(files)}" sizes="{SIZES}">' for kind, files in better
    )  # fmt: skip
    alt = "" if picture.is_decorative else told.get("alt") or alt_of(picture, locale)
    largest = usual[-1]
    image = (
        f'<img src="{escape(largest.url)}" srcset="{_srcset(usual)}" sizes="{SIZES}" alt="{escape(alt)}" '
        f'width="{largest.width}" height="{largest.height}" {LAZY} decoding="async">'
    )
    return f"<picture>{sources}{image}</picture>"


def _by_kind(picture: Picture) -> list[PictureFile]:
    order = list(dict.fromkeys(file.media_type for file in picture.whole))
    return sorted(picture.whole, key=lambda file: (order.index(file.media_type), file.width))


def _srcset(files: list[PictureFile]) -> str:
    return ", ".join(f"{escape(file.url)} {file.width}w" for file in files)
