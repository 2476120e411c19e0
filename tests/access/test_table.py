"""Every cell of the table of access is asked (rows S30 and S31), and no route is missing from it."""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from cms.app import create_app
from cms.content.redirects.redirecting import add_redirect
from cms.content.redirects.rules import NewRedirect
from cms.identity.roles import make_role
from cms.identity.rules import PERMISSIONS, NewRole, grant_of
from cms.identity.staff import staffing
from cms.identity.staff.schemas import Given, Invitation
from cms.newsroom.front_lists.arranging import make_list
from cms.newsroom.front_lists.rules import Entry, ListContent, NewList
from cms.newsroom.leases.rules import TakeLease
from cms.newsroom.leases.taking import take_lease
from cms.newsroom.releases.grouping import make_release, schedule_release
from cms.newsroom.releases.rules import NewRelease, ScheduleRelease
from cms.newsroom.reviewing import approve_article, archive_article
from cms.newsroom.rules import ArticleAct, DeleteArticle
from cms.newsroom.saving import Saved
from cms.newsroom.schedules.rules import PutSchedule, Times
from cms.newsroom.schedules.scheduling import put_schedule
from cms.newsroom.translations.rules import StartTranslation
from cms.newsroom.translations.translating import start_translation
from cms.newsroom.trashing import delete_article
from cms.platform.actor import Actor
from cms.platform.clock import now, rfc3339
from cms.platform.db import Database
from cms.platform.http.csrf import csrf_token
from cms.platform.http.guard import OPEN_ROUTES
from cms.readers.comments.banning import ban_reader
from cms.readers.comments.reacting import like_comment
from cms.readers.comments.rules import Ban
from cms.readers.sharing.linking import share_article
from cms.readers.sharing.rules import PLAIN
from cms.settings import Settings
from cms.taxonomy.adding import add_person, add_section, add_source, add_tag
from cms.taxonomy.rules import NewPerson, NewSection, NewSource, NewTag
from tests.access.desk import ELSEWHERE, EVERYTHING, OPERATOR, PHRASE, Desk
from tests.access.table import Row, rows
from tests.conftest import SECRET
from tests.draining import drain
from tests.readers.commenting import account_of_session, say

ROWS = rows()
LATER = rfc3339(now() + timedelta(days=1))
NOBODY = "01890a5d-ac96-774b-bcce-b302099a8057"
OURS = "http://127.0.0.1:8000"
PASS_PHRASE = "nine brass bells at dawn"
# The columns with one of their own in a section above the article's, and one in a section elsewhere.
LIMITED = {
    "viewer": "viewer",
    "moderator": "moderator",
    "own": "author",
    "translator": "translator",
    "chief": "editor-in-chief",
}
# The columns with a session: what the colleague was given.
SESSIONS = {
    "signed": EVERYTHING,
    "stale": EVERYTHING,
    "signed-in": Given("editor", "city/"),
    "signed-out": Given("editor", "sport/"),
    "cookie": EVERYTHING,
    "cookie-bare": EVERYTHING,
}
EVERYBODY = ("none", "viewer", "admin", "signed", "cookie-bare")
Asked = tuple[str, dict[str, Any]]


