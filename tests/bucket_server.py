"""An S3 server as a program: moto's, on loopback, with faults that a test can order.

Started with its port. `POST /_fault` with {"kind", "method", "after"} lets so many requests of a method through; what
comes then is held back ("hold"), answered 503 ("fail") or 403 ("refuse"), or taken from anybody ("open"), until another
order, or none (""), comes.
"""

import json
import logging
import sys
import threading
from collections.abc import Callable, Iterable
from typing import Any

from moto.server import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import make_server

ANSWERS = {"fail": "503 Service Unavailable", "refuse": "403 Forbidden"}
CODES = {"fail": "SlowDown", "refuse": "AccessDenied"}
LONGEST_HELD_SECONDS = 60


class Faulty:
    """The application behind the fault of this moment."""

    def __init__(self, application: Callable[..., Iterable[bytes]]) -> None:
        self.application = application
        self.lock = threading.Lock()
        self.fault: dict[str, Any] = {"kind": ""}
        self.is_over = threading.Event()
        self.counts: dict[str, int] = {}

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """One request."""
        if environ["PATH_INFO"] == "/_fault":
            return self._order(environ, start_response)
        with self.lock:
            method = environ["REQUEST_METHOD"]
            self.counts[method] = self.counts.get(method, 0) + 1
            kind, is_over = self._due(method), self.is_over
        if kind == "hold":
            is_over.wait(LONGEST_HELD_SECONDS)
        elif kind == "open":
            environ.setdefault("HTTP_AUTHORIZATION", "AWS4-HMAC-SHA256 Credential=anybody/20260101/us-east-1/s3/aws4")
        elif kind:
            environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
            start_response(ANSWERS[kind], [("Content-Type", "application/xml")])
            return [f"<Error><Code>{CODES[kind]}</Code><Message>as ordered</Message></Error>".encode()]
        return self.application(environ, start_response)

    def _due(self, method: str) -> str:
        if not self.fault["kind"] or self.fault["method"] not in (method, "*"):
            return ""
        self.fault["after"] -= 1
        return str(self.fault["kind"]) if self.fault["after"] < 0 else ""

    def _order(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        order = json.loads(environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"])))
        with self.lock:
            self.is_over.set()
            self.fault, self.is_over = order, threading.Event()
            counts, self.counts = self.counts, {}
        start_response("200 OK", [("Content-Type", "application/json")])
        return [json.dumps(counts).encode()]


if __name__ == "__main__":
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    application = Faulty(DomainDispatcherApplication(create_backend_app))
    make_server("127.0.0.1", int(sys.argv[1]), application, threaded=True).serve_forever()
