"""The yardstick: a Flask application with one view that returns constant bytes of a given size."""

import os

from flask import Flask, Response


def create_constant_app() -> Flask:
    """The view stands at `/constant`; the environment variable CONSTANT_BYTES says how many bytes it returns."""
    app = Flask("constant", static_folder=None)
    body = b"x" * int(os.environ["CONSTANT_BYTES"])

    @app.get("/constant")
    def constant() -> Response:
        return Response(body, mimetype="application/json")

    return app
