"""The short way: an article by id or by locale and slug, and the first page of a list, answered in front of Flask by
one read of the database (ADR 10).

Whatever is not plain falls through to the same routes in `api.py`, which answer byte for byte the same: another method,
another query, a credential, a path in another spelling, an article that is not there, a database that does not answer.
Not here: what an answer says (`representing.py`), how a list is read (`listing.py`).
"""

import re
from collections.abc import Callable, Iterable
from datetime import datetime
from functools import lru_cache
from typing import Any

from cms.content.addressing import Pages
from cms.content.answering import document_representation, list_keys, page_representation
from cms.content.listing import newest
from cms.content.queries import document_by_id, document_by_slug
from cms.content.rules import PAGE, Filter, span
from cms.platform.direct_reads import DirectReads
from cms.platform.errors import NotAcceptable, Unavailable
from cms.platform.http.public import origin_headers
from cms.platform.http.representing import Header, Representation, respond
from cms.platform.keys import Keys
from cms.platform.text.locales import canonical_locale
from cms.settings import Settings

Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]
Clock = Callable[[], datetime]
Found = tuple[Representation, list[Header]] | None

LIST = "/content/v1/articles"
# What may name an article; whether it does is seen by the article.
NAMED = re.compile(
    "/content/v1/articles/(?:([A-Za-z0-9-]{2,35})/([a-z0-9-]{1,120})|([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}))"
)
WORD = re.compile(r"[a-z0-9-]{1,120}")
NARROWED = {
    "section": WORD,
    "tag": WORD,
    "author": WORD,
    "locale": re.compile(r"[A-Za-z0-9-]{2,35}"),
    "year": re.compile(r"(?!9999)[1-9][0-9]{3}"),
    "month": re.compile(r"[1-9]|1[0-2]"),
}
HOST = re.compile(r"([a-z0-9](?:[a-z0-9.-]{0,250}[a-z0-9])?)(?::[0-9]{1,5})?")
BY_ID = "/content/v1/articles/<uuid:article_id>"
BY_SLUG = "/content/v1/articles/<locale>/<slug>"


class Express:
    """The short way in front of an application; one object per process, safe for threads."""

    def __init__(
        self,
        application: Application,
        reads: DirectReads,
        keys: Keys,
        settings: Settings,
        clock: Callable[[], datetime],
    ) -> None:
        self.application, self.reads, self.keys, self.clock = application, reads, keys, clock
        self.hosts, self.origins = settings.hosts, settings.allowed_origins
        self.pages = Pages.of(settings)
        self.list_address = settings.public_url + LIST

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """One request."""
        answer = self.at_once(environ, start_response)
        return self.application(environ, start_response) if answer is None else answer

    def at_once(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes] | None:
        """One request, or None for one that is not answered here: nothing was said to that."""
        try:
            found = self._found(environ) if self._is_plain(environ) else None
            if found is None:
                return None
            status, headers, body = respond(found[0], environ, self.clock(), found[1])
        except (Unavailable, NotAcceptable):
            # Flask asks once more, and says in the one voice of all refusals what it finds.
            return None
        if self.origins:
            vary = ("Vary", "Accept-Encoding, Origin")
            headers = [vary if header[0] == "Vary" else header for header in headers]
            headers += origin_headers(self.origins, environ.get("HTTP_ORIGIN"))
        start_response(status, headers)
        return [body] if environ["REQUEST_METHOD"] == "GET" and body else []

    def _is_plain(self, environ: dict[str, Any]) -> bool:
        if environ["REQUEST_METHOD"] not in ("GET", "HEAD") or "HTTP_AUTHORIZATION" in environ:
            return False
        host = _host(environ.get("HTTP_HOST", ""))
        return host is not None and (not self.hosts or host in self.hosts)

    def _found(self, environ: dict[str, Any]) -> Found:
        path, query = environ["PATH_INFO"], environ.get("QUERY_STRING", "")
        if path == LIST:
            environ["copydesk.route"] = LIST
            return self._first_page(query)
        named = None if query else NAMED.fullmatch(path)
        if named is None:
            return None
        locale, slug, article_id = named.groups()
        if slug:
            environ["copydesk.route"] = BY_SLUG
            document = document_by_slug(self.reads, locale, slug)
        else:
            environ["copydesk.route"] = BY_ID
            document = document_by_id(self.reads, article_id)
        return None if document is None else (document_representation(document, self.pages), [])

    def _first_page(self, query: str) -> Found:
        plain = _plain_filter(query)
        if plain is None:
            return None
        asked, name, cache_keys = plain
        page = newest(self.reads, asked, PAGE, None)
        if not page.joined:
            # A section may have had this name before: the longer way finds out.
            return None
        return page_representation(
            self.keys, name, page.joined, PAGE, page.following, None, marks=page.marks, cache_keys=cache_keys,
            address=self.list_address, query=query,
        )  # fmt: skip


@lru_cache(maxsize=1024)
def _host(header: str) -> str | None:
    """The host that a header `Host` names in its one spelling; None for others."""
    named = HOST.fullmatch(header)
    return named[1] if named else None


@lru_cache(maxsize=1024)
def _plain_filter(query: str) -> tuple[Filter, str, str] | None:
    """The filter of a query with a section, tag, author, language and time, each once at most and in its one spelling;
    None for others. Beside it the name of the list, and its keys for caches."""
    named = _named(query)
    for name, text in named.items():
        if name not in NARROWED or not NARROWED[name].fullmatch(text):
            return None
        if name == "locale" and canonical_locale(text) != text:
            return None
    if query != "&".join(f"{name}={text}" for name, text in named.items()) or (
        "month" in named and "year" not in named
    ):
        return None
    month = int(named["month"]) if "month" in named else None
    since, until = span(int(named["year"]), month) if "year" in named else (None, None)
    asked = Filter(
        section=named.get("section"),
        tags=(named["tag"],) if "tag" in named else (),
        author=named.get("author"),
        locale=named.get("locale"),
        since=since,
        until=until,
    )
    return asked, asked.name, list_keys(asked)


def _named(query: str) -> dict[str, str]:
    return {name: text for name, _, text in (part.partition("=") for part in query.split("&"))} if query else {}
