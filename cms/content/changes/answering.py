"""What readers saw at an instant, as an answer."""

from collections.abc import Callable
from typing import Any

from flask import Response
from sqlalchemy.orm import Session

from cms.content.addressing import Pages
from cms.content.changes.mentions import without_taken_down
from cms.content.changes.queries import Past
from cms.content.projecting import projected
from cms.content.rules import ORDER
from cms.platform.errors import BadRequest, FieldError
from cms.platform.http.answers import public_answer
from cms.platform.http.services import services


def past_answer(find: Callable[[Session], Past | None], query: dict[str, Any]) -> Response | None:
    """The document that `find` finds, as it was; None where there is none. Raises: BadRequest for what is to come."""
    parts = services()
    if query["as_of"] > parts.clock():
        wrong = FieldError("?as_of", "invalid", "Must not be in the future: nobody knows what readers will see.")
        raise BadRequest("A query parameter is not right.", errors=[wrong])
    with parts.database.reading() as session:
        past = find(session)
        kept = without_taken_down(session, past.body) if past is not None else b""
    if past is None:
        return None
    body, _ = Pages.of(parts.settings).shown(kept, "")
    if query["choice"] is not None:
        body = projected(body, query["choice"], ORDER)
    return public_answer(body, cache_keys=f"article-{past.article_id}")
