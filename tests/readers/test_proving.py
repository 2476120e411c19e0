"""Proving a mailbox: rows S3 to S9 and S11, and what an account is afterwards."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from argon2 import PasswordHasher

from cms.audit.models import AuditEntry
from cms.platform.actor import Actor
from cms.platform.db import Database
from cms.readers import proving
from cms.readers.models import Challenge
from tests.readers.making import OTHER_PHRASE, PHRASE, Desk, changed

NOBODY = "01902f5e-0000-7000-8000-000000000000"
ASKER = Actor(kind="anonymous", client_address="192.0.2.1")


def refusal(answer: Any) -> tuple[int, dict[str, Any]]:
    """Status and body without what differs in every answer."""
    return answer.status_code, {
        name: value for name, value in answer.json.items() if name not in ("request_id", "instance")
    }


def test_the_right_code_makes_the_account(desk: Desk) -> None:
    challenge = desk.register(display_name=" Ann ")
    answer = desk.verify(challenge, desk.code(challenge))
    assert (answer.status_code, answer.data) == (204, b"")
    [account] = desk.accounts()
    assert (account.email, account.display_name, account.locale) == ("ann@example.org", "Ann", "en")
    assert account.verified_at == account.created_at == desk.now
    assert PasswordHasher().verify(account.password_hash, PHRASE)
    assert desk.verify(challenge, desk.code(challenge)).status_code == 400


def test_a_reset_sets_the_new_password_once(desk: Desk) -> None:
    desk.make_account()
    challenge = desk.ask("reset_password")
    assert desk.reset(challenge, desk.code(challenge)).status_code == 204
    [account] = desk.accounts()
    assert PasswordHasher().verify(account.password_hash, OTHER_PHRASE)
    assert desk.reset(challenge, desk.code(challenge), PHRASE).status_code == 400
    assert desk.accounts()[0].password_hash == account.password_hash


def test_an_account_without_a_password_gets_one_by_a_reset(desk: Desk) -> None:
    challenge = desk.ask("verify_email")
    desk.verify(challenge, desk.code(challenge))
    reset = desk.ask("reset_password")
    assert desk.reset(reset, desk.code(reset)).status_code == 204
    assert PasswordHasher().verify(desk.accounts()[0].password_hash or "", OTHER_PHRASE)


def test_five_wrong_codes_and_the_right_one_is_dead_too(desk: Desk) -> None:
    challenge = desk.register()
    answers = [desk.verify(challenge, changed(desk.code(challenge))) for _ in range(5)]
    answers.append(desk.verify(challenge, desk.code(challenge)))
    assert len({str(refusal(answer)) for answer in answers}) == 1
    assert refusal(answers[0])[0] == 400
    assert answers[0].json["code"] == "code_refused"
    assert desk.challenge(challenge).attempts == 5
    assert desk.accounts() == []
    assert [entry.action for entry in desk.rows(AuditEntry) if entry.subject_id == challenge].count(
        "challenge.failed"
    ) == 5


def test_four_wrong_codes_do_no_harm(desk: Desk) -> None:
    challenge = desk.register()
    for _ in range(4):
        assert desk.verify(challenge, changed(desk.code(challenge))).status_code == 400
    assert desk.verify(challenge, desk.code(challenge)).status_code == 204


def at_once(times: int, act: Callable[[int], Any]) -> list[Any]:
    """Do something in so many threads that all begin together."""
    barrier = threading.Barrier(times)

    def run(number: int) -> Any:
        barrier.wait()
        return act(number)

    with ThreadPoolExecutor(times) as threads:
        return list(threads.map(run, range(times)))


@pytest.fixture
def wide_database(database_url: str, database: Database) -> Any:
    wide = Database(database.url, is_durable=False, pool_size=24)
    yield wide
    wide.dispose()


@pytest.mark.slow
@pytest.mark.both_databases
def test_of_sixty_four_guesses_at_once_five_are_counted(
    desk: Desk, wide_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    challenge, right, compared = desk.register(), "", []
    right = desk.code(challenge)
    wrong = [f"{number:06d}" for number in range(65) if f"{number:06d}" != right]
    real = proving.is_same_code
    # The product's own comparison, with a tally beside it.
    monkeypatch.setattr(proving, "is_same_code", lambda one, other: compared.append(one) or real(one, other))
    keys = desk.app.extensions["copydesk"].keys

    def guess(number: int) -> bool:
        with wide_database.transaction() as session:
            return proving.verify_email(session, keys, ASKER, challenge, wrong[number], desk.now)

    began = time.perf_counter()
    with desk.statements(wide_database) as sent:
        assert at_once(64, guess) == [False] * 64
    print(
        f"64 guesses at once: {desk.challenge(challenge).attempts} counted, {len(compared)} compared, {len(sent)} "
        f"statements, {time.perf_counter() - began:.2f} s"
    )
    assert desk.challenge(challenge).attempts == 5
    assert len(compared) == 5
    assert desk.verify(challenge, right).status_code == 400


@pytest.mark.slow
@pytest.mark.both_databases
def test_of_fifty_right_codes_at_once_one_succeeds(desk: Desk, wide_database: Database) -> None:
    challenge = desk.register()
    right, keys = desk.code(challenge), desk.app.extensions["copydesk"].keys

    def verify(_: int) -> bool:
        with wide_database.transaction() as session:
            return proving.verify_email(session, keys, ASKER, challenge, right, desk.now)

    began = time.perf_counter()
    assert sorted(at_once(50, verify)) == [False] * 49 + [True]
    assert len(desk.accounts()) == 1
    seconds = time.perf_counter() - began
    desk.wait(hours=2)
    reset = desk.ask("reset_password")
    right_reset = desk.code(reset)

    def change(number: int) -> bool:
        with wide_database.transaction() as session:
            return proving.reset_password(
                session, keys, ASKER, reset, right_reset, f"hash {number}", sender_domain="example.org", now=desk.now
            )

    began = time.perf_counter()
    changed_by = at_once(50, change)
    assert changed_by.count(True) == 1
    assert desk.accounts()[0].password_hash == f"hash {changed_by.index(True)}"
    told = [kind for kind, _, _ in desk.letters()].count("password_changed")
    assert told == 1
    print(
        f"50 right codes at once: 1 account made in {seconds:.2f} s; 1 password set and {told} letter about it in "
        f"{time.perf_counter() - began:.2f} s"
    )


@pytest.mark.both_databases
def test_every_other_challenge_is_refused_with_the_same_body(desk: Desk) -> None:
    desk.make_account("bob@example.org")
    ann, carol = desk.register("ann@example.org"), desk.register("carol@example.org")
    bobs_reset, nobodys_reset = desk.ask("reset_password", "bob@example.org"), desk.ask("reset_password", "dan@x.org")
    known = desk.register("bob@example.org")
    answers = [
        desk.verify(ann, desk.code(carol)),
        desk.verify(carol, desk.code(ann)),
        desk.verify(bobs_reset, "123456"),
        desk.verify(NOBODY, "123456"),
        desk.verify("not-an-id", "123456"),
        desk.verify(known, desk.code(known)),
        desk.reset(ann, "ABCD1023"),
        desk.reset(NOBODY, desk.code(bobs_reset)),
        desk.reset(nobodys_reset, desk.code(nobodys_reset)),
        desk.reset(nobodys_reset, desk.code(bobs_reset)),
    ]
    assert {str(refusal(answer)) for answer in answers} == {str(refusal(answers[0]))}
    assert answers[0].status_code == 400
    assert [account.email for account in desk.accounts()] == ["bob@example.org"]


def test_a_reset_asked_before_the_account_existed_is_not_of_it(desk: Desk) -> None:
    early = desk.ask("reset_password")
    challenge = desk.register()
    with desk.database.transaction() as session:
        proving.verify_email(
            session, desk.app.extensions["copydesk"].keys, ASKER, challenge, desk.code(challenge), desk.now
        )
        session.query(Challenge).filter_by(id=early).update({"closed_at": None})
    assert desk.reset(early, desk.code(early)).status_code == 400


def test_a_code_lives_ten_minutes(desk: Desk) -> None:
    """Row S7, by a clock that stands still; two clocks are in `test_moving_clocks.py`."""
    for number, (seconds, status) in enumerate(((-1, 204), (0, 400), (1, 400))):
        challenge = desk.register(f"reader{number}@example.org")
        desk.wait(minutes=10, seconds=seconds)
        assert desk.verify(challenge, desk.code(challenge)).status_code == status
        assert desk.challenge(challenge).attempts == (1 if status == 204 else 0)


def test_a_code_is_read_as_it_was_shown(desk: Desk) -> None:
    for style in ("{0} {1}", " {0}{1} ", "{0}-{1}", "{0}\u00a0{1}"):
        challenge = desk.register(f"reader{len(desk.accounts())}@example.org")
        code = desk.code(challenge)
        assert desk.verify(challenge, style.format(code[:3], code[3:])).status_code == 204, style


def test_letters_that_look_like_digits_are_taken_for_them(desk: Desk) -> None:
    desk.make_account()
    challenge = desk.ask("reset_password")
    code = desk.code(challenge)
    typed = f"{code[:4]}-{code[4:]}".lower().replace("0", "o").replace("1", "l")
    assert desk.reset(challenge, typed).status_code == 204


UNREADABLE = (0, 123456, 123456.0, True, None, "", " ", [], ["123456"], {}, {"code": "123456"}, "１２３４５６",
              "١٢٣٤٥٦", "12345", "1234567", "12345x", "123456\n", "123456\x00", "0" * 2000)  # fmt: skip


def test_what_is_no_code_is_invalid_and_no_attempt(desk: Desk) -> None:
    """Row S8."""
    challenge = desk.register()
    asked = [
        (code, desk.verify(challenge, code).status_code, desk.reset(challenge, code).status_code) for code in UNREADABLE
    ]
    assert [one for one in asked if one[1:] != (422, 422)] == []
    assert desk.challenge(challenge).attempts == 0


def test_only_the_newest_code_of_a_purpose_works(desk: Desk) -> None:
    desk.make_account()
    first = desk.ask("reset_password")
    desk.wait(minutes=2)
    second = desk.ask("reset_password")
    assert desk.reset(first, desk.code(first)).status_code == 400
    assert desk.reset(second, desk.code(second)).status_code == 204


def test_a_reset_ends_every_other_code_of_the_account(desk: Desk) -> None:
    desk.make_account()
    verification, reset = desk.ask("verify_email"), desk.ask("reset_password")
    assert desk.reset(reset, desk.code(reset)).status_code == 204
    assert desk.challenge(verification).closed_at == desk.now
    bobs = desk.register("bob@example.org")
    assert desk.challenge(bobs).closed_at is None


def test_a_weak_new_password_is_refused_and_costs_no_attempt(desk: Desk) -> None:
    desk.make_account("annlindqvist@example.org")
    challenge = desk.ask("reset_password", "annlindqvist@example.org")
    for password in ("short", "password1234567", "annlindqvist1234"):
        answer = desk.reset(challenge, desk.code(challenge), password)
        assert answer.status_code == 422
        assert answer.json["errors"][0]["pointer"] == "/new_password"
    assert desk.challenge(challenge).attempts == 0
    assert desk.reset(challenge, desk.code(challenge)).status_code == 204


def test_who_proved_what_is_on_record_by_id(desk: Desk) -> None:
    desk.make_account()
    challenge = desk.ask("reset_password")
    desk.reset(challenge, desk.code(challenge))
    [account] = desk.accounts()
    about = [entry for entry in desk.rows(AuditEntry) if entry.subject_kind == "account"]
    assert [(entry.action, entry.actor_kind, entry.actor_id, entry.subject_id) for entry in about] == [
        ("account.made", "reader", account.id, account.id),
        ("account.password_reset", "reader", account.id, account.id),
    ]
