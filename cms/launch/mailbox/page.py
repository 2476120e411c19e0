"""The mailbox's page: every caught letter in plain sight, as HTML for people and as JSON for programs.

Letters are somebody else's text: all of it is escaped, the HTML part is shown in a sandbox, and a page from the
web cannot read it through a name of its own that points to this machine.
"""

import base64
import hashlib
import html
import ipaddress
import sys
from dataclasses import asdict
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, cast

import orjson

from cms.launch.mailbox.letters import CaughtLetter, Letters

SHOWN = 100
STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 46rem; margin: 2rem auto; padding: 0 1rem; color: #1c1c1c }
h1 { font-size: 1.3rem } article { border: 1px solid #ccc; border-radius: 6px; padding: .6rem 1rem; margin: 1rem 0 }
h2 { font-size: 1.05rem; margin: .2rem 0 } p { margin: .2rem 0; color: #555 }
pre { white-space: pre-wrap; font: inherit }
@media (prefers-color-scheme: dark) { body { background: #161616; color: #eee } p { color: #aaa } a { color: #9cf } }
"""
STYLE_DIGEST = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
PAGE_POLICY = (
    f"default-src 'none'; style-src 'sha256-{STYLE_DIGEST}'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)
DATA_POLICY = "default-src 'none'; frame-ancestors 'none'"
LETTER_POLICY = "sandbox; default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"


class PageServer(ThreadingHTTPServer):
    """Serves the page. Raises: OSError when the address is taken."""

    daemon_threads = True

    def __init__(self, address: tuple[str, int], letters: Letters, own_name: str) -> None:
        self.letters = letters
        self.own_names = {"localhost", own_name}
        self.address_family = 10 if ":" in address[0] else 2
        super().__init__(address, Handler)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of a browser that went away in the middle; show every other mistake."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class Handler(BaseHTTPRequestHandler):
    """GET and HEAD of the list, of one letter's HTML part and of its source."""

    timeout = 10
    server_version = "Copydesk-mailbox"
    sys_version = ""

    def do_GET(self) -> None:
        """Answer one request."""
        letters = cast(PageServer, self.server).letters
        if not self._is_asked_by_own_name():
            return self._answer(HTTPStatus.MISDIRECTED_REQUEST, "text/plain", b"Ask by localhost or by an address.\n")
        path = self.path.partition("?")[0]
        if path == "/":
            return self._answer(HTTPStatus.OK, "text/html", page(letters.newest(SHOWN)), PAGE_POLICY)
        if path == "/messages.json":
            data = [asdict(letter) for letter in letters.newest(SHOWN)]
            return self._answer(HTTPStatus.OK, "application/json", orjson.dumps({"data": data}))
        if path.startswith("/letters/") and path.endswith(".html"):
            letter = letters.read(path.removeprefix("/letters/").removesuffix(".html"))
            if letter is not None:
                return self._answer(HTTPStatus.OK, "text/html", letter.html.encode(), LETTER_POLICY)
        elif path.startswith("/letters/") and path.endswith(".eml"):
            source = letters.source(path.removeprefix("/letters/").removesuffix(".eml"))
            if source is not None:
                return self._answer(HTTPStatus.OK, "text/plain", source)
        return self._answer(HTTPStatus.NOT_FOUND, "text/plain", b"There is nothing here.\n")

    do_HEAD = do_GET  # noqa: N815  # the standard library's name

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing: reading one's mail is not news."""

    def _is_asked_by_own_name(self) -> bool:
        host = self.headers.get("Host", "")
        name = host[1:].partition("]")[0] if host.startswith("[") else host.partition(":")[0]
        if name in cast(PageServer, self.server).own_names:
            return True
        try:
            ipaddress.ip_address(name)
        except ValueError:
            return False
        return True

    def _answer(self, status: HTTPStatus, media_type: str, body: bytes, policy: str = DATA_POLICY) -> None:
        self.send_response(status)
        for name, value in (
            ("Content-Type", f"{media_type}; charset=utf-8"),
            ("Content-Length", str(len(body))),
            ("Content-Security-Policy", policy),
            ("X-Content-Type-Options", "nosniff"),
            ("Referrer-Policy", "no-referrer"),
            ("Cross-Origin-Resource-Policy", "same-origin"),
            ("Cache-Control", "no-store"),
        ):
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)


def page(letters: list[CaughtLetter]) -> bytes:
    """The list as HTML; it asks again every five seconds, without a script."""
    inner = "".join(_article(letter) for letter in letters) or "<p>No letter was sent yet.</p>"
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><meta http-equiv="refresh" content="5">'
        '<meta name="viewport" content="width=device-width"><title>Copydesk mailbox</title>'
        f"<style>{STYLE}</style></head><body><h1>Letters that Copydesk sent</h1>{inner}</body></html>"
    ).encode()


def _article(letter: CaughtLetter) -> str:
    to = html.escape(", ".join(letter.to))
    links = f'<a href="/letters/{letter.id}.html">HTML part</a> · <a href="/letters/{letter.id}.eml">source</a>'
    return (
        f"<article><h2>{html.escape(letter.subject)}</h2>"
        f"<p>To {to}, from {html.escape(letter.sender)}, {letter.received_at}</p>"
        f"<pre>{html.escape(letter.text)}</pre><p>{links}</p></article>"
    )
