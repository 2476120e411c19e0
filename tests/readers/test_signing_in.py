"""How readers sign in (row S14, where it concerns them), how long a session lasts, and whom guesses keep out."""

import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from argon2 import PasswordHasher
from structlog.testing import capture_logs

from cms.audit.models import AuditEntry
from cms.identity.passwords import HASHER
from cms.mail.models import OutgoingLetter
from cms.platform.counting import counted_address
from cms.platform.limits import take
from cms.readers.models import ReaderSession
from cms.readers.rules import PASSWORDS_PER_ACCOUNT, PASSWORDS_PER_ACCOUNT_AND_CLIENT, SIGN_INS_PER_CLIENT
from tests.identity.making import hashes
from tests.readers.making import OTHER_PHRASE, PHRASE, Desk
from tests.readers.test_limits import FORWARDED

UNKNOWN = "nobody@example.org"


def without_ids(answer: Any) -> tuple[int, dict[str, Any]]:
    """Status and body without what differs in every answer."""
    return answer.status_code, {
        name: value for name, value in answer.json.items() if name not in ("request_id", "instance")
    }


def test_known_and_unknown_addresses_get_the_same_bytes_for_the_same_work(desk: Desk) -> None:
    desk.make_account()
    challenge = desk.ask("verify_email", "without@example.org")
    assert desk.verify(challenge, desk.code(challenge)).status_code == 204
    seen = []
    for email in ("ann@example.org", UNKNOWN, "without@example.org"):
        before, began = hashes(), time.perf_counter()
        with desk.statements() as sent:
            answer = desk.sign_in(OTHER_PHRASE, email, desk.fresh_client())
        print(
            f"sign-in of {email}: {len(sent)} statements, {hashes() - before:.0f} hashes, "
            f"{(time.perf_counter() - began) * 1000:.1f} ms"
        )
        seen.append((without_ids(answer), [statement.split(" ", 3)[:3] for statement in sent], hashes() - before))
    assert seen[0] == seen[1] == seen[2]
    assert seen[0][0][1]["code"] == "sign_in_refused"
    assert seen[0][2] == 1
    refused = [entry for entry in desk.rows(AuditEntry) if entry.action == "session.refused"]
    assert [bool(entry.subject_id) for entry in refused] == [True, False, True]


def test_a_token_is_shown_once_and_is_nowhere_in_the_database(desk: Desk) -> None:
    desk.make_account()
    answer = desk.sign_in()
    assert (answer.status_code, answer.headers["Cache-Control"]) == (201, "private, no-store")
    token = answer.json["token"]
    assert token.startswith("cpd_rdr_")
    [row] = desk.rows(ReaderSession)
    assert token not in str(vars(row))
    assert (row.network, row.device) == ("192.0.2.1", "Reader 1.0")


@pytest.mark.parametrize(("days", "status"), [(13, 200), (14, 401)])
def test_a_session_ends_fourteen_days_after_it_was_used_last(desk: Desk, days: int, status: int) -> None:
    desk.make_account()
    token = desk.sign_in().json["token"]
    desk.wait(days=days)
    assert desk.ask_as(token, "GET", "/me").status_code == status


def test_a_session_that_is_used_ends_after_thirty_days(desk: Desk) -> None:
    desk.make_account()
    token = desk.sign_in().json["token"]
    for _ in range(2):
        desk.wait(days=13)
        assert desk.ask_as(token, "GET", "/me").status_code == 200
    desk.wait(days=3, hours=23)
    assert desk.ask_as(token, "GET", "/me").status_code == 200
    desk.wait(hours=1)
    assert desk.ask_as(token, "GET", "/me").status_code == 401


def test_nobody_ends_another_readers_session(desk: Desk) -> None:
    desk.make_account()
    desk.make_account("eve@example.org")
    ann, eve = (desk.sign_in(email=email).json for email in ("ann@example.org", "eve@example.org"))
    hidden = desk.ask_as(eve["token"], "DELETE", f"/sessions/{ann['id']}")
    never = desk.ask_as(eve["token"], "DELETE", "/sessions/01902f5e-0000-7000-8000-000000000000")
    assert hidden.status_code == never.status_code == 404
    assert hidden.json["detail"] == never.json["detail"]
    assert desk.ask_as(eve["token"], "DELETE", "/sessions").status_code == 204
    assert desk.ask_as(ann["token"], "GET", "/me").status_code == 200


