"""The OpenAPI document is valid and names every route."""

from flask import Flask
from flask.testing import FlaskClient
from openapi_spec_validator import validate


def test_the_document_is_valid_openapi(client: FlaskClient) -> None:
    document = client.get("/openapi.json").json
    assert document["openapi"].startswith("3.1")
    validate(document)


def test_every_route_is_declared(app: Flask) -> None:
    pages = {"documentation.page", "documentation.asset"}
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
            assert declared is not None and (declared.scope or declared.is_for_every_caller), rule.rule


def test_every_private_route_refuses_without_a_token(app: Flask, client: FlaskClient) -> None:
    for rule in app.url_map.iter_rules():
        if rule.rule.startswith("/api/"):
            path = rule.build(dict.fromkeys(rule.arguments, 1 if "int:" in rule.rule else "x"))[1]
            for method in (rule.methods or set()) - {"OPTIONS", "HEAD"}:
                answer = client.open(path, method=method)
                assert answer.status_code == 401, (method, path)
                assert answer.headers["WWW-Authenticate"].startswith("Bearer")
