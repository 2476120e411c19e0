"""The OpenAPI 3.1 document, made from the same shapes that validate requests."""

import re
from collections.abc import Mapping
from importlib.metadata import version
from typing import Any

from apispec import APISpec
from apispec.ext.marshmallow import MarshmallowPlugin
from flask import Flask
from marshmallow import Schema
from werkzeug.routing import Rule

from cms.operations.openapi_types import add_types
from cms.platform.http.endpoint import CHANGING, Endpoint, limit_of
from cms.platform.http.guard import OPEN_ROUTES, PRIVATE_PREFIXES
from cms.platform.http.public import JSON
from cms.platform.http.shapes import Flag, Text, UtcInstant
from cms.taxonomy.article_types.rules.checking import ArticleType

PROBLEM = "Problem"
PATH_PART = re.compile(r"<(?:(\w+):)?(\w+)>")
PATH_KINDS = {"int": {"type": "integer", "minimum": 0}, "uuid": {"type": "string", "format": "uuid"}}
TITLES = {
    400: "The request could not be read", 401: "A valid token is needed", 403: "Not allowed with this token",
    404: "There is nothing here", 406: "Neither gzip nor the bytes as they are are taken",
    409: "Does not fit the present state", 410: "Taken down", 412: "Changed meanwhile",
    413: "Too large", 415: "Not application/json", 416: "The file ends before this range begins",
    422: "The content is not valid",
    423: "Somebody else is at work on this", 428: "If-Match is needed", 429: "Too many requests",
    500: "Our mistake", 503: "Not available right now", 507: "There is no room for this",
}  # fmt: skip
LIMIT_HEADERS = {
    "RateLimit-Policy": 'The limit: `"writes";q=600;w=60` is 600 in 60 seconds',
    "RateLimit": 'What is left: `"writes";r=599;t=1` is 599, and all again in 1 second. Not on cacheable answers',
}
EXAMPLES = {
    "title": "A tram climbs the hill", "locale": "en", "name": "Harbour", "email": "reader@example.org",
    "password": "nine ferries before breakfast", "new_password": "nine ferries before breakfast",
    "current_password": "the password until now",
}  # fmt: skip
PROBLEM_SCHEMA = {
    "type": "object",
    "description": "A refusal, after RFC 9457.",
    "required": ["type", "title", "status", "detail", "code", "request_id"],
    "properties": {
        "type": {"type": "string", "format": "uri"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "instance": {"type": "string"},
        "code": {"type": "string", "description": "Stable; docs/problems.md lists them"},
        "request_id": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["pointer", "code", "detail"],
                "properties": {
                    "pointer": {"type": "string", "description": "JSON Pointer, or ?name for a query parameter"},
                    "code": {"type": "string"},
                    "detail": {"type": "string"},
                },
            },
        },
    },
}


def openapi_document(app: Flask, types: Mapping[str, ArticleType]) -> dict[str, Any]:
    """The whole document. Shape: OpenAPI 3.1; the fields of articles are one component per article type."""
    plugin = MarshmallowPlugin(schema_name_resolver=_name)
    spec = APISpec(
        title="Copydesk",
        version=version("copydesk"),
        openapi_version="3.1.0",
        info={"description": "What we acknowledged is in the database; everything else can be deleted and grows back."},
        plugins=[plugin],
    )
    plugin.map_to_openapi_type(Text, "string", None)
    plugin.map_to_openapi_type(Flag, "boolean", None)
    plugin.map_to_openapi_type(UtcInstant, "string", "date-time")
    spec.components.schema(PROBLEM, PROBLEM_SCHEMA)
    spec.components.security_scheme(
        "token", {"type": "http", "scheme": "bearer", "description": "copydesk token issue"}
    )
    spec.components.security_scheme(
        "reader", {"type": "http", "scheme": "bearer", "description": "A reader's session: POST /readers/v1/sessions"}
    )
    spec.components.security_scheme(
        "cookie",
        {
            "type": "apiKey", "in": "cookie", "name": "__Host-copydesk",
            "description": "A session of a browser; changes need the header X-CSRF-Token and an Origin that is ours.",
        },
    )  # fmt: skip
    for name, text in (*LIMIT_HEADERS.items(), ("Retry-After", "Seconds until one more is allowed")):
        spec.components.header(name, {"description": text, "schema": {"type": "string"}})
    for rule in sorted(app.url_map.iter_rules(), key=lambda rule: (rule.rule, sorted(rule.methods or ()))):
        declared = getattr(app.view_functions[rule.endpoint], "__endpoint__", None)
        if declared is not None:
            _add(spec, rule, declared)
    document: dict[str, Any] = spec.to_dict()
    for schema in document["components"]["schemas"].values():
        _give_examples(schema)
    add_types(document, types)
    return document


def _give_examples(schema: dict[str, Any]) -> None:
    """Let whoever tries a request begin with something that is taken: an example for each text that has to be there."""
    for name in set(schema.get("required", ())) & EXAMPLES.keys():
        member = schema["properties"][name]
        if member.get("type") == "string" and "enum" not in member:
            member.setdefault("example", EXAMPLES[name])


