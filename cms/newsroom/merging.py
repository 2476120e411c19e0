"""Merging changes: JSON Merge Patch, and what two editors changed apart from each other. Plain Python."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from cms.newsroom.rules import MOST_AUTHORS, MOST_TAGS

ABSENT: Any = object()
# Members of these are merged one by one; everything else is one value that one side or the other has.
OPEN_OBJECTS = ("/fields",)
# Lists in which each name stands once: what two sides add and take away goes together. How many names each may have.
SETS = {"/tags": MOST_TAGS, "/authors": MOST_AUTHORS}


@dataclass(frozen=True)
class Clash:
    """A field that both sides changed, each in its own way."""

    pointer: str
    base: Any
    yours: Any
    theirs: Any

    def as_dict(self) -> dict[str, Any]:
        """As the answer to a stale change shows it; null stands for what is not there."""
        values = {"base": self.base, "yours": self.yours, "theirs": self.theirs}
        return {
            "pointer": self.pointer,
            **{name: None if value is ABSENT else value for name, value in values.items()},
        }


def merge_patch(target: Any, patch: Any) -> Any:
    """Apply a JSON Merge Patch; neither argument is changed. Source: RFC 7396, section 2."""
    if not isinstance(patch, Mapping):
        return patch
    merged = dict(target) if isinstance(target, Mapping) else {}
    for name, value in patch.items():
        if value is None:
            merged.pop(name, None)
        else:
            merged[name] = merge_patch(merged.get(name), value)
    return merged


def is_same(one: Any, other: Any) -> bool:
    """Whether two values are the same JSON. Python's own comparison takes `true` for 1."""
    if one is other:
        return True
    if one is ABSENT or other is ABSENT:
        return False
    if isinstance(one, str) or isinstance(other, str):
        return bool(one == other)
    return json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)


def changed_fields(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """The names of the fields that differ."""
    return [name for name in after if not is_same(after[name], before.get(name, ABSENT))]


def three_way(
    base: Mapping[str, Any], yours: Mapping[str, Any], theirs: Mapping[str, Any]
) -> tuple[dict[str, Any], list[Clash]]:
    """Both sides' changes of one base in one document, and the fields where they clash (which hold theirs)."""
    clashes: list[Clash] = []
    return _merge_objects(base, yours, theirs, "", clashes), clashes


def as_patch(current: Mapping[str, Any], wanted: Mapping[str, Any]) -> dict[str, Any]:
    """A document that is also the merge patch from `current` to itself: members that go are there as null."""
    patch: dict[str, Any] = {}
    for name in (*wanted, *(name for name in current if name not in wanted)):
        value = wanted.get(name)
        if isinstance(value, Mapping):
            before = current.get(name)
            value = as_patch(before if isinstance(before, Mapping) else {}, value)
        patch[name] = value
    return patch


def without(patch: Mapping[str, Any], pointers: Iterable[str]) -> dict[str, Any]:
    """A patch that says nothing about these places. Source: RFC 6901 for how a place is written."""
    left = dict(patch)
    for pointer in pointers:
        at, (*steps, last) = left, [name.replace("~1", "/").replace("~0", "~") for name in pointer.split("/")[1:]]
        for step in steps:
            at[step] = dict(at[step])
            at = at[step]
        at.pop(last, None)
    return left


def _merge_objects(
    base: Mapping[str, Any], yours: Mapping[str, Any], theirs: Mapping[str, Any], pointer: str, clashes: list[Clash]
) -> dict[str, Any]:
    merged = {}
    for name in dict.fromkeys((*theirs, *yours)):
        step = f"{pointer}/{name.replace('~', '~0').replace('/', '~1')}"
        values = [side.get(name, ABSENT) for side in (base, yours, theirs)]
        value = _merge_values(values[0], values[1], values[2], step, clashes)
        if value is not ABSENT:
            merged[name] = value
    return merged


def _merge_values(base: Any, yours: Any, theirs: Any, pointer: str, clashes: list[Clash]) -> Any:
    if is_same(yours, theirs) or is_same(yours, base):
        return theirs
    if is_same(theirs, base):
        return yours
    is_open = any(pointer == known or pointer.startswith(f"{known}/") for known in OPEN_OBJECTS)
    if is_open and all(isinstance(value, Mapping) for value in (base, yours, theirs)):
        return _merge_objects(base, yours, theirs, pointer, clashes)
    if pointer in SETS and all(isinstance(value, list) for value in (base, yours, theirs)):
        merged = _merge_sets(base, yours, theirs)
        if merged is not None and len(merged) <= SETS[pointer]:
            return merged
    clashes.append(Clash(pointer, base, yours, theirs))
    return theirs


def _merge_sets(base: list[Any], yours: list[Any], theirs: list[Any]) -> list[Any] | None:
    """What both sides added and neither took away: theirs in their order, then yours.

    None where a side put what was there into another order, because an order is one value.
    """
    for side in (yours, theirs):
        if len(set(side)) < len(side) or [one for one in side if one in base] != [one for one in base if one in side]:
            return None
    stays = [one for one in theirs if one in yours or one not in base]
    return stays + [one for one in yours if one not in base and one not in theirs]
