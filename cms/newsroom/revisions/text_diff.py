"""The difference of two texts, word by word, in bounded work. Plain Python.

Scripts without spaces go character by character. In what is long, stretches that both texts have once each are found
first, long ones before short ones; what is left between them, and all that is short, is compared exactly where that is
cheap, and is one replacement where it is not. So two texts that have nothing in common cost no more than reading them a
few times.
"""

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from cms.platform.text.scripts import HAN, KANA

# Thai, Lao, Myanmar and Khmer are written without spaces as well.
UNSPACED = f"{HAN}{KANA}\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff"
MARKS = (
    "!-/:-@\\[-`{-~\u00a1-\u00bf\u2010-\u2027\u2030-\u205e\u3001-\u303f"
    "\uff01-\uff0f\uff1a-\uff20\uff3b-\uff40\uff5b-\uff65"
)
TOKEN = re.compile(rf"[{UNSPACED}]|\s+|[^\s{MARKS}{UNSPACED}]+|.", re.DOTALL)
# How many tokens long a stretch is that both texts have once each, in the order of looking.
LENGTHS = (12, 3, 1)
# So many tokens of both texts together are compared exactly at once: 2,080 steps at most.
SHORT = 64
MOST_DIFFERENCES = 300
MOST_STEPS = 400_000
# Long equal stretches are stepped over so many tokens at once.
STRIDE = 64
BASE, MODULUS = 1_000_003, (1 << 61) - 1

Op = Literal["equal", "delete", "insert"]
Gap = tuple[int, int, int, int, int]


@dataclass(frozen=True)
class Piece:
    """A stretch of text that both have, or that only the one before or the one after has."""

    op: Op
    text: str


@dataclass
class Effort:
    """How much exact comparing is left, and how much was done. Units: steps of the innermost loop."""

    left: int = MOST_STEPS
    done: int = 0

    def spend(self, steps: int) -> bool:
        """Take steps from what is left; False when there are none."""
        if self.left <= 0:
            return False
        self.left -= steps
        self.done += steps
        return True


def text_diff(before: str, after: str, effort: Effort | None = None) -> list[Piece]:
    """What became of a text, in order: the pieces that were not inserted are `before`, those not deleted `after`."""
    old, new = TOKEN.findall(before), TOKEN.findall(after)
    blocks = _adjoined(sorted(_blocks(*_numbered(old, new), effort or Effort())))
    pieces: list[Piece] = []
    at_old = at_new = 0
    for i, j, length in [*blocks, (len(old), len(new), 0)]:
        pieces += _pieces(("delete", old[at_old:i]), ("insert", new[at_new:j]), ("equal", old[i : i + length]))
        at_old, at_new = i + length, j + length
    return list(_joined(pieces))


def _adjoined(blocks: Iterable[tuple[int, int, int]]) -> list[tuple[int, int, int]]:
    """Blocks with those that follow each other on both sides put together."""
    whole: list[tuple[int, int, int]] = []
    for i, j, length in blocks:
        if whole and whole[-1][0] + whole[-1][2] == i and whole[-1][1] + whole[-1][2] == j:
            i, j, length = whole[-1][0], whole[-1][1], whole.pop()[2] + length
        whole.append((i, j, length))
    return whole


def _pieces(*parts: tuple[Op, Sequence[str]]) -> Iterator[Piece]:
    yield from (Piece(op, "".join(tokens)) for op, tokens in parts if tokens)


def _joined(pieces: Iterable[Piece]) -> Iterator[Piece]:
    """Pieces with neighbours of a kind put together, and spaces between two changes counted to both."""
    ordered = list(pieces)
    is_change = [piece.op != "equal" for piece in ordered]
    removed, inserted = "", ""
    for index, piece in enumerate(ordered):
        is_inside = 0 < index < len(ordered) - 1 and is_change[index - 1] and is_change[index + 1]
        is_filler = piece.op == "equal" and is_inside and piece.text.isspace()
        if piece.op == "equal" and not is_filler:
            yield from _pieces(("delete", removed), ("insert", inserted), ("equal", piece.text))
            removed, inserted = "", ""
            continue
        removed += piece.text if piece.op != "insert" else ""
        inserted += piece.text if piece.op != "delete" else ""
    yield from _pieces(("delete", removed), ("insert", inserted))


def _numbered(old: Sequence[str], new: Sequence[str]) -> tuple[list[int], list[int]]:
    numbers: dict[str, int] = {}
    before = [numbers.setdefault(token, len(numbers) + 1) for token in old]
    return before, [numbers.setdefault(token, len(numbers) + 1) for token in new]