class Room:
    """One furnished desk for all cells, with a token for each column; each cell acts on things of its own."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.session_id = self.reader_session_id = self.folder_id = NOBODY
        disabled = desk.colleague(EVERYTHING)
        self.tokens: dict[str, list[str | None]] = {
            "none": [None],
            "bad": [
                self._mistyped(),
                self._expired(),
                self._revoked(),
                desk.token("administrator", networks=(ELSEWHERE,)),
                desk.signed_in(disabled)[1],
                desk.signed_in(desk.colleague(EVERYTHING), revoked_at=now())[1],
            ],
            "bare": [desk.token(permissions=frozenset({"access:explain"}))],
            "own": [desk.token("author")],
            "chief": [desk.token("editor-in-chief")],
            **{
                f"{column}-{way}": [desk.token(role, section_path=path)]
                for column, role in LIMITED.items()
                for way, path in (("in", "city/"), ("out", "sport/"))
            },
            "admin": [desk.token("administrator")],
            "inside": [desk.token("editor", section_path="city/")],
            "outside": [desk.token("editor", section_path="sport/")],
            "locale": [desk.token("editor", locale="kk")],
            **{role: [desk.token(role)] for role in ("viewer", "moderator", "author", "translator", "editor")},
        }

        with desk.database.transaction() as session:
            session.merge(disabled).state = "disabled"

    def clients(self, column: str) -> list[FlaskClient]:
        """A client for each credential of a column; a session is new for each cell, because some routes end it."""
        if column in ("reader", "other-reader"):
            _, self.reader_session_id, token = self.desk.reader()
            self.folder_id = self._folder(token)
            if column == "other-reader":
                token = self.desk.reader(password_hash=None)[2]
            return [self.desk.client(token)]
        if column not in SESSIONS:
            return [self.desk.client(token) for token in self.tokens[column]]
        proven_at = now() - timedelta(minutes=11 if column == "stale" else 0)
        user = self.desk.colleague(SESSIONS[column])
        kind = "cookie" if column.startswith("cookie") else "bearer"
        self.session_id, token = self.desk.signed_in(user, proven_at=proven_at, kind=kind)
        client = self.desk.client(token if kind == "bearer" else None)
        if kind == "cookie":
            client.environ_base["HTTP_COOKIE"] = f"copydesk={token}"
        if column == "cookie":
            client.environ_base |= self._proof_of_our_page()
        return [client]

    def _proof_of_our_page(self) -> dict[str, str]:
        with self.desk.app.test_request_context():
            return {"HTTP_ORIGIN": OURS, "HTTP_X_CSRF_TOKEN": csrf_token(f"session:{self.session_id}")}

    def _folder(self, token: str) -> str:
        made = self.desk.client(token).post("/readers/v1/bookmarks/folders", json={"name": "Later"})
        return str(made.json["id"])  # type: ignore[index]  # made just now

    def _mistyped(self) -> str:
        token = self.desk.token("administrator")
        return token[:-1] + ("A" if token[-1] != "A" else "B")

    def _expired(self) -> str:
        token = self.desk.token("administrator")
        self.desk.change(token, expires_at=now() - timedelta(seconds=1))
        return token

    def _revoked(self) -> str:
        token = self.desk.token("administrator")
        self.desk.change(token, revoked_at=now())
        return token

    def article(self, column: str, *, published: bool = False) -> tuple[str, dict[str, Any], Any]:
        """A fresh article: its path, the headers of a change, and what was saved."""
        token = self.tokens[column][0] if column.startswith("own") else None
        # Whoever is limited to elsewhere by now was not when the article was made.
        actor = OPERATOR if token is None else replace(self.desk.actor(token), grants=(grant_of(PERMISSIONS),))
        saved = self.desk.article(actor, published=published)
        return (
            f"/api/v1/articles/{saved.article.id}",
            {"headers": {"If-Match": f'"{saved.article.revision}"'}},
            saved,
        )


def _on_article(path: str = "", *, published: bool = False, **options: Any) -> Callable[[Room, str], Asked]:
    def ask(room: Room, column: str) -> Asked:
        address, headers, _ = room.article(column, published=published)
        return address + path, headers | options

    return ask


def _scheduled(**options: Any) -> Callable[[Room, str], Asked]:
    def ask(room: Room, column: str) -> Asked:
        address, _, saved = room.article(column)
        command = PutSchedule(saved.article.id, Times(publish_at=now() + timedelta(days=1)))
        with room.desk.database.transaction() as session:
            put_schedule(session, OPERATOR, command, now())
        return f"{address}/schedule", options

    return ask


def _after(verb: Callable[..., Saved], path: str, **options: Any) -> Callable[[Room, str], Asked]:
    """An article on which an act was done before."""

    def ask(room: Room, column: str) -> Asked:
        address, _, made = room.article(column)
        with room.desk.database.transaction() as session:
            saved = verb(session, OPERATOR, ArticleAct(made.article.id, made.article.revision), now())
        return address + path, {"headers": {"If-Match": f'"{saved.article.revision}"'}} | options

    return ask


def _on_release(path: str = "", *, is_scheduled: bool = False, **options: Any) -> Callable[[Room, str], Asked]:
    def ask(room: Room, column: str) -> Asked:
        _, _, saved = room.article(column)
        # Whoever makes it here may do so everywhere, as the operator's token may.
        operator = replace(OPERATOR, grants=(grant_of(PERMISSIONS),))
        with room.desk.database.transaction() as session:
            release = make_release(session, operator, NewRelease("Tonight", (saved.article.id,)), now())
            if is_scheduled:
                command = ScheduleRelease(release.id, 1, now() + timedelta(days=1))
                schedule_release(session, operator, command, now())
        headers = {"If-Match": f'"{release.version}"'}
        return f"/api/v1/releases/{release.id}{path}", {"headers": headers, **options}

    return ask


def _on_front_list(path: str = "", **options: Any) -> Callable[[Room, str], Asked]:
    """A list that belongs to the section of the article in it; # in the path is the article's id."""

    def ask(room: Room, column: str) -> Asked:
        article = room.desk.article().article
        command = NewList(f"list-{room.desk.number()}", ListContent("Top", "trams", entries=(Entry(article.id),)))
        with room.desk.database.transaction() as session:
            made = make_list(session, OPERATOR, command, now())
        headers = {"If-Match": f'"{made.revision}"'}
        return f"/api/v1/lists/{made.id}{path.replace('#', article.id)}", {"headers": headers, **options}

    return ask


