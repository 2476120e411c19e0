"""How the routes of articles, releases and front lists are asked."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

from cms.identity.rules import PERMISSIONS, grant_of
from cms.newsroom.front_lists.arranging import make_list
from cms.newsroom.front_lists.rules import Entry, ListContent, NewList
from cms.newsroom.leases.rules import TakeLease
from cms.newsroom.leases.taking import take_lease
from cms.newsroom.preparing import PreparedBody
from cms.newsroom.previews.rules import SharePreview
from cms.newsroom.previews.sharing import share_preview
from cms.newsroom.releases.grouping import make_release, schedule_release
from cms.newsroom.releases.preparing import PreparedRelease
from cms.newsroom.releases.rules import NewRelease, ScheduleRelease
from cms.newsroom.reviewing import approve_article, archive_article
from cms.newsroom.rules import ArticleAct, DeleteArticle
from cms.newsroom.saving import Saved
from cms.newsroom.schedules.rules import PutSchedule, Times
from cms.newsroom.schedules.scheduling import put_schedule
from cms.newsroom.translations.rules import StartTranslation
from cms.newsroom.translations.translating import start_translation
from cms.newsroom.trashing import delete_article
from cms.platform.clock import now
from cms.platform.text.markdown import render
from tests.access.desk import OPERATOR
from tests.access.room import LATER, Ask, Asked, Room, numbered, on_article


def _scheduled(**options: Any) -> Callable[[Room, str], Asked]:
    def ask(room: Room, column: str) -> Asked:
        address, _, saved = room.article(column)
        command = PutSchedule(saved.article.id, Times(publish_at=now() + timedelta(days=1)))
        with room.desk.database.transaction() as session:
            put_schedule(session, OPERATOR, command, _ready(saved), now())
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
                schedule_release(session, operator, command, PreparedRelease({saved.article.id: _ready(saved)}), now())
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


def _on_preview(path: str) -> Callable[[Room, str], Asked]:
    """An article with a preview link; # in the path is the link's id."""

    def ask(room: Room, column: str) -> Asked:
        address, _, saved = room.article(column)
        return address + path.replace("#", _preview(room, saved)[0]), {}

    return ask


def _through_link(path: str) -> Callable[[Room, str], Asked]:
    def ask(room: Room, column: str) -> Asked:
        saved = room.article(column)[2]
        return f"/preview/v1/articles/{saved.article.id}{path}?token={_preview(room, saved)[1]}", {}

    return ask


def _preview(room: Room, saved: Saved) -> tuple[str, str]:
    command, keys = SharePreview(saved.article.id, timedelta(days=1)), room.desk.app.extensions["copydesk"].keys
    with room.desk.database.transaction() as session:
        link, token = share_preview(session, OPERATOR, command, keys, now())
        return link.id, token


def _embargoed(room: Room, column: str) -> Asked:
    address, _, saved = room.article(column)
    command = PutSchedule(saved.article.id, Times(embargo_until=now() + timedelta(days=1)))
    with room.desk.database.transaction() as session:
        put_schedule(session, OPERATOR, command, _ready(saved), now())
    return f"{address}/embargo", {}


def _ready(saved: Saved) -> PreparedBody:
    return PreparedBody(saved.article.revision, render(saved.content["body"], saved.content["body_format"]))


def _receipt(room: Room, column: str) -> Asked:
    return f"/api/v1/receipts/{room.article(column, published=True)[2].letter.id}", {}


