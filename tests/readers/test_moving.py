"""Row S18: another address by a code to it, a notice to the one before, and three days to take it back."""

from dataclasses import replace
from typing import Any

import pytest

from cms.audit.models import AuditEntry
from cms.platform.db import Database
from cms.readers.models import Challenge
from cms.readers.moving import change_address, undo_change
from tests.identity.making import hashes
from tests.readers.making import OTHER_PHRASE, PHRASE, Desk, changed
from tests.readers.test_proving import ASKER, NOBODY, at_once, refusal, wide_database

__all__ = ["wide_database"]

ANN, NEW, THIRD = "ann@example.org", "ann@new.example", "ann@third.example"
# Members that a request should not have (S23), and values that no address, password, id or code are (S8, S58).
EXTRA = ("new_email", "verified", "role", "is_admin", "id", "account_id", "status", "skipEmailVerification", "", "x")
NO_ADDRESS = ("", " ", "ann", "@new.example", "ann@", "ann@new", "ann@new.example\r\nBcc: b@y.org", "a@x.org,b@y.org",
              "Ann <ann@new.example>", "ann@new.example\u2028b", "a%40x.org", "a@xn--a.org", None, 1, True, [NEW],
              {"email": NEW}, "a" * 65 + "@x.org")  # fmt: skip
NO_CODE = (0, 12345678, True, None, "", " ", [], ["ABCD1023"], {}, "ABCD102", "ABCD10234", "ABCD-102U", "ＡＢＣＤ1023",
           "АBCD1023", "ABCD_1023", "ABCD1023\x00", "123456", "0" * 2000)  # fmt: skip


def moved(desk: Desk) -> str:
    """A reader who moved from ANN to NEW; gives the token of her session."""
    desk.make_account(ANN)
    token = str(desk.sign_in().json["token"])
    challenge = desk.ask_move(token, NEW).json["challenge_id"]
    assert desk.prove_move(token, challenge, desk.code(challenge)).status_code == 200
    return token


def address(desk: Desk) -> str:
    """The address of the one account."""
    [account] = desk.accounts()
    return account.email


@pytest.mark.both_databases
def test_the_address_changes_when_the_code_to_the_new_one_comes_back_and_the_old_one_can_undo_it(desk: Desk) -> None:
    desk.make_account(ANN)
    token, other = (str(desk.sign_in().json["token"]) for _ in range(2))
    answer = desk.ask_move(token, " Ann@NEW.example ")
    assert (answer.status_code, set(answer.json)) == (202, {"challenge_id"})
    assert desk.letters()[-2:] == [("change_email", NEW, "en"), ("email_change_asked", ANN, "en")]
    assert address(desk) == ANN
    challenge = answer.json["challenge_id"]
    shown = desk.prove_move(token, challenge, desk.code(challenge))
    assert (shown.status_code, shown.json["email"]) == (200, NEW)
    assert desk.letters()[-1] == ("email_changed", ANN, "en")
    # The session that did it goes on, the others are over; only the new address signs in.
    assert [desk.ask_as(one, "GET", "/me").status_code for one in (token, other)] == [200, 401]
    assert [desk.sign_in(email=email).status_code for email in (ANN, NEW)] == [401, 201]
    assert desk.prove_move(token, challenge, desk.code(challenge)).status_code == 400

    undo = desk.undo()
    assert undo != challenge
    assert desk.undo_move(undo, desk.code(undo)).status_code == 204
    assert address(desk) == ANN
    assert desk.letters()[-2:] == [("email_change_undone", ANN, "en"), ("email_change_undone", NEW, "en")]
    assert desk.ask_as(token, "GET", "/me").status_code == 401
    assert [desk.sign_in(email=email).status_code for email in (ANN, NEW)] == [201, 401]
    assert desk.undo_move(undo, desk.code(undo)).status_code == 400
    acts = [entry for entry in desk.rows(AuditEntry) if "email" in entry.action and entry.subject_kind == "account"]
    assert [entry.action for entry in acts] == [
        "account.email_change_asked", "account.email_changed", "account.email_change_undone",
    ]  # fmt: skip
    assert {entry.actor_kind for entry in acts} == {"reader"}
    assert not any("example" in str(vars(entry)) for entry in acts)


