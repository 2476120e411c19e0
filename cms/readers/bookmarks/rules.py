"""What may be, for bookmarks: how many, and what can become of an article that somebody keeps. Plain Python."""

import unicodedata
from datetime import timedelta

# A bound keeps one account from being a store for anything, and all that is done to a shelf at once within a second.
MOST_BOOKMARKS = 2_000
MOST_FOLDERS = 100
LONGEST_NAME = 80
# One character can stand for eighteen.
LONGEST_KEY = 320
# Removals are told to devices that were away so long; whoever was away for longer, or for more of them, begins anew.
REMOVALS_KEPT = 1_000
REMOVALS_KEPT_FOR = timedelta(days=90)

# What readers can get of an article: it is there, it is not there now, or it was taken down.
AVAILABILITIES = ("published", "unavailable", "taken_down")


def folder_key(name: str) -> str:
    """A folder's name as names are compared: neither case nor the way of writing a letter makes another one."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold()).strip()


def is_too_old(position: int, began: int, forgotten: int) -> bool:
    """Whether a device may have missed a removal that is not known any more.

    `position` is the change that it was told last, `began` what was forgotten when it began: it had none of those.
    """
    return forgotten > max(position, began)
