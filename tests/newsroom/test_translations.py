"""Translations: one per language also in a race and after the trash, what may be linked by whom, and what it costs."""

from collections import Counter
from typing import Any

import pytest
from click.testing import CliRunner
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import delete, select
from werkzeug.test import TestResponse

from cms.content.models import Document
from cms.content.rules import wanted_locales
from cms.environment import SettingsError
from cms.events.models import Letter
from cms.identity.staff.schemas import Given
from cms.migrations.running import upgrade
from cms.newsroom.commands import rebuild
from cms.newsroom.models import Article
from cms.platform.db import Database
from cms.platform.text.headlines import headline_key
from cms.settings import Settings
from tests.access.conftest import desk
from tests.access.desk import Desk
from tests.going_back import go_back, insert
from tests.newsroom.making import UNKNOWN, act, draft, patch
from tests.newsroom.test_costs import cost
from tests.newsroom.test_racing import race

__all__ = ["cost", "desk"]
FALLBACKS = "kk:ru,en; zh-tw:zh-CN;*:en,de"


def translate(editor: FlaskClient, article_id: str, locale: str, /, **given: Any) -> TestResponse:
    return editor.post(f"/api/v1/articles/{article_id}/translate", json={"locale": locale, **given})


def link(editor: FlaskClient, article_id: str, at: int, /, **given: Any) -> TestResponse:
    headers = {"If-Match": f'"{at}"'}
    return editor.put(f"/api/v1/articles/{article_id}/translation", json=given, headers=headers)


def locales(client: FlaskClient, article_id: str) -> list[str]:
    answer = client.get(f"/content/v1/articles/{article_id}")
    return [one["locale"] for one in answer.json["translations"]]


@pytest.mark.both_databases
def test_eight_who_start_the_same_translation_make_one(app: Flask, editor: FlaskClient, database: Database) -> None:
    source = draft(editor)["id"]
    answers: Counter[tuple[int, str | None]] = Counter()

    def start(client: FlaskClient, number: int) -> None:
        answer = translate(client, source, "kk", title=f"Көпір {number}")
        answers[answer.status_code, answer.json.get("code")] += 1

    race(app, editor, 8, start)
    assert answers == {(201, None): 1, (409, "locale_taken"): 7}


@pytest.mark.both_databases
def test_an_article_cannot_move_into_a_language_that_its_group_has(editor: FlaskClient) -> None:
    source = draft(editor)["id"]
    kazakh, russian = (translate(editor, source, locale).json for locale in ("kk", "ru"))
    for change in ({"locale": "ru"}, {"locale": "ru", "slug": "bridge"}, {"locale": "ru", "slug": None}):
        refused = patch(editor, kazakh["id"], 1, **change)
        assert (refused.status_code, refused.json["code"]) == (409, "locale_taken")
        assert refused.json["article_id"] == russian["id"]
    assert patch(editor, kazakh["id"], 1, locale="de").json["locale"] == "de"
    assert translate(editor, source, "kk").status_code == 201


@pytest.mark.both_databases
def test_what_comes_out_of_the_trash_is_a_translation_again_unless_its_language_was_taken(
    client: FlaskClient, editor: FlaskClient
) -> None:
    source = draft(editor)["id"]
    kazakh, russian = (translate(editor, source, locale).json["id"] for locale in ("kk", "ru"))
    for one in (source, kazakh, russian):
        act(editor, "publish", one, 1)
    assert locales(client, source) == ["kk", "ru"]
    for one in (kazakh, russian):
        editor.delete(f"/api/v1/articles/{one}", headers={"If-Match": '"2"'})
    assert locales(client, source) == []
    second = translate(editor, source, "kk")
    assert second.status_code == 201
    for one in (kazakh, russian):
        assert editor.post(f"/api/v1/trash/{one}/restore").status_code == 200
    assert "translation_of" not in editor.get(f"/api/v1/articles/{kazakh}").json
    assert editor.get(f"/api/v1/articles/{russian}").json["translation_of"]["id"] == source
    named = editor.get(f"/api/v1/articles/{source}").json["translations"]
    assert [one["id"] for one in named] == [second.json["id"], russian]


