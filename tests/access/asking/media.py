"""How the routes of assets are asked."""

from collections.abc import Callable
from typing import Any

from cms.media.adding import add_asset
from cms.media.rules import NewAsset, Received
from cms.media.storing import ORIGINALS, LocalStore
from cms.platform.clock import now
from tests.access.desk import OPERATOR
from tests.access.room import FIRST, NOBODY, Ask, Asked, Room, plain
from tests.media.drawing import form, picture


def _sent(room: Room, _column: str) -> Asked:
    # Behind the end of a GIF anything may stand, so each is another file.
    data = picture("gif") + str(room.desk.number()).encode()
    return "/api/v1/assets", form(data, "quay.gif")


def _on_asset(path: str = "", **options: Any) -> Callable[[Room, str], Asked]:
    """A fresh asset, which the column `own` and its like sent themselves."""

    def ask(room: Room, column: str) -> Asked:
        token = room.tokens[column][0] if column.startswith("own") else None
        actor = OPERATOR if token is None else room.desk.actor(token)
        number = room.desk.number()
        received = Received("quay.png", f"{number:064x}", 1, "image/png", 9, 9, (0.5, 0.5), "#000000", "x")
        store = LocalStore(room.desk.app.extensions["copydesk"].settings.media_home)
        store.home.mkdir(parents=True, exist_ok=True)
        source = store.home / f"{number}.part"
        source.write_bytes(b"x")
        store.put(ORIGINALS, received.sha256, source)
        with room.desk.database.transaction() as session:
            made = add_asset(session, actor, store, NewAsset(received), now()).asset
        return f"/api/v1/assets/{made.id}{path}", {"headers": FIRST, **options}

    return ask


def _replaced(room: Room, column: str) -> Asked:
    path, _ = _on_asset("/file")(room, column)
    return path, {"headers": FIRST, **form(picture("gif") + str(room.desk.number()).encode(), "quay.gif")}


ASK: dict[str, Ask] = {
    "POST /api/v1/assets": _sent,
    "GET /api/v1/assets/<asset_id>": _on_asset(headers={}),
    "PATCH /api/v1/assets/<asset_id>": _on_asset(json={"credit": "The Courier"}),
    "DELETE /api/v1/assets/<asset_id>": _on_asset(),
    "GET /api/v1/assets/<asset_id>/uses": _on_asset("/uses", headers={}),
    "PUT /api/v1/assets/<asset_id>/file": _replaced,
    "GET /api/v1/assets/<asset_id>/replacements": _on_asset("/replacements", headers={}),
    "GET /media/<name>": plain("/media/none.jpg"),
    "GET /media/<asset_id>/<name>": plain(f"/media/{NOBODY}/social-1200.jpg?signature={'0' * 32}"),
    "GET /api/v1/assets/<asset_id>/original": _on_asset("/original", headers={}),
}
