"""Asking for codes: rows S1, S2, S12, S23, and that nobody can see which addresses have accounts (C6, C11)."""

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import func, select

from cms.audit.models import AuditEntry
from cms.events.models import Delivery
from cms.identity.passwords import HASHES
from cms.mail.models import OutgoingLetter
from cms.platform.models import RememberedAnswer
from cms.readers.models import Challenge
from cms.readers.rules import PURPOSES, may_send_code
from tests.readers.making import BEGAN, OTHER_PHRASE, PHRASE, Desk


def hashes() -> float:
    return float(HASHES._value.get())


def test_registering_sends_a_code_and_makes_no_account_yet(desk: Desk) -> None:
    answer = desk.post(
        "/accounts", {"email": "Ann@Example.org", "password": PHRASE, "locale": "zh-CN", "display_name": "Ann"}
    )
    assert answer.status_code == 202
    assert set(answer.json) == {"challenge_id"}
    assert answer.headers["Cache-Control"] == "private, no-store"
    assert desk.letters() == [("verify_email", "ann@example.org", "zh-CN")]
    assert desk.accounts() == []
    [letter] = desk.rows(OutgoingLetter)
    assert letter.about_id == answer.json["challenge_id"]
    assert (letter.state, letter.attempts) == ("queued", 0)
    [delivery] = desk.rows(Delivery)
    assert (delivery.subscription, delivery.subject) == ("letter", letter.id)


def ask_of_everything(desk: Desk, email: str, client: str) -> list[tuple[int, int, list[str], float, int]]:
    """Register, ask to verify, ask to reset: what each answered and cost. The figures are printed, with the times."""
    found = []
    for path, body in (
        ("/accounts", {"email": email, "password": OTHER_PHRASE, "locale": "en"}),
        ("/codes", {"purpose": "verify_email", "email": email}),
        ("/codes", {"purpose": "reset_password", "email": email}),
    ):
        desk.wait(hours=1)
        before, letters, began = hashes(), len(desk.letters()), time.perf_counter()
        with desk.statements() as sent:
            answer = desk.post(path, body, client)
        milliseconds = (time.perf_counter() - began) * 1000
        print(
            f"{email} {path} {body.get('purpose', '')}: {len(sent)} statements, {hashes() - before:.0f} hashes, "
            f"{len(desk.letters()) - letters} letters, {milliseconds:.1f} ms"
        )
        assert UUID(answer.json["challenge_id"]).version == 7
        shape = [name for name, _ in answer.headers]
        found.append(
            (answer.status_code, len(answer.data), [*sent, *shape], hashes() - before, len(desk.letters()) - letters)
        )
    return found


@pytest.mark.both_databases
def test_known_and_unknown_addresses_get_the_same_and_cost_the_same(desk: Desk) -> None:
    desk.make_account("known@example.org")
    known = ask_of_everything(desk, "known@example.org", "192.0.2.8")
    unknown = ask_of_everything(desk, "other@example.org", "192.0.2.9")
    assert known == unknown
    assert [(status, made, letters) for status, _, _, made, letters in known] == [(202, 1, 1), (202, 0, 1), (202, 0, 1)]
    assert desk.letters()[1:] == [
        ("account_exists", "known@example.org", "en"),
        ("account_exists", "known@example.org", "en"),
        ("reset_password", "known@example.org", "en"),
        ("verify_email", "other@example.org", "en"),
        ("verify_email", "other@example.org", "en"),
        ("no_account", "other@example.org", "en"),
    ]


@pytest.mark.parametrize("purpose", ["verify_email", "reset_password"])
def test_asking_too_soon_looks_and_costs_the_same_for_known_and_unknown(desk: Desk, purpose: str) -> None:
    desk.make_account("known@example.org")
    costs = []
    for email in ("known@example.org", "other@example.org"):
        first = desk.ask(purpose, email)
        with desk.statements() as sent:
            second = desk.ask(purpose, email)
        assert second != first
        costs.append(sent)
    assert costs[0] == costs[1]
    assert len(desk.letters()) == 3


def test_the_owner_of_an_account_is_told_in_her_own_language(desk: Desk) -> None:
    challenge = desk.register(locale="kk")
    desk.verify(challenge, desk.code(challenge))
    desk.wait(minutes=2)
    desk.register(password=OTHER_PHRASE, locale="ru")
    assert desk.letters()[-1] == ("account_exists", "ann@example.org", "kk")
    [account] = desk.accounts()
    assert account.locale == "kk"


def test_without_an_account_a_code_comes_in_the_language_that_the_browser_asks_for(desk: Desk) -> None:
    body = {"purpose": "verify_email", "email": "ann@example.org"}
    desk.post("/codes", body, Accept_Language="fr, ru;q=0.8, en;q=0.1")
    desk.post("/codes", {**body, "email": "bob@example.org"}, Accept_Language="fr")
    assert [locale for _, _, locale in desk.letters()] == ["ru", "en"]


