"""The HTML of pictures and other files in a body: figures with caption, credit and every size that a browser may choose
from, players, links.

Plain values in and out; sanitised HTML comes in, and what goes out is of the same kind, with our own addresses alone.
"""

import re
from collections.abc import Mapping
from html import escape, unescape
from itertools import groupby

from cms.media.attachments import Attachment
from cms.media.pictures import SCHEME, Picture, PictureFile, alt_of, in_language
from cms.media.rules import PREFIX

IMAGE = r'<img((?: [a-z]+="[^"]*")*)>'
ALONE = re.compile(rf"<p>\s*{IMAGE}\s*</p>")
ANYWHERE = re.compile(IMAGE)
LEADING = re.compile(r'<a((?: [a-z]+="[^"]*")*)>')
ATTRIBUTE = re.compile(r' ([a-z]+)="([^"]*)"')
LAZY, FIRST = 'loading="lazy"', 'fetchpriority="high"'
Shown = Picture | Attachment
# Elements that name files, and the attributes in which they do.
NAMING = re.compile(r'<(?:a|audio|img|source|track|video)(?: [a-z]+="[^"]*")*>')
ADDRESSES = re.compile(rf' (?:href|src|srcset)="{PREFIX}[^"]*"')
SIZES = "(min-width: 48rem) 48rem, 100vw"


def with_figures(html: str, pictures: Mapping[str, Shown], locale: str) -> str:
    """A body with its pictures, sounds and videos, and with the addresses of the files that it leads to.

    What stands alone becomes a figure; of what is not there, or not made yet, nothing is left but the text of a link.
    """
    if SCHEME not in html:
        return html

    def alone(found: re.Match[str]) -> str:
        told = _told(found[1])
        return found[0] if told is None else _figure(told, pictures.get(told["src"]), locale)

    def within(found: re.Match[str]) -> str:
        told = _told(found[1])
        return found[0] if told is None else _placed(told, pictures.get(told["src"]), locale)

    def leading(found: re.Match[str]) -> str:
        told = _told(found[1], "href")
        return found[0] if told is None else _link(told, pictures.get(told["href"]))

    shown = LEADING.sub(leading, ANYWHERE.sub(within, ALONE.sub(alone, html)))
    # What a page begins with is seen at once: waiting for the layout would only delay it.
    return shown.replace(LAZY, FIRST, 1) if shown.startswith("<figure><picture>") else shown


def at_site(html: str, site: str) -> str:
    """A body whose files have absolute addresses, for those who show it anywhere else than on the site."""
    if f'="{PREFIX}' not in html:
        return html

    def absolute(found: re.Match[str]) -> str:
        return found[0].replace(f'="{PREFIX}', f'="{site}{PREFIX}').replace(f", {PREFIX}", f", {site}{PREFIX}")

    return NAMING.sub(lambda tag: ADDRESSES.sub(absolute, tag[0]), html)


def _told(attributes: str, address: str = "src") -> dict[str, str] | None:
    """What an image or link says, with the id of its asset for its address; None for what is no asset of ours."""
    told = {name: unescape(value) for name, value in ATTRIBUTE.findall(attributes)}
    if not told.get(address, "").startswith(SCHEME):
        return None
    return {**told, address: told[address].removeprefix(SCHEME)}


def _figure(told: Mapping[str, str], one: Shown | None, locale: str) -> str:
    shown = _placed(told, one, locale)
    if one is None or not shown:
        return ""
    if isinstance(one, Attachment) and not one.is_played:
        return f"<p>{shown}</p>"
    caption = told.get("title") or in_language(one.captions, locale)
    parts = [escape(caption, quote=False)] if caption else []
    parts += [f"<small>{escape(one.credit, quote=False)}</small>"] if one.credit else []
    return f"<figure>{shown}" + (f"<figcaption>{' '.join(parts)}</figcaption>" if parts else "") + "</figure>"


def _placed(told: Mapping[str, str], one: Shown | None, locale: str) -> str:
    if isinstance(one, Picture):
        return _picture(told, one, locale)
    if one is None:
        return ""
    if one.is_played:
        return _player(told, one)
    return f"{_link(told, one)}{escape(told.get('alt') or one.name, quote=False)}</a>"


def _player(told: Mapping[str, str], one: Attachment) -> str:
    """A sound or video with what goes along with it. Nothing of it is fetched before somebody plays it."""
    name = escape(told.get("alt") or one.name)
    tracks = "".join(
        f'<track kind="{track.kind}" src="{escape(track.url)}" srclang="{escape(track.locale)}" '
        f'label="{escape(track.name)}">'
        for track in one.tracks
    )
    return f'<{one.kind} controls="" preload="none" src="{escape(one.url)}" title="{name}">{tracks}</{one.kind}>'


def _link(told: Mapping[str, str], one: Shown | None) -> str:
    """The beginning of a link to a file; of a picture, to the largest of the kind that every program reads."""
    if isinstance(one, Picture):
        address, kind = (one.whole[-1].url, one.whole[-1].media_type) if one.files else ("", "")
    else:
        address, kind = (one.url, one.media_type) if one is not None else ("", "")
    title = f' title="{escape(told["title"])}"' if told.get("title") else ""
    return f'<a href="{escape(address)}" type="{kind}"{title} rel="noopener">' if address else f"<a{title}>"


def _picture(told: Mapping[str, str], picture: Picture, locale: str) -> str:
    if not picture.files:
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
