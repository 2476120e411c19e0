"""What moderators do with comments and with those who write them, each in the places that a grant names."""

from typing import Any

from flask import Blueprint, Response
from sqlalchemy.orm import Session

from cms.identity.rules import places
from cms.platform.http.answers import answer
from cms.platform.http.endpoint import endpoint
from cms.platform.http.etags import revision_etag
from cms.platform.http.guard import current_actor
from cms.platform.http.pages import page_answer
from cms.platform.http.query_input import PageShape
from cms.platform.http.services import services
from cms.platform.http.transactions import reading, transaction
from cms.platform.text.locales import canonical_locale
from cms.readers.comments import banning, deciding
from cms.readers.comments.deciding import MODERATE
from cms.readers.comments.models import Comment
from cms.readers.comments.queries import moderation
from cms.readers.comments.queries.moderation import Asked
from cms.readers.comments.rules import Ban, Choice
from cms.readers.comments.schemas import (
    BanEntryShape,
    BanListShape,
    BanShape,
    BulkResultShape,
    BulkShape,
    DecisionShape,
    ModeratedCommentDetailShape,
    ModeratedCommentListShape,
    ModeratedCommentShape,
    ModerationQueryShape,
)

moderation_desk = Blueprint("moderation", __name__, url_prefix="/api/v1")


@moderation_desk.get("/comments")
@endpoint(
    summary="List comments for moderators",
    scope=MODERATE,
    query=ModerationQueryShape,
    answers={200: ModeratedCommentListShape},
    description="The queue is `state=held`, the oldest first. Comments on articles that readers do not see are in no "
    "list; they come back with the article.",
)
def list_comments(query: dict[str, Any]) -> Response:
    """Comments in the places that one moderates."""
    locale = query["locale"]
    asked = Asked(
        places=places(current_actor().grants, MODERATE),
        state=query["state"],
        article=_text(query["article"]),
        section=query["section"],
        locale=(canonical_locale(locale) or locale) if locale is not None else None,
        reader=_text(query["reader"]),
        is_reported=query["reported"] is not None,
    )
    with reading() as session:

        def read(limit: int, after: tuple[Any, ...] | None, is_backwards: bool) -> list[Any]:
            rows = moderation.comments(session, asked, limit=limit, after=after, is_backwards=is_backwards)
            return list(zip(rows, moderation.comment_data(session, rows), strict=True))

        return page_answer(
            asked.name,
            query,
            read=read,
            position=lambda pair: (pair[0].number,),
            dump=lambda pair: pair[1],
            count=lambda: moderation.count_of(session, asked),
        )


@moderation_desk.get("/comments/<comment_id>")
@endpoint(
    summary="Read a comment for moderators", scope=MODERATE, answers={200: ModeratedCommentDetailShape}, refuses=(404,)
)
def read_comment(comment_id: str) -> Response:
    """With what was reported of it, and the ETag that decisions are made on."""
    with reading() as session:
        comment = deciding.refuse_comment(session, current_actor(), comment_id)
        [data] = moderation.comment_data(session, [comment])
        data["reported"] = moderation.reports_of(session, comment.id)
        return answer(data, etag=revision_etag(comment.revision))


@moderation_desk.post("/comments/<comment_id>/approve")
@endpoint(
    summary="Let readers see a comment", scope=MODERATE, body=DecisionShape, is_body_optional=True,
    needs_revision=True, answers={200: ModeratedCommentShape},
)  # fmt: skip
def approve_comment(comment_id: str, revision: int, body: dict[str, Any]) -> Response:
    """Also what was reported, rejected or taken for spam before."""
    return _decide("approve", comment_id, revision, body)


@moderation_desk.post("/comments/<comment_id>/reject")
@endpoint(
    summary="Let readers not see a comment", scope=MODERATE, body=DecisionShape, is_body_optional=True,
    needs_revision=True, answers={200: ModeratedCommentShape},
)  # fmt: skip
def reject_comment(comment_id: str, revision: int, body: dict[str, Any]) -> Response:
    """Its author is told that it was rejected, and not why."""
    return _decide("reject", comment_id, revision, body)


@moderation_desk.post("/comments/<comment_id>/spam")
@endpoint(
    summary="Mark a comment as spam", scope=MODERATE, body=DecisionShape, is_body_optional=True,
    needs_revision=True, answers={200: ModeratedCommentShape},
)  # fmt: skip
def mark_as_spam(comment_id: str, revision: int, body: dict[str, Any]) -> Response:
    """To its author it is rejected."""
    return _decide("spam", comment_id, revision, body)


@moderation_desk.post("/comments/decisions")
@endpoint(
    summary="Decide about many comments",
    scope=MODERATE,
    body=BulkShape,
    answers={200: BulkResultShape},
    description="Each comment is decided at the revision that was looked at, and done or refused for itself: the "
    "answer is 200 and says for each what became of it.",
)
def decide_comments(body: dict[str, Any]) -> Response:
    """Up to a hundred at once."""
    with transaction() as session:
        results = deciding.decide_comments(
            session, current_actor(), body["action"], body["comments"], body["note"], services().clock()
        )
        return answer({"data": results})


@moderation_desk.get("/bans")
@endpoint(summary="List readers who are banned", scope=MODERATE, query=PageShape, answers={200: BanListShape})
def list_bans(query: dict[str, Any]) -> Response:
    """For those who moderate the whole site."""
    banning.refuse_limited(current_actor())
    now = services().clock()
    with reading() as session:

        def read(limit: int, after: tuple[Any, ...] | None, is_backwards: bool) -> list[Any]:
            rows = moderation.bans(session, limit=limit, after=after, is_backwards=is_backwards)
            return list(zip(rows, moderation.ban_data(session, rows, now), strict=True))

        return page_answer(
            "bans",
            query,
            read=read,
            position=lambda pair: moderation.place_of_ban(pair[0]),
            dump=lambda pair: pair[1],
            count=lambda: moderation.count_of_bans(session),
        )


@moderation_desk.put("/readers/<reader_id>/ban")
@endpoint(
    summary="Ban a reader from comments", scope=MODERATE, body=BanShape, is_body_optional=True,
    answers={200: BanEntryShape}, refuses=(403, 404),
)  # fmt: skip
def ban_reader(reader_id: str, body: Ban) -> Response:
    """For those who moderate the whole site. Said again, the last ban counts."""
    with transaction() as session:
        row = banning.ban_reader(session, current_actor(), reader_id, body, services().clock())
        [data] = moderation.ban_data(session, [row], services().clock())
        return answer(data)


@moderation_desk.delete("/readers/<reader_id>/ban")
@endpoint(summary="End the ban of a reader", scope=MODERATE, answers={204: None}, refuses=(403, 404))
def unban_reader(reader_id: str) -> Response:
    """For those who moderate the whole site."""
    with transaction() as session:
        banning.unban_reader(session, current_actor(), reader_id, services().clock())
        return answer(None, 204)


def _decide(action: str, comment_id: str, revision: int, body: dict[str, Any]) -> Response:
    with transaction() as session:
        choice = Choice(comment_id, revision)
        comment = deciding.decide_comment(session, current_actor(), action, choice, body["note"], services().clock())
        return _answer(session, comment)


def _answer(session: Session, comment: Comment) -> Response:
    [data] = moderation.comment_data(session, [comment])
    return answer(data, etag=revision_etag(comment.revision))


def _text(value: Any) -> str | None:
    return None if value is None else str(value)
