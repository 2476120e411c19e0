"""What the content API answers those who may read under embargo: never cached, and every reading is remembered.

Whoever may not is answered nothing here, and then by the public routes as if there were no such article.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import orjson
from flask import Response, request
from sqlalchemy.orm import Session

from cms.content.addressing import Pages
from cms.content.embargo import queries
from cms.content.embargo.models import EmbargoedDocument, EmbargoedTombstone
from cms.content.embargo.sharing import note_read
from cms.content.rules import tombstone_data
from cms.identity.rules import Place, places
from cms.platform.actor import Actor
from cms.platform.errors import Forbidden, Gone, Unauthenticated
from cms.platform.http.etags import is_not_modified
from cms.platform.http.guard import bearer_token
from cms.platform.http.pages import page_answer
from cms.platform.http.public import JSON
from cms.platform.http.services import services

READ_EARLY = "embargo:read"
LISTING = "content|embargoed"
PRIVATE = {"Cache-Control": "private, no-store"}
Find = Callable[[Session, Iterable[Place]], EmbargoedDocument | None]
FindTombstone = Callable[[Session, Iterable[Place]], EmbargoedTombstone | None]


def early_answer(find: Find, find_tombstone: FindTombstone) -> Response | None:
    """An article under embargo, for a caller who may read it; None for everybody else, whatever there is.

    Raises: Gone for one that was taken down under embargo, to those who might have read it.
    """
    actor = _early_reader()
    if actor is None:
        return None
    where = places(actor.grants, READ_EARLY)
    with services().database.reading() as session:
        row = find(session, where)
        buried = find_tombstone(session, where) if row is None else None
        if buried is not None:
            tombstone = tombstone_data(buried.article_id, buried.taken_down_at, buried.reason)
            raise Gone("This article was taken down.", extra={"tombstone": tombstone}, headers=PRIVATE)
    if row is None:
        return None
    _remember(actor, [row.article_id])
    body, etag = Pages.of(services().settings).shown(bytes(row.body), row.etag)
    headers = {**PRIVATE, "ETag": etag}
    if is_not_modified(etag):
        return Response(b"", 304, headers=headers)
    return Response(body, 200, headers=headers, content_type=JSON)


def early_list(query: Mapping[str, Any]) -> Response:
    """Cards of the articles under embargo, those that end first first. Raises: Unauthenticated; Forbidden."""
    actor = services().verify_token(bearer_token())
    if not actor.may(READ_EARLY):
        raise Forbidden(f"This needs the scope {READ_EARLY}.", extra={"missing_permission": READ_EARLY})
    where = places(actor.grants, READ_EARLY)
    given: list[str] = []

    def dump(row: EmbargoedDocument) -> Any:
        given.append(row.article_id)
        return orjson.loads(row.card)

    with services().database.reading() as session:
        response = page_answer(
            LISTING,
            query,
            read=lambda limit, after, is_backwards: queries.embargoed(
                session, where, limit=limit, after=after, is_backwards=is_backwards
            ),
            position=queries.position_of,
            dump=dump,
            count=lambda: 0,
        )
    _remember(actor, given)
    return response


def _early_reader() -> Actor | None:
    if "Authorization" not in request.headers:
        return None
    try:
        actor = services().verify_token(bearer_token())
    except Unauthenticated:
        # Public content is for everybody, and a credential that is none changes nothing about it.
        return None
    return actor if actor.may(READ_EARLY) else None


def _remember(actor: Actor, article_ids: list[str]) -> None:
    """Nothing is given before it is on record who got it."""
    if not article_ids:
        return
    now = services().clock()
    with services().database.transaction() as session:
        for article_id in sorted(article_ids):
            note_read(session, actor, article_id, now)
