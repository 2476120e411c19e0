"""JSON of every kind in the body of a request: what is JSON is read or refused by its meaning, what is none is 400, and
what parsers disagree about is never a mistake of ours (row S51).

Each text stands alone and as a value within an article.
"""

import json
from typing import Any

import pytest
from flask.testing import FlaskClient

# What the grammar of RFC 8259 allows, each as a value.
GOOD: tuple[bytes, ...] = (
    b"null", b"true", b"false", b"0", b"-0", b"0.0", b"-0.0", b"1", b"-1", b"12345678901234567", b"1.5", b"-1.5",
    b"1e2",
    b"1E2", b"1e+2", b"1e-2", b"1.25E-3", b"0e1", b"0E+1", b"0.000001", b"9223372036854775807", b"-9223372036854775807",
    b'""', b'" "', b'"a"', b'"\\""', b'"\\\\"', b'"\\/"', b'"/"', b'"\\b\\f\\n\\r\\t"', b'"\\u0061"', b'"\\u00E9"',
    b'"\\u00e9"', b'"\\uD83D\\uDE8B"', b'"\\ud83d\\ude8b"', b'"\\u2028\\u2029"', b'"\\ufffe\\uffff"', b'"\\ufeff"',
    b'"\\u001f"', b'"\\u007f"', b'"\x7f"', "\"\u2028\"".encode(), '"é"'.encode(), '"北京"'.encode(), '"🚋"'.encode(),
    b'"\xf4\x8f\xbf\xbf"', b'"\\\\u0000"', b'"[1,2"', b'"// no comment"', b"[]", b"[ ]", b"[[]]", b"[null]", b"[1,2]",
    b"[ 1 ,\t2\r\n]", b'["",{}]', b"{}", b"{ }", b'{"a":1}', b'{"":0}', b'{"a":{"a":{}}}', b'{"a":1,"A":2}',
    b'{"\\u0061":1,"b":2}', b'{"a b":[],"\\"":{}}', b'\t{\n"a"\r:\t[ ] }\n', b'{"__proto__":{}}', b'{"__class__":1}',
)  # fmt: skip
# What it does not allow.
BAD: tuple[bytes, ...] = (
    b"nul", b"nulll", b"NULL", b"None", b"True", b"TRUE", b"tru", b"truefalse", b"undefined", b"nan", b"-nan", b"inf",
    b"NaN", b"Infinity", b"-Infinity", b"+1", b"++1", b"--1", b"-", b"+", b"01", b"-01", b"00", b"1.", b".5", b"-.5",
    b"1..2", b"1.e2", b"1e", b"1e+", b"1e1.5", b"1e1e1", b"1 000", b"1_000", b"1,5", b"0x1F", b"0b1", b"0o7", b"1L",
    b"1f", b"\xef\xbc\x91", b"\xd9\xa1", b"1e\xef\xbc\x92", b"- 1", b"1a", b"'a'", b"a", b"`a`", b'"a', b'a"',
    b'"a""b"',
    b'"\\a"', b'"\\x41"', b"\"\\'\"", b'"\\0"', b'"\\u"', b'"\\u12"', b'"\\u123"', b'"\\u12G4"', b'"\\U0041"',
    b'"\\u 041"', b'"\\ud83d\\u12"', b'"\\"', b'"\\\n"', b'"a\nb"', b'"a\tb"', b'"a\rb"', b'"\x00"', b'"\x1f"',
    b"\"\\\xc3\xa9\"", b'"\xff"', b'"\xc0\x80"', b'"\xc3"', b'"\xe4\xbd"', b'"\xed\xa0\x80"', b'"\xf5\x80\x80\x80"',
    b'"\xf8\x88\x80\x80\x80"', b'"\x80"', b"[", b"]", b"[1", b"[1,", b"[1,]", b"[,1]", b"[,]", b"[1,,2]", b"[1 2]",
    b"[1;2]", b"[1:2]", b"[1]]", b"[[1]", b"[1}", b'["a" "b"]', b"[a]", b"[1,#]", b"[\x0b1]", b"[\x0c1]", b"[1]\xa0",
    b"[\xc2\xa01]", b"[\xe2\x81\xa01]", b"{", b"}", b'{"a"', b'{"a":', b'{"a":1', b'{"a":1,', b'{"a":1,}', b'{,"a":1}',
    b'{"a":1,,"b":2}', b'{"a" 1}', b'{"a",1}', b'{"a"::1}', b'{"a":1 "b":2}', b"{a:1}", b"{'a':1}", b"{1:1}",
    b"{null:1}", b"{[]:1}", b'{"a":1]', b'{"a"}', b'{"a":}', b'{:"a"}', b'{"a":1}}', b'{"a":1}{}', b'{"a":1,"a":1}',
    b'{"a":1,"\\u0061":2}', b'{"":1,"":2}', b"{} // c", b"{} # c", b"/* c */{}", b"{/**/}", b"<a/>", b"a=1&b=2", b"*",
    b"\\u007b\\u007d", b"\xe2\x80\x9ca\xe2\x80\x9d", b"@", b"&", b"%7B%7D", b")]}'{}", b"while(1);{}", b"\x1e{}",
    b"\x00",
    b"{}\x00", b"\xfe\xff", b"\xef\xbb\xbf1", b"[" * 40 + b"]" * 40, b"[" * 5_000, b'{"a":' * 5_000, b"1" * 5_000,
    b"-" + b"9" * 5_000, b"{}\n{}", b"data: {}", b"YmFzZTY0", b'"a"\x0b', b"[1]\x85", b"[1]\xc2\x85",
)  # fmt: skip
# What RFC 8259 leaves to whoever reads it.
UNSETTLED: tuple[bytes, ...] = (
    b"9223372036854775808", b"-9223372036854775809", b"-9223372036854775808", b"18446744073709551616", b"1" * 400,
    b"1e308", b"1.7976931348623157e308", b"1e309", b"-1e309", b"1e9999", b"1e-9999", b"1e400", b"-1e-400", b"5e-324",
    b"0e999999999", b"1e999999999", b"0." + b"1" * 4_000, b"123.456e78", b"100000000000000000000000.5", b'"\\u0000"',
    b'"a\\u0000b"', b'"\\ud800"', b'"\\udbff"', b'"\\udc00"', b'"\\udfff"', b'"\\ud800\\ud800"', b'"\\udc00\\ud800"',
    b'"\\ud800a"', b'"\\ud800\\n"', b'"\\uD800\\u0061"', b'"\\u0061\\udc00"', b'["\\ud800"]', b'{"\\ud800":1}',
    b'{"\\u0000":1}', b'{"a\\u0000":1}', b'{"\\udc00\\udc00":[]}', b"[" * 29 + b"]" * 29, b"[" * 31 + b"]" * 31,
    b'{"a":' * 29 + b"1" + b"}" * 29, b'"\\uffff"', b'"\\ufdd0"', b'"\\u202e"', b'"\\u200b"', b'"\xef\xbb\xbf"',
    b"[" + b"0," * 9_000 + b"0]", b"[" + b"0," * 10_500 + b"0]", b'{"' + b"n" * 60_000 + b'":1}',
    b'"' + b"s" * 90_000 + b'"',
)  # fmt: skip
OTHER_ENCODINGS = ("utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-8-sig", "cp500", "cp1026")
ARTICLE = b'{"title": "Harbour", "locale": "en", "fields": {"a": %s}}'


