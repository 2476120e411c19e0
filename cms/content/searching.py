"""A search as readers see it: hits of the index, joined with the articles that are live at this moment.

The index may be behind by a second; the database decides what is shown. Not here: the index (`search_index`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from cms.content.queries import LiveArticle, live_articles
from cms.platform.direct_reads import DirectReads
from cms.platform.errors import FieldError, Invalid, Unavailable
from search_index.highlighting import highlight
from search_index.query import QueryError, parse
from search_index.reader import IndexUnavailable, Reader

SNIPPET_CHARACTERS = 240


@dataclass(frozen=True)
class Search:
    """What is looked for, and where."""

    text: str
    locale: str | None
    section: str | None
    limit: int

    @property
    def name(self) -> str:
        """What binds cursors to this search."""
        return f"search|{self.locale}|{self.section}|{self.text}"


@dataclass(frozen=True)
class ResultPage:
    """Ready hits, best first, and the position after the last one."""

    hits: list[bytes]
    following: tuple[Any, ...] | None


def search(reads: DirectReads, index: Reader, asked: Search, after: Sequence[Any] | None) -> ResultPage:
    """One page of results. Raises: Invalid for a text that is no query; Unavailable while there is no index."""
    try:
        query = parse(asked.text)
        page = index.search(query, locale=asked.locale, section=asked.section, limit=asked.limit, after=after)
    except QueryError as error:
        raise Invalid("This cannot be searched for.", errors=[FieldError("?q", "bad_query", str(error))]) from None
    except IndexUnavailable:
        raise Unavailable("The search index is not ready.", headers={"Retry-After": "2"}) from None
    live = live_articles(reads, [hit.id for hit in page.hits])
    hits = [
        _entry(live[hit.id], hit.score, query)
        for hit in page.hits
        if hit.id in live and _is_asked_for(live[hit.id], asked)
    ]
    following = page.hits[-1].position if page.has_more and page.hits else None
    return ResultPage(hits, following)


def _is_asked_for(article: LiveArticle, asked: Search) -> bool:
    # The index may still hold the section or locale that the article had a moment ago.
    if asked.locale is not None and article.locale != asked.locale:
        return False
    return asked.section is None or asked.section in article.section_path.split("/")


def _entry(article: LiveArticle, score: float, query: Any) -> bytes:
    marked = {
        "title": highlight(query, article.title, max_characters=len(article.title) + 1),
        "snippet": highlight(query, article.text, max_characters=SNIPPET_CHARACTERS),
    }
    beside = orjson.dumps({"score": round(score, 6), "highlight": marked})
    return article.card[:-1] + b"," + beside[1:]
