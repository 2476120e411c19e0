"""Plain text that readers write: what may be in it, and an HTML form in which only safe links are more than text.

The text itself is kept as it was written; the HTML is made of it anew each time, and nothing in it is anybody's markup.
"""

import html
import re
import unicodedata
from collections.abc import Iterator
from urllib.parse import urlsplit

# Line breaks and tabs are text. The others move the cursor, end a line where none is seen, or turn round the order of
# what follows (U+202A to U+202E, U+2066 to U+2069), also beyond the end of the text that they stand in.
NOT_IN_TEXT = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufff9-\ufffb\ufeff]")
# Letters and symbols by their category, and yet nothing is to be seen of them.
BLANKS = frozenset("\u115f\u1160\u3164\uffa0\u2800")
# Chinese stands right behind an address without a space, so its punctuation ends one.
ADDRESS = re.compile(r"https?://[^\s<>\"`\\^{|}\u3000-\u303f\uff00-\uffef]+", re.IGNORECASE)
LONGEST_ADDRESS = 2000
BEHIND = frozenset(".,;:!?'*_~()[]…")
REL = "nofollow ugc noopener"


def tidy(text: str) -> str:
    """The text with line breaks of one kind, no space at its ends and no more than one empty line at a time."""
    lines = [line.rstrip() for line in text.replace("\r\n", "\n").replace("\r", "\n").split("\n")]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def has_control(text: str) -> bool:
    """Whether a text holds a character that steers instead of being read."""
    return NOT_IN_TEXT.search(text) is not None


def is_blank(text: str) -> bool:
    """Whether nothing of a text is to be seen."""
    return all(one in BLANKS or unicodedata.category(one)[0] in "ZCM" for one in text)


def linked_html(text: str) -> str:
    """The text as HTML of `p`, `br` and `a`; an address of http or https is a link, and all else is escaped."""
    paragraphs = [part for part in tidy(text).split("\n\n") if part]
    return "".join(f"<p>{_inline(part)}</p>" for part in paragraphs)


def links_in(text: str) -> int:
    """How many links the HTML form holds."""
    return sum(1 for _ in _addresses(text))


def _inline(text: str) -> str:
    parts, end = [], 0
    for start, address in _addresses(text):
        told = html.escape(address)
        parts += [_escaped(text[end:start]), f'<a href="{told}" rel="{REL}">{told}</a>']
        end = start + len(address)
    return "".join([*parts, _escaped(text[end:])])


def _escaped(text: str) -> str:
    return html.escape(text).replace("\n", "<br>")


def _addresses(text: str) -> Iterator[tuple[int, str]]:
    for found in ADDRESS.finditer(text):
        address = _cut(found[0])
        if len(address) <= LONGEST_ADDRESS and _is_safe(address):
            yield found.start(), address


def _cut(address: str) -> str:
    """An address without what only stands behind it, and without anything from an invisible character on."""
    for place, one in enumerate(address):
        if unicodedata.category(one)[0] in "CZ":
            address = address[:place]
            break
    surplus = {")": address.count(")") - address.count("("), "]": address.count("]") - address.count("[")}
    end = len(address)
    while end and address[end - 1] in BEHIND:
        last = address[end - 1]
        if last in surplus:
            if surplus[last] <= 0:
                break
            surplus[last] -= 1
        end -= 1
    return address[:end]


def _is_safe(address: str) -> bool:
    """Whether an address leads where it seems to: a host, no user before it, a port that is one."""
    try:
        parts = urlsplit(address)
        _ = parts.port
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname) and "@" not in parts.netloc