def _shown_list(room: Room, column: str) -> Asked:
    name = f"list-{room.desk.number()}"
    with room.desk.database.transaction() as session:
        make_list(session, OPERATOR, NewList(name, ListContent("Top")), now())
    return f"/content/v1/lists/{name}", {}


def _on_entries(room: Room, column: str) -> Asked:
    path, options = _on_front_list("/entries")(room, column)
    return path, options | {"json": {"article": room.desk.article(section="city").article.id}}


def _with_source(room: Room, column: str) -> Asked:
    """An article, and another one in the same section that it is a translation of."""
    path, headers, _ = room.article(column)
    source = room.desk.article(locale="de").article
    return f"{path}/translation", headers | {"json": {"of": source.id}}


def _translated(room: Room, column: str) -> Asked:
    path, headers, saved = room.article(column)
    with room.desk.database.transaction() as session:
        start_translation(session, OPERATOR, StartTranslation(saved.article.id, "de"), now())
    return f"{path}/translation", headers


def _in_trash(room: Room, column: str) -> Asked:
    _, _, made = room.article(column)
    with room.desk.database.transaction() as session:
        delete_article(session, OPERATOR, DeleteArticle(made.article.id, made.article.revision), now())
    return f"/api/v1/trash/{made.article.id}/restore", {}


def _on_lease(room: Room, column: str) -> Asked:
    """An article that somebody is at work on; who may give the lease back is told that it is somebody else's."""
    path, _, saved = room.article(column)
    with room.desk.database.transaction() as session:
        take_lease(session, OPERATOR, TakeLease(saved.article.id, lasts_seconds=60), now())
    return f"{path}/lease", {}


def _embargoed(room: Room, column: str) -> Asked:
    address, _, saved = room.article(column)
    command = PutSchedule(saved.article.id, Times(embargo_until=now() + timedelta(days=1)))
    with room.desk.database.transaction() as session:
        put_schedule(session, OPERATOR, command, now())
    return f"{address}/embargo", {}


def _receipt(room: Room, column: str) -> Asked:
    return f"/api/v1/receipts/{room.article(column, published=True)[2].letter.id}", {}


def _document(path: str) -> Callable[[Room, str], Asked]:
    def ask(room: Room, column: str) -> Asked:
        article = room.article(column, published=True)[2].article
        return path.format(id=article.id, slug=article.slug), {}

    return ask