def _name(schema: Any) -> str:
    kind = schema if isinstance(schema, type) else type(schema)
    return kind.__name__.removesuffix("Shape")


def _add(spec: APISpec, rule: Rule, declared: Endpoint) -> None:
    method = _method(rule)
    operation: dict[str, Any] = {
        "operationId": rule.endpoint.replace(".", "_"),
        "summary": declared.summary,
        "tags": [rule.endpoint.split(".")[0]],
        "parameters": _parameters(rule, declared, method),
        "responses": _responses(rule, declared),
    }
    if declared.description:
        operation["description"] = declared.description
    if declared.body is not None:
        operation["requestBody"] = {
            "required": not declared.is_body_optional,
            "content": {"application/json": {"schema": declared.body}},
        }
    if declared.upload is not None:
        operation["requestBody"] = {"required": True, "content": {"multipart/form-data": _form(declared.upload)}}
    is_private = bool(declared.scope) or declared.is_for_every_caller or declared.needs_session
    operation["security"] = [{"token": []}, {"cookie": []}] if is_private else []
    if declared.needs_reader:
        operation["security"] = [{"reader": []}]
    if declared.scope:
        operation["description"] = (operation.get("description", "") + f"\n\nScope: `{declared.scope}`.").strip()
    path = PATH_PART.sub(r"{\2}", rule.rule)
    spec.path(path=path, operations={method.lower(): operation})


def _form(data: Schema) -> dict[str, Any]:
    """A file with what is said of it."""
    file = {"type": "string", "contentMediaType": "application/octet-stream", "description": "The file itself"}
    whole = {"type": "object", "required": ["file"], "properties": {"file": file, "data": data}}
    return {"schema": whole, "encoding": {"data": {"contentType": "application/json"}}}


def _parameters(rule: Rule, declared: Endpoint, method: str) -> list[Any]:
    parameters: list[Any] = []
    for kind, name in PATH_PART.findall(rule.rule):
        schema = PATH_KINDS.get(kind, {"type": "string"})
        parameters.append({"in": "path", "name": name, "required": True, "schema": schema})
    if declared.query is not None:
        parameters.append({"in": "query", "schema": declared.query})
    if declared.needs_revision:
        parameters.append(_header("If-Match", "The ETag of the revision that you read", required=True))
    if method == "POST" and declared.scope:
        parameters.append(_header("Idempotency-Key", "Same key and body: the first answer again", required=False))
    return parameters


def _header(name: str, description: str, *, required: bool) -> dict[str, Any]:
    return {
        "in": "header",
        "name": name,
        "required": required,
        "description": description,
        "schema": {"type": "string"},
    }


def _responses(rule: Rule, declared: Endpoint) -> dict[str, Any]:
    responses: dict[str, Any] = {}
    method = _method(rule)
    limit = limit_of(declared, method)
    for status, shape in declared.answers.items():
        described: dict[str, Any] = {
            "description": declared.summary if status < 300 else TITLES.get(status, "Not modified")
        }
        if shape is not None:
            described["content"] = {declared.media_type: {"schema": shape}}
        elif status in (200, 206):
            # What is no JSON is text; JSON without a shape is some object, such as this document.
            schema = {"type": "object" if declared.media_type == JSON else "string"}
            described["content"] = {declared.media_type: {"schema": schema}}
        for media_type in declared.also_as if status == 200 else ():
            described["content"][media_type] = {"schema": {"type": "string"}}
        if limit is not None:
            described["headers"] = {name: _reference(name) for name in LIMIT_HEADERS}
        responses[str(status)] = described
    for status in sorted(_refusals(rule, declared)):
        responses[str(status)] = {
            "description": TITLES[status],
            "content": {"application/problem+json": {"schema": PROBLEM}},
        }
    if limit is not None:
        responses["429"]["headers"] = {name: _reference(name) for name in (*LIMIT_HEADERS, "Retry-After")}
    return responses


def _reference(header: str) -> dict[str, str]:
    return {"$ref": f"#/components/headers/{header}"}


def _method(rule: Rule) -> str:
    return next(method for method in ("GET", "POST", "PUT", "PATCH", "DELETE") if method in (rule.methods or ()))


def _refusals(rule: Rule, declared: Endpoint) -> set[int]:
    refusals = {400, 500, 503, *declared.refuses}
    if limit_of(declared, _method(rule)) is not None:
        refusals.add(429)
    if any(kind for kind, _ in PATH_PART.findall(rule.rule)):
        # A part of a path that is no id and no number leads nowhere.
        refusals.add(404)
    if 304 in declared.answers and declared.scope is None:
        refusals.add(406)
    if declared.needs_reader:
        refusals.add(401)
    is_open = any((method, rule.rule) in OPEN_ROUTES for method in rule.methods or ())
    if rule.rule.startswith(PRIVATE_PREFIXES) and not is_open:
        refusals |= {401, 403}
    if declared.body is not None or CHANGING & (rule.methods or set()):
        refusals |= {413, 415, 422}
    if declared.needs_revision:
        refusals |= {404, 412, 428}
    if "POST" in (rule.methods or ()) and declared.scope:
        refusals |= {409, 422}
    return refusals
