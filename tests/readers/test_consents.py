"""Consents: which version of which document, and when; needed where a setting says so, and the reader's own data."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from cms.app import create_app
from cms.audit.models import AuditEntry
from cms.environment import SettingsError
from cms.readers.models import Challenge, Consent
from cms.settings import Settings
from tests.readers.making import BEGAN, OTHER_PHRASE, PHRASE, Desk

TERMS = {"document": "terms", "version": "2026-11-01"}
LETTER = {"document": "newsletter", "version": "1"}
# What no list of consents is: shapes, members, names and versions that nobody could tell apart later.
WRONG: tuple[Any, ...] = (
    None, "terms", {}, True, 0, [None], ["terms"], [{}], [[]], [{"document": "terms"}], [{"version": "1"}],
    [TERMS | {"given_at": "2020-01-01T00:00:00Z"}], [TERMS | {"account_id": "x"}], [TERMS | {"": 1}], [TERMS, TERMS],
    [TERMS, TERMS | {"version": "2"}], [TERMS] * 21,
    *([TERMS | {"document": value}] for value in (
        "", " ", "Terms", "терms", "te rms", "follow-letters",
        "terms\n", "terms\x00", "t" * 41, "1terms", "-terms", "terms=1", None, 1,
        True, [], {}, "../terms", "terms\u2028",
    )),
    *([TERMS | {"version": value}] for value in (
        "", " ", ".1", "-1", "1 2", "1\n", "1\x00", "v" * 41, "１", "1=2", "1,2", None, 1, 1.5, True, [], {},
    )),
)  # fmt: skip


@pytest.fixture
def strict(settings: Settings) -> Iterator[Desk]:
    """The readers' routes where the terms and the privacy notice have to be agreed to."""
    app = create_app(replace(settings, required_consents=("terms=2026-11-01", "privacy=3")))
    yield Desk(app, app.test_client())
    app.extensions["copydesk"].database.dispose()
    app.extensions["copydesk"].index.close()


def kept(desk: Desk) -> list[tuple[str, str]]:
    return [(one.document, one.version) for one in desk.rows(Consent)]


def test_what_a_reader_agreed_to_is_kept_with_the_instant_and_exported_and_deleted(desk: Desk) -> None:
    first = desk.register(consents=[TERMS, LETTER])
    agreed_at = desk.now
    desk.wait(minutes=2)
    # A new code of the same registration; its consents were given when it was sent.
    second = desk.ask("verify_email", challenge_id=first)
    assert desk.rows(Consent) == []
    desk.wait(minutes=1)
    assert desk.verify(second, desk.code(second)).status_code == 204
    assert [(one.document, one.version, one.given_at) for one in desk.rows(Consent)] == [
        ("terms", "2026-11-01", agreed_at),
        ("newsletter", "1", agreed_at),
    ]
    token = desk.sign_in().json["token"]
    shown = desk.ask_as(token, "POST", "/me/export").json["consents"]
    given = {"given_at": "2026-03-02T09:00:00Z", "given_by": "registration", "withdrawn_at": None}
    assert shown == [one | given for one in (TERMS, LETTER)]
    assert desk.ask_as(token, "POST", "/me/delete", {"password": PHRASE}).status_code == 204
    assert kept(desk) == []


def test_without_the_setting_none_is_needed(desk: Desk) -> None:
    desk.make_account()
    assert kept(desk) == []


def test_a_new_version_is_agreed_to_and_withdrawn_later_and_each_instant_stays_on_record(strict: Desk) -> None:
    strict.register(consents=[TERMS, {"document": "privacy", "version": "3"}])
    [challenge] = strict.rows(Challenge)
    assert strict.verify(challenge.id, strict.code(challenge.id)).status_code == 204
    token, path = strict.sign_in().json["token"], "/me/consents"

    def ask(method: str, more: str = "", body: Any = None) -> Any:
        return strict.ask_as(token, method, f"{path}{more}", body)

    # The site asks for another version now: who has the older one is told so, and goes on reading.
    parts = strict.app.extensions["copydesk"]
    newer = replace(parts.settings, required_consents=("terms=2027-01-01", "privacy=3"))
    strict.app.extensions["copydesk"] = replace(parts, settings=newer)
    required = [(one["document"], one["is_given"]) for one in ask("GET").json["required"]]
    assert required == [("terms", False), ("privacy", True)]
    for minutes, (method, more, body, status) in enumerate((
        ("PUT", "/terms", {"version": "2027-01-01"}, 200), ("PUT", "/terms", {"version": "2027-01-01"}, 200),
        ("PUT", "/newsletter", {"version": "1"}, 200), ("DELETE", "/newsletter", None, 204),
        ("DELETE", "/newsletter", None, 404), ("PUT", "/newsletter", {"version": "1"}, 200),
    )):  # fmt: skip
        strict.now = BEGAN + timedelta(hours=1, minutes=minutes)
        assert ask(method, more, body).status_code == status, (method, more)
    shown = ask("GET").json
    assert [one["is_given"] for one in shown["required"]] == [True, True]
    listed = [(one["document"], one["version"], one["given_by"], one["withdrawn_at"]) for one in shown["data"]]
    assert listed == [
        ("newsletter", "1", "account", None),
        ("newsletter", "1", "account", "2026-03-02T10:03:00Z"),
        ("terms", "2027-01-01", "account", None),
        ("privacy", "3", "registration", None),
        ("terms", "2026-11-01", "registration", "2026-03-02T10:00:00Z"),
    ]
    assert strict.ask_as(token, "POST", "/me/export").json["consents"] == shown["data"][::-1]
    trail = [one.action for one in strict.rows(AuditEntry) if one.action.startswith("consent.")]
    assert trail == ["consent.given", "consent.given", "consent.withdrawn", "consent.given"]
    wrong = []
    for name in ("Terms", "1terms", "te%20rms", "t" * 41, "te.rms", "терms", "follow-letters"):
        if ask("PUT", f"/{name}", {"version": "1"}).status_code != 422:
            wrong.append(name)
    for body in ({}, {"version": ""}, {"version": 1}, {"version": "1 2"}, {"version": "1", "given_at": "x"}):
        if ask("PUT", "/terms", body).status_code != 422:
            wrong.append(str(body))
    assert (wrong, len(ask("GET").json["data"])) == ([], 5)


