"""What is looked at before readers get an article, and that a publish says the same."""

from typing import Any

import pytest
from flask.testing import FlaskClient

from cms.platform.db import Database
from tests.newsroom.making import act, counts, draft, patch

GOOD = {"summary": ["The bridge opened."], "title": "Harbour bridge reopens"}


def validated(editor: FlaskClient, article_id: str) -> dict[str, Any]:
    answer = editor.post(f"/api/v1/articles/{article_id}/validate")
    assert answer.status_code == 200, answer.json
    told: dict[str, Any] = answer.json
    return told


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ({}, []),
        ({"summary": []}, [("warn", "/summary", "missing_summary")]),
        ({"title": "A" * 110}, []),
        ({"title": "A" * 111}, [("warn", "/title", "long_title")]),
        ({"body": "![](https://a.example/l.png) Text"}, [("warn", "/body", "missing_alt_text")]),
        ({"body": "![ ](https://a.example/l.png) Text"}, [("warn", "/body", "missing_alt_text")]),
        ({"body": "![A lamp](https://a.example/l.png) Text"}, []),
        ({"body": ""}, [("block", "/body", "required")]),
        ({"body": "<!-- later -->", "summary": []},
         [("block", "/body", "required"), ("warn", "/summary", "missing_summary")]),
    ],
)  # fmt: skip
def test_a_draft_is_told_what_it_lacks_and_a_publish_refuses_exactly_what_blocks(
    editor: FlaskClient, database: Database, given: dict[str, Any], found: list[tuple[str, str, str]]
) -> None:
    made = draft(editor, **{**GOOD, **given})
    before = counts(database)
    told = validated(editor, made["id"])
    assert counts(database) == before
    assert [(one["severity"], one["pointer"], one["code"]) for one in told["findings"]] == found
    pictures = {one["detail"] for one in told["findings"] if one["code"] == "missing_alt_text"}
    assert pictures <= {"1 image has no alternative text."}
    blocking = [one for one in told["findings"] if one["severity"] == "block"]
    assert (told["can_publish"], told["revision"]) == (not blocking, 1)
    answer = act(editor, "publish", made["id"], 1)
    assert answer.status_code == (422 if blocking else 200)
    if blocking:
        said = [{name: one[name] for name in ("pointer", "code", "detail")} for one in blocking]
        assert answer.json["errors"] == said


def test_a_headline_that_is_published_already_is_warned_of_in_its_own_language_only(editor: FlaskClient) -> None:
    first = draft(editor, **GOOD)
    again, elsewhere = draft(editor, **GOOD), draft(editor, **GOOD, locale="en-GB")
    assert validated(editor, again["id"])["findings"] == []
    act(editor, "publish", first["id"], 1)
    [finding] = validated(editor, again["id"])["findings"]
    assert (finding["severity"], finding["code"]) == ("warn", "duplicate_title")
    assert first["id"] in finding["detail"]
    assert validated(editor, elsewhere["id"])["findings"] == []
    assert [one["code"] for one in validated(editor, first["id"])["findings"]] == ["already_published"]


def test_a_headline_that_is_much_like_a_published_one_is_warned_of(editor: FlaskClient, database: Database) -> None:
    shown = draft(editor, title="Harbour bridge reopens on 3 May", summary=["It opened."])
    act(editor, "publish", shown["id"], 1)
    asked, found = draft(editor, summary=["It opened."]), {}
    wanted = {
        "harbour BRIDGE reopens on 3 may!": "duplicate_title",
        "Ｈａｒｂｏｕｒ　bridge re-opens on\u00a03 May": "duplicate_title",
        "“Harbour bridge” reopens, on 3 May…": "duplicate_title",
        "Harbour bridge reopens 3 May": "similar_title",
        "On 3 May, the harbour bridge reopens": "similar_title",
        "Harbour brigde reopens on 3 May": "similar_title",
        "Harbour bridge reopens on 4 May": "",
        "Harbour bridge closes on 3 May": "",
        "Harbour tunnel reopens on 3 May": "",
        "Bridge": "",
    }
    for count, title in enumerate(wanted, 1):
        assert patch(editor, asked["id"], count, title=title).status_code == 200
        findings = validated(editor, asked["id"])["findings"]
        assert all(shown["id"] in one["detail"] for one in findings)
        found[title] = "".join(one["code"] for one in findings)
    assert found == wanted


def test_a_slug_that_readers_know_for_another_article_blocks(editor: FlaskClient) -> None:
    first = draft(editor, **GOOD, slug="bridge")
    act(editor, "publish", first["id"], 1)
    patch(editor, first["id"], 2, slug="other")
    second = draft(editor, summary=["New."], title="Another bridge", slug="bridge")
    told = validated(editor, second["id"])
    assert [(one["severity"], one["code"]) for one in told["findings"]] == [("block", "slug_taken")]
    assert act(editor, "publish", second["id"], 1).json["code"] == "slug_taken"


def test_what_the_state_forbids_is_told_too(editor: FlaskClient) -> None:
    made = draft(editor, **GOOD)
    act(editor, "archive", made["id"], 1)
    told = validated(editor, made["id"])
    assert [(one["severity"], one["pointer"], one["code"]) for one in told["findings"]] == [("block", "", "conflict")]
    assert not told["can_publish"]
    assert act(editor, "publish", made["id"], 2).status_code == 409
