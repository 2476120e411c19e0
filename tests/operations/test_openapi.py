"""The OpenAPI document is valid and names every route."""

import pytest
from flask import Flask
from flask.testing import FlaskClient
from openapi_spec_validator import validate

from cms.platform.http.guard import OPEN_ROUTES


def test_the_document_is_valid_openapi(client: FlaskClient) -> None:
    document = client.get("/openapi.json").json
    assert document["openapi"].startswith("3.1")
    validate(document)


def test_every_route_is_declared(app: Flask) -> None:
    pages = {"documentation.front", "documentation.page", "documentation.asset"}
    undeclared = {
        rule.endpoint
        for rule in app.url_map.iter_rules()
        if not hasattr(app.view_functions[rule.endpoint], "__endpoint__")
    }
    assert undeclared == pages


def test_every_private_route_needs_a_scope_or_says_that_it_needs_none(app: Flask) -> None:
    for rule in app.url_map.iter_rules():
        declared = getattr(app.view_functions[rule.endpoint], "__endpoint__", None)
        if rule.rule.startswith("/api/"):
            assert declared is not None, rule.rule
            is_open = any((method, rule.rule) in OPEN_ROUTES for method in rule.methods or ())
            is_said = declared.scope or declared.is_for_every_caller or declared.needs_session or is_open
            assert is_said, rule.rule


def test_the_open_routes_are_those_that_lead_to_a_credential_and_all_exist(app: Flask) -> None:
    known = {(method, rule.rule) for rule in app.url_map.iter_rules() for method in rule.methods or ()}
    assert known > OPEN_ROUTES
    assert len(OPEN_ROUTES) == 4


def test_every_private_route_refuses_without_a_token(app: Flask, client: FlaskClient) -> None:
    for rule in app.url_map.iter_rules():
        if rule.rule.startswith("/api/"):
            path = rule.build(dict.fromkeys(rule.arguments, 1 if "int:" in rule.rule else "x"))[1]
            for method in (rule.methods or set()) - {"OPTIONS", "HEAD"}:
                if (method, rule.rule) in OPEN_ROUTES:
                    continue
                answer = client.open(path, method=method)
                assert answer.status_code == 401, (method, path)
                assert answer.headers["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/api/v1/articles", 201),
        ("/api/v1/tags", 201),
        ("/api/v1/sections", 201),
        ("/api/v1/people", 201),
        ("/api/v1/sources", 201),
        ("/readers/v1/accounts", 202),
    ],
)
def test_a_body_of_the_examples_alone_is_taken(administrator: FlaskClient, path: str, status: int) -> None:
    document = administrator.get("/openapi.json").json
    reference = document["paths"][path]["post"]["requestBody"]["content"]["application/json"]["schema"]["$ref"]
    schema = document["components"]["schemas"][reference.rpartition("/")[2]]
    body = {name: member["example"] for name, member in schema["properties"].items() if "example" in member}
    assert body.keys() >= set(schema["required"])
    answer = administrator.post(path, json=body)
    assert answer.status_code == status, answer.json


def test_a_patch_begins_with_nothing(client: FlaskClient) -> None:
    schema = client.get("/openapi.json").json["components"]["schemas"]["ArticlePatch"]
    assert not schema.get("required")
    assert not [name for name, member in schema["properties"].items() if "example" in member]
