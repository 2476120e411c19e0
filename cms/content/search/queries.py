"""Reads of a search that never write: the names that facets and completions show."""

from collections.abc import Collection
from typing import Any

import orjson

from cms.content.queries import WORDS
from cms.platform.direct_reads import DirectReads
from cms.taxonomy.rules import in_locale
from search_index.analysis import fold


def names_of(reads: DirectReads, kind: str, slugs: Collection[str], locale: str | None) -> dict[str, str]:
    """The name in a locale of each of these tags or people that readers may know of, by slug."""
    if not slugs:
        return {}
    places = ", ".join("?" * len(slugs))
    rows = reads.rows(f"{WORDS[kind]} AND t.slug IN ({places})", tuple(slugs))
    return {row[1]: _name(row[2], row[3], locale) for row in rows}


def sections_by_key(reads: DirectReads, locale: str | None) -> dict[str, tuple[str, str]]:
    """Slug and name in a locale of every section, by its slug as the index has it."""
    rows = reads.rows("SELECT slug, name, names FROM sections")
    return {fold(slug): (slug, _name(name, names, locale)) for slug, name, names in rows}


def _name(plain: str, names: Any, locale: str | None) -> str:
    if locale is None:
        return plain
    return in_locale(plain, orjson.loads(names) if isinstance(names, str | bytes) else names, locale)