def test_where_the_setting_names_documents_each_is_needed_in_its_present_version(strict: Desk) -> None:
    privacy = {"document": "privacy", "version": "3"}
    body = {"email": "ann@example.org", "password": PHRASE, "locale": "en"}
    for consents, missing in (
        ([], ["terms", "privacy"]),
        ([TERMS], ["privacy"]),
        ([TERMS | {"version": "2025-01-01"}, privacy], ["terms"]),
        ([LETTER, privacy], ["terms"]),
    ):
        answer = strict.post("/accounts", body | {"consents": consents}, strict.fresh_client())
        assert answer.status_code == 422
        problems = answer.json["errors"]
        assert [(one["pointer"], one["code"]) for one in problems] == [("/consents", "required")] * len(missing)
        assert all(name in one["detail"] for name, one in zip(missing, problems, strict=True))
    assert strict.rows(Challenge) == []
    refused = strict.post("/codes", {"purpose": "verify_email", "email": "ann@example.org"}, strict.fresh_client())
    assert refused.status_code == 422
    challenge = strict.register(consents=[TERMS, privacy, LETTER])
    assert strict.verify(challenge, strict.code(challenge)).status_code == 204
    assert kept(strict) == [("terms", "2026-11-01"), ("privacy", "3"), ("newsletter", "1")]
    # A reset asks for no consent, and an account that comes without a registration brings its own.
    strict.ask("reset_password")
    asked = {"purpose": "verify_email", "email": "bob@example.org", "consents": [TERMS, privacy]}
    bobs = strict.post("/codes", asked, strict.fresh_client()).json["challenge_id"]
    assert strict.verify(bobs, strict.code(bobs)).status_code == 204
    assert kept(strict)[3:] == [("terms", "2026-11-01"), ("privacy", "3")]


def test_consents_of_a_registration_that_somebody_else_proves_are_not_taken_over(desk: Desk) -> None:
    desk.register(password=OTHER_PHRASE, consents=[LETTER])
    desk.wait(minutes=2)
    own = desk.register(consents=[TERMS])
    assert desk.verify(own, desk.code(own)).status_code == 204
    assert kept(desk) == [("terms", "2026-11-01")]


def test_what_is_no_list_of_consents_is_refused_by_its_place_and_nothing_is_kept(desk: Desk) -> None:
    """Row S23, for consents."""
    wrong = []
    for value in WRONG:
        body = {"email": "ann@example.org", "password": PHRASE, "locale": "en", "consents": value}
        answer = desk.post("/accounts", body, desk.fresh_client())
        errors = answer.json.get("errors", [{"pointer": ""}])
        if answer.status_code != 422 or not all(one["pointer"].startswith("/consents") for one in errors):
            wrong.append((value, answer.status_code, errors))
    assert len(WRONG) >= 50
    assert wrong == []
    assert desk.rows(Challenge) == []


@pytest.mark.parametrize(
    "text", ["terms", "terms=", "=1", "Terms=1", "terms=1,terms=2", "terms=1 2", "terms=1;privacy=2", "терms=1"]
)
def test_a_setting_that_names_no_document_with_a_version_is_refused(text: str) -> None:
    with pytest.raises(SettingsError, match="COPYDESK_REQUIRED_CONSENTS"):
        Settings.from_environment({"COPYDESK_REQUIRED_CONSENTS": text})


def test_a_page_for_codes_is_an_address_of_the_web_without_a_fragment() -> None:
    page = "https://www.example.org/code"
    assert Settings.from_environment({"COPYDESK_CODE_PAGE_URL": page}).code_page_url == page
    for text in (
        "www.example.org",
        "ftp://x.org",
        f"{page}#a",
        f"{page}?a=1",
        "https://a@x.org/",
        "javascript:alert(1)",
    ):
        with pytest.raises(SettingsError, match="COPYDESK_CODE_PAGE_URL"):
            Settings.from_environment({"COPYDESK_CODE_PAGE_URL": text})