@pytest.mark.both_databases
def test_what_was_translated_from_an_article_that_is_away_lags_behind_nothing(
    client: FlaskClient, editor: FlaskClient
) -> None:
    source = draft(editor)["id"]
    act(editor, "publish", source, 1)
    kazakh, russian = (translate(editor, source, locale).json["id"] for locale in ("kk", "ru"))
    for one in (kazakh, russian):
        act(editor, "publish", one, 1)
    patch(editor, source, 2, title="Other words")
    act(editor, "publish", source, 3)

    def told() -> dict[str, bool]:
        """What readers and editors are told of the others, in one voice."""
        public = client.get(f"/content/v1/articles/{kazakh}").json["translations"]
        found = {one["locale"]: one["is_stale"] for one in public}
        known = editor.get(f"/api/v1/articles/{kazakh}").json["translations"]
        assert found == {one["locale"]: one["is_stale"] for one in known if one["state"] == "published"}
        return found

    assert told() == {"en": False, "ru": True}
    assert editor.delete(f"/api/v1/articles/{source}", headers={"If-Match": '"4"'}).status_code == 204
    assert told() == {"ru": False}
    assert editor.post(f"/api/v1/trash/{source}/restore").status_code == 200
    assert told() == {"ru": True}
    act(editor, "publish", source, 6)
    assert told() == {"en": False, "ru": True}
    parted = editor.delete(f"/api/v1/articles/{source}/translation", headers={"If-Match": '"7"'})
    assert parted.status_code == 204
    assert told() == {"ru": False}


def test_what_cannot_be_a_translation_is_refused_with_the_reason(editor: FlaskClient) -> None:
    source, other = (draft(editor, title=title)["id"] for title in ("One", "Other"))
    kazakh, russian = (translate(editor, source, locale).json["id"] for locale in ("kk", "ru"))
    german = translate(editor, other, "de").json["id"]
    for article_id, given, status, code in (
        (kazakh, {"of": kazakh}, 422, "same_article"),
        (source, {"of": kazakh}, 409, "circular_translation"),
        (german, {"of": source}, 409, "in_another_group"),
        (other, {"of": source}, 409, "in_another_group"),
        (kazakh, {"of": source, "revision": 9}, 422, "unknown_revision"),
        (kazakh, {"of": source, "revision": 0}, 422, "invalid"),
        (kazakh, {"of": UNKNOWN}, 404, "not_found"),
        (kazakh, {}, 422, "required"),
    ):
        answer = link(editor, article_id, 1, **given)
        told = [answer.json["code"], *(error["code"] for error in answer.json.get("errors", ()))]
        assert answer.status_code == status, (given, answer.json)
        assert code in told, (given, answer.json)
    # A translation of a translation is one too; and what was linked to another source stays in the group.
    assert link(editor, russian, 1, of=kazakh).json["translation_of"]["id"] == kazakh
    alone = draft(editor, title="Alone", locale="fr")["id"]
    assert link(editor, source, 1, of=alone).json["translation_of"]["id"] == alone
    assert [one["locale"] for one in editor.get(f"/api/v1/articles/{alone}").json["translations"]] == ["en", "kk", "ru"]
    loose = draft(editor, title="Loose")["id"]
    assert link(editor, loose, 1, of=alone).json["code"] == "locale_taken"


def test_a_translator_of_one_language_who_reads_the_others_translates(desk: Desk) -> None:
    source = desk.article(published=True)
    asked = f"/api/v1/articles/{source.article.id}/translate"
    alone = desk.session(Given("translator", locale="kk"))
    assert alone.post(asked, json={"locale": "kk"}).status_code == 404
    reading = desk.session(Given("translator", locale="kk"), Given("viewer"))
    assert reading.post(asked, json={"locale": "ru"}).status_code == 403
    assert reading.post(asked, json={"locale": "kk"}).status_code == 201


