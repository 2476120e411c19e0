"""What a front list may hold, and what a move makes of it. Plain Python. What is shown: `cms.content.front_lists`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from cms.content.front_lists.rules import arranged
from cms.platform.errors import FieldError

LONGEST_TITLE = 200
LONGEST_ENTRY_TITLE = 300
MOST_ENTRIES = 100
MOST_LISTS = 200
# What an audit note names where a whole list is written.
FIELDS = ("title", "section", "fill", "entries")


@dataclass(frozen=True)
class Entry:
    """An article in a list: from and until when it is shown, and a title that stands in the place of its own.

    A pinned one keeps its place when entries above it come and go; the others move up.
    """

    article: str
    is_pinned: bool = False
    from_at: datetime | None = None
    until_at: datetime | None = None
    title: str = ""


@dataclass(frozen=True)
class Fill:
    """Up to how many articles a list is filled with the newest: of a section with all below it, or of the site."""

    limit: int
    section: str | None = None


@dataclass(frozen=True)
class ListContent:
    """All of a list that can be changed. `section` is where it belongs."""

    title: str
    section: str | None = None
    fill: Fill | None = None
    entries: tuple[Entry, ...] = ()


@dataclass(frozen=True)
class NewList:
    """A list to make. Name and language stay; an empty `locale` means every language."""

    name: str
    content: ListContent
    locale: str = ""


@dataclass(frozen=True)
class PutEntry:
    """An article to put into a list, or to move there. `changes` are the members of `Entry` that are given."""

    article: str
    changes: dict[str, Any]
    position: int | None = None


def entry_errors(entries: Sequence[Entry]) -> list[FieldError]:
    """What cannot be: an article twice, an entry that ends before it begins."""
    errors = []
    seen: set[str] = set()
    for index, entry in enumerate(entries):
        if entry.article in seen:
            errors.append(FieldError(f"/entries/{index}/article", "twice", "This article is in the list already."))
        seen.add(entry.article)
        if entry.from_at is not None and entry.until_at is not None and entry.until_at <= entry.from_at:
            errors.append(FieldError(f"/entries/{index}/until", "before_from", "Must be later than `from`."))
    return errors


def pinned_before(entries: Sequence[Entry], command: PutEntry) -> list[FieldError]:
    """What is wrong with a position: it is held by a pinned entry, to which an entry without a pin cannot give its own.

    The refusal says which position is the next one that is free. Without it the entry would stand elsewhere than asked.
    """
    old = next((one for one in entries if one.article == command.article), Entry(command.article))
    if command.position is None or replace(old, **command.changes).is_pinned:
        return []
    taken = {place for place, one in enumerate(entries, 1) if one.is_pinned and one.article != command.article}
    if command.position not in taken:
        return []
    free = next(place for place in range(command.position, MOST_ENTRIES + 2) if place not in taken)
    detail = (
        f"A pinned article has position {command.position}: the next that is free is {free}. "
        "Pin this one too to put it there, or take the pin off the other."
    )
    return [FieldError("/position", "pinned", detail)]


def with_entry(entries: Sequence[Entry], command: PutEntry) -> tuple[Entry, ...]:
    """The entries with one put at a position (from 1), in the place of the one of its article.

    What the command does not give stays as it was. Without a position the entry stays where it is, or comes last.
    Other pinned entries keep their places, but for one whose place a pinned entry takes: that one gives way downwards.
    """
    before = {one.article: place for place, one in enumerate(entries, 1)}
    own_place = before.get(command.article)
    old = entries[own_place - 1] if own_place is not None else Entry(command.article)
    entry = replace(old, **command.changes)
    place = command.position or own_place or len(entries) + 1
    pinned = {before[one.article]: one for one in entries if one.is_pinned and one.article != command.article}
    flowing = [one for one in entries if not one.is_pinned and one.article != command.article]
    if entry.is_pinned:
        giving_way = entry
        while place in pinned:
            giving_way, pinned[place] = pinned[place], giving_way
            place += 1
        pinned[place] = giving_way
    else:
        flowing.insert(place - 1 - sum(other < place for other in pinned), entry)
    return _in_order(pinned, flowing)


def without_entry(entries: Sequence[Entry], article: str) -> tuple[Entry, ...]:
    """The entries without the one of an article; pinned ones keep their places as far as there are others above."""
    left = [(place, one) for place, one in enumerate(entries, 1) if one.article != article]
    return _in_order(
        {place: one for place, one in left if one.is_pinned}, [one for _, one in left if not one.is_pinned]
    )


def _in_order(pinned: Mapping[int, Entry], flowing: Sequence[Entry]) -> tuple[Entry, ...]:
    return tuple(arranged([(place, True, one) for place, one in pinned.items()], flowing))


def changed_fields(before: ListContent, after: ListContent) -> list[str]:
    """The names of what differs."""
    return [name for name in FIELDS if getattr(before, name) != getattr(after, name)]
