"""What a front list shows at an instant: the editors' order, filled up with the newest."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson

from cms.content.front_lists.queries import entries_now, named_list
from cms.content.front_lists.rules import arranged
from cms.content.listing import newest
from cms.content.rules import Filter
from cms.platform.direct_reads import DirectReads


@dataclass(frozen=True)
class Shown:
    """A list as readers see it: what is told of it, and ready cards in order."""

    told: dict[str, Any]
    cards: list[bytes]


def shown_list(reads: DirectReads, name: str, locale: str | None, now: datetime) -> Shown | None:
    """What a list shows at an instant, in one language or all; None for a name that no list has in that language.

    Three statements at most, however many entries there are.
    """
    asked = named_list(reads, name, locale)
    if asked is None:
        return None
    wanted = locale or asked.told["locale"]
    entries = entries_now(reads, asked.number, now)
    # Numbered anew: a pinned entry's place is counted among those of this language.
    here = [one for one in entries if one.card is None or wanted in (None, one.locale)]
    opened = [
        (place, one.is_pinned, _titled(one.card, one.title))
        for place, one in enumerate(here, 1)
        if one.card is not None and one.is_open
    ]
    fillers: list[bytes] = []
    missing = asked.fill_limit - len(opened)
    if missing > 0:
        # Whoever timed an article out of the list does not mean to see it come back as one of the newest.
        known = {one.article_id for one in entries}
        page = newest(reads, Filter(section=asked.filled_from, locale=wanted), missing + len(known), None)
        fillers = [card for card in page.cards if orjson.loads(card)["id"] not in known][:missing]
    return Shown(asked.told, arranged(opened, fillers))


def _titled(card: bytes, title: str) -> bytes:
    return orjson.dumps({**orjson.loads(card), "title": title}) if title else card
