"""What goes on with what somebody has begun to type: headlines, tags and people that readers may see now."""

from collections.abc import Collection
from typing import Any

import orjson

from cms.content.queries import live_articles
from cms.content.search.queries import names_of
from cms.content.search.searching import not_a_query, not_ready
from cms.platform.direct_reads import DirectReads
from search_index.damage import IndexUnavailable
from search_index.engine import Completion, SearchReader
from search_index.query import MOST_CHARACTERS, QueryError

TABLES = {"tag": "tags", "person": "people"}


def completed(
    reads: DirectReads, index: SearchReader, text: str, locale: str | None, kinds: Collection[str], limit: int
) -> list[dict[str, Any]]:
    """Completions of each kind that is wanted, up to the limit of each. Raises: Invalid; Unavailable"""
    if len(text) > MOST_CHARACTERS or not text.strip():
        raise not_a_query(QueryError(f"between 1 and {MOST_CHARACTERS} characters can be completed"))
    try:
        ids, names = index.complete(text, locale=locale, limit=4 * limit)
    except IndexUnavailable:
        raise not_ready() from None
    found = _headlines(reads, ids, limit) if "article" in kinds else []
    for kind in TABLES:
        if kind in kinds:
            found += _words(reads, kind, [one for one in names if one.kind == kind], limit)
    return found


def _headlines(reads: DirectReads, ids: list[str], limit: int) -> list[dict[str, Any]]:
    live = live_articles(reads, ids)
    cards = [orjson.loads(live[one].card) for one in ids if one in live][:limit]
    return [
        {"kind": "article", "text": card["title"], "slug": card["slug"], "url": card["url"], "count": None}
        for card in cards
    ]


def _words(reads: DirectReads, kind: str, found: list[Completion], limit: int) -> list[dict[str, Any]]:
    known = names_of(reads, TABLES[kind], [one.slug for one in found], None)
    return [
        {"kind": kind, "text": one.name, "slug": one.slug, "url": None, "count": one.count}
        for one in found
        if one.slug in known
    ][:limit]