def test_a_translator_links_drafts_and_what_readers_see_only_who_may_publish(desk: Desk) -> None:
    source, mine, other = desk.article(published=True), desk.article(locale="kk"), desk.article(section="sport")
    live = desk.article(locale="ru", published=True)
    translator = desk.client(desk.token("translator", section_path="city/"))
    assert link(translator, mine.article.id, 1, of=source.article.id).status_code == 200
    refused = link(translator, live.article.id, 2, of=source.article.id)
    assert (refused.status_code, refused.json["missing_permission"]) == (403, "articles:publish")
    # What is elsewhere is as if it were not, as a source and among the translations.
    assert link(translator, mine.article.id, 1, of=other.article.id).status_code == 404
    assert translate(translator, other.article.id, "kk").status_code == 404
    moved = translate(translator, source.article.id, "de", section="sport")
    assert (moved.status_code, moved.json["missing_permission"]) == (403, "articles:write")
    sport = desk.client(desk.token("editor"))
    hidden = translate(sport, source.article.id, "fr", section="sport").json["id"]
    seen = translator.get(f"/api/v1/articles/{source.article.id}").json["translations"]
    assert [one["id"] for one in seen] == [mine.article.id]
    far = desk.client(desk.token("editor", section_path="sport/"))
    assert far.get(f"/api/v1/articles/{hidden}").json["translation_of"] is None
    assert far.get(f"/api/v1/articles/{hidden}").json["translations"] == []


def test_the_whole_group_is_written_with_as_many_statements_for_five_as_for_three(
    editor: FlaskClient, client: FlaskClient, cost: Any
) -> None:
    spent = []
    for title, wanted in (("Three", ("kk", "ru")), ("Five", ("kk", "ru", "de", "zh-CN"))):
        source = draft(editor, title=title)["id"]
        made = [translate(editor, source, locale, title=title).json["id"] for locale in wanted]
        for one in (source, *made):
            assert act(editor, "publish", one, 1).status_code == 200
        patch(editor, source, 2, body="Other words.")
        path = f"/api/v1/articles/{source}"
        costs = [cost(lambda path=path: editor.get(path))]
        costs.append(cost(lambda source=source: act(editor, "publish", source, 3)))
        costs.append(cost(lambda source=source: client.get(f"/content/v1/articles/{source}?locale=kk")))
        costs.append(cost(lambda source=source: act(editor, "unpublish", source, 4)))
        spent.append(costs)
    assert spent[0] == spent[1]
    print(f"read, publish, read by language, unpublish: {spent[1]} statements")


@pytest.mark.both_databases
def test_a_rebuild_brings_translations_back(
    client: FlaskClient, editor: FlaskClient, settings: Settings, database: Database
) -> None:
    source = draft(editor)["id"]
    kazakh, _ = (translate(editor, source, locale).json["id"] for locale in ("kk", "ru"))
    for one in (source, kazakh):
        act(editor, "publish", one, 1)
    patch(editor, source, 2, body="Other words.")
    act(editor, "publish", source, 3)
    before = [client.get(f"/content/v1/articles/{one}").data for one in (source, kazakh)]
    with database.transaction() as session:
        session.execute(delete(Document))
    answer = CliRunner().invoke(rebuild, obj=settings)
    assert answer.exit_code == 0, answer.output
    assert [client.get(f"/content/v1/articles/{one}").data for one in (source, kazakh)] == before
    assert b'"is_stale":true' in before[0]