def test_nobody_learns_whether_the_new_address_has_an_account(desk: Desk) -> None:
    desk.make_account("known@example.org")
    desk.make_account(ANN)
    token = desk.sign_in().json["token"]
    seen = []
    for email in ("known@example.org", "other@example.org"):
        for _ in range(2):
            before, letters = hashes(), len(desk.letters())
            with desk.statements() as sent:
                answer = desk.ask_move(token, email)
            shape = (answer.status_code, len(answer.data), [name for name, _ in answer.headers])
            seen.append((shape, sent, hashes() - before, len(desk.letters()) - letters))
        wrong = desk.prove_move(token, answer.json["challenge_id"], "ABCD-EFGH")
        seen.append((refusal(wrong), [], 0, 0))
    assert seen[:3] == seen[3:]
    assert [(one[2], one[3]) for one in seen[:2]] == [(1, 2), (1, 0)]
    assert [kind for kind, *_ in desk.letters()[2:]] == [
        "address_taken", "email_change_asked", "change_email", "email_change_asked",
    ]  # fmt: skip
    # Even the right code, which no letter holds, moves nobody onto somebody else's address.
    taken = [one for one in desk.rows(Challenge) if one.email == "known@example.org"][-1]
    assert desk.prove_move(token, taken.id, desk.code(taken.id)).status_code == 400
    assert [account.email for account in desk.accounts()] == ["known@example.org", ANN]


def test_without_the_password_or_a_session_nothing_is_asked(desk: Desk) -> None:
    desk.make_account(ANN)
    token = desk.sign_in().json["token"]
    refused = desk.ask_move(token, NEW, OTHER_PHRASE)
    assert (refused.status_code, refused.json["code"]) == (403, "password_refused")
    assert desk.ask_move("cpd_rdr_nobody", NEW).status_code == 401
    same = desk.ask_move(token, "ANN@example.org")
    assert (same.status_code, same.json["errors"][0]["code"]) == (422, "unchanged")
    assert len(desk.letters()) == 1


def test_a_code_is_good_for_its_own_account_address_and_purpose_alone(desk: Desk) -> None:
    """Row S6, for changes of address."""
    desk.make_account("eve@example.org")
    desk.make_account(ANN)
    ann, eve = (desk.sign_in(email=email).json["token"] for email in (ANN, "eve@example.org"))
    first = desk.ask_move(ann, NEW).json["challenge_id"]
    second = desk.ask_move(ann, THIRD).json["challenge_id"]
    reset = desk.ask("reset_password", ANN)
    answers = [
        desk.prove_move(eve, second, desk.code(second)),
        desk.prove_move(ann, first, desk.code(first)),
        desk.prove_move(ann, second, desk.code(first)),
        desk.prove_move(ann, reset, desk.code(reset)),
        desk.prove_move(ann, NOBODY, desk.code(second)),
        desk.undo_move(second, desk.code(second)),
        desk.undo_move(NOBODY, desk.code(second)),
        desk.reset(second, desk.code(second)),
        desk.verify(second, "123456"),
    ]
    assert {str(refusal(answer)) for answer in answers} == {str(refusal(answers[0]))}
    # Another's guess is no attempt: it cannot use up the code of whoever moves.
    assert desk.challenge(second).attempts == 1
    assert desk.prove_move(ann, second, desk.code(second)).status_code == 200
    assert [account.email for account in desk.accounts()] == ["eve@example.org", THIRD]


def test_a_code_to_the_old_address_is_void_after_the_change(desk: Desk) -> None:
    """Row S6: the code of the old address after a change; a reset asked before it."""
    desk.make_account(ANN)
    token = desk.sign_in().json["token"]
    reset = desk.ask("reset_password", ANN)
    registration = desk.register(NEW, OTHER_PHRASE)
    desk.wait(minutes=2)
    challenge = desk.ask_move(token, NEW).json["challenge_id"]
    assert desk.prove_move(token, challenge, desk.code(challenge)).status_code == 200
    assert desk.reset(reset, desk.code(reset)).status_code == 400
    assert desk.verify(registration, desk.code(registration)).status_code == 400
    assert address(desk) == NEW


@pytest.mark.parametrize("act", ["change_password", "reset_password"])
def test_another_password_ends_a_change_that_is_under_way_and_a_reset_too(desk: Desk, act: str) -> None:
    """Row S11, and what the notice to the old address advises."""
    desk.make_account(ANN)
    token, thief = (desk.sign_in().json["token"] for _ in range(2))
    reset = desk.ask("reset_password", ANN)
    challenge = desk.ask_move(thief, NEW).json["challenge_id"]
    if act == "reset_password":
        assert desk.reset(reset, desk.code(reset)).status_code == 204
        token = desk.sign_in(OTHER_PHRASE).json["token"]
    else:
        change = {"current_password": PHRASE, "new_password": OTHER_PHRASE}
        assert desk.ask_as(token, "POST", "/me/password", change, desk.fresh_client()).status_code == 204
        assert desk.reset(reset, desk.code(reset), PHRASE).status_code == 400
    assert desk.ask_as(thief, "GET", "/me").status_code == 401
    assert desk.prove_move(token, challenge, desk.code(challenge)).status_code == 400
    assert address(desk) == ANN


