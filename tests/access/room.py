"""The room that every cell of the table is asked in: a token for each column, fresh articles, and the requests that
many routes are asked with."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

from flask.testing import FlaskClient

from cms.app import create_app
from cms.identity.rules import PERMISSIONS, grant_of
from cms.identity.staff.schemas import Given
from cms.platform.clock import now, rfc3339
from cms.platform.db import Database
from cms.platform.http.csrf import csrf_token
from cms.settings import Settings
from tests.access.desk import ELSEWHERE, EVERYTHING, OPERATOR, Desk
from tests.draining import drain

LATER = rfc3339(now() + timedelta(days=1))
NOBODY = "01890a5d-ac96-774b-bcce-b302099a8057"
OURS = "http://127.0.0.1:8000"
PASS_PHRASE = "nine brass bells at dawn"
FIRST = {"If-Match": '"1"'}
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
READERS = ("reader", "other-reader")
# The columns about whose own things is asked.
PARTICULAR = frozenset({*SESSIONS, *READERS, "own", "own-in", "own-out"})
Asked = tuple[str, dict[str, Any]]
Ask = Callable[["Room", str], Asked]


class Room:
    """One furnished desk for all cells, with a token for each column; each cell that changes something acts on
    things of its own."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.sessions: dict[str, tuple[str, str]] = {}
        self.readers: dict[str, tuple[str, str, str, str]] = {}
        self.session_id = self.reader_session_id = self.folder_id = self.follow_id = NOBODY
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

    @cached_property
    def talked_about(self) -> str:
        """An article in city/trams below which readers write: no cell that is about a comment changes it."""
        return str(self.desk.article(published=True).article.id)

    def clients(self, column: str, *, is_fresh: bool) -> list[FlaskClient]:
        """A client for each credential of a column; a cell that may end a session has a fresh one to itself."""
        if column in READERS:
            if not is_fresh and column not in self.readers:
                self.readers[column] = self._reader(column)
            mine = self._reader(column) if is_fresh else self.readers[column]
            self.reader_session_id, self.folder_id, self.follow_id, token = mine
            return [self.desk.client(token)]
        if column not in SESSIONS:
            return [self.desk.client(token) for token in self.tokens[column]]
        if not is_fresh and column not in self.sessions:
            self.sessions[column] = self._session(column)
        self.session_id, token = self._session(column) if is_fresh else self.sessions[column]
        if not column.startswith("cookie"):
            return [self.desk.client(token)]
        client = self.desk.client(None)
        client.environ_base["HTTP_COOKIE"] = f"copydesk={token}"
        if column == "cookie":
            client.environ_base |= self._proof_of_our_page()
        return [client]

    def _session(self, column: str) -> tuple[str, str]:
        proven_at = now() - timedelta(minutes=11 if column == "stale" else 0)
        kind = "cookie" if column.startswith("cookie") else "bearer"
        return self.desk.signed_in(self.desk.colleague(SESSIONS[column]), proven_at=proven_at, kind=kind)

    def _reader(self, column: str) -> tuple[str, str, str, str]:
        """What there is of a reader, and who asks for it: that reader or another one."""
        _, session_id, token = self.desk.reader()
        asking = self.desk.reader(password_hash=None)[2] if column == "other-reader" else token
        return session_id, self._folder(token), self._follow(token), asking

    def _proof_of_our_page(self) -> dict[str, str]:
        with self.desk.app.test_request_context():
            return {"HTTP_ORIGIN": OURS, "HTTP_X_CSRF_TOKEN": csrf_token(f"session:{self.session_id}")}

    def _follow(self, token: str) -> str:
        made = self.desk.client(token).post("/readers/v1/follows", json={"kind": "section", "slug": "trams"})
        return str(made.json["id"])  # type: ignore[index]  # made just now

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


@contextmanager
def furnished_room(home: Path, template: Path, **options: str) -> Iterator[Room]:
    """A room in a home of its own with an article that readers see; `options` are settings."""
    shutil.copy(template, home / "copydesk.db")
    settings = Settings(
        home=home / "home",
        database_url=f"sqlite+pysqlite:///{home / 'copydesk.db'}",
        redis_url="redis://127.0.0.1:1/0",
        secret_key="a secret for the tests 0123456789 abcdefgh",
        log_level="warning",
        **{"limit_writes": "0", **options},  # type: ignore[arg-type]  # the texts of limits
    )
    app, database = create_app(settings), Database(settings.database, is_durable=False)
    desk = Desk(app, database).furnish()
    desk.article(published=True, tags=("rails",), authors=("ines-okafor",))
    drain(settings, database)
    yield Room(desk)
    app.extensions["copydesk"].database.dispose()
    app.extensions["copydesk"].index.close()
    database.dispose()


def on_article(path: str = "", *, published: bool = False, **options: Any) -> Callable[[Room, str], Asked]:
    def ask(room: Room, column: str) -> Asked:
        address, headers, _ = room.article(column, published=published)
        return address + path, headers | options

    return ask


def document(path: str) -> Callable[[Room, str], Asked]:
    def ask(room: Room, column: str) -> Asked:
        article = room.article(column, published=True)[2].article
        return path.format(id=article.id, slug=article.slug), {}

    return ask


def plain(path: str, **options: Any) -> Callable[[Room, str], Asked]:
    def ask(_room: Room, _column: str) -> Asked:
        return path, options

    return ask


def numbered(path: str, /, **body: Any) -> Callable[[Room, str], Asked]:
    """A body in which `#` is a number that was not there before."""

    def ask(room: Room, column: str) -> Asked:
        number = str(room.desk.number())
        return path, {"json": {name: value.replace("#", number) for name, value in body.items()}}

    return ask
