"""The chain by itself: whatever is done to its rows is found, and at the first row that it was done to."""

import random
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta

import pytest

from cms.audit.rules import BEGINNING, Link, Row, Walk, chained, seal_of, walk

KEY = b"a key of thirty-two bytes exactly"[:32]
KEY_ID = "0123456789abcdef"
NOON = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
LENGTH = 40
MANIPULATIONS = 1000

Rows = list[Row]
# What it gives: the rows afterwards, the seal number that has to be named, and the kinds that are right names for it.
Manipulation = Callable[[Rows, random.Random], tuple[Rows, int, set[str]]]


def entry(number: int) -> Row:
    return Row(
        number=number,
        at=NOON + timedelta(seconds=number),
        actor_kind="service",
        actor_id=f"actor-{number % 3}",
        credential=f"token:{number % 3}",
        action="article.published",
        subject_kind="article",
        subject_id=f"article-{number}",
        outcome="done",
        changes=["title", "body"][: number % 3],
        request_id=f"request-{number}",
        client_address="203.0.113.7",
        seal_number=0,
        key_id="",
        previous_seal=b"",
        seal=b"",
    )


WHOLE: Rows = list(chained((entry(number) for number in range(1, LENGTH + 1)), BEGINNING, KEY_ID, KEY))
HEADS = {LENGTH: WHOLE[-1].seal}


def key_of(key_id: str) -> bytes | None:
    return KEY if key_id == KEY_ID else None


def follow(rows: Rows, heads: dict[int, bytes] = HEADS) -> Walk:
    def again(first: int) -> Iterable[Row]:
        return (row for row in rows if row.seal_number >= first)

    ordered = sorted(rows, key=lambda row: (row.seal_number, row.number))
    return walk(ordered, BEGINNING, key_of, heads=heads, again=again)


def change(rows: Rows, chance: random.Random) -> tuple[Rows, int, set[str]]:
    place = chance.randrange(LENGTH)
    row = rows[place]
    name = chance.choice([name for name in Row._fields if name not in ("seal_number",)])
    value = getattr(row, name)
    if isinstance(value, bytes):
        flipped = bytearray(value)
        flipped[chance.randrange(len(value))] ^= 1 << chance.randrange(8)
        other: object = bytes(flipped)
    elif isinstance(value, int):
        other = value + chance.choice((-1, 1, 1000))
    elif isinstance(value, datetime):
        other = value + timedelta(microseconds=chance.choice((-1, 1, 10**9)))
    elif isinstance(value, list):
        other = chance.choice([[*value, "state"], [*value, ""]])
    else:
        other = chance.choice([value + "x", value[:-1], value.upper() if value.upper() != value else "", "admin"])
    return [*rows[:place], row._replace(**{name: other}), *rows[place + 1 :]], place + 1, {"changed"}


def change_and_seal_without_the_key(rows: Rows, chance: random.Random) -> tuple[Rows, int, set[str]]:
    place = chance.randrange(LENGTH)
    changed = [*rows[:place], rows[place]._replace(actor_id="somebody else"), *rows[place + 1 :]]
    start = Link(place, rows[place - 1].seal) if place else BEGINNING
    resealed = chained(changed[place:], start, KEY_ID, b"another key of the same length!!")
    return [*changed[:place], *resealed], place + 1, {"changed"}


def delete(rows: Rows, chance: random.Random) -> tuple[Rows, int, set[str]]:
    first = chance.randrange(LENGTH)
    count = chance.randint(1, LENGTH - first)
    return rows[:first] + rows[first + count :], first + 1, {"missing"}


def delete_and_close_the_gap(rows: Rows, chance: random.Random) -> tuple[Rows, int, set[str]]:
    first = chance.randrange(LENGTH - 1)
    later = [row._replace(seal_number=row.seal_number - 1) for row in rows[first + 1 :]]
    return rows[:first] + later, first + 1, {"changed"}


def truncate(rows: Rows, chance: random.Random) -> tuple[Rows, int, set[str]]:
    left = chance.randrange(LENGTH)
    return rows[:left], left + 1, {"missing"}


def truncate_and_go_on(rows: Rows, chance: random.Random) -> tuple[Rows, int, set[str]]:
    """The relay itself seals what comes next, with the right key: only the head can tell."""
    left = chance.randrange(1, LENGTH)
    start = Link(left, rows[left - 1].seal)
    more = chained((entry(number) for number in range(100, 160)), start, KEY_ID, KEY)
    return [*rows[:left], *more], LENGTH, {"changed"}


