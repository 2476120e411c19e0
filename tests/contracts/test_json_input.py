"""What is not strict JSON, or could be read in two ways, is refused and changes nothing."""

import json
import tracemalloc
from typing import Any

import pytest
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st

from cms.platform.errors import BadRequest, Invalid, Problem
from cms.platform.http.json_input import parse_object, unique
from cms.platform.http.shapes import LONGEST_POINTER, MOST_ERRORS

BROKEN = {
    "nothing": b"",
    "half an object": b'{"title": ',
    "a list": b"[]",
    "a string": b'"title"',
    "a number": b"1",
    "null": b"null",
    "a trailing comma": b'{"title": "x",}',
    "single quotes": b"{'title': 'x'}",
    "a comment": b'{"title": "x" /* no */}',
    "twice the same member": b'{"title": "a", "title": "b"}',
    "twice, escaped": b'{"title": "a", "tit\\u006ce": "b"}',
    "NaN": b'{"title": NaN}',
    "Infinity": b'{"title": Infinity}',
    "minus Infinity": b'{"title": -Infinity}',
    "nested 33 deep": b'{"fields": ' + b"[" * 33 + b"]" * 33 + b"}",
    "nested 100,000 deep": b'{"fields": ' + b"[" * 100_000,
    "5,000 digits": b'{"fields": ' + b"1" * 5_000 + b"}",
    "UTF-16": '{"title": "x"}'.encode("utf-16"),
    "UTF-32": '{"title": "x"}'.encode("utf-32"),
    "Latin-1": '{"title": "café"}'.encode("latin-1"),
    "a byte order mark": b"\xef\xbb\xbf{}",
    "an overlong slash": b'{"title": "\xc0\xaf"}',
    "a raw control character": b'{"title": "a\x01b"}',
    "20,000 values": b'{"summary": [' + b"1," * 20_000 + b"1]}",
}
UNUSABLE = {
    "NUL": b'{"title": "a\\u0000b", "locale": "en"}',
    "half a surrogate pair": b'{"title": "\\ud800", "locale": "en"}',
    "the other half": b'{"title": "\\udc00x", "locale": "en"}',
    "a number beyond 64 bits": b'{"title": 9223372036854775808, "locale": "en"}',
    "a number beyond a double": b'{"title": 1e400, "locale": "en"}',
    "a NUL in a name": b'{"ti\\u0000tle": "x", "locale": "en"}',
}


@pytest.mark.parametrize("kind", BROKEN)
def test_broken_json_is_a_problem(editor: FlaskClient, kind: str) -> None:
    answer = editor.post("/api/v1/articles", data=BROKEN[kind], content_type="application/json")
    assert answer.status_code == 400, answer.json
    assert answer.json["code"] == "bad_json"
    assert editor.get("/api/v1/articles").json["data"] == []


@pytest.mark.parametrize("kind", UNUSABLE)
def test_what_no_field_can_hold_is_invalid(editor: FlaskClient, kind: str) -> None:
    answer = editor.post("/api/v1/articles", data=UNUSABLE[kind], content_type="application/json")
    assert answer.status_code == 422, answer.json
    assert answer.json["errors"]
    assert editor.get("/api/v1/articles").json["data"] == []


@given(st.binary(max_size=200))
def test_any_bytes_are_an_object_or_a_problem(data: bytes) -> None:
    try:
        assert isinstance(parse_object(data), dict)
    except Problem as problem:
        assert problem.status in (400, 422)


values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63) + 1, 2**63 - 1)
    | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00")),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text("abc/~"), inner, max_size=4),
    max_leaves=12,
)


@given(st.dictionaries(st.text("abcdef"), values, max_size=5))
def test_what_is_good_comes_through_unchanged(value: dict[str, Any]) -> None:
    assert parse_object(json.dumps(value).encode()) == value


MEBIBYTE = 1 << 20
HOSTILE = {
    "a string without an end": b'"' + b'\\"' * (MEBIBYTE // 2),
    "a string that ends in an escape": b'"' + b'\\"' * (MEBIBYTE // 2) + b"\\",
    "many strings without an end": b'"a" ' * (MEBIBYTE // 4) + b'"',
    "many names, the last one twice": b"{" + b",".join(b'"%d":0' % n for n in [*range(9_000), 8_999]) + b"}",
    "very many names, the last one twice": b"{" + b",".join(b'"%x":0' % n for n in [*range(100_000), 99_999]) + b"}",
    "very many empty lists": b"[" + b"[]," * (MEBIBYTE // 3) + b"[]]",
    "very many lists in lists": b"[" + b"[[[[[]]]]]," * (MEBIBYTE // 11) + b"[]]",
    "a number of a mebibyte": b'{"a": 1.' + b"7" * MEBIBYTE + b"x}",
}


@pytest.mark.timeout(20)
@pytest.mark.parametrize("kind", HOSTILE)
def test_a_mebibyte_of_malice_costs_its_length_and_no_more(kind: str) -> None:
    with pytest.raises(BadRequest):
        parse_object(HOSTILE[kind])


def test_a_name_is_compared_with_few_others() -> None:
    asked = 0

    class Name(str):
        __hash__ = str.__hash__

        def __eq__(self, other: object) -> bool:
            nonlocal asked
            asked += 1
            return str.__eq__(self, other)

    names = [Name(f"n{number}") for number in range(2_000)]
    with pytest.raises(BadRequest, match="'n1999'"):
        unique([(name, 0) for name in [*names, Name("n1999")]])
    assert asked < 100


@pytest.mark.parametrize(
    "body",
    [
        {"n" * 29_000: ["\x00"] * 9_000},
        {"fields": {"n" * 29_000: {"m" * 29_000: ["\x00"] * 9_000}}},
        {"a\x00b" + str(number): 1 for number in range(5_000)},
    ],
    ids=["one long name", "long names in each other", "many bad names"],
)
def test_what_is_wrong_is_said_in_fewer_words_than_were_sent(body: dict[str, Any]) -> None:
    sent = json.dumps(body).encode()
    tracemalloc.start()
    try:
        with pytest.raises(Invalid) as refused:
            parse_object(sent)
        _, highest = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert 1 < len(refused.value.errors) <= MOST_ERRORS
    assert sum(len(error.pointer) for error in refused.value.errors) < 20_000
    assert highest < 16 * len(sent)


def test_many_wrong_members_are_answered_with_the_first_ones(editor: FlaskClient) -> None:
    answer = editor.post("/api/v1/articles", json={f"unknown/{number}" + "x" * 900: 1 for number in range(500)})
    assert answer.status_code == 422
    assert len(answer.json["errors"]) == MOST_ERRORS
    pointers = [error["pointer"] for error in answer.json["errors"]]
    assert max(map(len, pointers)) <= LONGEST_POINTER
    assert sum(pointer.startswith("/unknown~1") for pointer in pointers) == MOST_ERRORS - len({"title", "locale"})


def test_as_many_values_as_are_let_in_come_through() -> None:
    value = {"a": [1] * 9_997, "b": ",[{" * 20_000}
    assert parse_object(json.dumps(value).encode()) == value
    value["a"].append(1)
    with pytest.raises(BadRequest, match="values"):
        parse_object(json.dumps(value).encode())