def send(editor: FlaskClient, body: bytes, content_type: str = "application/json") -> tuple[int, Any]:
    answer = editor.post("/api/v1/articles", data=body, content_type=content_type)
    assert answer.status_code < 500, (body[:80], answer.data)
    if answer.status_code >= 400:
        assert answer.mimetype == "application/problem+json", body[:80]
        text = answer.get_data(as_text=True)
        assert not any(word in text for word in ("Traceback", "JSONDecodeError", "sqlite", "/cms/")), body[:80]
    return answer.status_code, answer.json


def without_nulls(value: Any) -> Any:
    """A member that is null is not there, as after a merge patch."""
    if not isinstance(value, dict):
        return value
    return {name: without_nulls(item) for name, item in value.items() if item is not None}


def test_there_are_many_of_each_kind() -> None:
    for kind in (GOOD, BAD, UNSETTLED):
        assert len(set(kind)) == len(kind) >= 40


def test_what_is_json_is_read_back_or_refused_by_its_meaning(editor: FlaskClient) -> None:
    for text in GOOD:
        status, alone = send(editor, text)
        # Alone, an object lacks what an article must have, and the rest is no object.
        is_object = isinstance(json.loads(text), dict)
        assert (status, alone["code"]) == ((422, "invalid") if is_object else (400, "bad_json")), text
        status, answer = send(editor, ARTICLE % text)
        assert status == 201, (text, answer)
        path = f"/api/v1/articles/{answer['id']}"
        assert editor.get(path).json["fields"] == answer["fields"] == without_nulls({"a": json.loads(text)}), text


def test_what_is_no_json_is_refused_and_leaves_nothing(editor: FlaskClient) -> None:
    for text in BAD:
        for body in (text, ARTICLE % text):
            status, answer = send(editor, body)
            assert (status, answer["code"]) == (400, "bad_json"), (body[:80], answer)
    assert editor.get("/api/v1/articles?count=exact").json["meta"]["count"] == 0


def test_what_parsers_disagree_about_is_read_or_refused_and_never_our_mistake(editor: FlaskClient) -> None:
    for text in UNSETTLED:
        for body in (text, ARTICLE % text):
            status, answer = send(editor, body)
            assert status in (201, 400, 422), (body[:80], answer)
            if status == 201:
                assert editor.get(f"/api/v1/articles/{answer['id']}").json["fields"] == answer["fields"], body[:80]


@pytest.mark.parametrize("text", [text for text in UNSETTLED if b"\\u0000" in text or b"\\ud8" in text.lower()])
def test_what_is_no_text_is_invalid(editor: FlaskClient, text: bytes) -> None:
    assert send(editor, ARTICLE % text)[0] == 422


def test_json_in_another_encoding_is_refused(editor: FlaskClient) -> None:
    body = '{"title": "Hafen für Æble", "locale": "en"}'
    for encoding in OTHER_ENCODINGS:
        for content_type in ("application/json", f"application/json; charset={encoding}"):
            status, _ = send(editor, body.encode(encoding), content_type)
            assert status in (400, 415), (encoding, content_type)
    assert editor.get("/api/v1/articles?count=exact").json["meta"]["count"] == 0
