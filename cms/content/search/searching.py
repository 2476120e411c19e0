"""A search as readers see it: hits of the index, joined with the articles that are live at this moment.

The index may be behind by a second; the database decides what is shown. Not here: the index (`search_index`).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from cms.content.queries import LiveArticle, live_articles
from cms.content.search.queries import names_of, sections_by_key
from cms.content.search.rules import Search
from cms.platform.direct_reads import DirectReads
from cms.platform.errors import FieldError, Invalid, Unavailable
from cms.platform.text.locales import canonical_locale
from search_index.damage import IndexUnavailable
from search_index.engine import SearchPage, SearchReader
from search_index.highlighting import highlight
from search_index.query import Query, QueryError, parse
from search_index.suggesting import reworded

Expand = Callable[[Query], Query]

SNIPPET_CHARACTERS = 240
# Where so many are found, what was typed was meant.
ENOUGH = 3
TABLES = {"tag": "tags", "author": "people"}


@dataclass(frozen=True)
class ResultPage:
    """Ready hits, best first, the position after the last one, and what is known of all of them."""

    hits: list[bytes]
    following: tuple[Any, ...] | None
    count: int
    facets: Mapping[str, list[dict[str, Any]]]
    did_you_mean: str | None


def search(
    reads: DirectReads, index: SearchReader, asked: Search, after: Sequence[Any] | None, expand: Expand
) -> ResultPage:
    """One page of results. `expand` adds to a query the words that mean the same.

    Raises: Invalid for a text that is no query; Unavailable while there is no index.
    """
    try:
        query = expand(parse(asked.text))
        page = _page(index, query, asked, after)
        is_missed = after is None and page.count < ENOUGH
        meant = index.suggest(query) if is_missed else {}
    except QueryError as error:
        raise not_a_query(error) from None
    except IndexUnavailable:
        raise not_ready() from None
    live = live_articles(reads, [hit.id for hit in page.hits])
    hits = [
        _entry(live[hit.id], hit.score, query)
        for hit in page.hits
        if hit.id in live and _is_asked_for(live[hit.id], asked)
    ]
    following = page.hits[-1].position if page.has_more and page.hits else None
    facets = {name: _named(reads, name, values, asked.locale) for name, values in page.facets.items()}
    return ResultPage(hits, following, page.count, facets, reworded(asked.text, meant) if meant else None)


def not_a_query(error: QueryError) -> Invalid:
    """What is answered to a text that cannot be searched for."""
    return Invalid("This cannot be searched for.", errors=[FieldError("?q", "bad_query", str(error))])


def not_ready() -> Unavailable:
    """What is answered while there is no index."""
    return Unavailable("The search index is not ready.", headers={"Retry-After": "2"})


def _page(index: SearchReader, query: Query, asked: Search, after: Sequence[Any] | None) -> SearchPage:
    narrowed = query.narrowed(asked.exact, asked.span)
    return index.search(narrowed, limit=asked.limit, after=after, sort=asked.sort, facets=asked.facets)


def _is_asked_for(article: LiveArticle, asked: Search) -> bool:
    # The index may still hold the section or locale that the article had a moment ago.
    if asked.locale is not None and article.locale != asked.locale:
        return False
    return asked.section is None or asked.section in article.section_path.split("/")


def _entry(article: LiveArticle, score: float, query: Query) -> bytes:
    title, text, locale = article.title, article.text, article.locale
    marked = {
        "title": highlight(query, title, max_characters=len(title) + 1, locale=locale),
        "snippet": highlight(query, text, max_characters=SNIPPET_CHARACTERS, locale=locale),
    }
    beside = orjson.dumps({"score": round(score, 6), "highlight": marked})
    return article.card[:-1] + b"," + beside[1:]


def _named(
    reads: DirectReads, name: str, values: Sequence[tuple[str, int]], locale: str | None
) -> list[dict[str, Any]]:
    """Values of a facet with their names; what readers may not know of any more is left out."""
    if name in TABLES:
        names = names_of(reads, TABLES[name], [value for value, _ in values], locale)
        known = {slug: (slug, text) for slug, text in names.items()}
    elif name == "section":
        known = sections_by_key(reads, locale)
    elif name == "locale":
        tags = {value: canonical_locale(value) or value for value, _ in values}
        known = {value: (tag, tag) for value, tag in tags.items()}
    else:
        known = {value: (value, value) for value, _ in values}
    return [
        {"value": known[value][0], "name": known[value][1], "count": count} for value, count in values if value in known
    ]
