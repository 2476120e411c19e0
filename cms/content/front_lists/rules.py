"""What of a front list is shown at an instant, and in which order. Plain Python."""

from collections.abc import Sequence
from datetime import datetime
from typing import TypeVar

Item = TypeVar("Item")


def is_open(from_at: datetime | None, until_at: datetime | None, now: datetime) -> bool:
    """Whether an entry is shown at an instant: from its first instant on, and no more at its last."""
    return (from_at is None or from_at <= now) and (until_at is None or now < until_at)


def arranged(entries: Sequence[tuple[int, bool, Item]], fillers: Sequence[Item]) -> list[Item]:
    """What is shown, in order: pinned entries at their places, the others and then the fillers around them.

    Shape: `entries` are (place from 1, is pinned, item) in the editors' order. A pinned one beyond the end comes last.
    """
    pinned = {place: item for place, is_pinned, item in entries if is_pinned}
    flowing = [item for _, is_pinned, item in entries if not is_pinned] + list(fillers)
    shown: list[Item] = []
    for item in flowing:
        while len(shown) + 1 in pinned:
            shown.append(pinned.pop(len(shown) + 1))
        shown.append(item)
    return shown + [pinned[place] for place in sorted(pinned)]