def test_guesses_on_one_account_are_few_from_one_client_and_a_hundred_an_hour_from_all(desk: Desk) -> None:
    desk.make_account()
    assert desk.sign_in(client="192.0.2.1").status_code == 201
    before, statuses = hashes(), []
    # Behind one address, far apart enough for the limit of a client and not for that of the account from it.
    for _ in range(PASSWORDS_PER_ACCOUNT_AND_CLIENT.times + 2):
        desk.wait(seconds=6)
        statuses.append(desk.sign_in(OTHER_PHRASE, client="203.0.113.1").status_code)
    assert statuses == [401] * PASSWORDS_PER_ACCOUNT_AND_CLIENT.times + [429] * 2
    assert hashes() - before == PASSWORDS_PER_ACCOUNT_AND_CLIENT.times
    with desk.database.transaction() as session:
        use_up(session, desk)
    refused = desk.sign_in(PHRASE, client="203.0.113.2")
    assert (refused.status_code, "Retry-After" in refused.headers) == (429, True)
    # The reader's own client goes on, and so does whoever sets a password by a code.
    assert desk.sign_in(client="192.0.2.1").status_code == 201
    challenge = desk.ask("reset_password")
    assert desk.reset(challenge, desk.code(challenge), OTHER_PHRASE, "203.0.113.2").status_code == 204
    assert desk.sign_in(OTHER_PHRASE, client="203.0.113.2").status_code == 201


@pytest.mark.slow
def test_a_thousand_guesses_from_a_thousand_clients_are_compared_a_hundred_times_and_keep_nobody_out(
    desk: Desk,
) -> None:
    """Row S14: a thousand requests. The kept hash is a quick one, because what is counted is how often it is asked."""
    desk.make_account()
    session = desk.sign_in().json["token"]
    with desk.database.transaction() as open_session:
        quick = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PHRASE)
        open_session.merge(desk.accounts()[0]).password_hash = quick
    before, began = hashes(), time.perf_counter()
    # What each of them logs would take longer to draw than to do.
    with capture_logs():
        statuses = Counter(
            desk.sign_in(OTHER_PHRASE, client=f"198.18.{number // 250}.{number % 250 + 1}").status_code
            for number in range(1000)
        )
    # The reader's own sign-in counts too.
    compared, times = hashes() - before, PASSWORDS_PER_ACCOUNT.times - 1
    print(
        f"1,000 wrong sign-ins from 1,000 addresses: {compared:.0f} compared, {dict(statuses)}, "
        f"{time.perf_counter() - began:.1f} s"
    )
    assert (statuses, compared) == ({401: times, 429: 1000 - times}, times)
    # An open session, a client of before, a code by mail, and an hour later everybody.
    assert desk.ask_as(session, "GET", "/me").status_code == 200
    assert desk.sign_in().status_code == 201
    assert desk.sign_in(client="203.0.113.9").status_code == 429
    challenge = desk.ask("reset_password")
    assert desk.reset(challenge, desk.code(challenge), OTHER_PHRASE, "203.0.113.9").status_code == 204
    assert desk.sign_in(OTHER_PHRASE, client="203.0.113.9").status_code == 201
    desk.wait(hours=1)
    assert desk.sign_in(OTHER_PHRASE, client="203.0.113.10").status_code == 201


@pytest.mark.usefixtures("full_work")
@pytest.mark.slow
def test_of_two_hundred_sign_ins_at_once_few_are_hashed_and_the_rest_sent_away(desk: Desk) -> None:
    """Row S16, for readers; memory and the times of others are measured in `identity/test_signing_in.py`."""
    desk.make_account()
    kept = desk.accounts()[0].password_hash or ""
    assert kept.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    before, barrier = hashes(), threading.Barrier(200)

    def attempt(number: int) -> Any:
        barrier.wait()
        body = {"email": f"reader{number}@example.org", "password": OTHER_PHRASE}
        place: Any = {"environ_overrides": {"REMOTE_ADDR": f"198.18.7.{number + 1}"}}
        return desk.app.test_client().post("/readers/v1/sessions", json=body, **place)

    with ThreadPoolExecutor(200) as threads:
        answers = list(threads.map(attempt, range(200)))
    statuses = Counter(answer.status_code for answer in answers)
    print(f"200 sign-ins at once: {hashes() - before:.0f} hashed, {dict(statuses)}")
    assert set(statuses) == {401, 503} and statuses[401] == hashes() - before
    assert all(answer.headers["Retry-After"] for answer in answers if answer.status_code == 503)


def use_up(session: Any, desk: Desk) -> None:
    """Use the account's hour up, as guesses from a hundred clients would."""
    limit = PASSWORDS_PER_ACCOUNT
    key = f"{limit.name}:{counted_address('ann@example.org')}"
    while take(session, key, limit, desk.now).is_allowed:
        pass