def _on_token(path: str = "", **options: Any) -> Callable[[Room, str], Asked]:
    def ask(room: Room, column: str) -> Asked:
        return f"/api/v1/tokens/{room.desk.row(room.desk.token('viewer')).id}{path}", options

    return ask


def _on_role(**options: Any) -> Callable[[Room, str], Asked]:
    def ask(room: Room, column: str) -> Asked:
        name = f"clerk-{room.desk.number()}"
        with room.desk.database.transaction() as session:
            make_role(session, OPERATOR, NewRole(name, frozenset({"taxonomy:read"})), now())
        return f"/api/v1/roles/{name}", options

    return ask


def _on_colleague(**options: Any) -> Callable[[Room, str], Asked]:
    def ask(room: Room, column: str) -> Asked:
        return f"/api/v1/staff/{room.desk.colleague(Given('viewer')).id}", options

    return ask


def _invitation(room: Room, _column: str) -> Asked:
    command = Invitation(f"invited{room.desk.number()}@example.org", "New", "en", ())
    with room.desk.database.transaction() as session:
        invitation = staffing.invite(session, OPERATOR, command, sender_domain="example.org", now=now())
    return f"/api/v1/staff/invitations/{invitation.id}", {}


def _on_word(listing: str, path: str = "", **options: Any) -> Callable[[Room, str], Asked]:
    """A fresh word; a section stands in the section city."""

    def ask(room: Room, column: str) -> Asked:
        name = f"Word {room.desk.number()}"
        with room.desk.database.transaction() as session:
            word: Any
            if listing == "sections":
                word = add_section(session, OPERATOR, NewSection(name, parent="city"), now())
            elif listing == "tags":
                word = add_tag(session, OPERATOR, NewTag(name), now())
            elif listing == "people":
                word = add_person(session, OPERATOR, NewPerson(name), now())
            else:
                word = add_source(session, OPERATOR, NewSource(name), now())
            key = word.id if listing == "sources" else word.slug
        return f"/api/v1/{listing}/{key}{path}", {"headers": FIRST, **options}

    return ask


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


def _plain(path: str, **options: Any) -> Callable[[Room, str], Asked]:
    def ask(_room: Room, _column: str) -> Asked:
        return path, options

    return ask


def _numbered(path: str, /, **body: Any) -> Callable[[Room, str], Asked]:
    """A body in which `#` is a number that was not there before."""

    def ask(room: Room, column: str) -> Asked:
        number = str(room.desk.number())
        return path, {"json": {name: value.replace("#", number) for name, value in body.items()}}

    return ask


def _on_redirect(room: Room, _column: str) -> Asked:
    command = NewRedirect(f"/old-{room.desk.number()}", "/en/new")
    with room.desk.database.transaction() as session:
        return f"/api/v1/redirects/{add_redirect(session, OPERATOR, command, (), now()).id}", {}


def _spoken(room: Room, *, by: str = "", liked_by: str = "") -> str:
    """The id of a comment on an article in city/trams, by somebody or by the reader of the session."""
    database = room.desk.database
    author = account_of_session(database, by or room.desk.reader()[1])
    comment = say(database, author, room.desk.article(published=True).article.id)
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


