"""What is not strict JSON, or could be read in two ways, is refused and changes nothing."""

import json
from typing import Any

import pytest
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st

from cms.platform.errors import Problem
from cms.platform.http.json_input import parse_object

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
