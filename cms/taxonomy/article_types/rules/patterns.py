"""Which regular expressions a type may use: those whose cost grows with the text and no faster.

A pattern is `^`, then characters and classes with counts, then `$`. There are no groups and no alternatives, at most
one open count (`*`, `+`, `{2,9}`) and at most four `?`. The objection: this is less than JSON Schema allows. The
answer: one pattern such as `^(a+)+$` stops an API process for hours at a text of forty letters. The price: what needs
alternatives is written as `enum` or `anyOf`.
"""

import re

LONGEST_PATTERN = 200
MOST_OPTIONAL = 4
TOKEN = re.compile(
    r"(?P<atom>\\[dDwWsS]|\\[^\w\s]|\[\^?(?:[^\\\[\]]|\\[dDwWsS]|\\[^\w\s])+\]|[^\\^$*+?()\[\]{}|])"
    r"(?P<count>\{[0-9]{1,3}\}|\{[0-9]{1,3},[0-9]{0,3}\}|[*+?])?"
)
FIXED = re.compile(r"\{[0-9]{1,3}\}")


def pattern_problem(pattern: str) -> str | None:
    """Why a regular expression may not be used, or None."""
    if len(pattern) > LONGEST_PATTERN:
        return f"A pattern may have {LONGEST_PATTERN} characters."
    if not pattern.startswith("^") or not pattern.endswith("$"):
        return "A pattern begins with ^ and ends with $."
    place, end, optional, open_counts = 1, len(pattern) - 1, 0, 0
    while place < end:
        token = TOKEN.match(pattern, place, end)
        if token is None:
            return f"At character {place + 1} of the pattern: no groups, alternatives or counts of counts; use anyOf."
        count = token["count"] or ""
        optional += count == "?"
        open_counts += count not in ("", "?") and not FIXED.fullmatch(count)
        place = token.end()
    if optional > MOST_OPTIONAL or open_counts > 1:
        return f"A pattern may have one open count such as + and {MOST_OPTIONAL} question marks."
    try:
        re.compile(pattern)
    except re.error as error:
        return f"The pattern cannot be read: {error}."
    return None
