"""Comparing revisions: pieces that make up both texts, few and readable ones, and bounded work whatever is compared."""

import random
import time
from difflib import SequenceMatcher
from itertools import pairwise

import pytest
from flask.testing import FlaskClient
from hypothesis import example, given
from hypothesis import strategies as st
from sqlalchemy import event

from cms.newsroom.revisions.comparing import differences
from cms.newsroom.revisions.text_diff import MOST_DIFFERENCES, MOST_STEPS, TOKEN, Effort, Piece, text_diff
from cms.platform.db import Database
from tests.newsroom.making import UNKNOWN, act, draft, patch

CHANCE = random.Random(11)
SIZE, SHORTER = 500_000, 60_000
# The longest bodies there are; the other kinds cost less, and shorter ones show as much.
AT_FULL_LENGTH = {"one word changed", "Chinese, turned around", "most words changed"}


def shown(before: str, after: str) -> list[tuple[str, str]]:
    return [(piece.op, piece.text) for piece in text_diff(before, after)]


def sides(pieces: list[Piece]) -> tuple[str, str]:
    """The two texts that pieces make up."""
    return (
        "".join(piece.text for piece in pieces if piece.op != "insert"),
        "".join(piece.text for piece in pieces if piece.op != "delete"),
    )


def test_words_are_told_apart_in_scripts_with_spaces_and_characters_in_those_without() -> None:
    assert shown("The bridge opened on Friday.", "The old bridge will open on Friday.") == [
        ("equal", "The "), ("insert", "old "), ("equal", "bridge "), ("delete", "opened"), ("insert", "will open"),
        ("equal", " on Friday."),
    ]  # fmt: skip
    assert shown("大桥周五重新开放。", "大桥周六已重新开放了。") == [
        ("equal", "大桥周"), ("delete", "五"), ("insert", "六已"), ("equal", "重新开放"), ("insert", "了"),
        ("equal", "。"),
    ]  # fmt: skip
    assert shown("Көпір жұмада ашылды", "Көпір жексенбіде ашылды") == [
        ("equal", "Көпір "), ("delete", "жұмада"), ("insert", "жексенбіде"), ("equal", " ашылды"),
    ]  # fmt: skip


def test_spaces_between_two_changed_words_are_part_of_the_change() -> None:
    assert shown("one two three", "eins zwei three") == [
        ("delete", "one two"), ("insert", "eins zwei"), ("equal", " three"),
    ]  # fmt: skip


texts = st.text("ab 桥开。\n", max_size=30) | st.text(max_size=20)


@given(texts, texts)
def test_the_pieces_make_up_both_texts_and_neighbours_differ(before: str, after: str) -> None:
    pieces = text_diff(before, after)
    assert sides(pieces) == (before, after)
    assert all(piece.text for piece in pieces)
    assert all(one.op != other.op for one, other in pairwise(pieces))
    assert text_diff(before, before) == ([Piece("equal", before)] if before else [])


@given(st.lists(st.sampled_from("abc"), max_size=12), st.lists(st.sampled_from("abc"), max_size=12))
@example(list("baaaab"), list("abaaaa"))
def test_short_texts_keep_nearly_as_much_as_the_standard_library_finds(before: list[str], after: list[str]) -> None:
    kept = sum(len(piece.text) for piece in text_diff("".join(f"{w}." for w in before), "".join(f"{w}." for w in after))
               if piece.op == "equal")  # fmt: skip
    found = SequenceMatcher(None, before, after, autojunk=False).find_longest_match()
    assert kept >= found.size


def _words(kinds: int, count: int) -> list[str]:
    return [f"w{CHANCE.randrange(kinds)}" for _ in range(count)]


def _edited(words: list[str], edits: int) -> str:
    words = list(words)
    for _ in range(edits):
        words[CHANCE.randrange(len(words))] = "NEW"
    return " ".join(words)


