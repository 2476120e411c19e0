"""Declaring a route: what it reads, what it answers, which scope it needs. The same words make the OpenAPI document."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from functools import wraps
from typing import Any

from flask import Response, request
from marshmallow import Schema, ValidationError

from cms.platform.counting import Limit
from cms.platform.errors import Invalid
from cms.platform.http.csrf import SAFE
from cms.platform.http.etags import required_revision
from cms.platform.http.guard import require, require_fresh_proof, require_reader, require_session
from cms.platform.http.json_input import body_bytes, json_body
from cms.platform.http.limiting import WRITES, count_request
from cms.platform.http.query_input import load_query
from cms.platform.http.shapes import Shape, field_errors, load

View = Callable[..., Response]
Shapes = type[Schema] | Schema | None
CHANGING = frozenset({"POST", "PUT", "PATCH", "DELETE"})
FORMS = frozenset({"application/x-www-form-urlencoded", "multipart/form-data"})
NOTHING = Shape()


@dataclass(frozen=True)
class Endpoint:
    """What a route promises. `answers` maps a status to the shape of its body (None: no JSON body).

    A route that changes something and declares no `body` takes none, or an object without members; with
    `takes_form` a form may come as well, which says nothing and is not read: a mail program sends one. With `upload` a
    file comes, and beside it JSON of this shape; the view reads both by `uploads.received`.
    `is_for_every_caller` marks a route below a private prefix that every known caller may use, whatever they may do.
    `needs_session` refuses tokens: what is done concerns a person's account. `needs_reader` asks for a reader's session
    and for nothing else. `needs_fresh_proof` asks a session for
    a password that was typed within ten minutes: what is done is dangerous. `limit` counts the requests that could be
    read; without one, changes that need a credential are counted as writes, see `limit_of`. `limited_by` names the
    member of the query without which nothing is counted: a list costs less than a search. `within` is entered before
    that: whoever is sent away there has cost nothing yet, not even a count in the database. `also_as` are other media
    types of the same success, as text, for whoever asks for them by `Accept`.
    """

    summary: str
    answers: Mapping[int, Shapes]
    scope: str | None = None
    is_for_every_caller: bool = False
    body: Schema | None = None
    query: Schema | None = None
    is_body_optional: bool = False
    takes_form: bool = False
    upload: Schema | None = None
    needs_revision: bool = False
    needs_session: bool = False
    needs_reader: bool = False
    needs_fresh_proof: bool = False
    limit: Limit | None = None
    limited_by: str = ""
    within: Callable[[], AbstractContextManager[None]] = nullcontext
    refuses: tuple[int, ...] = ()
    media_type: str = "application/json"
    also_as: tuple[str, ...] = ()
    description: str = ""
    example: Mapping[str, Any] = field(default_factory=dict)


def endpoint(
    *,
    summary: str,
    answers: Mapping[int, Shapes],
    body: Shapes = None,
    query: Shapes = None,
    upload: Shapes = None,
    **options: Any,
) -> Callable[[View], View]:
    """Declare a view. It is called with what it names: `body`, `query`, `revision`, beside the path's parts.

    Raises: Forbidden, BadRequest, Invalid, PreconditionMissing before the view runs.
    """
    shapes = {name: _instance(shape) for name, shape in (("body", body), ("query", query), ("upload", upload))}
    declared = Endpoint(summary=summary, answers=answers, **{**shapes, **options})

    def declare(view: View) -> View:
        @wraps(view)
        def run(**path: Any) -> Response:
            if declared.scope is not None:
                require(declared.scope)
            if declared.needs_reader:
                require_reader()
            if declared.needs_session:
                require_session()
            if declared.needs_fresh_proof:
                require_fresh_proof()
            asked = load_query(declared.query)
            given: dict[str, Any] = dict(path)
            if declared.query is not None:
                given["query"] = asked
            if declared.needs_revision:
                given["revision"] = required_revision()
            if declared.body is not None:
                given["body"] = _load_body(declared.body, is_optional=declared.is_body_optional)
            elif (
                request.method in CHANGING
                and declared.upload is None
                and not (declared.takes_form and request.mimetype in FORMS)
            ):
                # Whoever sends members to a route that reads none believes something that is not so.
                _load_body(NOTHING, is_optional=True)
            limit = limit_of(declared, request.method)
            with declared.within():
                if limit is not None and (not declared.limited_by or asked[declared.limited_by]):
                    count_request(limit)
                return view(**given)

        run.__endpoint__ = declared  # type: ignore[attr-defined]  # read again by the OpenAPI document
        return run

    return declare


def limit_of(declared: Endpoint, method: str) -> Limit | None:
    """What a request of this method is counted for."""
    if declared.limit is None and method not in SAFE:
        is_private = declared.scope or declared.is_for_every_caller or declared.needs_session or declared.needs_reader
        return WRITES if is_private else None
    return declared.limit


def _instance(shape: Shapes) -> Schema | None:
    return shape() if isinstance(shape, type) else shape


def _load_body(shape: Schema, *, is_optional: bool) -> Any:
    is_absent = is_optional and not body_bytes()
    try:
        return load(shape, {} if is_absent else json_body())
    except ValidationError as error:
        raise Invalid(errors=field_errors(error)) from None
