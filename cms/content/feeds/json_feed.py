"""JSON Feed 1.1. Source: https://www.jsonfeed.org/version/1.1/"""

from typing import Any

import orjson

from cms.content.feeds.items import Feed, Item
from cms.platform.clock import rfc3339

MEDIA_TYPE = "application/feed+json"


def written(feed: Feed) -> bytes:
    """The feed as JSON. A pure function: the same articles are the same bytes."""
    language = {"language": feed.locale} if feed.locale else {}
    return orjson.dumps(
        {
            "version": "https://jsonfeed.org/version/1.1",
            "title": feed.title,
            "home_page_url": feed.home,
            "feed_url": feed.address,
            **language,
            "items": [_item(item) for item in feed.items],
        }
    )


def _item(item: Item) -> dict[str, Any]:
    summary = {"summary": item.summary} if item.summary else {}
    files = [
        {"url": one.url, "mime_type": one.media_type, "title": one.name, "size_in_bytes": one.byte_count}
        for one in item.files
    ]
    return {
        "id": item.id,
        "url": item.url,
        "title": item.title,
        **summary,
        "content_html": item.html,
        "date_published": rfc3339(item.published_at),
        "date_modified": rfc3339(item.updated_at),
        "authors": [{"name": name} for name in item.authors],
        "tags": list(item.subjects),
        "language": item.locale,
        **({"attachments": files} if files else {}),
    }
