"""Reading a JSON body strictly: what another parser could read differently is refused, never guessed."""

import json
import re
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

from flask import request
from werkzeug.exceptions import RequestEntityTooLarge

from cms.platform.errors import BadRequest, FieldError, Invalid, Problem
from cms.platform.http.shapes import MOST_ERRORS, pointer

DEEPEST = 32
MOST_NODES = 10_000
LARGEST_INTEGER = 2**63 - 1
MEDIA_TYPE = "application/json"
MERGE_PATCH = "application/merge-patch+json"
# One character, or an escape: nothing to go back over, so looking for them costs what the text is long.
MARK = re.compile(r'["\[\]{},]|\\.', re.DOTALL)


class UnsupportedMediaType(Problem):
    """The body is not what this route reads."""

    status, code, title = 415, "unsupported_media_type", "Unsupported Media Type"


def json_body() -> dict[str, Any]:
    """The request's body as an object.

    Raises: UnsupportedMediaType; BadRequest for what is not JSON (duplicate keys, NaN, nesting beyond 32, more than
    10,000 nodes); Invalid for values that no field can hold (NUL, lone surrogates, integers beyond 64 bits).
    """
    if request.mimetype != MEDIA_TYPE and not (request.method == "PATCH" and request.mimetype == MERGE_PATCH):
        raise UnsupportedMediaType(f"The body has the type {request.mimetype or 'none'!r}; send application/json.")
    if request.headers.get("Content-Encoding", "identity") != "identity":
        raise UnsupportedMediaType("Compressed bodies are not read; send plain JSON.")
    return parse_object(body_bytes())


def body_bytes() -> bytes:
    """The request's body, whole. Raises: RequestEntityTooLarge, also for one that came in chunks without its length."""
    data = request.get_data(cache=True)
    limit = request.max_content_length
    # Of a body without a length the framework reads as much as is allowed, and does not say that there is more.
    if limit is not None and len(data) >= limit and request.environ["wsgi.input"].read(1):
        raise RequestEntityTooLarge
    return data


def parse_object(data: bytes) -> dict[str, Any]:
    """Strict JSON bytes to a dictionary, at a cost that grows with their length and no faster.

    Raises: BadRequest, Invalid.
    """
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        raise BadRequest("The body is not UTF-8.", code="bad_json") from None
    _refuse_masses(text)
    try:
        value = json.loads(text, object_pairs_hook=unique, parse_constant=_refuse_constant)
    except BadRequest:
        raise
    except (ValueError, RecursionError) as error:
        place = f" (line {error.lineno}, column {error.colno})" if isinstance(error, json.JSONDecodeError) else ""
        raise BadRequest(f"The body is not JSON{place}.", code="bad_json") from None
    if not isinstance(value, dict):
        raise BadRequest("The body must be a JSON object.", code="bad_json")
    errors = list(islice(_inspect(value, (), [0]), MOST_ERRORS))
    if errors:
        raise Invalid(errors=errors)
    return value


def _refuse_masses(text: str) -> None:
    """Refuse, before anything is built of it, what nests too deep or holds too many values. One pass.

    There are at least as many values as brackets open, and one more than there are commas. Most bodies have so few of
    both, those within texts included, that there is nothing to look for.
    """
    if text.count("[") + text.count("{") <= DEEPEST and text.count(",") < MOST_NODES:
        return
    depth = opened = commas = 0
    is_in_string = False
    for match in MARK.finditer(text):
        mark = match[0]
        if mark == '"':
            is_in_string = not is_in_string
        elif is_in_string:
            continue
        elif mark in "[{":
            depth, opened = depth + 1, opened + 1
        elif mark in "]}":
            depth -= 1
        elif mark == ",":
            commas += 1
        if depth > DEEPEST:
            raise BadRequest(f"The body is nested more than {DEEPEST} levels deep.", code="bad_json")
        if max(opened, commas + 1) > MOST_NODES:
            raise _too_many()


def _too_many() -> BadRequest:
    return BadRequest(f"The body has more than {MOST_NODES} values.", code="bad_json")


def unique(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    """Members as a dictionary. Raises: BadRequest, naming one that stands twice."""
    value: dict[str, Any] = {}
    for name, item in pairs:
        if name in value:
            raise BadRequest(f"The member {name[:60]!r} stands twice in one object.", code="bad_json")
        value[name] = item
    return value


def _refuse_constant(name: str) -> None:
    raise BadRequest(f"{name} is not JSON.", code="bad_json")


def _inspect(value: Any, path: tuple[str | int, ...], nodes: list[int]) -> Iterator[FieldError]:
    # The path is shared, and a pointer is written only for an error: else a long name would cost its length per value.
    nodes[0] += 1
    if nodes[0] > MOST_NODES:
        raise _too_many()
    if isinstance(value, str):
        problem = text_problem(value)
        if problem:
            yield FieldError(pointer(path), "bad_text", problem)
    elif isinstance(value, float) and value in (float("inf"), float("-inf")):
        yield FieldError(pointer(path), "out_of_range", "This number is too large.")
    elif isinstance(value, int) and abs(value) > LARGEST_INTEGER:
        yield FieldError(pointer(path), "out_of_range", "This number does not fit into 64 bits.")
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _inspect(item, (*path, index), nodes)
    elif isinstance(value, dict):
        for name, item in value.items():
            problem = text_problem(name)
            if problem:
                yield FieldError(pointer(path), "bad_text", f"A member's name: {problem}")
                continue
            yield from _inspect(item, (*path, name), nodes)


def text_problem(value: str) -> str | None:
    """Why a text cannot be kept, or None: NUL is refused by PostgreSQL, lone surrogates are no Unicode text."""
    if "\x00" in value:
        return "The text holds a NUL character."
    try:
        value.encode("utf-8")
    except UnicodeEncodeError:
        return "The text holds half of a surrogate pair."
    return None
