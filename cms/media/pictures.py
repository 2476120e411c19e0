"""A picture as an article shows it: plain values, its words in the article's language. Plain Python.

In a body a picture is named by its asset: `asset:<id>` in the place of an address. Not here: the HTML around it
(`cms/content/picturing.py`).
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

SCHEME = "asset:"
ID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
# In what an editor writes: behind the bracket of a link, in a value of HTML, in the definition of a link.
WRITTEN = re.compile(r"""(?:[(<"'=]|\]:)\s*asset:([^\s)>"']*)""")
# In sanitised HTML, which writes every value in double quotes: what stands there as a picture, and what is led to.
SHOWN = re.compile(rf'<(?:img|(a))(?: [a-z]+="[^"]*")*? (?:src|href)="asset:({ID})"')


@dataclass(frozen=True)
class PictureFile:
    """One rendition. Units: pixels."""

    preset: str
    media_type: str
    width: int
    height: int
    url: str


@dataclass(frozen=True)
class Picture:
    """A picture with its renditions, in the order in which browsers are offered them."""

    id: str
    width: int
    height: int
    alt: Mapping[str, str]
    captions: Mapping[str, str]
    credit: str
    licence: str
    source: str
    use_until: datetime | None
    is_decorative: bool
    focal_point: tuple[float, float] | None
    colour: str
    blurhash: str
    files: tuple[PictureFile, ...] = ()

    @property
    def whole(self) -> tuple[PictureFile, ...]:
        """The renditions of the first preset."""
        return tuple(file for file in self.files if file.preset == self.files[0].preset)

    def at(self, address: Callable[[str], str]) -> "Picture":
        """The picture with other addresses of its renditions."""
        return replace(self, files=tuple(replace(file, url=address(file.url)) for file in self.files))

    def as_member(self, locale: str) -> dict[str, Any]:
        """The picture in the document of an article in this language."""
        crops: dict[str, list[dict[str, Any]]] = {}
        for file in self.files:
            crops.setdefault(file.preset, []).append(
                {"url": file.url, "media_type": file.media_type, "width": file.width, "height": file.height}
            )
        srcset = crops.pop(self.files[0].preset) if self.files else []
        return {
            "id": self.id, "alt": alt_of(self, locale), "caption": in_language(self.captions, locale),
            "credit": self.credit, "licence": self.licence, "source": self.source, "width": self.width,
            "height": self.height, "focal_point": list(self.focal_point) if self.focal_point else None,
            "colour": self.colour, "blurhash": self.blurhash, "srcset": srcset, "crops": crops,
        }  # fmt: skip


def written_ids(body: str) -> list[str]:
    """What a body names as assets, each once, in its order; also what can be none."""
    return list(dict.fromkeys(WRITTEN.findall(body))) if SCHEME in body else []


def shown_ids(html: str) -> list[str]:
    """The assets that sanitised HTML shows or leads to, each once, in their order."""
    return list(dict.fromkeys(one for _, one in SHOWN.findall(html))) if SCHEME in html else []


def placed_ids(html: str) -> list[str]:
    """The assets that sanitised HTML shows in their place, each once, in their order."""
    return list(dict.fromkeys(one for link, one in SHOWN.findall(html) if not link)) if SCHEME in html else []


def alt_of(picture: Picture, locale: str) -> str:
    """The alternative text in a language; empty for what only decorates."""
    return "" if picture.is_decorative else in_language(picture.alt, locale)


def in_language(texts: Mapping[str, str], locale: str) -> str:
    """A text in a locale, or else in its language; empty where there is none: another language helps nobody."""
    return texts.get(locale) or texts.get(locale.partition("-")[0]) or ""
