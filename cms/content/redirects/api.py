"""Redirects over HTTP: what a path leads to, for everybody; the list of redirects, for editors."""

from dataclasses import replace
from typing import Any
from urllib.parse import quote, urlsplit

import orjson
from flask import Blueprint, Response

from cms.content.assembling import article_url
from cms.content.redirects import queries, redirecting
from cms.content.redirects.models import Redirect
from cms.content.redirects.queries import Resolved
from cms.content.redirects.rules import PERMANENT, NewRedirect, site_path
from cms.content.redirects.schemas import (
    NewRedirectShape,
    RedirectPageShape,
    RedirectQueryShape,
    RedirectShape,
    ResolvedShape,
    ResolveQueryShape,
)
from cms.platform.errors import NotFound
from cms.platform.http.answers import answer, public_answer
from cms.platform.http.endpoint import endpoint
from cms.platform.http.guard import current_actor
from cms.platform.http.pages import page_answer
from cms.platform.http.public import JSON, PUBLIC
from cms.platform.http.services import services
from cms.platform.http.transactions import reading, transaction
from cms.platform.ids import is_id

redirects = Blueprint("redirects", __name__)

NOTHING = "There is nothing at this path."
NO_REDIRECT = "There is no redirect of this id."


@redirects.get("/content/v1/resolve")
@endpoint(
    summary="Say what a path leads to",
    answers={200: ResolvedShape, 304: None},
    query=ResolveQueryShape,
    refuses=(404,),
    description="For front ends: a published article, a redirect (with the status to answer), or what was taken down. "
    "All redirects are followed, so that `location` leads to the end of them.",
)
def resolve_path(query: dict[str, Any]) -> Response:
    """Where readers find what a path of the site names."""
    path = site_path(query["path"])
    found = queries.resolve(services().database.direct, path) if path is not None else None
    if path is None or found is None:
        raise NotFound(NOTHING)
    return public_answer(
        orjson.dumps(resolved_data(found, is_content=path.is_content)), cache_keys="articles redirects"
    )


@redirects.get("/api/v1/redirects")
@endpoint(summary="List redirects", scope="redirects:read", query=RedirectQueryShape, answers={200: RedirectPageShape})
def list_redirects(query: dict[str, Any]) -> Response:
    """Those that editors added, and those that articles left, the newest first."""
    asked = site_path(query["path"]) if query["path"] is not None else None
    path = None if query["path"] is None else asked.text if asked is not None else ""
    with reading() as session:

        def read(limit: int, after: tuple[Any, ...] | None, is_backwards: bool) -> list[Any]:
            rows = queries.redirects(session, limit=limit, after=after, is_backwards=is_backwards, path=path)
            found = queries.locations(session, rows)
            return [(row, found.get(row.id)) for row in rows]

        return page_answer(
            f"redirects|{path}",
            query,
            read=read,
            position=lambda pair: (pair[0].number,),
            dump=lambda pair: _data(*pair),
            count=lambda: queries.count_of(session, path),
        )


@redirects.post("/api/v1/redirects")
@endpoint(
    summary="Add a redirect",
    scope="redirects:write",
    body=NewRedirectShape,
    answers={201: RedirectShape},
    refuses=(409,),
)
def add_redirect(body: NewRedirect) -> Response:
    """From a path where there is nothing, to a path of the site or a page of a host that the settings list."""
    settings = services().settings
    own = urlsplit(settings.public_url).hostname
    hosts = {*settings.redirect_hosts, *([own] if own else [])}
    with transaction() as session:
        row = redirecting.add_redirect(session, current_actor(), body, hosts, services().clock())
        return answer(_data(row, row.target), 201, headers={"Location": f"/api/v1/redirects/{row.id}"})


@redirects.get("/api/v1/redirects/<redirect_id>")
@endpoint(summary="Read a redirect", scope="redirects:read", answers={200: RedirectShape}, refuses=(404,))
def read_redirect(redirect_id: str) -> Response:
    """One redirect."""
    with reading() as session:
        row = queries.redirect_by_id(session, _key(redirect_id))
        if row is None:
            raise NotFound(NO_REDIRECT)
        return answer(_data(row, queries.locations(session, [row]).get(row.id)))


@redirects.delete("/api/v1/redirects/<redirect_id>")
@endpoint(summary="Remove a redirect", scope="redirects:write", answers={204: None}, refuses=(404,))
def remove_redirect(redirect_id: str) -> Response:
    """The path leads nowhere from then on, also one where an article was."""
    with transaction() as session:
        redirecting.remove_redirect(session, current_actor(), _key(redirect_id), services().clock())
        return answer(None, 204)


def moved_answer(found: Resolved | None) -> Response | None:
    """The redirect from a path where an article was to where it is in the content API; None where there is none.

    Apps ask here, so what editors send browsers to beside articles is not followed.
    """
    if found is None or found.kind != "redirect" or found.place is None:
        return None
    data = resolved_data(replace(found, status=PERMANENT), is_content=True)
    headers = {"Location": data["location"], "Cache-Control": PUBLIC}
    return Response(orjson.dumps(data), PERMANENT, headers=headers, content_type=JSON)


def resolved_data(found: Resolved, *, is_content: bool) -> dict[str, Any]:
    """What a path leads to in the shape of `ResolvedShape`; whoever asks by the content API's path is answered so."""
    location, article = found.location, None
    if found.place is not None:
        url = article_url(*found.place)
        article = {"id": found.article_id, "locale": found.place[0], "slug": found.place[1], "url": url}
        location = url if is_content else "/" + "/".join(quote(part) for part in found.place)
    return {"kind": found.kind, "status": found.status, "location": location, "article": article}


def _data(row: Redirect, location: str | None) -> dict[str, Any]:
    return {
        **{name: getattr(row, name) for name in ("id", "path", "status", "article_id", "created_at")},
        "location": location,
    }


def _key(text: str) -> str:
    if not is_id(text):
        raise NotFound(NO_REDIRECT)
    return text
