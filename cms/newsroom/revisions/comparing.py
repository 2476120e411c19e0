"""What differs between two saved states of an article, field by field. Plain Python."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from cms.newsroom.merging import ABSENT, is_same
from cms.newsroom.revisions.text_diff import Effort, Piece, text_diff

Kind = Literal["added", "removed", "changed"]
# Members of these are told apart one by one; everything else is one value.
OPEN_OBJECTS = ("fields",)


@dataclass(frozen=True)
class Difference:
    """A field that differs. `pieces` say how, where both sides are text."""

    pointer: str
    kind: Kind
    before: Any
    after: Any
    pieces: list[Piece] | None

    def as_dict(self) -> dict[str, Any]:
        """In the shape of `DifferenceShape`."""
        pieces = None if self.pieces is None else [{"op": piece.op, "text": piece.text} for piece in self.pieces]
        return {
            "pointer": self.pointer,
            "kind": self.kind,
            "before": self.before,
            "after": self.after,
            "text_diff": pieces,
        }


def differences(before: Mapping[str, Any], after: Mapping[str, Any], effort: Effort | None = None) -> list[Difference]:
    """The fields that differ, in the order of the fields; all texts share one effort."""
    effort = effort or Effort()
    found: list[Difference] = []
    for name in dict.fromkeys((*before, *after)):
        old, new = before.get(name, ABSENT), after.get(name, ABSENT)
        found += _between(old, new, f"/{_escaped(name)}", effort, is_open=name in OPEN_OBJECTS)
    return found


def _between(old: Any, new: Any, pointer: str, effort: Effort, *, is_open: bool) -> Iterator[Difference]:
    if is_same(old, new):
        return
    if is_open and isinstance(old, Mapping) and isinstance(new, Mapping):
        for name in dict.fromkeys((*old, *new)):
            step = f"{pointer}/{_escaped(name)}"
            yield from _between(old.get(name, ABSENT), new.get(name, ABSENT), step, effort, is_open=True)
        return
    kind: Kind = "added" if _is_empty(old) else "removed" if _is_empty(new) else "changed"
    is_text = isinstance(old, str) and isinstance(new, str)
    pieces = text_diff(old, new, effort) if is_text else None
    yield Difference(pointer, kind, None if old is ABSENT else old, None if new is ABSENT else new, pieces)


def _is_empty(value: Any) -> bool:
    return value is ABSENT or value is None or value in ("", [], {})


def _escaped(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")
