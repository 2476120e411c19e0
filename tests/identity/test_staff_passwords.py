"""Colleagues' passwords: rows S2, S3, S5, S6, S7, S10, S11, S12, S15, S17 as far as they concern the staff."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from cms.audit.models import AuditEntry
from cms.identity.passwords import HASHER
from cms.identity.staff.models import StaffCode, StaffInvitation, StaffSession, StaffUser
from cms.mail.models import OutgoingLetter
from tests.identity.making import ANN, OTHER_PHRASE, PHRASE, Office, hashes
from tests.readers.test_passwords import ACCEPTED, REFUSED

EVE = "annlindqvist@harbourpost.example"


def ask(office: Office, email: str = ANN, **headers: str) -> Any:
    return office.ask("POST", "/staff/codes", {"email": email}, client=office.fresh_client(), **headers)


def retrieve(office: Office, code_id: str, code: str, password: str = OTHER_PHRASE) -> Any:
    body = {"code_id": code_id, "code": code, "new_password": password}
    return office.ask("POST", "/staff/password", body, client=office.fresh_client())


def wrong(code: str) -> str:
    return ("0" if code[0] != "0" else "1") + code[1:]


@pytest.mark.both_databases
def test_a_code_by_mail_sets_another_password_and_ends_every_session(office: Office) -> None:
    office.make()
    tokens = [office.token(), office.token()]
    asked = ask(office)
    assert asked.status_code == 202
    code_id = asked.json["code_id"]
    code = office.code("staff_password", code_id)
    assert retrieve(office, code_id, f"{code[:4]}-{code[4:]}".lower()).status_code == 204
    assert [office.ask("GET", "/sessions", token=token).status_code for token in tokens] == [401, 401]
    assert office.sign_in().status_code == 401
    office.token(password=OTHER_PHRASE)
    assert retrieve(office, code_id, code, "another tugboat and herons").status_code == 400
    kinds = [(letter.kind, letter.recipient) for letter in office.rows(OutgoingLetter)]
    assert kinds == [("staff_password", ANN), ("staff_password_changed", ANN)]
    assert {"staff.code_asked", "staff.password_retrieved"} <= set(office.acts())


@pytest.mark.both_databases
def test_known_unknown_and_disabled_addresses_ask_for_codes_alike(office: Office) -> None:
    office.make()
    seen = []
    for email in (ANN, "nobody@example.org"):
        with office.statements() as sent:
            answer = ask(office, email)
        seen.append((answer.status_code, len(answer.data), sorted(answer.headers.keys()), list(sent)))
        with office.statements() as sent:
            again = ask(office, email)
        assert again.json["code_id"] != answer.json["code_id"]
        seen.append((again.status_code, len(again.data), list(sent)))
    assert seen[:2] == seen[2:]
    [known, unknown] = office.rows(StaffCode)
    assert (known.user_id is None, unknown.user_id is None) == (False, True)
    assert retrieve(office, unknown.id, office.code("staff_password", unknown.id, unknown.email)).status_code == 400


def test_a_code_dies_by_five_guesses_by_its_age_and_by_a_newer_one(office: Office) -> None:
    office.make()
    first = ask(office).json["code_id"]
    code = office.code("staff_password", first)
    with ThreadPoolExecutor(3) as threads:
        assert list(threads.map(lambda _: retrieve(office, first, wrong(code)).status_code, range(6))) == [400] * 6
    assert office.rows(StaffCode)[0].attempts == 5
    assert retrieve(office, first, code).status_code == 400
    office.wait(seconds=60)
    second = ask(office).json["code_id"]
    office.wait(seconds=60)
    third = ask(office).json["code_id"]
    assert retrieve(office, second, office.code("staff_password", second)).status_code == 400
    office.wait(minutes=9, seconds=59)
    office.wait(seconds=1)
    assert retrieve(office, third, office.code("staff_password", third)).status_code == 400
    fourth = ask(office).json["code_id"]
    office.wait(minutes=9, seconds=59)
    assert retrieve(office, fourth, office.code("staff_password", fourth)).status_code == 204


@pytest.mark.both_databases
def test_of_many_right_codes_at_once_one_counts(office: Office) -> None:
    office.make()
    code_id = ask(office).json["code_id"]
    code = office.code("staff_password", code_id)
    with ThreadPoolExecutor(3) as threads:
        statuses = list(threads.map(lambda _: retrieve(office, code_id, code).status_code, range(8)))
    assert sorted(statuses) == [204] + [400] * 7


def test_at_most_one_letter_in_a_minute_and_five_in_an_hour_in_any_spelling(office: Office) -> None:
    office.make()
    for number in range(100):
        office.wait(seconds=0.5)
        email = (ANN, "ANN@example.org", " Ann@Example.ORG ")[number % 3]
        assert ask(office, email).status_code == 202
    assert len(office.rows(OutgoingLetter)) == 1
    for _ in range(20):
        office.wait(seconds=61)
        ask(office)
    assert len(office.rows(OutgoingLetter)) == 5
    statuses = [office.ask("POST", "/staff/codes", {"email": ANN}, client="192.0.2.5").status_code for _ in range(22)]
    assert statuses == [202] * 20 + [429] * 2


def test_a_code_of_another_account_or_another_purpose_is_refused(office: Office) -> None:
    office.make()
    office.make("bob@example.org")
    anns, bobs = ask(office).json["code_id"], ask(office, "bob@example.org").json["code_id"]
    for code in (
        office.code("staff_password", bobs, "bob@example.org"),
        office.code("reset_password", anns),
        office.code("staff_invitation", anns),
        office.code("staff_password", anns, "bob@example.org"),
    ):
        assert retrieve(office, anns, code).status_code == 400
    assert retrieve(office, anns, office.code("staff_password", anns)).status_code == 204


@pytest.mark.parametrize(
    "code",
    ["", None, 0, 12345678, True, [], {}, "ABCD-EFG", "ABCD-EFGHI", "ＡＢＣＤ-ＥＦＧＨ", "٠١٢٣٤٥٦٧", "UUUU-UUUU"],
)
def test_what_is_no_code_is_refused_by_its_shape(office: Office, code: Any) -> None:
    office.make()
    code_id = ask(office).json["code_id"]
    answer = retrieve(office, code_id, code)
    assert (answer.status_code, answer.json["errors"][0]["pointer"]) == (422, "/code")
    assert office.rows(StaffCode)[0].attempts == 0


@pytest.mark.both_databases
def test_changing_the_password_needs_the_present_one_and_ends_the_other_sessions(office: Office) -> None:
    office.make()
    mine, other = office.token(), office.token()
    pending = ask(office).json["code_id"]
    change = {"current_password": "not the right one", "new_password": OTHER_PHRASE}
    refused = office.ask("POST", "/staff/me/password", change, token=mine)
    assert (refused.status_code, refused.json["code"]) == (403, "password_refused")
    change["current_password"] = PHRASE
    assert office.ask("POST", "/staff/me/password", change, token=mine).status_code == 204
    assert [office.ask("GET", "/sessions", token=token).status_code for token in (mine, other)] == [200, 401]
    assert office.sign_in().status_code == 401
    office.token(password=OTHER_PHRASE)
    assert retrieve(office, pending, office.code("staff_password", pending)).status_code == 400
    assert office.rows(OutgoingLetter)[-1].kind == "staff_password_changed"
    assert "staff.password_changed" in office.acts()


@pytest.mark.parametrize(
    "given",
    [{}, {"current_password": None}, {"current_password": ""}, {"current_password": PHRASE.upper()},
     {"current_password": PHRASE + " "}, {"current_password": OTHER_PHRASE}, {"current_password": PHRASE[:-1]}],
)  # fmt: skip
def test_without_the_right_present_password_nothing_changes_and_it_is_on_record(
    office: Office, given: dict[str, Any]
) -> None:
    office.make()
    mine, kept = office.token(), office.user().password_hash
    body = {"new_password": OTHER_PHRASE, **given}
    refused = office.ask("POST", "/staff/me/password", body, token=mine, client="198.51.100.9")
    assert (refused.status_code, refused.json["code"]) == (403, "password_refused")
    assert office.user().password_hash == kept
    entry = office.rows(AuditEntry)[-1]
    assert (entry.action, entry.outcome, entry.client_address) == ("session.refused", "refused", "198.51.100.9")
    assert (entry.actor_kind, entry.actor_id, entry.subject_id) == ("staff", office.user().id, office.user().id)
    assert entry.credential.startswith("session:")
    # With a sign-in that is old, not even the right one is looked at.
    office.wait(minutes=10)
    before = hashes()
    stale = office.ask("POST", "/staff/me/password", {**body, "current_password": PHRASE}, token=mine)
    assert (stale.status_code, stale.json["code"]) == (401, "reauthenticate")
    assert hashes() == before and office.user().password_hash == kept


WRONG_SHAPES = (1, True, [], {}, 1.5, ["a"], "x" * 257)


def test_what_is_no_password_at_all_is_refused_by_its_shape_and_not_compared(office: Office) -> None:
    office.make()
    mine, before = office.token(), hashes()
    for shape in WRONG_SHAPES:
        body = {"current_password": shape, "new_password": OTHER_PHRASE}
        answer = office.ask("POST", "/staff/me/password", body, token=mine, client=office.fresh_client())
        assert (answer.status_code, answer.json["errors"][0]["pointer"]) == (422, "/current_password"), shape
    assert hashes() == before


@pytest.mark.parametrize("act", ["sign in", "type it again", "change it"])
def test_who_is_disabled_while_the_password_is_compared_is_refused_and_it_is_on_record(
    office: Office, monkeypatch: pytest.MonkeyPatch, act: str
) -> None:
    office.make()
    mine, compare = office.token(), HASHER.is_right

    def then_disabled(kept: str | None, password: str) -> bool:
        is_right = compare(kept, password)
        with office.database.transaction() as session:
            session.query(StaffUser).update({"state": "disabled"})
        return is_right

    monkeypatch.setattr(HASHER, "is_right", then_disabled)
    bodies = {
        "sign in": ("/sessions", {"email": ANN, "password": PHRASE}, "", 401),
        "type it again": ("/sessions/reauthenticate", {"password": PHRASE}, mine, 403),
        "change it": ("/staff/me/password", {"current_password": PHRASE, "new_password": OTHER_PHRASE}, mine, 403),
    }
    path, body, token, status = bodies[act]
    answer = office.ask("POST", path, body, token=token, client="198.51.100.9", Idempotency_Key="once-only-0001")
    assert answer.status_code == status, answer.json
    entry = office.rows(AuditEntry)[-1]
    assert (entry.action, entry.outcome, entry.client_address) == ("session.refused", "refused", "198.51.100.9")
    assert entry.subject_id == office.user().id
    assert len(office.rows(StaffSession)) == 1


@pytest.mark.parametrize("reason", REFUSED)
def test_a_guessable_password_is_refused_with_its_reason_before_any_work(office: Office, reason: str) -> None:
    office.make()
    mine = office.token()
    with office.database.transaction() as session:
        session.add(
            StaffInvitation(
                id="01a21432-d818-7389-8d25-eb3df015d13c", email=EVE, name="Ann Lindqvist", locale="en", grants=[],
                invited_by="", created_at=office.now, expires_at=office.now,
            )
        )  # fmt: skip
    before = hashes()
    for password in REFUSED[reason]:
        body = {"code": "ABCD-EFGH", "password": password}
        path = "/staff/invitations/01a21432-d818-7389-8d25-eb3df015d13c/accept"
        answer = office.ask("POST", path, body, client=office.fresh_client())
        assert answer.status_code == 422, password
        assert answer.json["errors"][0]["pointer"] == "/password"
        assert len(password) < 4 or password not in answer.text
    assert hashes() == before
    change = {"current_password": PHRASE, "new_password": REFUSED[reason][-1]}
    weak = office.ask("POST", "/staff/me/password", change, token=mine, client=office.fresh_client())
    if reason != "context":
        assert (weak.status_code, weak.json["errors"][0]["pointer"]) == (422, "/new_password")
    assert office.sign_in().status_code == 201


@pytest.mark.parametrize("password", [one for one in ACCEPTED if one.isprintable()])
def test_a_phrase_of_ones_own_is_taken_whole(office: Office, password: str) -> None:
    office.make()
    code_id = ask(office).json["code_id"]
    assert retrieve(office, code_id, office.code("staff_password", code_id), password).status_code == 204
    assert office.sign_in(password=password).status_code == 201
    assert office.sign_in(password=password[:-1]).status_code == 401
    assert len({row.digest for row in office.rows(StaffSession)}) == 1