ASK: dict[str, Ask] = {
    "POST /api/v1/articles": numbered("/api/v1/articles", title="Line # opens", locale="en", section="trams"),
    "GET /api/v1/articles/<article_id>": on_article(),
    "PATCH /api/v1/articles/<article_id>": on_article(json={"dek": "Without a second motor."}),
    "DELETE /api/v1/articles/<article_id>": on_article(),
    "POST /api/v1/articles/<article_id>/publish": on_article("/publish"),
    "POST /api/v1/articles/<article_id>/unpublish": on_article("/unpublish", published=True),
    "POST /api/v1/articles/<article_id>/submit": on_article("/submit"),
    "POST /api/v1/articles/<article_id>/approve": on_article("/approve"),
    "POST /api/v1/articles/<article_id>/reject": _after(approve_article, "/reject", json={"note": "Who says so?"}),
    "POST /api/v1/articles/<article_id>/correct": on_article(
        "/correct", published=True, json={"note": "The tram has one motor."}
    ),
    "POST /api/v1/articles/<article_id>/takedown": on_article("/takedown", published=True),
    "POST /api/v1/articles/<article_id>/archive": on_article("/archive"),
    "POST /api/v1/articles/<article_id>/unarchive": _after(archive_article, "/unarchive"),
    "POST /api/v1/articles/<article_id>/validate": on_article("/validate"),
    "POST /api/v1/trash/<article_id>/restore": _in_trash,
    "GET /api/v1/articles/<article_id>/revisions": on_article("/revisions"),
    "GET /api/v1/articles/<article_id>/revisions/<int:number>": on_article("/revisions/1"),
    "GET /api/v1/articles/<article_id>/schedule": _scheduled(),
    "PUT /api/v1/articles/<article_id>/schedule": on_article("/schedule", json={"publish_at": LATER}, headers={}),
    "DELETE /api/v1/articles/<article_id>/schedule": _scheduled(headers={"If-Match": '"1"'}),
    "GET /api/v1/articles/<article_id>/revisions/<int:first>..<int:second>": on_article("/revisions/1..1"),
    "POST /api/v1/articles/<article_id>/restore": on_article("/restore", json={"revision": 1}),
    "GET /api/v1/articles/<article_id>/lease": _on_lease,
    "POST /api/v1/articles/<article_id>/copy": on_article("/copy", headers={}),
    "POST /api/v1/articles/<article_id>/translate": on_article("/translate", json={"locale": "de"}, headers={}),
    "PUT /api/v1/articles/<article_id>/translation": _with_source,
    "DELETE /api/v1/articles/<article_id>/translation": _translated,
    "GET /api/v1/articles/<article_id>/related": on_article("/related"),
    "PUT /api/v1/articles/<article_id>/related": on_article("/related", json={"pins": []}, headers={"If-Match": '"0"'}),
    "PUT /api/v1/articles/<article_id>/lease": on_article("/lease"),
    "DELETE /api/v1/articles/<article_id>/lease": _on_lease,
    "POST /api/v1/articles/<article_id>/previews": on_article("/previews", headers={}),
    "GET /api/v1/articles/<article_id>/previews": _on_preview("/previews"),
    "GET /api/v1/articles/<article_id>/previews/<preview_id>": _on_preview("/previews/#"),
    "GET /api/v1/articles/<article_id>/previews/<preview_id>/views": _on_preview("/previews/#/views"),
    "DELETE /api/v1/articles/<article_id>/previews/<preview_id>": _on_preview("/previews/#"),
    "GET /preview/v1/articles/<uuid:article_id>": _through_link(""),
    "GET /preview/v1/articles/<uuid:article_id>/page": _through_link("/page"),
    "POST /api/v1/releases": numbered("/api/v1/releases", title="Release #"),
    "GET /api/v1/releases/<release_id>": _on_release(),
    "PATCH /api/v1/releases/<release_id>": _on_release(json={"title": "Another"}),
    "DELETE /api/v1/releases/<release_id>": _on_release(),
    "POST /api/v1/releases/<release_id>/publish": _on_release("/publish"),
    "PUT /api/v1/releases/<release_id>/schedule": _on_release("/schedule", json={"release_at": LATER}),
    "DELETE /api/v1/releases/<release_id>/schedule": _on_release("/schedule", is_scheduled=True),
    "GET /api/v1/articles/<article_id>/embargo": _embargoed,
    "GET /api/v1/receipts/<receipt_id>": _receipt,
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
}