FIRST = {"If-Match": '"1"'}
ASK: dict[str, Callable[[Room, str], Asked]] = {
    "POST /api/v1/articles": _numbered("/api/v1/articles", title="Line # opens", locale="en", section="trams"),
    "GET /api/v1/articles/<article_id>": _on_article(),
    "PATCH /api/v1/articles/<article_id>": _on_article(json={"dek": "Without a second motor."}),
    "DELETE /api/v1/articles/<article_id>": _on_article(),
    "POST /api/v1/articles/<article_id>/publish": _on_article("/publish"),
    "POST /api/v1/articles/<article_id>/unpublish": _on_article("/unpublish", published=True),
    "POST /api/v1/articles/<article_id>/submit": _on_article("/submit"),
    "POST /api/v1/articles/<article_id>/approve": _on_article("/approve"),
    "POST /api/v1/articles/<article_id>/reject": _after(approve_article, "/reject", json={"note": "Who says so?"}),
    "POST /api/v1/articles/<article_id>/correct": _on_article(
        "/correct", published=True, json={"note": "The tram has one motor."}
    ),
    "POST /api/v1/articles/<article_id>/takedown": _on_article("/takedown", published=True),
    "POST /api/v1/articles/<article_id>/archive": _on_article("/archive"),
    "POST /api/v1/articles/<article_id>/unarchive": _after(archive_article, "/unarchive"),
    "POST /api/v1/articles/<article_id>/validate": _on_article("/validate"),
    "POST /api/v1/trash/<article_id>/restore": _in_trash,
    "GET /api/v1/articles/<article_id>/revisions": _on_article("/revisions"),
    "GET /api/v1/articles/<article_id>/revisions/<int:number>": _on_article("/revisions/1"),
    "GET /api/v1/articles/<article_id>/schedule": _scheduled(),
    "PUT /api/v1/articles/<article_id>/schedule": _on_article("/schedule", json={"publish_at": LATER}, headers={}),
    "DELETE /api/v1/articles/<article_id>/schedule": _scheduled(headers={"If-Match": '"1"'}),
    "GET /api/v1/articles/<article_id>/revisions/<int:first>..<int:second>": _on_article("/revisions/1..1"),
    "POST /api/v1/articles/<article_id>/restore": _on_article("/restore", json={"revision": 1}),
    "GET /api/v1/articles/<article_id>/lease": _on_lease,
    "POST /api/v1/articles/<article_id>/copy": _on_article("/copy", headers={}),
    "POST /api/v1/articles/<article_id>/translate": _on_article("/translate", json={"locale": "de"}, headers={}),
    "PUT /api/v1/articles/<article_id>/translation": _with_source,
    "DELETE /api/v1/articles/<article_id>/translation": _translated,
    "PUT /api/v1/articles/<article_id>/lease": _on_article("/lease"),
    "DELETE /api/v1/articles/<article_id>/lease": _on_lease,
    "POST /api/v1/releases": _numbered("/api/v1/releases", title="Release #"),
    "GET /api/v1/releases/<release_id>": _on_release(),
    "PATCH /api/v1/releases/<release_id>": _on_release(json={"title": "Another"}),
    "DELETE /api/v1/releases/<release_id>": _on_release(),
    "POST /api/v1/releases/<release_id>/publish": _on_release("/publish"),
    "PUT /api/v1/releases/<release_id>/schedule": _on_release("/schedule", json={"release_at": LATER}),
    "DELETE /api/v1/releases/<release_id>/schedule": _on_release("/schedule", is_scheduled=True),
    "GET /api/v1/articles/<article_id>/embargo": _embargoed,
    "GET /api/v1/receipts/<receipt_id>": _receipt,
    "POST /api/v1/sections": _numbered("/api/v1/sections", name="Section #", parent="city"),
    "PATCH /api/v1/sections/<slug>": _on_word("sections", json={"name": "Renamed"}),
    "DELETE /api/v1/sections/<slug>": _on_word("sections"),
    "PATCH /api/v1/tags/<slug>": _on_word("tags", json={"name": "Renamed"}),
    "DELETE /api/v1/tags/<slug>": _on_word("tags"),
    "POST /api/v1/tags/<slug>/merge": _on_word("tags", "/merge", json={"into": "rails"}),
    "PATCH /api/v1/people/<slug>": _on_word("people", json={"name": "Renamed"}),
    "DELETE /api/v1/people/<slug>": _on_word("people"),
    "PATCH /api/v1/sources/<source_id>": _on_word("sources", json={"url": "https://courier.example.org/"}),
    "DELETE /api/v1/sources/<source_id>": _on_word("sources"),
    "GET /content/v1/sections/<slug>": _plain("/content/v1/sections/city"),
    "GET /content/v1/tags/<slug>": _plain("/content/v1/tags/rails"),
    "GET /content/v1/people/<slug>": _plain("/content/v1/people/ines-okafor"),
    "GET /api/v1/sections/<slug>": _plain("/api/v1/sections/city"),
    "POST /api/v1/tags": _numbered("/api/v1/tags", name="Tag #"),
    "GET /api/v1/tags/<slug>": _plain("/api/v1/tags/rails"),
    "POST /api/v1/people": _numbered("/api/v1/people", name="Person #"),
    "GET /api/v1/people/<slug>": _plain("/api/v1/people/ines-okafor"),
    "POST /api/v1/sources": _numbered("/api/v1/sources", name="Source #"),
    "GET /api/v1/sources/<source_id>": lambda room, _column: (f"/api/v1/sources/{room.desk.source_id}", {}),
    "GET /api/v1/types/<name>": _plain("/api/v1/types/article"),
    "POST /api/v1/deliveries/<int:number>/retry": _plain("/api/v1/deliveries/999999/retry"),
    "POST /api/v1/deliveries/<int:number>/discard": _plain("/api/v1/deliveries/999999/discard"),
    "POST /api/v1/tokens": _numbered("/api/v1/tokens", name="Token #", role="viewer"),
    "GET /api/v1/tokens/<token_id>": _on_token(),
    "POST /api/v1/tokens/<token_id>/rotate": _on_token("/rotate"),
    "DELETE /api/v1/tokens/<token_id>": _on_token(),
    "POST /api/v1/roles": lambda room, _column: (
        "/api/v1/roles",
        {"json": {"name": f"role-{room.desk.number()}", "permissions": ["taxonomy:read"]}},
    ),
    "GET /api/v1/roles/<name>": _on_role(),
    "PATCH /api/v1/roles/<name>": _on_role(json={"description": "Another."}, headers=FIRST),
    "DELETE /api/v1/roles/<name>": _on_role(headers=FIRST),
    "GET /api/v1/access/explain": _plain("/api/v1/access/explain?action=articles:publish&on=city"),
    "GET /api/v1/staff/<staff_id>": _on_colleague(),
    "PATCH /api/v1/staff/<staff_id>": _on_colleague(json={"name": "Anne"}, headers=FIRST),
    "POST /api/v1/staff/invitations": _numbered("/api/v1/staff/invitations", email="new#@example.org", name="New"),
    "DELETE /api/v1/staff/invitations/<invitation_id>": _invitation,
    "POST /api/v1/staff/me/password": _plain(
        "/api/v1/staff/me/password", json={"current_password": PHRASE, "new_password": PASS_PHRASE}
    ),
    "DELETE /api/v1/sessions/<session_id>": lambda room, _column: (f"/api/v1/sessions/{room.session_id}", {}),
    "POST /api/v1/sessions/reauthenticate": _plain("/api/v1/sessions/reauthenticate", json={"password": PHRASE}),
    "POST /api/v1/sessions": lambda room, _column: (
        "/api/v1/sessions",
        {"json": {"email": room.desk.colleague().email, "password": PHRASE}},
    ),
    "POST /api/v1/staff/invitations/<invitation_id>/accept": _plain(
        f"/api/v1/staff/invitations/{NOBODY}/accept", json={"code": "ABCD2345", "password": PASS_PHRASE}
    ),
    "POST /api/v1/staff/codes": _numbered("/api/v1/staff/codes", email="nobody#@example.org"),
    "POST /api/v1/staff/password": _plain(
        "/api/v1/staff/password", json={"code_id": NOBODY, "code": "ABCD2345", "new_password": PASS_PHRASE}
    ),
    "GET /content/v1/articles/<uuid:article_id>": _document("/content/v1/articles/{id}"),
    "GET /content/v1/articles/<locale>/<slug>": _document("/content/v1/articles/en/{slug}"),
    "GET /content/v1/articles/<uuid:article_id>/related": _document("/content/v1/articles/{id}/related"),
    "POST /api/v1/redirects": _numbered("/api/v1/redirects", path="/path-#", target="/en/new"),
    "GET /api/v1/redirects/<redirect_id>": _on_redirect,
    "DELETE /api/v1/redirects/<redirect_id>": _on_redirect,
    "GET /content/v1/resolve": _document("/content/v1/resolve?path=/en/{slug}"),
    "POST /api/v1/lists": lambda room, _column: (
        "/api/v1/lists",
        {"json": {"name": f"list-{room.desk.number()}", "title": "Top", "section": "trams"}},
    ),
    "GET /api/v1/lists/<list_id>": _on_front_list(),
    "PUT /api/v1/lists/<list_id>": _on_front_list(json={"title": "Top of trams", "section": "trams"}),
    "DELETE /api/v1/lists/<list_id>": _on_front_list(),
    "POST /api/v1/lists/<list_id>/entries": _on_entries,
    "DELETE /api/v1/lists/<list_id>/entries/<entry_id>": _on_front_list("/entries/#"),
    "GET /content/v1/lists/<name>": _shown_list,
    "GET /content/v1/search": _plain("/content/v1/search?q=opens"),
    "POST /readers/v1/accounts": _numbered(
        "/readers/v1/accounts", email="reader#@example.org", password=PASS_PHRASE, locale="en"
    ),
    "POST /readers/v1/codes": _numbered("/readers/v1/codes", purpose="reset_password", email="reader#@example.org"),
    "POST /readers/v1/codes/<challenge_id>/verify": _plain(
        f"/readers/v1/codes/{NOBODY}/verify", json={"code": "123456"}
    ),
    "POST /readers/v1/password": _plain(
        "/readers/v1/password", json={"challenge_id": NOBODY, "code": "ABCD2345", "new_password": PASS_PHRASE}
    ),
    "POST /readers/v1/sessions": _reader_signs_in,
    "DELETE /readers/v1/sessions/<session_id>": _reader_session,
    "PATCH /readers/v1/me": _plain("/readers/v1/me", json={"display_name": "Ann"}),
    "POST /readers/v1/me/password": _plain(
        "/readers/v1/me/password", json={"current_password": PHRASE, "new_password": PASS_PHRASE}
    ),
    "POST /readers/v1/me/email": _numbered("/readers/v1/me/email", email="moved#@example.org", password=PHRASE),
    "POST /readers/v1/me/email/verify": _plain(
        "/readers/v1/me/email/verify", json={"challenge_id": NOBODY, "code": "ABCD2345"}
    ),
    "POST /readers/v1/email-changes/<challenge_id>/undo": _plain(
        f"/readers/v1/email-changes/{NOBODY}/undo", json={"code": "ABCD2345"}
    ),
    "POST /readers/v1/me/delete": _plain("/readers/v1/me/delete", json={"password": PHRASE}),
    "PUT /readers/v1/bookmarks/<uuid:article_id>": _document("/readers/v1/bookmarks/{id}"),
    "DELETE /readers/v1/bookmarks/<uuid:article_id>": _plain(f"/readers/v1/bookmarks/{NOBODY}"),
    "GET /readers/v1/articles/<uuid:article_id>/state": _plain(f"/readers/v1/articles/{NOBODY}/state"),
    "POST /readers/v1/bookmarks/folders": _numbered("/readers/v1/bookmarks/folders", name="Folder #"),
    "PATCH /readers/v1/bookmarks/folders/<folder_id>": _on_folder(json={"name": "Sunday"}),
    "DELETE /readers/v1/bookmarks/folders/<folder_id>": _on_folder(),
    "GET /content/v1/articles/<uuid:article_id>/comments": _document("/content/v1/articles/{id}/comments"),
    "POST /readers/v1/articles/<article_id>/comments": lambda room, _column: (
        f"/readers/v1/articles/{room.desk.article(published=True).article.id}/comments",
        {"json": {"text": "So it is."}},
    ),
    "GET /readers/v1/comments/likes": _plain(f"/readers/v1/comments/likes?article={NOBODY}"),
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
    "PUT /api/v1/comment-mode": _plain("/api/v1/comment-mode", json={"mode": "post"}),
    "GET /api/v1/sections/<slug>/comment-mode": _plain("/api/v1/sections/trams/comment-mode"),
    "PUT /api/v1/sections/<slug>/comment-mode": _plain("/api/v1/sections/trams/comment-mode", json={"mode": None}),
    "GET /api/v1/articles/<article_id>/comment-mode": _on_article("/comment-mode"),
    "PUT /api/v1/articles/<article_id>/comment-mode": _on_article("/comment-mode", json={"mode": "pre"}),
    "GET /api/v1/mail/explain": _plain("/api/v1/mail/explain?address=reader@example.org"),
    "POST /api/v1/mail/bounces": _plain("/api/v1/mail/bounces", json={"message_id": "<none@x.org>", "status": "5.1.1"}),
    "DELETE /api/v1/mail/suppressions/<suppression_id>": _plain(f"/api/v1/mail/suppressions/{NOBODY}"),
    "POST /readers/v1/articles/<uuid:article_id>/share": _document("/readers/v1/articles/{id}/share"),
    "GET /s/<code>": _short_link,
    "GET /api/v1/articles/<article_id>/audience": _on_article("/audience"),
    "GET /docs/<name>": _plain("/docs/docs.js"),
}


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> Iterator[Room]:
    home = tmp_path_factory.mktemp("access")
    shutil.copy(sqlite_template, home / "copydesk.db")
    settings = Settings(
        home=home / "home",
        database_url=f"sqlite+pysqlite:///{home / 'copydesk.db'}",
        redis_url="redis://127.0.0.1:1/0",
        secret_key=SECRET,
        log_level="warning",
    )
    app, database = create_app(settings), Database(settings.database, is_durable=False)
    desk = Desk(app, database).furnish()
    desk.article(published=True, tags=("rails",), authors=("ines-okafor",))
    drain(settings, database)
    yield Room(desk)
    app.extensions["copydesk"].database.dispose()
    app.extensions["copydesk"].index.close()
    database.dispose()


