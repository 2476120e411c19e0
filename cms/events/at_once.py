"""What an act on an article does in its own transaction, beside the letters that it drops: true at its commit.

A receipt shows these as done at the instant of the act. What others do later is in `subscriptions.py`.
"""

from collections.abc import Mapping

# What each means; `docs/events.md` is made from this.
MEANINGS: Mapping[str, str] = {
    "content_api": "the document is what readers get at the article's addresses, or there is none; after a takedown "
    "there is a tombstone (410)",
    "lists": "it stands in the lists of its section, tags, authors and language, or in none",
    "front_lists": "it stands in the front lists that hold it, or in none",
    "translations": "its variants in other languages name it, or do not any more",
    "bookmarks": "readers who keep it see its card, that it is gone, or its tombstone",
    "old_addresses": "addresses that it had before lead to it, nowhere, or to its tombstone",
    "short_links": "short links lead to it, nowhere, or to its tombstone",
    "related_lists": "it is in the related list of no other article",
    "comments": "no comment on it is shown, taken or changed",
    "previews": "no preview link to its working copy opens",
    "schedules": "nothing that was scheduled for it happens any more, and an embargo is over",
}
SHOWN = ("content_api", "lists", "front_lists", "translations", "bookmarks", "old_addresses", "short_links")
HIDDEN = (*SHOWN, "related_lists", "comments", "schedules")
PUT_AWAY = (*HIDDEN, "previews")
AT_ONCE: Mapping[str, tuple[str, ...]] = {
    "article.published": SHOWN,
    "article.corrected": SHOWN,
    "article.unpublished": HIDDEN,
    "article.taken_down": PUT_AWAY,
    "article.archived": PUT_AWAY,
    "article.deleted": PUT_AWAY,
}


def done_at_once(event_type: str) -> tuple[str, ...]:
    """The names of what was true when the act was committed."""
    return AT_ONCE.get(event_type, ())
