"""What of a search may be counted. Plain Python.

Nobody is remembered: no address, no account, no instant, only a text, a language, a day and two numbers. A text itself
may name somebody, so what looks like an address or a number of a person is never kept, neither is what is long, and
what was searched for only once or twice on a day is neither shown nor kept for long.
"""

import re
import unicodedata
from dataclasses import dataclass

LONGEST = 60
MOST_WORDS = 6
# So often a text has to be searched for before it is shown.
LEAST_SHOWN = 3
RARE_KEPT_DAYS = 7
MOST_A_DAY = 20_000
PERSONAL = re.compile(r"@|\d(?:[\s./()-]*\d){5}|://|www\.")


@dataclass(frozen=True)
class Searched:
    """One search that may be counted: on a day of UTC such as `2026-11-26`, in a language or in all."""

    day: str
    locale: str
    text: str


def counted_text(text: str) -> str:
    """The text as it is counted, with its differences of no weight gone; empty where it may not be counted."""
    plain = " ".join(unicodedata.normalize("NFKC", text).casefold().split())
    if len(plain) > LONGEST or len(plain.split(" ")) > MOST_WORDS or PERSONAL.search(plain):
        return ""
    return plain