@pytest.mark.parametrize(("seconds", "status"), [(-1, 204), (0, 400), (1, 400)])
def test_a_change_can_be_undone_for_seventy_two_hours(desk: Desk, seconds: int, status: int) -> None:
    moved(desk)
    undo = desk.undo()
    desk.wait(hours=72, seconds=seconds)
    assert desk.undo_move(undo, desk.code(undo)).status_code == status
    assert address(desk) == (ANN if status == 204 else NEW)


def test_a_thief_who_moves_on_and_sets_a_password_cannot_end_the_undo(desk: Desk) -> None:
    token = moved(desk)
    undo = desk.undo()
    desk.wait(hours=1)
    reset = desk.ask("reset_password", NEW)
    assert desk.reset(reset, desk.code(reset)).status_code == 204
    # Rule C10: both mailboxes are told.
    assert desk.letters()[-2:] == [("password_changed", NEW, "en"), ("password_changed", ANN, "en")]
    token = desk.sign_in(OTHER_PHRASE, NEW).json["token"]
    challenge = desk.ask_move(token, THIRD, OTHER_PHRASE).json["challenge_id"]
    assert desk.prove_move(token, challenge, desk.code(challenge)).status_code == 200
    later = desk.undo()
    assert later != undo
    assert desk.undo_move(undo, desk.code(undo)).status_code == 204
    assert address(desk) == ANN
    # What would bring the thief's own address back is void with it; a reset brings the owner in.
    assert desk.undo_move(later, desk.code(later)).status_code == 400
    reset = desk.ask("reset_password", ANN)
    assert desk.reset(reset, desk.code(reset), PHRASE).status_code == 204
    assert desk.sign_in().status_code == 201


@pytest.mark.slow
@pytest.mark.both_databases
def test_of_many_right_codes_at_once_one_moves_the_account_and_one_brings_it_back(
    desk: Desk, wide_database: Database
) -> None:
    """Row S5, for changes of address: one success, one end of the sessions, one letter each."""
    desk.make_account(ANN)
    token = str(desk.sign_in().json["token"])
    challenge = desk.ask_move(token, NEW).json["challenge_id"]
    [account], keys = desk.accounts(), desk.app.extensions["copydesk"].keys
    reader, right, letters = replace(ASKER, kind="reader", id=account.id), desk.code(challenge), len(desk.letters())

    def move(_: int) -> bool:
        with wide_database.transaction() as session:
            return change_address(
                session, keys, reader, "", challenge, right, sender_domain="example.org", now=desk.now
            ) is not None  # fmt: skip

    moved_by = at_once(12, move)
    undo = desk.undo()
    back = desk.code(undo)

    def bring_back(_: int) -> bool:
        with wide_database.transaction() as session:
            return undo_change(session, keys, ASKER, undo, back, sender_domain="example.org", now=desk.now)

    undone_by = at_once(12, bring_back)
    print(f"12 moves at once: {moved_by.count(True)} done; 12 undos at once: {undone_by.count(True)} done")
    assert (moved_by.count(True), undone_by.count(True), address(desk)) == (1, 1, ANN)
    assert [kind for kind, *_ in desk.letters()[letters:]] == ["email_changed", *["email_change_undone"] * 2]


def test_five_wrong_codes_end_an_undo(desk: Desk) -> None:
    moved(desk)
    undo = desk.undo()
    answers = [desk.undo_move(undo, changed(desk.code(undo))) for _ in range(5)]
    assert {answer.status_code for answer in answers} == {400}
    assert desk.undo_move(undo, desk.code(undo)).status_code == 400
    assert address(desk) == NEW


def test_an_old_address_that_has_another_account_by_now_is_not_taken_from_it(desk: Desk) -> None:
    moved(desk)
    undo = desk.undo()
    desk.make_account(ANN, OTHER_PHRASE)
    refused = desk.undo_move(undo, desk.code(undo))
    assert (refused.status_code, refused.json["code"]) == (409, "address_taken")
    assert [account.email for account in desk.accounts()] == [NEW, ANN]


def test_one_account_asks_five_times_an_hour_whatever_the_addresses(desk: Desk) -> None:
    desk.make_account(ANN)
    token = desk.sign_in().json["token"]
    answers = []
    for number in range(6):
        # Far enough apart for the limit on passwords of one account.
        desk.wait(minutes=2)
        answers.append(desk.ask_move(token, f"reader{number}@example.org"))
    assert [answer.status_code for answer in answers] == [202] * 5 + [429]
    assert answers[-1].headers["Retry-After"]
    # Only the newest of them works.
    first, fifth = answers[0].json["challenge_id"], answers[4].json["challenge_id"]
    assert desk.prove_move(token, first, desk.code(first)).status_code == 400
    assert desk.prove_move(token, fifth, desk.code(fifth)).status_code == 200


