"""Schedules over HTTP: one article's, and the calendar of everything."""

from typing import Any

from flask import Blueprint, Response

from cms.identity.access import READ
from cms.identity.rules import places
from cms.newsroom.api.answering import article_key, readable
from cms.newsroom.preparing import NO_BODY, prepare_body
from cms.newsroom.schedules import queries, scheduling
from cms.newsroom.schedules.rules import PutSchedule
from cms.newsroom.schedules.schemas import (
    CalendarPageShape,
    CalendarQueryShape,
    EmbargoShape,
    ScheduleInputShape,
    ScheduleShape,
)
from cms.platform.errors import Invalid, NotFound
from cms.platform.http.answers import answer
from cms.platform.http.endpoint import endpoint
from cms.platform.http.etags import must_be_new, optional_revision, revision_etag
from cms.platform.http.guard import current_actor
from cms.platform.http.pages import page_answer
from cms.platform.http.services import services
from cms.platform.http.transactions import reading, transaction

schedules = Blueprint("schedules", __name__, url_prefix="/api/v1")


@schedules.get("/articles/<article_id>/schedule")
@endpoint(
    summary="Read the schedule of an article",
    scope="articles:read",
    answers={200: ScheduleShape},
    refuses=(404,),
)
def read_schedule(article_id: str) -> Response:
    """What will happen at which instants, and what came of it; with the ETag that changes are made on."""
    with reading() as session:
        article = readable(session, article_id)
        schedule = queries.schedule_of(session, article.id)
        data = queries.schedule_data(session, schedule, article) if schedule is not None else None
        if schedule is None or data is None:
            raise NotFound(scheduling.NO_SCHEDULE)
        return answer(data, etag=revision_etag(schedule.version))


@schedules.put("/articles/<article_id>/schedule")
@endpoint(
    summary="Schedule an article",
    scope="articles:publish",
    body=ScheduleInputShape,
    answers={200: ScheduleShape},
    refuses=(404, 409, 412, 428),
    description="Publishes the revision that is present now, whatever is edited until then; put it again to take a "
    "newer one. That revision never changes, so what a publish would refuse now is refused at once, with the same "
    "answer; what it would warn about stands in `warnings`. The first needs no precondition (`If-None-Match: *` makes "
    "sure of it); one that waits or was missed is changed with `If-Match` and the ETag of the schedule. The `Location` "
    "is the receipt.",
)
def put_schedule(article_id: str, body: dict[str, Any]) -> Response:
    """Have an article published, taken away, or both, at instants by themselves."""
    if body["wrong"]:
        raise Invalid(errors=body["wrong"])
    command = PutSchedule(
        article_key(article_id), body["times"], body["revision"], optional_revision(), must_be_new=must_be_new()
    )
    prepared = NO_BODY
    if command.times.public_at is not None:
        prepared = prepare_body(services().database, current_actor(), command.article_id, command.revision)
    with transaction() as session:
        done = scheduling.put_schedule(session, current_actor(), command, prepared, services().clock())
        data = queries.schedule_data(session, done.schedule, done.article)
        assert data is not None, "a schedule that was just put holds something"
        data["warnings"] = list(done.warnings)
        headers = {"Location": f"/api/v1/receipts/{done.letter.id}"}
        return answer(data, headers=headers, etag=revision_etag(done.schedule.version))


@schedules.delete("/articles/<article_id>/schedule")
@endpoint(
    summary="End the schedule of an article",
    scope="articles:publish",
    needs_revision=True,
    answers={204: None},
    description="`If-Match` holds the ETag of the schedule.",
)
def end_schedule(article_id: str, revision: int) -> Response:
    """Nothing happens by itself any more. What readers see by now stays."""
    with transaction() as session:
        scheduling.end_schedule(session, current_actor(), article_key(article_id), revision, services().clock())
        return answer(None, 204)


@schedules.get("/articles/<article_id>/embargo")
@endpoint(summary="Read who read an article early", scope="articles:read", answers={200: EmbargoShape}, refuses=(404,))
def read_embargo(article_id: str) -> Response:
    """Until when it is under embargo, and who fetched it before everybody else; kept when the embargo is over."""
    with reading() as session:
        data = queries.embargo_data(session, readable(session, article_id).id)
        if data is None:
            raise NotFound("This article never was under embargo.")
        return answer(data)


@schedules.get("/schedules")
@endpoint(
    summary="List what is scheduled",
    scope="articles:read",
    query=CalendarQueryShape,
    answers={200: CalendarPageShape},
    description="The calendar of what one may read: what waits, was done and was missed.",
)
def list_schedules(query: dict[str, Any]) -> Response:
    """What happens at which instant, the earliest first."""
    asked = queries.Calendar(
        places(current_actor().grants, READ), since=query["from_"], until=query["to"], state=query["state"]
    )
    with reading() as session:

        def read(limit: int, after: tuple[Any, ...] | None, is_backwards: bool) -> list[Any]:
            rows = queries.calendar(session, asked, limit=limit, after=after, is_backwards=is_backwards)
            about = queries.subjects(session, rows)
            return [(row, about[row.subject_id]) for row in rows]

        return page_answer(
            asked.name,
            query,
            read=read,
            position=lambda pair: queries.position_of(pair[0]),
            dump=lambda pair: queries.entry_data(*pair),
            count=lambda: queries.count_of(session, asked),
        )
