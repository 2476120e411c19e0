"""How the routes of readers are asked, and those on which their comments are moderated."""

from collections.abc import Callable
from typing import Any

from cms.platform.actor import Actor
from cms.platform.clock import now
from cms.readers.comments.banning import ban_reader
from cms.readers.comments.reacting import like_comment
from cms.readers.comments.rules import Ban
from cms.readers.follows.tokens import Ending, unsubscribe_token
from cms.readers.sharing.linking import share_article
from cms.readers.sharing.rules import PLAIN
from tests.access.desk import OPERATOR, PHRASE
from tests.access.room import FIRST, NOBODY, PASS_PHRASE, Ask, Asked, Room, document, numbered, on_article, plain
from tests.readers.commenting import account_of_session, say


def _reader_signs_in(room: Room, _column: str) -> Asked:
    return "/readers/v1/sessions", {"json": {"email": room.desk.reader()[0], "password": PHRASE}}


def _reader_session(room: Room, _column: str) -> Asked:
    return f"/readers/v1/sessions/{room.reader_session_id}", {}


def _short_link(room: Room, column: str) -> Asked:
    article = room.article(column, published=True)[2].article
    with room.desk.database.transaction() as session:
        return f"/s/{share_article(session, article.id, PLAIN, now())}", {}


def _on_folder(**options: Any) -> Callable[[Room, str], Asked]:
    def ask(room: Room, _column: str) -> Asked:
        return f"/readers/v1/bookmarks/folders/{room.folder_id}", options

    return ask


def _on_follow(**options: Any) -> Callable[[Room, str], Asked]:
    def ask(room: Room, _column: str) -> Asked:
        return f"/readers/v1/follows/{room.follow_id}", options

    return ask


def _by_letter(room: Room, _column: str) -> Asked:
    """The link of a letter to a reader who is there no more: who has it may use it."""
    keys = room.desk.app.extensions["copydesk"].keys
    return f"/readers/v1/unsubscribe/{unsubscribe_token(keys, Ending(NOBODY, NOBODY))}", {}


def _spoken(room: Room, *, by: str = "", liked_by: str = "") -> str:
    """The id of a comment on an article in city/trams, by somebody or by the reader of the session."""
    database = room.desk.database
    author = account_of_session(database, by or room.desk.reader()[1])
    comment = say(database, author, room.talked_about)
    if liked_by:
        actor = Actor(kind="reader", id=account_of_session(database, liked_by))
        with database.transaction() as session:
            like_comment(session, actor, comment.id, now())
    return comment.id


def _comment_of_reader(path: str = "", **options: Any) -> Callable[[Room, str], Asked]:
    """A comment of the reader whose column it is; other readers are asked about the same."""

    def ask(room: Room, column: str) -> Asked:
        by = room.desk.reader()[1] if column != "reader" else room.reader_session_id
        return f"/readers/v1/comments/{_spoken(room, by=by)}{path}", options

    return ask


def _comment_of_another(path: str, *, is_liked: bool = False, **options: Any) -> Callable[[Room, str], Asked]:
    def ask(room: Room, column: str) -> Asked:
        liked_by = room.reader_session_id if is_liked and column == "reader" else ""
        return f"/readers/v1/comments/{_spoken(room, liked_by=liked_by)}{path}", options

    return ask


def _moderated(path: str = "", **options: Any) -> Callable[[Room, str], Asked]:
    def ask(room: Room, _column: str) -> Asked:
        return f"/api/v1/comments/{_spoken(room)}{path}", {"headers": FIRST, **options}

    return ask


def _on_reader(*, is_banned: bool = False) -> Callable[[Room, str], Asked]:
    def ask(room: Room, _column: str) -> Asked:
        reader = account_of_session(room.desk.database, room.desk.reader()[1])
        if is_banned:
            with room.desk.database.transaction() as session:
                ban_reader(session, OPERATOR, reader, Ban(), now())
        return f"/api/v1/readers/{reader}/ban", {}

    return ask


