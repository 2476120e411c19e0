"""What readers who are signed in do with comments. Somebody else's comment cannot be changed, nor told from none."""

from datetime import timedelta
from typing import Any

from flask import Blueprint, Response

from cms.platform.http.answers import answer
from cms.platform.http.endpoint import endpoint
from cms.platform.http.guard import current_actor
from cms.platform.http.pages import page_answer
from cms.platform.http.services import services
from cms.platform.http.transactions import reading, transaction
from cms.readers.comments import posting, reacting
from cms.readers.comments.queries import threads
from cms.readers.comments.rules import COMMENTS_PER_READER, REPORTS_PER_READER, NewComment, Report, Terms
from cms.readers.comments.schemas import (
    CommentEditShape,
    LikedQueryShape,
    LikedShape,
    LikesShape,
    NewCommentShape,
    OwnCommentListShape,
    OwnCommentShape,
    OwnCommentsQueryShape,
    ReportShape,
)

own_comments = Blueprint("own_comments", __name__, url_prefix="/readers/v1")


@own_comments.post("/articles/<article_id>/comments")
@endpoint(
    summary="Comment on an article",
    needs_reader=True,
    body=NewCommentShape,
    answers={201: OwnCommentShape},
    refuses=(403, 404, 409, 410),
    limit=COMMENTS_PER_READER,
    description="`state` in the answer says whether everybody sees it now (`approved`) or a moderator looks first "
    "(`held`), as with the first comment of a reader. At most 60 a day.",
)
def post_comment(article_id: str, body: NewComment) -> Response:
    """Say something, to the article or in reply to a comment."""
    with transaction() as session:
        comment = posting.post_comment(
            session, current_actor(), article_id, body, terms=_terms(), now=services().clock()
        )
        return answer(threads.own_data(comment, _terms()), 201)


@own_comments.get("/comments")
@endpoint(
    summary="A reader's own comments",
    needs_reader=True,
    query=OwnCommentsQueryShape,
    answers={200: OwnCommentListShape},
)
def list_own_comments(query: dict[str, Any]) -> Response:
    """What one said, also what waits for a moderator; not what one took back."""
    reader, terms = current_actor().id, _terms()
    article = str(query["article"]) if query["article"] is not None else None
    with reading() as session:

        def read(limit: int, after: tuple[Any, ...] | None, is_backwards: bool) -> list[Any]:
            return threads.own_comments(session, reader, article, limit=limit, after=after, is_backwards=is_backwards)

        return page_answer(
            f"own-comments|{reader}|{article}",
            query,
            read=read,
            position=lambda comment: (comment.number,),
            dump=lambda comment: threads.own_data(comment, terms),
            count=lambda: threads.count_of_own(session, reader, article),
        )


@own_comments.get("/comments/likes")
@endpoint(
    summary="Which comments of an article a reader likes", needs_reader=True, query=LikedQueryShape,
    answers={200: LikedShape},
)  # fmt: skip
def list_likes(query: dict[str, Any]) -> Response:
    """What is one's own, beside the public list, which is the same for everybody."""
    with reading() as session:
        return answer({"data": threads.liked(session, current_actor().id, str(query["article"]))})


@own_comments.patch("/comments/<comment_id>")
@endpoint(
    summary="Change a reader's own comment",
    needs_reader=True,
    body=CommentEditShape,
    answers={200: OwnCommentShape},
    refuses=(403, 404, 409, 410),
    limit=COMMENTS_PER_READER,
    description="Within the time for it, `editable_until`. Where comments are approved before they are seen, or the "
    "new text links a lot, it waits for a moderator again.",
)
def edit_comment(comment_id: str, body: dict[str, str]) -> Response:
    """Another text."""
    with transaction() as session:
        comment = posting.edit_comment(
            session, current_actor(), comment_id, body["text"], terms=_terms(), now=services().clock()
        )
        return answer(threads.own_data(comment, _terms()))


@own_comments.delete("/comments/<comment_id>")
@endpoint(summary="Take a reader's own comment back", needs_reader=True, answers={204: None}, refuses=(404,))
def delete_comment(comment_id: str) -> Response:
    """Its text is gone for good; replies to it stay."""
    with transaction() as session:
        posting.delete_comment(session, current_actor(), comment_id, services().clock())
        return answer(None, 204)


@own_comments.put("/comments/<comment_id>/like")
@endpoint(
    summary="Like a comment", needs_reader=True, answers={200: LikesShape}, refuses=(403, 404, 409, 410),
)  # fmt: skip
def like_comment(comment_id: str) -> Response:
    """Once per reader; again, it changes nothing."""
    with transaction() as session:
        return answer({"likes": reacting.like_comment(session, current_actor(), comment_id, services().clock())})


@own_comments.delete("/comments/<comment_id>/like")
@endpoint(summary="Like a comment no more", needs_reader=True, answers={200: LikesShape}, refuses=(404,))
def unlike_comment(comment_id: str) -> Response:
    """404 where it was not liked."""
    with transaction() as session:
        return answer({"likes": reacting.unlike_comment(session, current_actor(), comment_id, services().clock())})


@own_comments.post("/comments/<comment_id>/report")
@endpoint(
    summary="Report a comment to the moderators",
    needs_reader=True,
    body=ReportShape,
    answers={204: None},
    refuses=(403, 404, 409, 410),
    limit=REPORTS_PER_READER,
    description="Once per reader and comment; again, it changes nothing. After enough reports nobody sees the comment "
    "until a moderator decides.",
)
def report_comment(comment_id: str, body: Report) -> Response:
    """Say why it should not be there."""
    with transaction() as session:
        reacting.report_comment(session, current_actor(), comment_id, body, terms=_terms(), now=services().clock())
        return answer(None, 204)


def _terms() -> Terms:
    settings = services().settings
    return Terms(
        holds_first=settings.comments_hold_first,
        links_held=settings.comments_links_held,
        reports_held=settings.comments_reports_held,
        edit_window=timedelta(minutes=settings.comments_edit_minutes),
        depth=settings.comments_depth,
    )
