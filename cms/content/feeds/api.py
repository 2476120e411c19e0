"""Feeds and sitemaps over HTTP. Made from what readers see now, with an ETag over the bytes for conditional GET."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode, urlsplit

from flask import Blueprint, Response

from cms.content import queries
from cms.content.answering import list_keys
from cms.content.feeds import json_feed, rss, sitemaps
from cms.content.feeds.items import Feed, newest_items
from cms.content.feeds.schemas import JsonFeedShape
from cms.content.rules import Filter
from cms.content.schemas import PartQueryShape
from cms.platform.errors import NotFound
from cms.platform.http.answers import public_answer
from cms.platform.http.endpoint import endpoint
from cms.platform.http.representing import Representation, etag_of
from cms.platform.http.services import services

feeds = Blueprint("feeds", __name__)

ALL = list_keys(Filter())
WHICH = (
    "The 20 newest articles, whole: of the site, of a section with those below it, of a language, or both. Ask with "
    "`If-None-Match` and nothing is sent while nothing has changed."
)


@feeds.get("/feeds/rss.xml")
@endpoint(
    summary="Follow the site by RSS 2.0", answers={200: None, 304: None}, query=PartQueryShape, refuses=(404,),
    media_type=rss.MEDIA_TYPE, description=WHICH,
)  # fmt: skip
def follow_by_rss(query: dict[str, Any]) -> Response:
    """The newest articles as RSS."""
    feed, keys = _feed("/feeds/rss.xml", query)
    return _answer(rss.written(feed), rss.MEDIA_TYPE, keys)


@feeds.get("/feeds/feed.json")
@endpoint(
    summary="Follow the site by JSON Feed 1.1", answers={200: JsonFeedShape, 304: None}, query=PartQueryShape,
    refuses=(404,), media_type=json_feed.MEDIA_TYPE, description=WHICH,
)  # fmt: skip
def follow_by_json_feed(query: dict[str, Any]) -> Response:
    """The newest articles as JSON Feed."""
    feed, keys = _feed("/feeds/feed.json", query)
    return _answer(json_feed.written(feed), json_feed.MEDIA_TYPE, keys)


@feeds.get("/sitemaps/index.xml")
@endpoint(
    summary="Find every article: the index of sitemaps", answers={200: None, 304: None}, media_type=sitemaps.MEDIA_TYPE,
    description="Search engines find it by a line `Sitemap: …/sitemaps/index.xml` in the site's robots.txt.",
)  # fmt: skip
def sitemap_index() -> Response:
    """The files that have articles."""
    parts = services()
    site = parts.settings.public_url
    found = sitemaps.files(parts.database.direct)
    return _answer(sitemaps.index(f"{site}/sitemaps/{file}.xml" for file in found), sitemaps.MEDIA_TYPE, ALL)


@feeds.get("/sitemaps/<int:file>.xml")
@endpoint(
    summary="Find every article: one sitemap", answers={200: None, 304: None}, refuses=(404,),
    media_type=sitemaps.MEDIA_TYPE,
    description=f"Articles by their numbers, {sitemaps.NUMBERS_PER_FILE:,} numbers in each, with their translations.",
)  # fmt: skip
def sitemap_file(file: int) -> Response:
    """The articles of one file."""
    parts = services()
    found = sitemaps.sitemap(parts.database.direct, file, parts.settings.article_pattern)
    if found is None:
        raise NotFound("No published article is in this sitemap; the index lists those that have any.")
    return _answer(found, sitemaps.MEDIA_TYPE, ALL)


def _answer(body: bytes, media_type: str, cache_keys: str) -> Response:
    return public_answer(Representation(body, etag_of(body), cache_keys, media_type=media_type))


def _feed(path: str, query: Mapping[str, Any]) -> tuple[Feed, str]:
    """What a feed holds, and what caches may forget it by."""
    parts, section, locale = services(), query["section"], query["locale"]
    title, reads = parts.settings.site_name, parts.database.direct
    if section is not None:
        entry = queries.word(reads, "sections", section, locale)
        if entry is None:
            raise NotFound("There is no section of this name.")
        section, title = entry.data["slug"], f"{title}: {entry.data['name']}"
    narrowed = Filter(section=section, locale=locale)
    asked = urlencode({name: value for name, value in (("section", section), ("locale", locale)) if value})
    pattern = parts.settings.article_pattern
    feed = Feed(
        title=title,
        home="{0.scheme}://{0.netloc}/".format(urlsplit(pattern)),
        address=f"{parts.settings.public_url}{path}" + (f"?{asked}" if asked else ""),
        locale=locale or "",
        items=newest_items(reads, narrowed, pattern, parts.settings.public_url),
    )
    return feed, list_keys(narrowed)
