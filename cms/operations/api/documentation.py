"""The documentation that the product serves: the OpenAPI document, a page to try it, and what each problem means."""

import html
from importlib.resources import files

from flask import Blueprint, Response, current_app, request

from cms.operations.closing import refuse_closed
from cms.operations.openapi import openapi_document
from cms.operations.problems_page import PROBLEMS
from cms.platform.errors import NotFound
from cms.platform.http.answers import encode, public_answer
from cms.platform.http.door import POLICY
from cms.platform.http.endpoint import endpoint
from cms.platform.http.transactions import reading
from cms.taxonomy.article_types.queries import types

KEPT = "copydesk.openapi"
PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
ASSETS = {"docs.js": "text/javascript", "docs.css": "text/css"}
ICON = '<link rel="icon" href="data:,">'
FRONT = (
    f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Copydesk</title>{ICON}'
    '<meta name="viewport" content="width=device-width"><link rel="stylesheet" href="/docs/docs.css"></head>'
    '<body><header><h1>Copydesk</h1></header><main><ul><li><a href="/docs">The API, to try in the browser</a></li>'
    '<li><a href="/content/v1/articles">Newest articles</a></li><li><a href="/docs/problems">Problems</a></li></ul>'
    "</main></body></html>"
)

documentation = Blueprint("documentation", __name__)


@documentation.get("/openapi.json")
@endpoint(summary="This document", answers={200: None, 304: None}, refuses=(404,))
def openapi() -> Response:
    """The OpenAPI 3.1 document, made once in each process for the article types in force."""
    refuse_closed("openapi")
    with reading() as session:
        known = types(session)
    digests = tuple(kind.digest for kind in known.values())
    kept = current_app.extensions.get(KEPT)
    if kept is None or kept[0] != digests:
        kept = current_app.extensions[KEPT] = (digests, encode(openapi_document(current_app, known)))
    return public_answer(kept[1])


# An empty path is this page too: the framework would otherwise redirect it.
@documentation.get("/", strict_slashes=False)
def front() -> Response:
    """A page that says where to go: no answer of ours sends anybody elsewhere by itself."""
    refuse_closed("docs")
    response = _page(FRONT)
    response.headers["Cache-Control"] = "no-store"
    return response


@documentation.get("/docs")
def page() -> Response:
    """An interactive page over the OpenAPI document, without anything from elsewhere."""
    refuse_closed("docs")
    return _page(files("cms.operations.pages").joinpath("docs.html").read_text("utf-8"))


@documentation.get("/docs/<name>")
def asset(name: str) -> Response:
    """The page's script and style, and the page of problems."""
    if name == "problems":
        return _page(_problems())
    if name not in ASSETS:
        raise NotFound(f"The documentation has no part named {name[:60]!r}.")
    response = Response(files("cms.operations.pages").joinpath(name).read_bytes(), mimetype=ASSETS[name])
    response.headers["Cache-Control"] = "public, max-age=300"
    return response


def _page(text: str) -> Response:
    response = Response(text, mimetype="text/html")
    request.environ[POLICY] = PAGE_POLICY
    response.headers["Cache-Control"] = "public, max-age=300"
    return response


def _problems() -> str:
    rows = "".join(
        f'<section id="{html.escape(code)}"><h2>{html.escape(code)} <small>{status}</small></h2>'
        f"<p>{html.escape(meaning)}</p></section>"
        for code, (status, meaning) in sorted(PROBLEMS.items())
    )
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Problems · Copydesk</title>'
        '<meta name="viewport" content="width=device-width"><link rel="stylesheet" href="/docs/docs.css">'
        f'{ICON}</head><body><header><h1>Problems</h1><p><a href="/docs">The API</a></p></header>'
        f"<main>{rows}</main></body></html>"
    )
