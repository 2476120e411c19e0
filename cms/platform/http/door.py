"""The door: a small WSGI function around the application that gives each request its id, the asker's address, the
headers that every answer owes, one log line and its place in the metrics."""

import ipaddress
import random
import re
import time
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any, TypeVar

from cms.environment import Network
from cms.platform.clock import now
from cms.platform.http.accounting import accounts
from cms.platform.logs import request_in_hand
from cms.settings import Settings

REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")
WITH_PORT = re.compile(r"(?:\[([^\]]+)\]|([0-9.]+))(?::[0-9]{1,5})?")
SECURITY = [
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "no-referrer"),
    ("X-Frame-Options", "DENY"),
    ("Cross-Origin-Resource-Policy", "cross-origin"),
    # Where an answer names no server, the HTTP server writes its own name; this one tells nothing new, and no version.
    ("Server", "copydesk"),
]
STAY_WITH_TLS = ("Strict-Transport-Security", "max-age=31536000")
# What a browser may do with an answer; a page that needs more says so in the request's environment, by this name.
POLICY = "copydesk.policy"
STRICT = "default-src 'none'; frame-ancestors 'none'"
StartResponse = Callable[..., Any]
# What is behind the door: an application, or one that gives None for what it does not answer.
Answer = TypeVar("Answer", bound=Iterable[bytes] | None)


def door(
    application: Callable[[dict[str, Any], StartResponse], Answer], settings: Settings
) -> Callable[[dict[str, Any], StartResponse], Answer]:
    """Wrap an application; one object per process, safe for threads."""
    owed = [*SECURITY, STAY_WITH_TLS] if settings.public_url.startswith("https://") else SECURITY

    def through(environ: dict[str, Any], start_response: StartResponse) -> Answer:
        began = time.perf_counter()
        given = environ.get("HTTP_X_REQUEST_ID", "")
        # Told apart, not kept secret: the system's random source would cost a system call for each request.
        identity = given if given and REQUEST_ID.fullmatch(given) else f"{random.getrandbits(64):016x}"
        environ["copydesk.request_id"] = identity
        environ["copydesk.client_address"] = client = client_address(environ, settings.trusted_proxies)
        request_in_hand.set(identity)

        def start(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
            policy = ("Content-Security-Policy", environ.get(POLICY, STRICT))
            headers = [*headers, *owed, policy, ("X-Request-Id", identity)]
            method, path = environ["REQUEST_METHOD"], environ.get("PATH_INFO", "")
            seconds = time.perf_counter() - began
            accounts.take((method, _route(environ), status[:3], seconds, now(), identity, path, client))
            return start_response(status, headers, exc_info) if exc_info else start_response(status, headers)

        return application(environ, start)

    return through


def client_address(environ: dict[str, Any], trusted_proxies: tuple[Network, ...]) -> str:
    """The peer's address, or the last address in X-Forwarded-For that is not a configured proxy's own.

    IPv4 is written as such, also where a socket for both kinds wraps it in IPv6, so that one asker has one address.
    """
    text = str(environ.get("REMOTE_ADDR", ""))
    sent = environ.get("HTTP_X_FORWARDED_FOR")
    if not sent:
        return _spelled(text)
    address = _address(text)
    if address is None:
        return text
    forwarded = [part.strip() for part in sent.split(",") if part.strip()]
    while forwarded and any(address in network for network in trusted_proxies):
        candidate = _address(forwarded.pop())
        if candidate is None:
            break
        address = candidate
    return str(address)


@lru_cache(maxsize=4096)
def _address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """An address, without the port that some proxies append: `192.0.2.1:4711`, `[2001:db8::1]:4711`."""
    match = WITH_PORT.fullmatch(text)
    try:
        address = ipaddress.ip_address(match[1] or match[2] if match else text)
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


@lru_cache(maxsize=4096)
def _spelled(text: str) -> str:
    address = _address(text)
    return text if address is None else str(address)


def _route(environ: dict[str, Any]) -> str:
    # The rule, not the path: a label per article would make as many time series as there are articles.
    rule = getattr(environ.get("werkzeug.request"), "url_rule", None)
    return rule.rule if rule is not None else environ.get("copydesk.route", "none")