def test_a_reset_that_is_refused_ends_no_session_and_sends_no_letter(desk: Desk) -> None:
    desk.make_account()
    token = desk.sign_in().json["token"]
    challenge = desk.ask("reset_password")
    assert desk.reset(challenge, "ABCD-EFGH").status_code == 400
    assert desk.ask_as(token, "GET", "/me").status_code == 200
    assert "password_changed" not in {letter.kind for letter in desk.rows(OutgoingLetter)}


def test_a_password_that_is_hashed_by_older_settings_is_hashed_anew(desk: Desk) -> None:
    desk.make_account()
    old = PasswordHasher(time_cost=1, memory_cost=8192, parallelism=1).hash(PHRASE)
    with desk.database.transaction() as session:
        session.merge(desk.accounts()[0]).password_hash = old
    assert desk.sign_in().status_code == 201
    kept = desk.accounts()[0].password_hash
    assert kept != old
    assert not HASHER.is_outdated(kept or "")
    assert desk.sign_in().status_code == 201


def test_nothing_that_a_request_chooses_freely_changes_whose_sign_in_it_is(desk: Desk) -> None:
    """Row S13, for readers: headers that anybody can write, and members that are not there (CVE-2025-64526)."""
    desk.make_account()
    statuses = []
    for number in range(SIGN_INS_PER_CLIENT.times + 3):
        headers = dict.fromkeys(FORWARDED, f"10.0.0.{number}") | {"User_Agent": f"agent {number}"}
        body = {"email": f" Reader{number}@Example.org", "password": OTHER_PHRASE}
        statuses.append(desk.post("/sessions", body, "203.0.113.7", **headers).status_code)
    assert statuses == [401] * SIGN_INS_PER_CLIENT.times + [429] * 3
    for name in ("deviceId", "username", "x", "account_id", "client"):
        refused = desk.post("/sessions", {"email": "ann@example.org", "password": PHRASE, name: "1"}, "203.0.113.8")
        assert (refused.status_code, refused.json["errors"][0]["pointer"]) == (422, f"/{name}")


def test_a_name_that_others_could_not_read_is_refused_and_one_is_kept_as_it_is_seen(desk: Desk) -> None:
    """Every case of the rule is in `platform/test_names.py`; comments show the name."""
    desk.make_account()
    token = desk.sign_in().json["token"]
    for name in ("\u202ennA", "\u2066Ann\u2069", "An\u200bn", "\u3164", "An\u200dn", "Q" + "\u0336" * 9, "n" * 121):
        refused = desk.ask_as(token, "PATCH", "/me", {"display_name": name})
        assert (refused.status_code, refused.json["errors"][0]["pointer"]) == (422, "/display_name"), name
    for name, kept in (("  Zoe\u0308   Lin ", "Zoë Lin"), ("👩\u200d🚀", "👩\u200d🚀"), (" ", "")):
        assert desk.ask_as(token, "PATCH", "/me", {"display_name": name}).json["display_name"] == kept


def test_without_the_present_password_or_with_a_wrong_one_nothing_is_changed(desk: Desk) -> None:
    """Row S17, for readers: the password that is typed with the change is the proof that it is fresh."""
    desk.make_account()
    token, kept = desk.sign_in().json["token"], desk.accounts()[0].password_hash
    for body in (
        {},
        {"current_password": ""},
        {"current_password": OTHER_PHRASE},
        {"current_password": PHRASE.upper()},
    ):
        change = body | {"new_password": "a lighthouse without a keeper"}
        refused = desk.ask_as(token, "POST", "/me/password", change, desk.fresh_client())
        assert (refused.status_code, refused.json["code"]) == (403, "password_refused")
    assert desk.accounts()[0].password_hash == kept
    assert desk.ask_as(token, "GET", "/me").status_code == 200


def test_each_sign_in_is_a_session_of_its_own_and_an_ended_one_is_over_at_once(desk: Desk) -> None:
    """Row S19, for readers."""
    desk.make_account()
    first, second = (desk.sign_in().json for _ in range(2))
    assert first["id"] != second["id"] and first["token"] != second["token"]
    [shown, _] = desk.ask_as(second["token"], "GET", "/sessions").json["data"]
    assert (shown["device"], shown["network"]) == ("Reader 1.0", "192.0.2.1")
    assert shown["created_at"] == "2026-03-02T11:00:00Z"
    assert desk.ask_as(first["token"], "DELETE", f"/sessions/{first['id']}").status_code == 204
    assert desk.ask_as(first["token"], "GET", "/me").status_code == 401
    assert desk.ask_as(second["token"], "DELETE", "/sessions").status_code == 204
    assert desk.ask_as(second["token"], "GET", "/me").status_code == 401
