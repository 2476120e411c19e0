"""What a feed holds: the newest articles of the site, a section, a language. Read at each request, so never behind.

Not here: how a feed is written (`rss.py`, `json_feed.py`), HTTP (`api.py`).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson

from cms.content import listing
from cms.content.addressing import AddressedArticle, page_address
from cms.content.figures import at_site
from cms.content.rules import Filter
from cms.media.attachments import PLAYED
from cms.platform.direct_reads import DirectReads

ITEMS = 20


@dataclass(frozen=True)
class Feed:
    """A feed before it is written down. `home` and `address` are absolute; `locale` is empty for all languages."""

    title: str
    home: str
    address: str
    locale: str
    items: tuple["Item", ...]


@dataclass(frozen=True)
class Enclosed:
    """A file that comes with an article, such as an episode. Its address is absolute. Units: bytes."""

    url: str
    media_type: str
    byte_count: int
    name: str


@dataclass(frozen=True)
class Item:
    """One article of a feed. `summary` is plain text, `html` the whole body as readers get it, with absolute addresses
    of its files; `files` are those beside its pictures, what is played first."""

    id: str
    url: str
    title: str
    summary: str
    html: str
    locale: str
    authors: tuple[str, ...]
    subjects: tuple[str, ...]
    published_at: datetime
    updated_at: datetime
    files: tuple[Enclosed, ...] = ()


def newest_items(reads: DirectReads, asked: Filter, pattern: str, site: str = "") -> tuple[Item, ...]:
    """The newest articles, by one read however many there are. `pattern` is where the site shows an article, `site`
    where the public reaches Copydesk."""
    page = listing.newest(reads, asked, ITEMS, None, source=listing.DOCUMENTS)
    return tuple(_item(orjson.loads(body), pattern, site) for body in page.cards)


def _item(document: Mapping[str, Any], pattern: str, site: str) -> Item:
    section = [document["section"]["name"]] if document["section"] else []
    place = AddressedArticle(document["id"], document["number"], document["locale"], document["slug"])
    return Item(
        id=f"urn:uuid:{document['id']}",
        url=page_address(pattern, place),
        title=document["title"],
        summary=document["dek"] or " ".join(document["summary"]),
        html=at_site(document["body"]["html"], site),
        locale=document["locale"],
        authors=tuple(person["name"] for person in document["authors"]),
        subjects=(*section, *(tag["name"] for tag in document["tags"])),
        published_at=datetime.fromisoformat(document["published_at"]),
        updated_at=datetime.fromisoformat(document["updated_at"]),
        files=tuple(
            Enclosed(f"{site}{one['url']}", one["media_type"], one["byte_count"], one["name"])
            for one in sorted(document["attachments"], key=lambda one: one["kind"] not in PLAYED)
        ),
    )
