"""The short way for articles: by id and by locale and slug, answered in front of Flask by one keyed read (ADR 10).

Whatever is not plain falls through to the same routes in `api.py`, which answer byte for byte the same: another method,
a query, a credential, a path in another spelling, an article that is not there, a database that does not answer, and
every request where the settings list hosts or origins. Not here: lists, search (`api.py`).
"""

import re
from collections.abc import Callable, Iterable
from typing import Any

from cms.content.addressing import Pages
from cms.content.queries import ReadyDocument, document_by_id, document_by_slug, http_date
from cms.platform.direct_reads import DirectReads
from cms.platform.errors import Unavailable
from cms.platform.http.etags import is_listed
from cms.platform.http.public import JSON, PUBLIC
from cms.settings import Settings

Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]

PREFIX = "/content/v1/articles/"
ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
SLUG = re.compile(r"([A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8})*)/([a-z0-9]+(?:-[a-z0-9]+)*)")
HOST = re.compile(r"[a-z0-9](?:[a-z0-9.-]{0,250}[a-z0-9])?(?::[0-9]{1,5})?")
BY_ID = "/content/v1/articles/<uuid:article_id>"
BY_SLUG = "/content/v1/articles/<locale>/<slug>"


def express(application: Application, reads: DirectReads, settings: Settings) -> Application:
    """Put the short way in front of an application; one object per process, safe for threads."""
    if settings.hosts or settings.allowed_origins:
        return application
    pages = Pages(settings.article_page_url)

    def through(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        document = _document(environ, reads) if _is_plain(environ) else None
        if document is None:
            return application(environ, start_response)
        body, etag = pages.shown(bytes(document.body), document.etag)
        common = [("ETag", etag), ("Cache-Control", PUBLIC)]
        if is_listed(etag, environ.get("HTTP_IF_NONE_MATCH")):
            start_response("304 NOT MODIFIED", common)
            return ()
        length = str(len(body))
        changed = ("Last-Modified", http_date(document.changed_at))
        start_response("200 OK", [("Content-Type", JSON), *common, changed, ("Content-Length", length)])
        return () if environ["REQUEST_METHOD"] == "HEAD" else (body,)

    return through


def _is_plain(environ: dict[str, Any]) -> bool:
    return (
        environ["REQUEST_METHOD"] in ("GET", "HEAD")
        and environ["PATH_INFO"].startswith(PREFIX)
        and not environ.get("QUERY_STRING")
        and "HTTP_AUTHORIZATION" not in environ
        and HOST.fullmatch(environ.get("HTTP_HOST", "")) is not None
    )


def _document(environ: dict[str, Any], reads: DirectReads) -> ReadyDocument | None:
    rest = environ["PATH_INFO"][len(PREFIX) :]
    try:
        if ID.fullmatch(rest):
            environ["copydesk.route"] = BY_ID
            return document_by_id(reads, rest)
        named = SLUG.fullmatch(rest)
        if named is None:
            return None
        environ["copydesk.route"] = BY_SLUG
        return document_by_slug(reads, named[1], named[2])
    except Unavailable:
        # Flask asks once more, and says in the one voice of all refusals what it finds.
        return None
