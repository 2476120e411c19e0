"""Releases over HTTP."""

from typing import Any

from flask import Blueprint, Response
from sqlalchemy.orm import Session

from cms.identity.access import READ
from cms.identity.rules import places
from cms.newsroom.releases import grouping, queries, releasing
from cms.newsroom.releases.models import Release
from cms.newsroom.releases.preparing import PreparedRelease, prepare_added, prepare_release
from cms.newsroom.releases.rules import ChangeRelease, NewRelease, ScheduleRelease
from cms.newsroom.releases.schemas import (
    NewReleaseShape,
    ReleasePageShape,
    ReleasePatchShape,
    ReleaseQueryShape,
    ReleaseScheduleShape,
    ReleaseShape,
)
from cms.platform.errors import FieldError, Invalid, NotFound
from cms.platform.http.answers import answer
from cms.platform.http.endpoint import endpoint
from cms.platform.http.etags import revision_etag
from cms.platform.http.guard import current_actor
from cms.platform.http.pages import page_answer
from cms.platform.http.services import services
from cms.platform.http.transactions import reading, transaction

releases = Blueprint("releases", __name__, url_prefix="/api/v1")
PUBLISH = "articles:publish"


@releases.post("/releases")
@endpoint(summary="Make a release", scope=PUBLISH, body=NewReleaseShape, answers={201: ReleaseShape})
def make_release(body: dict[str, Any]) -> Response:
    """Group articles that readers shall see at one moment."""
    command = NewRelease(body["title"], tuple(body["articles"]))
    with transaction() as session:
        made = grouping.make_release(session, current_actor(), command, services().clock())
        return _release_answer(session, made, 201, Location=f"/api/v1/releases/{made.id}")


@releases.get("/releases")
@endpoint(
    summary="List releases",
    scope=READ,
    query=ReleaseQueryShape,
    answers={200: ReleasePageShape},
    description="Those in which one may read everything.",
)
def list_releases(query: dict[str, Any]) -> Response:
    """Releases, the ones made last first."""
    asked = queries.Releases(places(current_actor().grants, READ), query["state"])
    with reading() as session:

        def read(limit: int, after: tuple[Any, ...] | None, is_backwards: bool) -> list[Any]:
            rows = queries.releases(session, asked, limit=limit, after=after, is_backwards=is_backwards)
            data = queries.release_data(session, rows)
            return [(row, data[row.id]) for row in rows]

        return page_answer(
            asked.name,
            query,
            read=read,
            position=lambda pair: (pair[0].number,),
            dump=lambda pair: pair[1],
            count=lambda: queries.count_of(session, asked),
        )


@releases.get("/releases/<release_id>")
@endpoint(summary="Read a release", scope=READ, answers={200: ReleaseShape}, refuses=(404,))
def read_release(release_id: str) -> Response:
    """Its articles as they are now, and what came of it; with the ETag that changes are made on."""
    with reading() as session:
        release = queries.release_by_id(session, release_id, places(current_actor().grants, READ))
        if release is None:
            raise NotFound(grouping.NO_RELEASE)
        return _release_answer(session, release)


@releases.patch("/releases/<release_id>")
@endpoint(
    summary="Change a release",
    scope=PUBLISH,
    body=ReleasePatchShape,
    needs_revision=True,
    answers={200: ReleaseShape},
    refuses=(409,),
)
def change_release(release_id: str, revision: int, body: dict[str, Any]) -> Response:
    """Rename it, add articles, take articles out."""
    command = ChangeRelease(release_id, revision, body["title"], tuple(body["add"]), tuple(body["remove"]))
    prepared = prepare_added(services().database, current_actor(), release_id, command.add)
    with transaction() as session:
        done = grouping.change_release(session, current_actor(), command, prepared, services().clock())
        return _release_answer(session, done)


@releases.delete("/releases/<release_id>")
@endpoint(summary="Delete a release", scope=PUBLISH, needs_revision=True, answers={204: None}, refuses=(409,))
def delete_release(release_id: str, revision: int) -> Response:
    """One that was not published. Its articles stay as they are."""
    with transaction() as session:
        grouping.delete_release(session, current_actor(), release_id, revision, services().clock())
        return answer(None, 204)


@releases.post("/releases/<release_id>/publish")
@endpoint(
    summary="Publish a release",
    scope=PUBLISH,
    needs_revision=True,
    answers={200: ReleaseShape},
    refuses=(409,),
    description="All articles are live at the next read, or none: then `articles` says what is wrong with each. It "
    "shows the revisions that were scheduled, else the present ones. Each article has a receipt of its own.",
)
def publish_release(release_id: str, revision: int) -> Response:
    """Show every article of a release to readers."""
    actor = current_actor()
    prepared = _prepared(release_id)
    with transaction() as session:
        done = releasing.publish_release(session, actor, release_id, revision, prepared, services().clock())
        return _release_answer(session, done)


@releases.put("/releases/<release_id>/schedule")
@endpoint(
    summary="Schedule a release",
    scope=PUBLISH,
    body=ReleaseScheduleShape,
    needs_revision=True,
    answers={200: ReleaseShape},
    refuses=(409,),
    description="`If-Match` holds the ETag of the release. Readers get the revisions of now, so one that could not be "
    "published now refuses all; then `articles` says what is wrong with each.",
)
def schedule_release(release_id: str, revision: int, body: dict[str, Any]) -> Response:
    """Have a release happen at an instant by itself, all or none."""
    at = body["release_at"]
    if isinstance(at, FieldError):
        raise Invalid(errors=[at])
    command = ScheduleRelease(release_id, revision, at, body["timezone"])
    prepared = _prepared(release_id, is_present=True)
    with transaction() as session:
        done = grouping.schedule_release(session, current_actor(), command, prepared, services().clock())
        return _release_answer(session, done)


@releases.delete("/releases/<release_id>/schedule")
@endpoint(summary="Take a scheduled release back", scope=PUBLISH, needs_revision=True, answers={200: ReleaseShape})
def unschedule_release(release_id: str, revision: int) -> Response:
    """It does not happen by itself any more."""
    with transaction() as session:
        actor, now = current_actor(), services().clock()
        return _release_answer(session, grouping.unschedule_release(session, actor, release_id, revision, now))


def _prepared(release_id: str, *, is_present: bool = False) -> PreparedRelease:
    """The bodies of a release that the caller may read; of another one none, and the verb refuses it."""
    with reading() as session:
        is_there = queries.release_by_id(session, release_id, places(current_actor().grants, READ)) is not None
    if not is_there:
        return PreparedRelease({})
    return prepare_release(services().database, release_id, is_present=is_present)


def _release_answer(session: Session, release: Release, status: int = 200, **headers: str) -> Response:
    data = queries.release_data(session, [release])[release.id]
    return answer(data, status, headers=headers, etag=revision_etag(release.version))