@pytest.mark.parametrize("row", ROWS, ids=[f"{row.method} {row.rule}" for row in ROWS])
def test_every_kind_of_credential_is_answered_as_the_table_says(room: Room, row: Row) -> None:
    build = ASK.get(f"{row.method} {row.rule}", _plain(row.rule))
    wrong = []
    # What is the same for everybody cannot see who asks; a few kinds are enough, since some compare passwords.
    columns = EVERYBODY if row.is_for_everybody else tuple(row.statuses)
    for column, status in ((column, row.statuses[column]) for column in columns):
        for client in room.clients(column):
            path, options = build(room, column)
            for method in ("GET", "HEAD") if row.method == "GET" else (row.method,):
                answer = client.open(path, method=method, **options)
                if answer.status_code != status:
                    wrong.append((column, method, status, answer.status_code, answer.get_data(as_text=True)[:200]))
                if answer.status_code >= 400 and method != "HEAD":
                    assert answer.mimetype == "application/problem+json"
    assert wrong == []


def test_no_route_is_missing_from_the_table_and_none_is_invented(room: Room) -> None:
    routes = {
        f"{method} {rule.rule}"
        for rule in room.desk.app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    table = [f"{row.method} {row.rule}" for row in ROWS]
    assert set(table) == routes, "tests/access/table.py and the routes differ"
    assert len(table) == len(set(table))


def test_every_private_route_tells_the_kinds_apart() -> None:
    for row in ROWS:
        if row.rule.startswith("/api/") and (row.method, row.rule) not in OPEN_ROUTES:
            assert row.statuses["none"] == row.statuses["bad"] == 401, row
            assert not row.is_for_everybody


def test_no_credential_of_a_reader_works_in_the_newsroom_and_none_of_the_newsroom_is_a_readers() -> None:
    for row in ROWS:
        if row.rule.startswith("/api/") and not row.is_for_everybody:
            assert row.statuses["reader"] == row.statuses["other-reader"] == 401, row
        if row.rule.startswith("/readers/") and not row.is_for_everybody:
            assert {row.statuses[column] for column in row.statuses if "reader" not in column} == {401}, row
