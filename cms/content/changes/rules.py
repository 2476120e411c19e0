"""What counts as a change of what readers see. Plain Python."""

from collections.abc import Mapping
from typing import Any, Literal

import orjson

PUBLISHED, UPDATED = "article.published", "article.updated"
UNPUBLISHED, TAKEN_DOWN, DELETED = "article.unpublished", "article.taken_down", "article.deleted"
GONE = (UNPUBLISHED, TAKEN_DOWN, DELETED)
TYPES = (PUBLISHED, UPDATED, *GONE)
# What a document shows of other articles and of its readers. It moves with every publish beside it and every bookmark;
# an app that wants it fresh asks for it.
NOT_ITS_OWN = ("related", "previous", "next", "bookmarks", "comments")
# What comes later by itself, without anybody having written anything.
DERIVED = ("reading_time", "translations")
Weight = Literal["nothing", "derived", "version"]


def weight(before: bytes, after: bytes) -> Weight:
    """What it means to an app that a document has other bytes: nothing, an update, or another version of the article.

    JSON-LD says again what the other members say, so it is not looked at.
    """
    one, other = _own(orjson.loads(before)), _own(orjson.loads(after))
    if one == other:
        return "nothing"
    for members in (one, other):
        for name in DERIVED:
            members.pop(name, None)
    return "derived" if one == other else "version"


def _own(document: Mapping[str, Any]) -> dict[str, Any]:
    own = {name: value for name, value in document.items() if name not in NOT_ITS_OWN}
    own["takes_comments"] = document.get("comments", {}).get("is_enabled")
    own["seo"] = {name: value for name, value in document.get("seo", {}).items() if name != "json_ld"}
    return own
