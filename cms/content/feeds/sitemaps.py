"""Sitemaps: where each published article is, with its translations, for search engines.

Articles are in files by their numbers, so a file changes with its own articles alone, and is one range of an index.
Source: https://www.sitemaps.org/protocol.html; for translations Google's `xhtml:link` with `hreflang`.
"""

# ruff: noqa: S608  # the statements are put together from this module's own names; what askers send goes by placeholder

from collections import defaultdict
from collections.abc import Iterable
from typing import Any
from uuid import UUID
from xml.sax.saxutils import escape, quoteattr

from cms.content.addressing import AddressedArticle, page_address
from cms.platform.clock import rfc3339
from cms.platform.direct_reads import DirectReads, read_instant

MEDIA_TYPE = "application/xml"
# The protocol allows 50,000; a tenth of it is written in some hundredths of a second.
NUMBERS_PER_FILE = 5_000
HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'
SPACE = 'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"'
LINKS = 'xmlns:xhtml="http://www.w3.org/1999/xhtml"'
# Beyond every number that an article can have.
LAST_FILE = 10**12
# From the first article of a file straight to the first of the next one that has any: one step of an index for each.
NEXT = (
    f"SELECT MIN(d.number) FROM documents d WHERE d.number >= (f.number / {NUMBERS_PER_FILE} + 1) * {NUMBERS_PER_FILE}"
)
FILES = f"""
WITH RECURSIVE firsts(number) AS (
    SELECT MIN(number) FROM documents UNION ALL SELECT ({NEXT}) FROM firsts f WHERE f.number IS NOT NULL
)
SELECT number FROM firsts WHERE number IS NOT NULL
"""
COLUMNS = "{0}.article_id, {0}.number, {0}.locale, {0}.slug"
ARTICLES = f"""
SELECT {COLUMNS.format("d")}, d.updated_at, d.group_id FROM documents d
WHERE d.number >= ? AND d.number < ? ORDER BY d.number
"""
VARIANTS = f"""
SELECT DISTINCT o.group_id, {COLUMNS.format("o")} FROM documents d JOIN documents o ON o.group_id = d.group_id
WHERE d.number >= ? AND d.number < ? ORDER BY o.locale
"""


def files(reads: DirectReads) -> list[int]:
    """The files that have articles, by what stands in their names."""
    return [int(row[0]) // NUMBERS_PER_FILE for row in reads.rows(FILES, ())]


def index(addresses: Iterable[str]) -> bytes:
    """The index of the files at these addresses."""
    entries = "".join(f"<sitemap><loc>{escape(address)}</loc></sitemap>\n" for address in addresses)
    return f"{HEAD}<sitemapindex {SPACE}>\n{entries}</sitemapindex>\n".encode()


def sitemap(reads: DirectReads, file: int, pattern: str) -> bytes | None:
    """One file; None when it has no article. `pattern` is where the site shows an article."""
    numbers = (file * NUMBERS_PER_FILE, (file + 1) * NUMBERS_PER_FILE)
    rows = reads.rows(ARTICLES, numbers) if file <= LAST_FILE else []
    if not rows:
        return None
    variants: dict[Any, list[tuple[str, str]]] = defaultdict(list)
    for group, *place in reads.rows(VARIANTS, numbers):
        variants[group].append((place[2], _address(pattern, place)))
    entries = []
    for *place, updated_at, group in rows:
        links = "".join(
            f'<xhtml:link rel="alternate" hreflang={quoteattr(locale)} href={quoteattr(address)}/>'
            for locale, address in (variants[group] if len(variants[group]) > 1 else ())
        )
        location = escape(_address(pattern, place))
        entries.append(
            f"<url><loc>{location}</loc><lastmod>{rfc3339(read_instant(updated_at))}</lastmod>{links}</url>\n"
        )
    return f"{HEAD}<urlset {SPACE} {LINKS}>\n{''.join(entries)}</urlset>\n".encode()


def _address(pattern: str, place: list[Any]) -> str:
    article_id, number, locale, slug = place
    return page_address(pattern, AddressedArticle(str(UUID(str(article_id))), number, locale, slug))