def swap(rows: Rows, chance: random.Random) -> tuple[Rows, int, set[str]]:
    one, other = sorted(chance.sample(range(LENGTH), 2))
    moved = list(rows)
    moved[one] = rows[other]._replace(seal_number=one + 1)
    moved[other] = rows[one]._replace(seal_number=other + 1)
    if chance.random() < 0.5:
        moved[one] = moved[one]._replace(previous_seal=rows[one].previous_seal)
        moved[other] = moved[other]._replace(previous_seal=rows[other].previous_seal)
    return moved, one + 1, {"reordered"}


def move_to_the_end(rows: Rows, chance: random.Random) -> tuple[Rows, int, set[str]]:
    place = chance.randrange(LENGTH - 1)
    moved = rows[place]._replace(seal_number=LENGTH + 1)
    return [*rows[:place], *rows[place + 1 :], moved], place + 1, {"reordered"}


def insert(rows: Rows, chance: random.Random) -> tuple[Rows, int, set[str]]:
    place = chance.randrange(LENGTH)
    false = entry(500)._replace(seal_number=place + 1, key_id=KEY_ID, previous_seal=rows[place].previous_seal)
    false = false._replace(seal=chance.randbytes(32))
    later = [row._replace(seal_number=row.seal_number + 1) for row in rows[place:]]
    return [*rows[:place], false, *later], place + 1, {"inserted"}


def insert_a_copy(rows: Rows, chance: random.Random) -> tuple[Rows, int, set[str]]:
    place = chance.randrange(LENGTH)
    return [*rows, rows[place]._replace(number=900)], place + 1, {"inserted"}


def append(rows: Rows, chance: random.Random) -> tuple[Rows, int, set[str]]:
    false = entry(500)._replace(seal_number=LENGTH + 1, key_id=KEY_ID, previous_seal=rows[-1].seal)
    false = false._replace(seal=seal_of(b"another key of the same length!!", rows[-1].seal, false))
    return [*rows, false], LENGTH + 1, {"changed"}


def renumber(rows: Rows, chance: random.Random) -> tuple[Rows, int, set[str]]:
    place = chance.randrange(LENGTH)
    number = chance.choice((place + 1 + LENGTH, -3, 0))
    named = place + 1 if number > 0 else number
    return [*rows[:place], rows[place]._replace(seal_number=number), *rows[place + 1 :]], named, {
        "reordered", "changed", "inserted",
    }  # fmt: skip


KINDS: tuple[Manipulation, ...] = (
    change, change_and_seal_without_the_key, delete, delete_and_close_the_gap, truncate, truncate_and_go_on, swap,
    move_to_the_end, insert, insert_a_copy, append, renumber,
)  # fmt: skip


def test_an_untouched_chain_is_whole() -> None:
    assert follow(WHOLE) == Walk(Link(LENGTH, WHOLE[-1].seal), LENGTH)
    assert follow(WHOLE, {}).first_break is None
    assert follow([], {}) == Walk(BEGINNING, 0)


@pytest.mark.parametrize("manipulate", KINDS, ids=lambda kind: kind.__name__)
def test_a_thousand_manipulations_are_all_found_at_the_first_row(manipulate: Manipulation) -> None:
    chance = random.Random(manipulate.__name__)
    for _ in range(-(-MANIPULATIONS // len(KINDS))):
        rows, named, kinds = manipulate(WHOLE, chance)
        found = follow(rows).first_break
        assert found is not None
        assert (found.seal_number, found.kind in kinds) == (named, True), (found, kinds)


def test_without_a_head_a_cut_end_cannot_be_seen() -> None:
    assert follow(WHOLE[:-3], {}).first_break is None
    assert follow(WHOLE[:-3]).first_break is not None


def test_a_seal_of_a_key_that_nobody_knows_is_a_break() -> None:
    rows = [*WHOLE[:5], WHOLE[5]._replace(key_id="f" * 16), *WHOLE[6:]]
    found = follow(rows).first_break
    assert found is not None
    assert found.seal_number == 6
    assert "does not have" in found.detail


@pytest.mark.parametrize("value", [None, b"bytes", 3.5, "text", [], object()])
@pytest.mark.parametrize("name", [name for name in Row._fields if name != "number"])
def test_a_column_that_holds_something_else_is_a_break_and_no_crash(name: str, value: object) -> None:
    rows = [*WHOLE[:6], WHOLE[6]._replace(**{name: value}), *WHOLE[7:]]
    found = walk(rows, BEGINNING, key_of, heads=HEADS, again=lambda first: rows[first - 1 :]).first_break
    assert found is not None
    assert found.seal_number == 7
