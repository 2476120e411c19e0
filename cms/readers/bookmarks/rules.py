"""What may be, for bookmarks: how many, and what can become of an article that somebody keeps. Plain Python."""

import unicodedata

# What a reader keeps is theirs for good; a bound keeps one account from being a store for anything.
MOST_BOOKMARKS = 2_000
MOST_FOLDERS = 100
LONGEST_NAME = 80
# Removals that are told to devices which were away. Whoever was away for more of them begins anew.
REMOVALS_KEPT = 1_000

# What readers can get of an article: it is there, it is not there now, or it was taken down.
AVAILABILITIES = ("published", "unavailable", "taken_down")


def folder_key(name: str) -> str:
    """A folder's name as names are compared: neither case nor the way of writing a letter makes another one."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())


def availability(is_published: bool, is_taken_down: bool) -> str:
    """What readers can get of an article, of `AVAILABILITIES`."""
    return "published" if is_published else "taken_down" if is_taken_down else "unavailable"
