"""Searching over HTTP, for everybody."""

from dataclasses import replace
from typing import Any

import orjson
from flask import Blueprint, Response, current_app, request

from cms.content.answering import page_representation
from cms.content.listing import BETWEEN
from cms.content.queries import renamed
from cms.content.search.completing import completed
from cms.content.search.rules import Search
from cms.content.search.schemas import CompletionListShape, CompletionQueryShape, HitListShape, SearchQueryShape
from cms.content.search.searching import ResultPage, search
from cms.content.search_report.counting import SEARCH_LEDGER, SearchLedger
from cms.content.synonyms.knowing import SYNONYMS, KnownSynonyms
from cms.platform.http.answers import public_answer
from cms.platform.http.endpoint import endpoint
from cms.platform.http.limiting import SEARCH
from cms.platform.http.paging import decode_cursor, query_beside_cursor
from cms.platform.http.services import services
from search_index.query import Query

site_search = Blueprint("site_search", __name__, url_prefix="/content/v1")


@site_search.get("/search")
@endpoint(
    summary="Search published articles",
    answers={200: HitListShape, 304: None},
    query=SearchQueryShape,
    limit=SEARCH,
    refuses=(422, 503),
    description="Any of the words finds an article; what has all of them comes first, with a `score` of 1 and more. "
    "Phrases in quotes, -exclusions and the fields `section:`, `tag:`, `author:`, `title:`, `locale:`, `before:` and "
    "`after:` always hold; everything else is text. The part of the score behind the point is BM25 as a share of the "
    "most that the words can reach × (1 + 0.25 · 2^(-days / 30)) / 1.25 × 1 where the words stand in a row, else "
    "2 / 3; days are counted back from the newest article.\n\n"
    "Relevance depends on all published articles. When one is published or withdrawn between two pages, "
    "scores move, and a hit near the border of a page may come twice or be missed; whoever needs every article lists "
    "/content/v1/articles, which is stable. "
    "An address may have 65,534 bytes in all. To a longer one the HTTP server answers 414 with no body.",
)
def search_articles(query: dict[str, Any]) -> Response:
    """Results, best first, with what was found marked in title and snippet."""
    parts = services()
    limit, cursor_text, count = query["limit"], query.pop("cursor"), query.pop("count")
    asked = Search(text=query.pop("q"), **query)
    cursor = decode_cursor(parts.keys, f"content|{asked.name}", cursor_text)
    after = cursor.position if cursor else None
    reads = parts.database.direct
    known: KnownSynonyms = current_app.extensions[SYNONYMS]
    ledger: SearchLedger = current_app.extensions[SEARCH_LEDGER]

    def expand(query: Query) -> Query:
        return known.expanded(reads, query, asked.locale)

    page = search(reads, parts.index, asked, after, expand)
    if not page.hits:
        now = _as_named_now(asked)
        page = search(reads, parts.index, now, after, expand) if now != asked else page
    if cursor is None:
        ledger.count(asked.text, asked.locale, found_nothing=not page.count, now=parts.clock())
    return _answer(asked.name, page, limit, page.count if count else None)


@site_search.get("/search/completions")
@endpoint(
    summary="Complete what somebody types",
    answers={200: CompletionListShape, 304: None},
    query=CompletionQueryShape,
    limit=SEARCH,
    refuses=(422, 503),
    description="The words before the last one have to be there as they are; the last one may be only begun.",
)
def complete(query: dict[str, Any]) -> Response:
    """Headlines, tags and people that go on as was typed."""
    parts = services()
    found = completed(parts.database.direct, parts.index, query["q"], query["locale"], query["kinds"], query["limit"])
    return public_answer(orjson.dumps({"data": found}))


def _as_named_now(asked: Search) -> Search:
    """The same with present slugs in place of older ones."""
    reads = services().database.direct
    named = {"section": ("sections", asked.section), "tag": ("tags", asked.tag), "author": ("people", asked.author)}
    found = {name: renamed(reads, kind, slug) or slug for name, (kind, slug) in named.items() if slug is not None}
    return replace(asked, section=found.get("section"), tag=found.get("tag"), author=found.get("author"))


def _answer(name: str, page: ResultPage, limit: int, count: int | None) -> Response:
    parts = services()
    meta = {"facets": page.facets, "did_you_mean": page.did_you_mean}
    shown, headers = page_representation(
        parts.keys, name, BETWEEN.join(page.hits), limit, page.following, None, count=count, meta=meta,
        address=f"{parts.settings.public_url}{request.path}", query=query_beside_cursor(),
    )  # fmt: skip
    return public_answer(shown, headers=dict(headers))
