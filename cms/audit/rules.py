"""The chain of the audit trail: how a seal is made, and where a chain is broken first. Plain Python.

Each seal is made with a key that is not in the database, over the seal before it and everything that the entry says. So
whoever can write the database, and no more, can make no entry that fits.
"""

import hmac
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, NamedTuple

import orjson

FORM = 1
SEAL_BYTES = 32


class Link(NamedTuple):
    """One place in the chain."""

    seal_number: int
    seal: bytes


BEGINNING = Link(0, bytes(SEAL_BYTES))


class Row(NamedTuple):
    """A sealed entry, in the order of the table's columns."""

    number: int
    at: datetime
    actor_kind: str
    actor_id: str
    credential: str
    action: str
    subject_kind: str
    subject_id: str
    outcome: str
    changes: list[str]
    request_id: str
    client_address: str
    seal_number: int
    key_id: str
    previous_seal: bytes
    seal: bytes


KeyOf = Callable[[str], bytes | None]


@dataclass(frozen=True)
class Break:
    """Where a chain is broken first. `number` is the entry's own number, where there is an entry."""

    seal_number: int
    kind: Literal["changed", "missing", "reordered", "inserted"]
    detail: str
    number: int | None = None


@dataclass(frozen=True)
class Walk:
    """What a walk along the chain found: its last good link, how many rows were good, and the first break."""

    last: Link
    count: int
    first_break: Break | None = None


def seal_of(key: bytes, previous_seal: bytes, row: Row) -> bytes:
    """The seal that a row has behind another.

    Formula: HMAC-SHA-256(key, "seal" NUL previous NUL row), the row as a JSON array with everything but the seals.
    """
    told = orjson.dumps([FORM, row.seal_number, row.key_id, *row[:12]], option=orjson.OPT_UTC_Z)
    return hmac.digest(key, b"seal\x00" + previous_seal + told, "sha256")


def sign(key: bytes, kind: Literal["head", "checkpoint"], link: Link, *more: object) -> bytes:
    """The signature of a head or checkpoint: HMAC-SHA-256 over its kind, its link and what else it says."""
    told = orjson.dumps([FORM, link.seal_number, link.seal.hex(), *more], option=orjson.OPT_UTC_Z)
    return hmac.digest(key, kind.encode() + b"\x00" + told, "sha256")


def is_same(one: bytes, other: bytes) -> bool:
    """Whether two seals are equal, in a time that does not tell how far they agree."""
    return hmac.compare_digest(one, other)


def walk(
    rows: Iterable[Row],
    start: Link,
    key_of: KeyOf,
    *,
    heads: Mapping[int, bytes],
    again: Callable[[int], Iterable[Row]],
) -> Walk:
    """Follow the chain from its start until it ends or breaks.

    `heads` are seals that were promised outside the database, by their number. `again(n)` gives the rows from seal
    number n on once more; it is asked only after a break, to say which kind it is.
    """
    last, count = start, 0
    for row in rows:
        found = _break_at(row, last, key_of, again)
        if found is not None:
            return Walk(last, count, found)
        last, count = Link(row.seal_number, row.seal), count + 1
        promised = heads.get(last.seal_number)
        if promised is not None and not is_same(promised, last.seal):
            detail = "is not the entry that a signed head names: the end was removed and sealed anew"
            return Walk(last, count, Break(last.seal_number, "changed", detail, row.number))
    end = max(heads, default=0)
    if end > last.seal_number:
        detail = f"and all that followed are gone: a signed head counts {end} entries"
        return Walk(last, count, Break(last.seal_number + 1, "missing", detail))
    return Walk(last, count)


def _break_at(row: Row, last: Link, key_of: KeyOf, again: Callable[[int], Iterable[Row]]) -> Break | None:
    expected = last.seal_number + 1
    if not isinstance(row.seal_number, int):
        return Break(expected, "changed", "has no seal number that could be one", row.number)
    key = key_of(row.key_id)
    fits = _fits(row, last, key)
    if row.seal_number == expected and row.previous_seal == last.seal and fits:
        return None
    if row.seal_number < expected:
        return Break(row.seal_number, "inserted", "is there twice, or before the beginning", row.number)
    true = next((other for other in again(expected) if _fits(other, last, key_of(other.key_id))), None)
    if true is not None and true != row:
        behind = Link(expected, true.seal)
        is_moved = row.seal_number > expected or true.seal_number > expected + 1 or _fits(row, behind, key)
        detail = f"stands at {true.seal_number}; where it belongs is entry {row.number}"
        return Break(expected, "reordered" if is_moved else "inserted", detail, row.number)
    if row.seal_number > expected and not fits:
        return Break(expected, "missing", f"is not there; the next one is {row.seal_number}")
    if key is None:
        detail = f"names the key {row.key_id}, which this installation does not have"
        return Break(expected, "changed", detail, row.number)
    return Break(expected, "changed", "does not fit its seal", row.number)


def _fits(row: Row, last: Link, key: bytes | None) -> bool:
    """Whether a row was sealed right behind this link, whatever number and previous seal it claims now."""
    if key is None:
        return False
    try:
        return is_same(seal_of(key, last.seal, row._replace(seal_number=last.seal_number + 1)), row.seal)
    except TypeError:
        # A column holds what no entry ever held, such as bytes where a text belongs, or no seal at all.
        return False


def chained(rows: Iterable[Row], start: Link, key_id: str, key: bytes) -> Iterator[Row]:
    """The rows sealed one behind the other with one key, whatever seals they had."""
    last = start
    for row in rows:
        placed = row._replace(seal_number=last.seal_number + 1, key_id=key_id, previous_seal=last.seal)
        placed = placed._replace(seal=seal_of(key, last.seal, placed))
        yield placed
        last = Link(placed.seal_number, placed.seal)