def _blocks(old: list[int], new: list[int], effort: Effort) -> Iterator[tuple[int, int, int]]:
    """Where the two are equal: begin in the old, begin in the new, length; in any order."""
    gaps: list[Gap] = [(0, len(old), 0, len(new), 0)]
    while gaps:
        a, b, c, d, level = gaps.pop()
        start = _common(old, new, a, c, min(b - a, d - c))
        if start:
            yield a, c, start
        a, c = a + start, c + start
        end = _common_end(old, new, b, d, min(b - a, d - c))
        if end:
            yield b - end, d - end, end
        b, d = b - end, d - end
        if a == b or c == d:
            continue
        if level < len(LENGTHS) and b - a + d - c > SHORT:
            for i, j in _anchors(old, new, (a, b, c, d), LENGTHS[level]):
                length = _common(old, new, i, j, min(b - i, d - j)) if i >= a and j >= c else 0
                if length:
                    yield i, j, length
                    gaps.append((a, i, c, j, level + 1))
                    a, c = i + length, j + length
            gaps.append((a, b, c, d, level + 1))
        else:
            yield from _exact(old[a:b], new[c:d], a, c, effort)


def _common(old: list[int], new: list[int], a: int, c: int, most: int) -> int:
    length = 0
    while length + STRIDE <= most and old[a + length : a + length + STRIDE] == new[c + length : c + length + STRIDE]:
        length += STRIDE
    while length < most and old[a + length] == new[c + length]:
        length += 1
    return length


def _common_end(old: list[int], new: list[int], b: int, d: int, most: int) -> int:
    length = 0
    while length + STRIDE <= most and old[b - length - STRIDE : b - length] == new[d - length - STRIDE : d - length]:
        length += STRIDE
    while length < most and old[b - 1 - length] == new[d - 1 - length]:
        length += 1
    return length


def _anchors(old: list[int], new: list[int], gap: tuple[int, int, int, int], length: int) -> list[tuple[int, int]]:
    """Where stretches of a length begin that both sides of a gap have once, those that cross no other, in order.

    Source: the longest rising run of places, as in Bram Cohen's patience diff.
    """
    a, b, c, d = gap
    there, here = _stretches(old[a:b], length), _stretches(new[c:d], length)
    once = {value for value, count in Counter(there).items() if count == 1}
    once &= {value for value, count in Counter(here).items() if count == 1}
    if not once:
        return []
    place = {value: index for index, value in enumerate(here) if value in once}
    pairs = [(i, place[value]) for i, value in enumerate(there) if value in once]
    return [(a + i, c + j) for i, j in _rising(pairs)]


def _stretches(numbers: list[int], length: int) -> list[int]:
    """A number for each stretch of a length, by a rolling sum; equal stretches have equal numbers."""
    if length == 1:
        return numbers
    leaving = pow(BASE, length, MODULUS)
    value, found = 0, []
    for index, number in enumerate(numbers):
        value = value * BASE + number
        if index >= length:
            value -= leaving * numbers[index - length]
        value %= MODULUS
        if index >= length - 1:
            found.append(value)
    return found


def _rising(pairs: list[tuple[int, int]]) -> list[tuple[int, int]]:
    tails: list[int] = []
    tops: list[int] = []
    before = [-1] * len(pairs)
    for index, (_, j) in enumerate(pairs):
        at = bisect_left(tails, j)
        before[index] = tops[at - 1] if at else -1
        tails[at : at + 1] = [j]
        tops[at : at + 1] = [index]
    found = []
    index = tops[-1] if tops else -1
    while index >= 0:
        found.append(pairs[index])
        index = before[index]
    return found[::-1]


def _exact(old: list[int], new: list[int], a: int, c: int, effort: Effort) -> Iterator[tuple[int, int, int]]:
    """The equal places of the shortest script from one to the other; none where it would be long.

    Source: E. Myers, An O(ND) Difference Algorithm and Its Variations, 1986.
    """
    n, m = len(old), len(new)
    reach = {1: 0}
    trail = []
    for distance in range(min(n + m, MOST_DIFFERENCES) + 1):
        if not effort.spend(distance + 1):
            return
        trail.append(reach.copy())
        for k in range(-distance, distance + 1, 2):
            is_down = k == -distance or (k != distance and reach.get(k - 1, -1) < reach.get(k + 1, -1))
            x = reach[k + 1] if is_down else reach[k - 1] + 1
            y = x - k
            while x < n and y < m and old[x] == new[y]:
                x, y = x + 1, y + 1
            reach[k] = x
            if x >= n and y >= m:
                yield from _walked_back(trail, n, m, a, c)
                return


def _walked_back(trail: list[dict[int, int]], x: int, y: int, a: int, c: int) -> Iterator[tuple[int, int, int]]:
    for distance in range(len(trail) - 1, -1, -1):
        reach, k = trail[distance], x - y
        is_down = k == -distance or (k != distance and reach.get(k - 1, -1) < reach.get(k + 1, -1))
        before_k = k + 1 if is_down else k - 1
        before_x = reach[before_k] if distance else 0
        before_y = before_x - before_k if distance else 0
        moved_x = before_x if is_down or not distance else before_x + 1
        moved_y = before_y + 1 if is_down and distance else before_y
        if x > moved_x:
            yield a + moved_x, c + moved_y, x - moved_x
        x, y = before_x, before_y