def hostile() -> dict[str, tuple[str, str]]:
    """Pairs of long texts of the kinds that make comparing slow."""
    words = _words(3_000, 85_000)
    plain = " ".join(words)[:SIZE]
    han = "".join(chr(0x4E00 + CHANCE.randrange(3_000)) for _ in range(SIZE // 3))
    two = ["".join(CHANCE.choice("桥开") for _ in range(SIZE // 3)) for _ in range(2)]
    return {
        "one word changed": (plain, plain.replace("w7 ", "seven ", 1)),
        "many words changed": (" ".join(words), _edited(words, 5_000)),
        "most words changed": (" ".join(words), _edited(words, 60_000)),
        "words in reverse": (" ".join(words), " ".join(reversed(words))),
        "Chinese, a few characters changed": (han, han.replace("丁", "路")),
        "Chinese, turned around": (han, han[::-1]),
        "two characters in any order": (two[0], two[1]),
        "moved by a paragraph": (han, han[1_000:] + han[:1_000]),
        "one word against another": ("a " * (SIZE // 2), "b " * (SIZE // 2)),
        "two words in turn": ("a b " * (SIZE // 4), "b a " * (SIZE // 4)),
        "marks": ("." * SIZE, "!" * SIZE),
        "nothing against all": ("", plain),
        "one long word": ("x" * SIZE, "x" * (SIZE - 1) + "y"),
        "lines": ("\n" * SIZE, "\n " * (SIZE // 2)),
    }


@pytest.mark.slow
def test_no_pair_of_long_texts_takes_more_than_its_share_of_work() -> None:
    pairs = hostile()
    for name, (before, after) in pairs.items():
        if name not in AT_FULL_LENGTH:
            before, after = before[:SHORTER], after[:SHORTER]
        effort, began = Effort(), time.process_time()
        pieces = text_diff(before, after, effort)
        print(f"{name}: {effort.done} steps, {len(pieces)} pieces, {time.process_time() - began:.2f} s of CPU")
        assert sides(pieces) == (before, after)
        assert effort.done <= MOST_STEPS + MOST_DIFFERENCES + 1, name
    few = text_diff(*(text[:SHORTER] for text in pairs["Chinese, a few characters changed"]))
    assert sum(len(piece.text) for piece in few if piece.op == "insert") in range(5, 100)


def test_a_spent_effort_makes_one_replacement_of_the_rest() -> None:
    before, after = "桥桥开开", "开开桥桥"
    assert [piece.op for piece in text_diff(before, after, Effort(left=0))] == ["delete", "insert"]
    assert "equal" in [piece.op for piece in text_diff(before, after)]


def test_every_character_is_in_one_token() -> None:
    for text in ("a\u0301b 桥\u200d👩\u200d🚀 don't", "\x00\ud7ff\r\n\t…", "ไทย ລາວ မြန်"):
        assert "".join(TOKEN.findall(text)) == text


BEFORE = {
    "title": "Old",
    "dek": "",
    "tags": ["a"],
    "section": "city",
    "fields": {"a/b": 1, "deep": {"x": "one"}, "t": 1},
}
AFTER = {
    "title": "New",
    "dek": "Now",
    "tags": [],
    "section": None,
    "fields": {"deep": {"x": "two"}, "t": True, "n": None},
}


def test_differences_have_pointers_kinds_and_both_values() -> None:
    found = {one.pointer: (one.kind, one.before, one.after) for one in differences(BEFORE, AFTER)}
    assert found == {
        "/title": ("changed", "Old", "New"),
        "/dek": ("added", "", "Now"),
        "/tags": ("removed", ["a"], []),
        "/section": ("removed", "city", None),
        "/fields/a~1b": ("removed", 1, None),
        "/fields/deep/x": ("changed", "one", "two"),
        "/fields/t": ("changed", 1, True),
        "/fields/n": ("added", None, None),
    }
    assert {one.pointer for one in differences(BEFORE, AFTER) if one.pieces} == {"/title", "/dek", "/fields/deep/x"}
    assert differences(BEFORE, BEFORE) == []


@pytest.mark.both_databases
def test_two_revisions_are_compared_in_either_order(editor: FlaskClient) -> None:
    made = draft(editor, tags=["rail"])
    patch(editor, made["id"], 1, body="The bridge opened **on Monday**.", tags=["rail", "ice"])
    act(editor, "publish", made["id"], 2)
    path = f"/api/v1/articles/{made['id']}/revisions"
    compared = editor.get(f"{path}/1..3").json
    assert (compared["from"]["revision"], compared["to"]["action"]) == (1, "published")
    assert {one["pointer"]: one["kind"] for one in compared["fields"]} == {"/body": "changed", "/tags": "changed"}
    body = next(one for one in compared["fields"] if one["pointer"] == "/body")
    assert [piece for piece in body["text_diff"] if piece["op"] != "equal"] == [
        {"op": "delete", "text": "Friday"}, {"op": "insert", "text": "Monday"},
    ]  # fmt: skip
    turned = editor.get(f"{path}/3..1").json["fields"]
    assert {(one["before"], one["after"]) for one in turned if one["pointer"] == "/body"} == {
        (body["after"], body["before"])
    }
    assert editor.get(f"{path}/2..3").json["fields"] == []
    assert editor.get(f"{path}/1..1").json["fields"] == []


@pytest.mark.parametrize("numbers", ["1..4", "4..1", "0..1", "1..99999999999999999999", "3..4"])
def test_a_revision_that_only_another_article_has_is_not_found(editor: FlaskClient, numbers: str) -> None:
    made, other = draft(editor), draft(editor)
    for number in (1, 2, 3):
        patch(editor, other["id"], number, dek=str(number))
    path = f"/api/v1/articles/{made['id']}/revisions/{numbers}"
    assert (editor.get(path).status_code, editor.head(path).status_code) == (404, 404)
    assert editor.get(f"/api/v1/articles/{other['id']}/revisions/3..4").status_code == 200


@pytest.mark.parametrize("numbers", ["1..", "..1", "a..b", "-1..1", "1...2", "1.2", "1..2..3", "1..0x2", "１..２"])
def test_what_names_no_two_revisions_is_not_found(editor: FlaskClient, numbers: str) -> None:
    made = draft(editor)
    assert editor.get(f"/api/v1/articles/{made['id']}/revisions/{numbers}").status_code == 404
    assert editor.get(f"/api/v1/articles/{UNKNOWN}/revisions/1..1").status_code == 404


def test_reads_of_revisions_cost_the_same_for_few_and_for_many(editor: FlaskClient, app: object) -> None:
    few, many = draft(editor), draft(editor)
    patch(editor, few["id"], 1, body="x")
    for number in range(1, 12):
        patch(editor, many["id"], number, body=str(number), tags=[f"t{one}" for one in range(number)])
    database: Database = app.extensions["copydesk"].database  # type: ignore[attr-defined]  # a Flask
    counted: list[int] = [0]
    event.listen(database.reader, "before_cursor_execute", lambda *_: counted.__setitem__(0, counted[0] + 1))

    def cost(path: str) -> int:
        before = counted[0]
        assert editor.get(path).status_code == 200
        return counted[0] - before

    for path in ("/revisions", "/revisions/1..2", "/revisions/2", "?as_of=2100-01-01T00:00:00Z", ""):
        one, other = (cost(f"/api/v1/articles/{made['id']}{path}") for made in (few, many))
        assert one == other <= 9, path