@pytest.mark.both_databases
def test_a_hundred_requests_in_a_minute_in_any_spelling_send_one_letter(desk: Desk) -> None:
    spellings = ("a@xn--caf-dma.fr", "A@Café.FR", " a@cafe\u0301.fr ", "a@CAFÉ.fr", "a@café。fr")
    answers = set()
    for number in range(100):
        desk.wait(seconds=0.5)
        answer = desk.post(
            "/codes", {"purpose": "verify_email", "email": spellings[number % 5]}, f"203.0.113.{number + 1}"
        )
        answers.add((answer.status_code, len(answer.data)))
    for other in ("a@café.fr.", "a%40café.fr", "a＠café.fr"):
        assert desk.post("/codes", {"purpose": "verify_email", "email": other}, "192.0.2.77").status_code == 422
    print(
        f"100 requests in a minute in {len(spellings)} spellings: {len(answers)} answer, {len(desk.letters())} letter"
    )
    assert len(answers) == 1
    assert desk.letters() == [("verify_email", "a@xn--caf-dma.fr", "en")]
    desk.wait(seconds=11)
    desk.ask("verify_email", "a@café.fr")
    assert len(desk.letters()) == 2


@pytest.mark.both_databases
def test_requests_at_the_same_time_send_one_letter(desk: Desk) -> None:
    def ask(number: int) -> int:
        body = {"purpose": "verify_email", "email": "ann@example.org"}
        client = desk.app.test_client()
        answer = client.post("/readers/v1/codes", json=body, environ_overrides={"REMOTE_ADDR": f"203.0.113.{number}"})
        return int(answer.status_code)

    with ThreadPoolExecutor(8) as threads:
        assert set(threads.map(ask, range(1, 17))) == {202}
    print(f"16 requests at once: {len(desk.letters())} letter, {len(desk.rows(Challenge))} challenge")
    assert len(desk.letters()) == 1