ASK: dict[str, Ask] = {
    "POST /readers/v1/accounts": numbered(
        "/readers/v1/accounts", email="reader#@example.org", password=PASS_PHRASE, locale="en"
    ),
    "POST /readers/v1/codes": numbered("/readers/v1/codes", purpose="reset_password", email="reader#@example.org"),
    "POST /readers/v1/codes/<challenge_id>/verify": plain(
        f"/readers/v1/codes/{NOBODY}/verify", json={"code": "123456"}
    ),
    "POST /readers/v1/password": plain(
        "/readers/v1/password", json={"challenge_id": NOBODY, "code": "ABCD2345", "new_password": PASS_PHRASE}
    ),
    "POST /readers/v1/sessions": _reader_signs_in,
    "DELETE /readers/v1/sessions/<session_id>": _reader_session,
    "PATCH /readers/v1/me": plain("/readers/v1/me", json={"display_name": "Ann"}),
    "POST /readers/v1/me/password": plain(
        "/readers/v1/me/password", json={"current_password": PHRASE, "new_password": PASS_PHRASE}
    ),
    "POST /readers/v1/me/email": numbered("/readers/v1/me/email", email="moved#@example.org", password=PHRASE),
    "POST /readers/v1/me/email/verify": plain(
        "/readers/v1/me/email/verify", json={"challenge_id": NOBODY, "code": "ABCD2345"}
    ),
    "POST /readers/v1/email-changes/<challenge_id>/undo": plain(
        f"/readers/v1/email-changes/{NOBODY}/undo", json={"code": "ABCD2345"}
    ),
    "POST /readers/v1/me/delete": plain("/readers/v1/me/delete", json={"password": PHRASE}),
    "PUT /readers/v1/bookmarks/<uuid:article_id>": document("/readers/v1/bookmarks/{id}"),
    "DELETE /readers/v1/bookmarks/<uuid:article_id>": plain(f"/readers/v1/bookmarks/{NOBODY}"),
    "GET /readers/v1/articles/<uuid:article_id>/state": plain(f"/readers/v1/articles/{NOBODY}/state"),
    "POST /readers/v1/bookmarks/folders": numbered("/readers/v1/bookmarks/folders", name="Folder #"),
    "PATCH /readers/v1/bookmarks/folders/<folder_id>": _on_folder(json={"name": "Sunday"}),
    "DELETE /readers/v1/bookmarks/folders/<folder_id>": _on_folder(),
    "POST /readers/v1/follows": plain("/readers/v1/follows", json={"kind": "tag", "slug": "rails"}),
    "PATCH /readers/v1/follows/<follow_id>": _on_follow(json={"frequency": "off"}),
    "DELETE /readers/v1/follows/<follow_id>": _on_follow(),
    "PATCH /readers/v1/me/digest": plain("/readers/v1/me/digest", json={"hour": 6}),
    "PUT /readers/v1/me/consents/<document>": plain("/readers/v1/me/consents/newsletter", json={"version": "1"}),
    "DELETE /readers/v1/me/consents/<document>": plain("/readers/v1/me/consents/terms"),
    "GET /readers/v1/unsubscribe/<token>": _by_letter,
    "POST /readers/v1/unsubscribe/<token>": _by_letter,
    "GET /content/v1/articles/<uuid:article_id>/comments": document("/content/v1/articles/{id}/comments"),
    "POST /readers/v1/articles/<article_id>/comments": lambda room, _column: (
        f"/readers/v1/articles/{room.desk.article(published=True).article.id}/comments",
        {"json": {"text": "So it is."}},
    ),
    "GET /readers/v1/comments/likes": plain(f"/readers/v1/comments/likes?article={NOBODY}"),
    "PATCH /readers/v1/comments/<comment_id>": _comment_of_reader(json={"text": "So it was."}),
    "DELETE /readers/v1/comments/<comment_id>": _comment_of_reader(),
    "PUT /readers/v1/comments/<comment_id>/like": _comment_of_another("/like"),
    "DELETE /readers/v1/comments/<comment_id>/like": _comment_of_another("/like", is_liked=True),
    "POST /readers/v1/comments/<comment_id>/report": _comment_of_another("/report", json={"reason": "spam"}),
    "GET /api/v1/comments/<comment_id>": _moderated(),
    "POST /api/v1/comments/<comment_id>/approve": _moderated("/approve"),
    "POST /api/v1/comments/<comment_id>/reject": _moderated("/reject"),
    "POST /api/v1/comments/<comment_id>/spam": _moderated("/spam"),
    "POST /api/v1/comments/decisions": lambda room, _column: (
        "/api/v1/comments/decisions",
        {"json": {"action": "approve", "comments": [{"id": _spoken(room), "revision": 1}]}},
    ),
    "PUT /api/v1/readers/<reader_id>/ban": _on_reader(),
    "DELETE /api/v1/readers/<reader_id>/ban": _on_reader(is_banned=True),
    "PUT /api/v1/comment-mode": plain("/api/v1/comment-mode", json={"mode": "post"}),
    "GET /api/v1/sections/<slug>/comment-mode": plain("/api/v1/sections/trams/comment-mode"),
    "PUT /api/v1/sections/<slug>/comment-mode": plain("/api/v1/sections/trams/comment-mode", json={"mode": None}),
    "GET /api/v1/articles/<article_id>/comment-mode": on_article("/comment-mode"),
    "PUT /api/v1/articles/<article_id>/comment-mode": on_article("/comment-mode", json={"mode": "pre"}),
    "GET /api/v1/mail/explain": plain("/api/v1/mail/explain?address=reader@example.org"),
    "POST /api/v1/mail/bounces": plain("/api/v1/mail/bounces", json={"message_id": "<none@x.org>", "status": "5.1.1"}),
    "DELETE /api/v1/mail/suppressions/<suppression_id>": plain(f"/api/v1/mail/suppressions/{NOBODY}"),
    "POST /readers/v1/articles/<uuid:article_id>/share": document("/readers/v1/articles/{id}/share"),
    "GET /s/<code>": _short_link,
    "GET /api/v1/articles/<article_id>/audience": on_article("/audience"),
}
