"""Why somebody may or may not do something, over HTTP."""

from typing import Any

from flask import Blueprint, Response
from sqlalchemy.orm import Session

from cms.operations.explaining import Subject, explain, staff_subject, subject_of, thing_named, token_subject
from cms.operations.schemas import ExplainQueryShape, ExplanationShape
from cms.platform.errors import NotFound
from cms.platform.http.answers import answer
from cms.platform.http.endpoint import endpoint
from cms.platform.http.guard import current_actor, require
from cms.platform.http.transactions import reading
from cms.platform.text.locales import canonical_locale

access = Blueprint("access", __name__, url_prefix="/api/v1")

OTHERS = "access:explain"


@access.get("/access/explain")
@endpoint(
    summary="Why something is allowed or not",
    is_for_every_caller=True,
    query=ExplainQueryShape,
    answers={200: ExplanationShape},
    refuses=(404,),
    description=f"For oneself without any permission; for somebody else (`for`) it needs `{OTHERS}`.",
)
def explain_access(query: dict[str, Any]) -> Response:
    """Which grant allows an act on an article or in a section, or what is missing."""
    actor, name = current_actor(), query["on"]
    with reading() as session:
        subject = _subject(session, query["for_"])
        locale = canonical_locale(query["locale"] or "") or ""
        thing = None if name is None else thing_named(session, actor, subject, name, locale)
        return answer(explain(subject, query["action"], thing))


def _subject(session: Session, other: str | None) -> Subject:
    actor = current_actor()
    if other is None or other == actor.id:
        return subject_of(actor)
    require(OTHERS)
    found = token_subject(session, other) or staff_subject(session, other)
    if found is None:
        raise NotFound("There is no token and no colleague of this id.")
    return found
