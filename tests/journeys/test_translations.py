"""The story of an article in four languages: started, published one by one, overtaken by the source, put right."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from cms.app import create_app
from cms.platform.db import Database
from cms.settings import Settings
from tests.draining import drain
from tests.newsroom.making import act, draft, patch


@pytest.fixture
def site(settings: Settings, database: Database) -> Iterator[FlaskClient]:
    """Readers of a site with an order of fallbacks."""
    app = create_app(replace(settings, locale_fallbacks="kk:ru,en; zh-TW:zh-CN;*:de"))
    yield app.test_client()
    app.extensions["copydesk"].database.dispose()
    app.extensions["copydesk"].index.close()


def translate(editor: FlaskClient, article_id: str, locale: str, /, **given: Any) -> TestResponse:
    return editor.post(f"/api/v1/articles/{article_id}/translate", json={"locale": locale, **given})


def link(editor: FlaskClient, article_id: str, at: int, /, **given: Any) -> TestResponse:
    return editor.put(f"/api/v1/articles/{article_id}/translation", json=given, headers={"If-Match": f'"{at}"'})


def shown(client: FlaskClient, article_id: str) -> dict[str, bool]:
    """The translations that readers are told of: which lags behind, by language."""
    answer = client.get(f"/content/v1/articles/{article_id}")
    assert answer.status_code == 200, answer.json
    for one in answer.json["translations"]:
        assert client.get(one["url"]).json["locale"] == one["locale"]
    return {one["locale"]: one["is_stale"] for one in answer.json["translations"]}


def listed(editor: FlaskClient, asked: str) -> list[str]:
    return [row["id"] for row in editor.get(f"/api/v1/articles?translation={asked}").json["data"]]


@pytest.mark.both_databases
def test_an_article_is_translated_overtaken_and_put_right(
    client: FlaskClient, editor: FlaskClient, administrator: FlaskClient, settings: Settings, database: Database
) -> None:
    source = draft(editor, title="Old Kessary goes under again", body="The village is under water.")["id"]
    act(editor, "publish", source, 1)
    assert shown(client, source) == {}
    assert listed(editor, "missing:kk") == [source]

    # A translation is a draft of its own, with the words of the source until they are written over.
    started = translate(editor, source, "KK", title="Ескі Кессари су астында")
    assert started.status_code == 201
    kazakh = started.json["id"]
    assert started.headers["Location"] == f"/api/v1/articles/{kazakh}"
    assert started.json["locale"] == "kk"
    assert started.json["state"] == "draft"
    assert started.json["body"] == "The village is under water."
    assert started.json["translation_of"] == {"id": source, "revision": 2, "is_stale": False}
    assert translate(editor, source, "kk").json["code"] == "locale_taken"
    assert translate(editor, source, "en").json["code"] == "locale_taken"
    assert translate(editor, kazakh, "en").json["code"] == "locale_taken"
    empty = translate(editor, source, "ru", copy=False).json
    assert (empty["body"], empty["title"]) == ("", "Old Kessary goes under again")
    russian = empty["id"]
    assert listed(editor, "missing:kk") == []
    assert listed(editor, "missing:de") == [source]

    # Readers know of those that are published, each from the others; the source says whose translation they are.
    assert shown(client, source) == {}
    act(editor, "publish", kazakh, 1)
    assert shown(client, source) == {"kk": False}
    assert shown(client, kazakh) == {"en": False}
    whole, other = (client.get(f"/content/v1/articles/{one}").json for one in (source, kazakh))
    assert whole["seo"]["json_ld"]["workTranslation"][0]["url"] == other["url"]
    assert other["seo"]["json_ld"]["translationOfWork"]["url"] == whole["url"]
    assert "translations" not in client.get("/content/v1/articles").json["data"][0]
    patch(editor, russian, 1, title="Старое Кессари", body="Село под водой.")
    act(editor, "publish", russian, 2)
    assert shown(client, source) == {"kk": False, "ru": False}

    # Another tag of the source, and an edit that waits, leave the translations right; other words do not.
    patch(editor, source, 2, tags=["kessary"])
    act(editor, "publish", source, 3)
    patch(editor, source, 4, body="The village is under forty metres of water.")
    assert shown(client, russian) == {"en": False, "kk": False}
    act(editor, "publish", source, 5)
    assert shown(client, source) == {"kk": True, "ru": True}
    assert shown(client, kazakh) == {"en": False, "ru": True}
    assert sorted(listed(editor, "stale")) == sorted([kazakh, russian])
    seen = editor.get(f"/api/v1/articles/{source}", headers={"If-None-Match": '"6"'})
    assert [(one["id"], one["is_stale"]) for one in seen.json["translations"]] == [(kazakh, True), (russian, True)]
    found = editor.post(f"/api/v1/articles/{kazakh}/validate").json["findings"]
    assert ("warn", "stale_translation") in [(one["severity"], one["code"]) for one in found]

    # The translator follows, and says so. Who has read an older state is told.
    patch(editor, kazakh, 2, body="Ауыл қырық метр су астында.")
    act(editor, "publish", kazakh, 3)
    assert shown(client, source)["kk"] is True
    assert link(editor, kazakh, 3, of=source).status_code == 412
    assert link(editor, kazakh, 4, of=source, revision=5).json["translation_of"]["is_stale"] is False
    assert shown(client, source) == {"kk": False, "ru": True}
    # Readers of the source get the old words back: what was translated from them is right again.
    patch(editor, source, 6, body="The village is under water.")
    act(editor, "publish", source, 7)
    assert shown(client, source) == {"kk": True, "ru": False}

    # One goes, and is named no more; another leaves the group, and stays as an article of its own.
    act(editor, "unpublish", russian, 3)
    assert shown(client, source) == {"kk": True}
    act(editor, "publish", russian, 4)
    assert editor.delete(f"/api/v1/articles/{russian}/translation").status_code == 428
    gone = editor.delete(f"/api/v1/articles/{russian}/translation", headers={"If-Match": '"5"'})
    assert gone.status_code == 204
    assert shown(client, source) == {"kk": True}
    assert shown(client, russian) == {}
    assert link(editor, russian, 5, of=source).json["translation_of"]["is_stale"] is False
    assert shown(client, source) == {"kk": True, "ru": False}
    assert link(editor, source, 8, of=russian).json["code"] == "circular_translation"
    assert act(administrator, "takedown", russian, 5).status_code == 200
    assert shown(client, source) == {"kk": True}
    drain(settings, database)


@pytest.mark.both_databases
def test_readers_get_the_language_they_ask_for_or_the_next_that_the_site_has_for_them(
    site: FlaskClient, editor: FlaskClient, administrator: FlaskClient, settings: Settings, database: Database
) -> None:
    source = draft(editor)["id"]
    russian, chinese = (translate(editor, source, locale).json["id"] for locale in ("ru", "zh-CN"))
    act(editor, "publish", source, 1)

    def asked(locale: str, article_id: str = source) -> tuple[int, str | None]:
        answer = site.get(f"/content/v1/articles/{article_id}?locale={locale}")
        return answer.status_code, answer.headers.get("Content-Language")

    assert asked("kk") == (200, "en")
    assert asked("ru") == (404, None)
    assert asked("kk", russian) == (404, None)
    act(editor, "publish", russian, 1)
    act(editor, "publish", chinese, 1)
    assert asked("kk") == (200, "ru")
    assert asked("kk-Cyrl-KZ") == (200, "ru")
    assert asked("zh-tw") == (200, "zh-CN")
    assert asked("fr") == (404, None)
    assert asked("en", russian) == (200, "en")
    german = translate(editor, russian, "de").json
    act(editor, "publish", german["id"], 1)
    assert asked("fr") == (200, "de")
    first = site.get(f"/content/v1/articles/{source}?locale=kk")
    assert first.json["id"] == russian
    again = site.get(f"/content/v1/articles/{source}?locale=kk", headers={"If-None-Match": first.headers["ETag"]})
    assert again.status_code == 304
    act(editor, "unpublish", russian, 2)
    assert asked("kk") == (200, "en")
    assert act(administrator, "takedown", source, 2).status_code == 200
    assert asked("kk") == (410, None)
    drain(settings, database)
