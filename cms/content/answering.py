"""Documents, and pages of lists of ready entries, as bytes for HTTP: never decoded. No Flask."""

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

import orjson

from cms.content.addressing import Pages
from cms.content.queries import ReadyDocument, changed_second
from cms.content.rules import Filter
from cms.platform.coding import LEAST_BYTES, QUICK_LEVEL, packed
from cms.platform.http.paging import Cursor, encode_cursor, links
from cms.platform.http.representing import Representation, etag_of
from cms.platform.keys import Keys

# Together at most 13 MB of documents, and a third of that in gzip.
MOST_KEPT, LARGEST_KEPT_BYTES = 200, 64 << 10
ADDRESSED: dict[tuple[str, Pages], tuple[bytes, str, bytes | None]] = {}


def document_representation(document: ReadyDocument, pages: Pages) -> Representation:
    """A document with the addresses of the site's pages."""
    etag, changed_at, cache_keys, body, small = document
    if pages.changes(cache_keys):
        body, etag, small = _addressed(document, pages)
    return Representation(body, etag, cache_keys, changed_second(changed_at), small, is_kept=True)


def _addressed(document: ReadyDocument, pages: Pages) -> tuple[bytes, str, bytes | None]:
    """A document with its addresses, its ETag, and the same in gzip.

    What is compressed and kept in the database has the addresses of no site, so the latest ones are kept here. An ETag
    is that of its bytes, so nothing here is ever old.
    """
    found = ADDRESSED.get((document.etag, pages))
    if found is None:
        body, etag = pages.shown(bytes(document.body), document.etag)
        is_same = etag == document.etag
        small = document.packed if is_same else packed(body, QUICK_LEVEL) if len(body) >= LEAST_BYTES else None
        found = body, etag, small
        if len(body) <= LARGEST_KEPT_BYTES:
            if len(ADDRESSED) >= MOST_KEPT:
                ADDRESSED.clear()
            ADDRESSED[document.etag, pages] = found
    return found


def page_representation(
    keys: Keys,
    name: str,
    joined: bytes,
    limit: int,
    following: Sequence[Any] | None,
    preceding: Sequence[Any] | None,
    *,
    marks: str = "",
    count: int | None = None,
    cache_keys: str = "",
    meta: Mapping[str, Any] | None = None,
    address: str,
    query: str,
) -> tuple[Representation, list[tuple[str, str]]]:
    """The page of entries that are joined already, and its header `Link`.

    `marks` are those of the entries, where they have some. `name` is what binds cursors to the list; `address` and
    `query` are the page's, encoded and without a cursor. `following` and `preceding` are the positions of the pages
    beside it, or None where there are none. `meta` is what the list says of all its entries beside their number.
    """
    after = encode_cursor(keys, f"content|{name}", Cursor("next", tuple(following))) if following else None
    before = encode_cursor(keys, f"content|{name}", Cursor("prev", tuple(preceding))) if preceding else None
    page = {"limit": limit, "next_cursor": after, "prev_cursor": before, "has_more": after is not None}
    rest = orjson.dumps({"page": page, "meta": {"count": count, **(meta or {})}})
    body = b"".join((b'{"data":[', joined, b"],", rest[1:]))
    # The marks stand for the entries, and there is nothing else in the page but the rest.
    etag = etag_of(marks.encode() + rest) if marks else etag_of(body)
    link = links(address, query, after, before)
    return Representation(body, etag, cache_keys), [("Link", link)] if link else []


def list_keys(asked: Filter) -> str:
    """What caches may forget a list by: every change of any list of articles, and of the words that narrow it."""
    keys = ["articles"]
    keys += [f"section-{asked.section}"] if asked.section else []
    keys += [f"tag-{tag}" for tag in asked.tags]
    keys += [f"person-{asked.author}"] if asked.author else []
    keys += [f"locale-{asked.locale}"] if asked.locale else []
    return " ".join(quote(key) for key in keys)
