"""Reading a JSON body strictly: what another parser could read differently is refused, never guessed."""

import json
import re
from typing import Any

from flask import request

from cms.platform.errors import BadRequest, FieldError, Invalid, Problem

DEEPEST = 32
MOST_NODES = 10_000
LARGEST_INTEGER = 2**63 - 1
MEDIA_TYPE = "application/json"
MERGE_PATCH = "application/merge-patch+json"
STRINGS = re.compile(r'"(?:[^"\\]|\\.)*"', re.DOTALL)


class UnsupportedMediaType(Problem):
    """The body is not what this route reads."""

    status, code, title = 415, "unsupported_media_type", "Send application/json in UTF-8"


def json_body() -> dict[str, Any]:
    """The request's body as an object.

    Raises: UnsupportedMediaType; BadRequest for what is not JSON (duplicate keys, NaN, nesting beyond 32, more than
    10,000 nodes); Invalid for values that no field can hold (NUL, lone surrogates, integers beyond 64 bits).
    """
    if request.mimetype != MEDIA_TYPE and not (request.method == "PATCH" and request.mimetype == MERGE_PATCH):
        raise UnsupportedMediaType(f"The body has the type {request.mimetype or 'none'!r}; send application/json.")
    if request.headers.get("Content-Encoding", "identity") != "identity":
        raise UnsupportedMediaType("Compressed bodies are not read; send plain JSON.")
    return parse_object(request.get_data(cache=True))


def parse_object(data: bytes) -> dict[str, Any]:
    """Strict JSON bytes to a dictionary. Raises: BadRequest, Invalid."""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        raise BadRequest("The body is not UTF-8.", code="bad_json") from None
    if _depth(text) > DEEPEST:
        raise BadRequest(f"The body is nested more than {DEEPEST} levels deep.", code="bad_json")
    try:
        value = json.loads(text, object_pairs_hook=_object, parse_constant=_refuse_constant)
    except BadRequest:
        raise
    except (ValueError, RecursionError) as error:
        place = f" (line {error.lineno}, column {error.colno})" if isinstance(error, json.JSONDecodeError) else ""
        raise BadRequest(f"The body is not JSON{place}.", code="bad_json") from None
    if not isinstance(value, dict):
        raise BadRequest("The body must be a JSON object.", code="bad_json")
    errors: list[FieldError] = []
    _inspect(value, "", errors, [0])
    if errors:
        raise Invalid(errors=errors)
    return value


def _depth(text: str) -> int:
    deepest = depth = 0
    for character in STRINGS.sub("", text):
        if character in "[{":
            depth += 1
            deepest = max(deepest, depth)
        elif character in "]}":
            depth -= 1
    return deepest


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise BadRequest(f"The member {twice[:60]!r} stands twice in one object.", code="bad_json")
    return value


def _refuse_constant(name: str) -> None:
    raise BadRequest(f"{name} is not JSON.", code="bad_json")


def _inspect(value: Any, pointer: str, errors: list[FieldError], nodes: list[int]) -> None:
    nodes[0] += 1
    if nodes[0] > MOST_NODES:
        raise BadRequest(f"The body has more than {MOST_NODES} values.", code="bad_json")
    if isinstance(value, str):
        problem = text_problem(value)
        if problem:
            errors.append(FieldError(pointer, "bad_text", problem))
    elif isinstance(value, float) and value in (float("inf"), float("-inf")):
        errors.append(FieldError(pointer, "out_of_range", "This number is too large."))
    elif isinstance(value, int) and abs(value) > LARGEST_INTEGER:
        errors.append(FieldError(pointer, "out_of_range", "This number does not fit into 64 bits."))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            _inspect(item, f"{pointer}/{index}", errors, nodes)
    elif isinstance(value, dict):
        for name, item in value.items():
            escaped = name.replace("~", "~0").replace("/", "~1")
            problem = text_problem(name)
            if problem:
                errors.append(FieldError(pointer, "bad_text", f"A member's name: {problem}"))
                continue
            _inspect(item, f"{pointer}/{escaped}", errors, nodes)


def text_problem(value: str) -> str | None:
    """Why a text cannot be kept, or None: NUL is refused by PostgreSQL, lone surrogates are no Unicode text."""
    if "\x00" in value:
        return "The text holds a NUL character."
    try:
        value.encode("utf-8")
    except UnicodeEncodeError:
        return "The text holds half of a surrogate pair."
    return None
