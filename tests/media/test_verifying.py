"""`copydesk media verify` finds every file that is missing or not what it was."""

from dataclasses import replace

from click.testing import CliRunner
from flask.testing import FlaskClient

from cms.media.commands import media
from cms.media.storing import ORIGINALS, RENDITIONS, LocalStore
from cms.platform.db import Database
from cms.settings import Settings
from tests.draining import drain
from tests.media.drawing import form, picture, send


def test_every_file_is_read_and_what_is_wrong_is_named(
    editor: FlaskClient, settings: Settings, database: Database
) -> None:
    settings = replace(settings, media_presets="natural=40")
    first, second = (send(editor, picture(seed=seed)).json for seed in (1, 2))
    drain(settings, database)
    well = CliRunner().invoke(media, ["verify"], obj=settings)
    assert (well.exit_code, well.output) == (0, "8 files, each as it was.\n")
    store = LocalStore(settings.media_home)
    store.remove(ORIGINALS, first["sha256"])
    shown = editor.get(f"/api/v1/assets/{second['id']}").json["renditions"][1]
    changed = shown["url"].removeprefix("/media/").partition(".")[0]
    path = store.path(RENDITIONS, changed)
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)
    wrong = CliRunner().invoke(media, ["verify"], obj=settings)
    assert wrong.exit_code == 1
    assert f"missing: originals/{first['sha256'][:2]}/{first['sha256']} of asset {first['id']}" in wrong.output
    assert f"damaged: renditions/{changed[:2]}/{changed} of asset {second['id']}" in wrong.output
    assert "2 of 8 files are missing or damaged; bring them back" in wrong.output
    # The same content sent again is no other file, but it is there again.
    again = editor.put(f"/api/v1/assets/{first['id']}/file", headers={"If-Match": '"1"'}, **form(picture(seed=1)))
    assert (again.status_code, again.json["revision"]) == (200, 1)
    wrong = CliRunner().invoke(media, ["verify"], obj=settings)
    assert "missing: " not in wrong.output
    assert "1 of 8 files is missing or damaged; bring it back" in wrong.output