def test_an_address_gets_five_codes_an_hour_and_ten_a_day() -> None:
    asked: list[tuple[str, datetime]] = []
    per_hour = []
    for hour in range(48):
        before = len(asked)
        for minute in range(0, 60, 5):
            now = BEGAN + timedelta(hours=hour, minutes=minute)
            of_a_day = [(purpose, at) for purpose, at in asked if now - at < timedelta(days=1)]
            purpose = PURPOSES[minute // 5 % 2]
            if may_send_code(of_a_day, purpose, timedelta(minutes=1), now):
                asked.append((purpose, now))
        per_hour.append(len(asked) - before)
    assert per_hour[:3] == [5, 5, 0]
    assert sum(per_hour[:24]) == 10
    assert sum(per_hour) == 20


def test_the_sixth_code_of_an_hour_is_not_sent_and_looks_the_same(desk: Desk) -> None:
    for _ in range(6):
        desk.ask("verify_email")
        desk.wait(minutes=2)
    assert len(desk.letters()) == 5
    desk.wait(hours=1)
    desk.ask("verify_email")
    assert len(desk.letters()) == 6


def test_a_new_code_asked_with_the_registration_keeps_its_password(desk: Desk) -> None:
    first = desk.register(locale="ru", display_name="Ann")
    desk.wait(minutes=11)
    second = desk.ask("verify_email", challenge_id=first)
    assert second != first
    assert desk.letters()[-1] == ("verify_email", "ann@example.org", "ru")
    assert desk.verify(second, desk.code(second)).status_code == 204
    [account] = desk.accounts()
    assert (account.password_hash, account.display_name, account.locale) == (
        desk.challenge(first).password_hash,
        "Ann",
        "ru",
    )


@pytest.mark.parametrize("named", ["none", "of another address", "of a reset", "of nothing"])
def test_a_code_asked_without_the_registration_makes_an_account_without_a_password(desk: Desk, named: str) -> None:
    desk.register(display_name="Mallory")
    other = {
        "none": None,
        "of another address": desk.register("mallory@example.org"),
        "of a reset": desk.ask("reset_password"),
        "of nothing": "01902f5e-0000-7000-8000-000000000000",
    }[named]
    desk.wait(minutes=2)
    challenge = desk.ask("verify_email", challenge_id=other)
    assert desk.verify(challenge, desk.code(challenge)).status_code == 204
    [account] = desk.accounts()
    assert (account.email, account.password_hash, account.display_name) == ("ann@example.org", None, "")


def test_asking_too_soon_with_the_registration_names_it_again_while_its_code_works(desk: Desk) -> None:
    first = desk.register()
    assert desk.ask("verify_email", challenge_id=first) == first
    other = desk.ask("verify_email", "bob@example.org", challenge_id=first)
    assert other != first
    assert desk.verify(first, desk.code(first)).status_code == 204
    assert desk.ask("verify_email", challenge_id=first) != first


@pytest.mark.both_databases
def test_a_registration_sent_again_names_the_challenge_whose_code_is_on_its_way(desk: Desk) -> None:
    first = desk.register(display_name="Ann")
    desk.wait(seconds=5)
    again = desk.register("Ann@Example.ORG")
    assert again == first
    assert len(desk.letters()) == 1
    assert desk.verify(again, desk.code(first)).status_code == 204
    assert desk.register() != first


def test_a_registration_sent_again_with_another_password_names_nothing(desk: Desk) -> None:
    early = desk.register(password=OTHER_PHRASE)
    own = desk.register(password=PHRASE)
    assert own != early
    assert desk.verify(own, desk.code(early)).status_code == 400
    assert desk.register("bob@example.org", OTHER_PHRASE) not in (early, own)


def test_a_registration_sent_again_looks_and_costs_the_same_for_known_and_unknown(desk: Desk) -> None:
    desk.make_account("known@example.org")
    costs = []
    for email in ("known@example.org", "other@example.org"):
        for password in (PHRASE, OTHER_PHRASE):
            desk.wait(hours=1)
            desk.register(email, PHRASE)
            before = hashes()
            with desk.statements() as sent:
                desk.register(email, password)
            costs.append((email[0], len(sent), sent, hashes() - before))
    print("registering again: " + ", ".join(f"{one[0]}: {one[1]} statements, {one[3]:.0f} hash" for one in costs))
    assert [cost[1:] for cost in costs[:2]] == [cost[1:] for cost in costs[2:]]
    assert costs[0][1:] == costs[1][1:]
    assert costs[0][3] == 1


def test_nobody_takes_an_address_by_registering_it_first(desk: Desk) -> None:
    early = desk.register(password=OTHER_PHRASE, display_name="Mallory")
    desk.wait(minutes=2)
    own = desk.register(password=PHRASE, display_name="Ann")
    assert desk.verify(early, desk.code(early)).status_code == 400
    assert desk.verify(own, desk.code(own)).status_code == 204
    [account] = desk.accounts()
    assert account.display_name == "Ann"


EXTRA = ("skipEmailVerification", "verified", "verified_at", "role", "is_admin", "id", "created_at", "password_hash",
         "status", "scopes", "account_id", "deviceId", "username", "x", "__proto__", "")  # fmt: skip


def test_members_that_nobody_asked_for_are_refused_by_name(desk: Desk) -> None:
    """Row S23; the nested ones are asked in `contracts/test_nested_members.py`."""
    bodies: dict[str, dict[str, Any]] = {
        "/accounts": {"email": "ann@example.org", "password": PHRASE, "locale": "en"},
        "/codes": {"purpose": "verify_email", "email": "ann@example.org"},
        "/codes/01902f5e-0000-7000-8000-000000000000/verify": {"code": "123456"},
        "/password": {
            "challenge_id": "01902f5e-0000-7000-8000-000000000000",
            "code": "ABCD1023",
            "new_password": PHRASE,
        },
    }
    wrong = []
    for name in EXTRA:
        for path, body in bodies.items():
            answer = desk.post(path, {**body, name: True}, desk.fresh_client())
            errors = [(error["pointer"], error["code"]) for error in answer.json.get("errors", [])]
            if (answer.status_code, errors) != (422, [(f"/{name}", "unknown")]):
                wrong.append((path, name, answer.status_code, errors))
    assert (len(EXTRA) * len(bodies) >= 40, wrong, desk.letters()) == (True, [], [])


WRONG_FIELDS: tuple[dict[str, Any], ...] = (
    {"email": None}, {"email": 1}, {"email": ["a@x.org"]}, {"password": 123456789012345}, {"password": None},
    {"locale": "english please"}, {"locale": "en_US"}, {"locale": ""}, {"locale": "en\n"}, {"locale": "x" * 36},
    {"display_name": "Ann\r\nBcc: b@y.org"}, {"display_name": "n" * 121}, {"display_name": None},
    {"display_name": "\u202ennA"}, {"display_name": "An\u200bn"}, {"display_name": "\u3164"},
)  # fmt: skip


def test_wrong_fields_are_refused_by_their_name(desk: Desk) -> None:
    wrong = []
    for change in WRONG_FIELDS:
        body = {"email": "ann@example.org", "password": PHRASE, "locale": "en", **change}
        answer = desk.post("/accounts", body, desk.fresh_client())
        pointers = {error["pointer"] for error in answer.json.get("errors", [])}
        if (answer.status_code, pointers) != (422, {f"/{next(iter(change))}"}):
            wrong.append((change, answer.status_code, pointers))
    assert (wrong, desk.rows(Challenge)) == ([], [])


def test_an_idempotency_key_of_a_stranger_is_ignored(desk: Desk) -> None:
    body = {"email": "ann@example.org", "password": PHRASE, "locale": "en"}
    first = desk.post("/accounts", body, Idempotency_Key="one", Authorization="Bearer nothing")
    second = desk.post("/accounts", body, Idempotency_Key="one")
    assert (first.status_code, second.status_code) == (202, 202)
    assert "Idempotency-Replayed" not in second.headers
    with desk.database.reading() as session:
        assert session.scalar(select(func.count()).select_from(RememberedAnswer)) == 0


def test_asking_is_on_record_without_the_address(desk: Desk) -> None:
    challenge = desk.register()
    entries = [entry for entry in desk.rows(AuditEntry) if entry.subject_id == challenge]
    [entry] = entries
    assert (entry.action, entry.actor_kind, entry.at) == ("challenge.verify_email", "anonymous", BEGAN)
    assert entry.client_address.startswith("198.51.")
    assert "ann" not in str(vars(entry))
