"""The yardsticks: constant bytes of given sizes from a Flask view, and from a bare WSGI function."""

import os
from collections.abc import Callable, Iterable
from typing import Any

from flask import Flask, Response


def create_constant_app() -> Flask:
    """A view at `/constant/SIZE` for each size in the environment variable CONSTANT_BYTES, which has commas between."""
    app = Flask("constant", static_folder=None)
    for size in os.environ["CONSTANT_BYTES"].split(","):
        _add_view(app, size)
    return app


def create_bare_app() -> Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]:
    """Bytes of the first of these sizes, whatever is asked for."""
    body = b"x" * int(os.environ["CONSTANT_BYTES"].partition(",")[0])
    headers = [("Content-Type", "application/json"), ("Content-Length", str(len(body)))]

    def bare(_environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        start_response("200 OK", headers)
        return [body]

    return bare


def _add_view(app: Flask, size: str) -> None:
    body = b"x" * int(size)

    @app.get(f"/constant/{size}", endpoint=size)
    def constant() -> Response:
        return Response(body, mimetype="application/json")
