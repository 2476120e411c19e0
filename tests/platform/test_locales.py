"""Locales are written in one way and asked for in any."""

import pytest
from flask.testing import FlaskClient

from cms.platform.db import Database
from cms.platform.text.locales import canonical_locale
from tests.newsroom.making import act, draft


@pytest.mark.parametrize("asked", ["zh-CN", "zh-cn", "ZH-CN", "Zh-cN"])
def test_an_article_is_found_by_its_locale_in_any_case(
    editor: FlaskClient, client: FlaskClient, database: Database, asked: str
) -> None:
    made = draft(editor, locale="zh-CN", slug="feng")
    act(editor, "publish", made["id"], 1)
    answer = client.get(f"/content/v1/articles/{asked}/feng")
    assert (answer.status_code, answer.json["locale"]) == (200, "zh-CN")
    listed = client.get(f"/content/v1/articles?locale={asked}&count=exact").json
    assert ([card["id"] for card in listed["data"]], listed["meta"]["count"]) == ([made["id"]], 1)
    assert client.get(f"/content/v1/articles?locale={asked}-x").json["data"] == []


@pytest.mark.parametrize("asked", ["zh", "zh-TW", "zh-CN-", "-", "zh_CN", "%00", "no locale at all"])
def test_another_locale_finds_nothing(editor: FlaskClient, client: FlaskClient, asked: str) -> None:
    act(editor, "publish", draft(editor, locale="zh-CN", slug="feng")["id"], 1)
    assert client.get(f"/content/v1/articles/{asked}/feng").status_code == 404


def test_a_locale_has_one_spelling() -> None:
    given = {"ZH-cn": "zh-CN", "KK-cyrl-kz": "kk-Cyrl-KZ", "EN": "en"}
    assert {text: canonical_locale(text) for text in given} == given
    assert canonical_locale("en-") is None