def test_asking_again_too_soon_names_the_code_that_is_on_its_way(desk: Desk) -> None:
    desk.make_account(ANN)
    token = desk.sign_in().json["token"]
    first, second = (desk.ask_move(token, NEW).json["challenge_id"] for _ in range(2))
    assert first == second
    assert len(desk.letters()) == 3


def test_what_is_no_address_or_code_and_members_that_nobody_asked_for_change_nothing(desk: Desk) -> None:
    """Rows S8, S23 and S58 on the routes of a change of address."""
    token = moved(desk)
    challenge, undo, letters = desk.ask_move(token, THIRD).json["challenge_id"], desk.undo(), len(desk.letters())
    right: dict[str, dict[str, Any]] = {
        "/me/email": {"email": "ann@fourth.example", "password": PHRASE},
        "/me/email/verify": {"challenge_id": challenge, "code": "ABCD-1023"},
        f"/email-changes/{undo}/undo": {"code": "ABCD-1023"},
    }
    tried = [(path, body | {name: "canary"}, f"/{name}") for path, body in right.items() for name in EXTRA]
    tried += [("/me/email", right["/me/email"] | {"email": value}, "/email") for value in NO_ADDRESS]
    for path in (f"/email-changes/{undo}/undo", "/me/email/verify"):
        tried += [(path, right[path] | {"code": value}, "/code") for value in NO_CODE]
    wrong = []
    for path, body, pointer in tried:
        answer = desk.ask_as(token, "POST", path, body, desk.fresh_client())
        if answer.status_code != 422 or {error["pointer"] for error in answer.json["errors"]} != {pointer}:
            wrong.append((path, body, answer.status_code))
    assert len(tried) >= 80
    assert wrong == []
    assert (len(desk.letters()), desk.challenge(challenge).attempts, desk.challenge(undo).attempts) == (letters, 0, 0)
    assert address(desk) == NEW


def test_a_code_of_a_change_is_read_as_people_type_it(desk: Desk) -> None:
    desk.make_account(ANN)
    token = desk.sign_in().json["token"]
    challenge = desk.ask_move(token, NEW).json["challenge_id"]
    code = desk.code(challenge)
    typed = f" {code[:4]}-{code[4:]} ".lower().replace("0", "o").replace("1", "l")
    assert desk.prove_move(token, challenge, typed).status_code == 200


def test_a_deletion_takes_all_that_is_kept_of_moves_with_it_and_nothing_of_others(desk: Desk) -> None:
    desk.make_account("known@example.org")
    token = moved(desk)
    desk.ask_move(token, "known@example.org")
    exported = desk.ask_as(token, "POST", "/me/export").json
    # Not what went to mailboxes that she has not proven: it would say that the last one has an account.
    assert [letter["kind"] for letter in exported["letters"]] == [
        "verify_email", "change_email", "email_change_asked", "email_changed", "email_change_asked",
    ]  # fmt: skip
    assert [code["purpose"] for code in exported["codes"]] == [
        "verify_email", "change_email", "undo_email", "change_email",
    ]  # fmt: skip
    assert desk.ask_as(token, "POST", "/me/delete", {"password": PHRASE}).status_code == 204
    assert [one.email for one in desk.rows(Challenge)] == ["known@example.org"]
    assert {recipient for _, recipient, _ in desk.letters()} == {"", "known@example.org"}


def test_a_proof_that_is_sent_twice_with_a_key_happens_once_and_a_wrong_one_stays_counted(desk: Desk) -> None:
    desk.make_account(ANN)
    token = desk.sign_in().json["token"]
    challenge = desk.ask_move(token, NEW).json["challenge_id"]

    def prove(code: str, key: str) -> Any:
        headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": key}
        body = {"challenge_id": challenge, "code": code}
        return desk.client.post("/readers/v1/me/email/verify", json=body, headers=headers)

    right = desk.code(challenge)
    wrong = [prove(changed(right), "first") for _ in range(2)]
    assert [answer.status_code for answer in wrong] == [400, 400]
    assert wrong[1].headers["Idempotency-Replayed"] == "true"
    assert desk.challenge(challenge).attempts == 1
    moves = [prove(right, "second") for _ in range(2)]
    assert [(answer.status_code, answer.json["email"]) for answer in moves] == [(200, NEW)] * 2
    assert moves[1].headers["Idempotency-Replayed"] == "true"
    assert prove(right, "third").status_code == 400
    assert [kind for kind, *_ in desk.letters()].count("email_changed") == 1