def test_every_act_leaves_its_event(editor: FlaskClient, database: Database) -> None:
    source = draft(editor)["id"]
    kazakh = translate(editor, source, "kk").json["id"]
    editor.delete(f"/api/v1/articles/{kazakh}/translation", headers={"If-Match": '"1"'})
    link(editor, kazakh, 1, of=source)
    with database.reading() as session:
        types = session.scalars(select(Letter.type).where(Letter.subject == kazakh).order_by(Letter.number)).all()
    assert types == [
        "article.created", "article.translation_started", "article.translation_parted", "article.translation_linked",
    ]  # fmt: skip


@pytest.mark.both_databases
def test_what_was_published_before_there_were_translations_can_be_overtaken_too(
    client: FlaskClient, editor: FlaskClient, database: Database
) -> None:
    source = draft(editor)["id"]
    act(editor, "publish", source, 1)
    with database.transaction() as session:
        article = session.scalars(select(Article).where(Article.id == source)).one()
        article.shown_revision = article.shown_digest = None
    kazakh = translate(editor, source, "kk").json["id"]
    assert link(editor, kazakh, 1, of=source).json["translation_of"] == {"id": source, "revision": 2, "is_stale": False}
    patch(editor, source, 2, dek="Other words.")
    act(editor, "publish", source, 3)
    assert editor.get(f"/api/v1/articles/{kazakh}").json["translation_of"]["is_stale"] is True


@pytest.mark.both_databases
def test_documents_of_an_earlier_version_say_that_they_have_no_translations(
    database: Database, database_kind: str
) -> None:
    go_back(database, database_kind, "0013")
    at = "2026-11-01 08:00:00"
    body = '{"id":"x","share":{"url":"/x"},"corrections":[],"seo":{"title":"X"}}'
    with database.transaction() as session:
        insert(
            session, "documents", article_id=UNKNOWN if database_kind == "postgresql" else UNKNOWN.replace("-", ""),
            number=1, revision=1, locale="en", slug="x", section_path="", title="X", published_at=at, updated_at=at,
            content="{}", text="", image_count=0, body=body, card="{}", etag="1", changed_at=at, has_lost_related=False,
        )  # fmt: skip
    upgrade(database)
    with database.reading() as session:
        body, etag, key = session.execute(select(Document.body, Document.etag, Document.title_key)).one()
    counted = b'{"id":"x","comments":{"count":0,"is_enabled":true},"bookmarks":{"count":0},"share":{"url":"/x"},'
    rest = b'"translations":[],"corrections":[],"seo":{"title":"X"},"previous":null,"next":null}'
    assert bytes(body) == counted + rest
    assert etag != "1"
    assert key == headline_key("x"), "its headline is found as a new one is"


@pytest.mark.parametrize(
    ("asked", "wanted"),
    [
        ("kk", ("kk", "ru", "en", "de")),
        ("kk-Cyrl-KZ", ("kk-Cyrl-KZ", "kk-Cyrl", "kk", "ru", "en", "de")),
        ("zh-TW", ("zh-TW", "zh-CN", "zh", "en", "de")),
        ("zh-CN", ("zh-CN", "zh", "en", "de")),
        ("en", ("en", "de")),
        ("de-x-old", ("de-x-old", "de", "en")),
    ],
)
def test_a_language_and_those_that_stand_in_for_it(asked: str, wanted: tuple[str, ...]) -> None:
    assert wanted_locales(FALLBACKS, asked) == wanted


@pytest.mark.parametrize(
    "text", ["kk", "kk:", ":ru", "kk:ru:en", "kk:ru,,en", "kk:ru;;en:de", "k:ru", "kk:*", "kk=ru", "kk:ru;kk:en", "*"]
)
def test_an_order_of_fallbacks_that_cannot_be_read_is_refused_by_its_name(text: str) -> None:
    with pytest.raises(SettingsError, match="COPYDESK_LOCALE_FALLBACKS"):
        Settings.from_environment({"COPYDESK_LOCALE_FALLBACKS": text})
    assert Settings.from_environment({"COPYDESK_LOCALE_FALLBACKS": FALLBACKS}).locale_fallbacks == FALLBACKS
