"""Signing in: rows S13, S14, S16, S19, and that nobody learns which addresses have accounts. Times are counted."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import median
from typing import Any

import pytest
from argon2 import PasswordHasher

from cms.audit.models import AuditEntry
from cms.identity.passwords import HASHER
from cms.identity.sessions import Client
from cms.identity.staff import signing_in
from cms.identity.staff.models import SignInTrail, StaffSession, StaffUser
from cms.identity.staff.rules import delay_after
from cms.platform.errors import Unavailable
from tests.access.desk import Desk
from tests.identity.making import ANN, KEPT, OTHER_PHRASE, PHRASE, Office, hashes
from tests.servers import wait_until

WRONG = "seven kettles on a sledge"
FREE = ("X_Forwarded_For", "X_Real_IP", "Forwarded", "True_Client_IP", "X_Client_IP", "CF_Connecting_IP", "Via")


def refusal(answer: Any) -> tuple[int, Any, list[str]]:
    """All that an answer shows but its own request's id."""
    shown = {name: value for name, value in answer.json.items() if name not in ("request_id", "instance")}
    return answer.status_code, shown, sorted(name for name, _ in answer.headers)


@pytest.mark.both_databases
def test_a_sign_in_answers_a_token_once_and_keeps_its_digest_only(office: Office) -> None:
    staff_id = office.make()
    answer = office.sign_in(client="192.0.2.9", email=" ANN@Example.org ")
    assert answer.status_code == 201
    assert set(answer.json) == {"id", "token", "expires_at"}
    assert answer.json["token"].startswith("cpd_ses_") and answer.json["expires_at"] == "2026-03-03T09:00:00Z"
    assert answer.headers["Cache-Control"] == "private, no-store" and "Set-Cookie" not in answer.headers
    [row] = office.rows(StaffSession)
    assert (row.user_id, row.kind, row.address) == (staff_id, "bearer", "192.0.2.9")
    assert len(row.digest) == 32 and answer.json["token"].encode() not in row.digest
    opened = office.rows(AuditEntry)[-1]
    assert (opened.action, opened.actor_kind, opened.actor_id) == ("session.opened", "staff", staff_id)


@pytest.mark.both_databases
def test_known_unknown_and_disabled_get_the_same_answer_for_the_same_work(office: Office) -> None:
    office.make()
    office.make("off@example.org")
    with office.database.transaction() as session:
        session.query(StaffUser).filter_by(email="off@example.org").update({"state": "disabled"})
    for number in (1, 2):
        seen = []
        for email, password in ((ANN, WRONG), ("nobody@example.org", WRONG), ("off@example.org", PHRASE)):
            before = hashes()
            with office.statements() as sent:
                answer = office.sign_in(email, password, client=f"192.0.2.{number}")
            seen.append((refusal(answer), hashes() - before, list(sent)))
        assert seen[0] == seen[1] == seen[2]
        assert seen[0][0][0] == 401 and seen[0][1] == 1
    assert [entry.outcome for entry in office.rows(AuditEntry) if entry.action == "session.refused"] == ["refused"] * 6
    assert not any(ANN in str(vars(entry)) or WRONG in str(vars(entry)) for entry in office.rows(AuditEntry))


@pytest.mark.both_databases
def test_while_it_waits_known_and_unknown_get_the_same_and_nothing_is_compared(office: Office) -> None:
    office.make()
    seen = []
    for email in (ANN, "nobody@example.org"):
        client = office.fresh_client()
        for _ in range(5):
            office.sign_in(email, WRONG, client=client)
        before = hashes()
        with office.statements() as sent:
            answer = office.sign_in(email, PHRASE, client=client)
        seen.append((refusal(answer), answer.headers["Retry-After"], hashes() - before, list(sent)))
    assert seen[0] == seen[1]
    assert seen[0][0][0] == 429 and seen[0][1:3] == ("2", 0)


def test_wrong_passwords_cost_more_and_more_time_and_a_right_one_begins_anew(office: Office) -> None:
    office.make()
    waits = []
    for number in range(18):
        answer = office.sign_in(password=WRONG, client="192.0.2.1")
        while answer.status_code == 429:
            waits.append(int(answer.headers["Retry-After"]))
            office.wait(seconds=waits[-1])
            answer = office.sign_in(password=WRONG, client="192.0.2.1")
        assert answer.status_code == 401, number
        office.wait(seconds=7)
    assert waits[-4:] == [893, 893, 893, 893]
    office.wait(minutes=15)
    office.token(client="192.0.2.1")
    with office.database.reading() as session:
        assert session.query(SignInTrail).count() == 0
    for _ in range(4):
        assert office.sign_in(password=WRONG, client="192.0.2.1").status_code == 401
    assert office.sign_in(client="192.0.2.1").status_code == 201
    assert [delay_after(number).total_seconds() for number in (0, 4, 5, 6, 9, 13, 14, 900)] == [
        0, 0, 2, 4, 32, 512, 900, 900,
    ]  # fmt: skip


def test_what_waits_is_one_account_from_one_client_and_nobody_else(office: Office) -> None:
    office.make()
    office.make("bob@example.org")
    for _ in range(6):
        office.sign_in(password=WRONG, client="192.0.2.1")
    assert office.sign_in(client="192.0.2.1").status_code == 429
    assert office.sign_in("bob@example.org", client="192.0.2.1").status_code == 201
    assert office.sign_in(client="192.0.2.2").status_code == 201


def test_nothing_that_a_request_chooses_freely_changes_whose_attempt_it_is(office: Office) -> None:
    office.make()
    statuses = []
    for number in range(12):
        headers = {FREE[number % len(FREE)]: f"10.0.0.{number}", "User_Agent": f"agent {number}"}
        email = (ANN, "ANN@example.org", " ann@Example.org ")[number % 3]
        body = {"email": email, "password": WRONG}
        statuses.append(office.ask("POST", "/sessions", body, **headers).status_code)
    assert statuses == [401] * 5 + [429] * 7
    assert office.ask("POST", "/sessions", {"email": ANN, "password": PHRASE, "deviceId": "x"}).status_code == 422


def test_a_client_may_try_ten_times_a_minute_over_all_accounts(office: Office) -> None:
    answers = [office.sign_in(f"somebody{number}@example.org", WRONG, client="192.0.2.7") for number in range(12)]
    assert [answer.status_code for answer in answers] == [401] * 10 + [429] * 2
    assert answers[-1].headers["RateLimit-Policy"] == '"sign-ins";q=10;w=60'
    before = hashes()
    assert office.sign_in(client="192.0.2.7").status_code == 429
    assert hashes() == before
    office.wait(minutes=1)
    office.make()
    assert office.sign_in(client="192.0.2.7").status_code == 201


@pytest.mark.slow
def test_a_thousand_guesses_from_everywhere_keep_nobody_out_and_few_are_compared(office: Office) -> None:
    office.make()
    known = office.token(client="192.0.2.10")
    before = hashes()
    refused = [office.sign_in(password=WRONG).status_code for _ in range(130)]
    assert hashes() - before == 99
    assert refused == [401] * 99 + [429] * 31
    # The other 870 by the verb that the route asks, in one transaction, because each commit waits for the disk.
    with office.database.transaction() as session:
        for _ in range(870):
            client = Client(office.fresh_client(), "")
            assert signing_in.announce(session, ANN, client, office.now).wait_seconds == 36
    assert office.ask("GET", "/sessions", token=known).status_code == 200
    assert office.sign_in(client="192.0.2.10").status_code == 201
    assert office.sign_in(client="198.18.0.1").status_code == 429
    code_id = office.ask("POST", "/staff/codes", {"email": ANN}, client="198.18.0.1").json["code_id"]
    body = {"code_id": code_id, "code": office.code("staff_password", code_id), "new_password": OTHER_PHRASE}
    assert office.ask("POST", "/staff/password", body, client="198.18.0.1").status_code == 204
    assert office.sign_in(password=OTHER_PHRASE, client="198.18.0.1").status_code == 201
    office.wait(hours=1)
    assert office.sign_in(password=OTHER_PHRASE, client="198.18.0.2").status_code == 201


def test_guesses_at_once_are_all_counted(office: Office) -> None:
    office.make()
    before = hashes()
    with ThreadPoolExecutor(3) as threads:
        statuses = list(threads.map(lambda _: office.sign_in(password=WRONG, client="192.0.2.3").status_code, range(9)))
    assert hashes() - before == 5
    assert sorted(statuses) == [401] * 5 + [429] * 4


@pytest.mark.usefixtures("full_work")
def test_more_sign_ins_at_once_than_a_server_can_bear_are_sent_away_and_leave_threads_to_others(office: Office) -> None:
    office.make()
    before, barrier = hashes(), threading.Barrier(40)

    def attempt(number: int) -> Any:
        barrier.wait()
        return office.sign_in(password=WRONG, client=f"203.0.113.{number + 1}")

    with ThreadPoolExecutor(40) as threads:
        answers = list(threads.map(attempt, range(40)))
    statuses = [answer.status_code for answer in answers]
    assert set(statuses) == {401, 503} and statuses.count(401) == hashes() - before
    assert {answer.headers["Retry-After"] for answer in answers if answer.status_code == 503} == {"1"}
    with HASHER.act(), HASHER.act(), HASHER.act(), office.statements() as sent:
        assert office.sign_in().status_code == 503
    assert sent == []
    assert office.sign_in().status_code == 201


def test_every_act_that_hashes_a_password_is_let_in_only_while_a_thread_stays_free(office: Office) -> None:
    """Whoever floods one of these doors keeps no reader waiting, and nothing is counted or asked for the rest."""
    office.make()
    mine, readers = office.token(), Desk(office.app, office.database).reader()[2]
    nobody = "01a21432-d818-7389-8d25-eb3df015d13c"
    phrase, code = {"new_password": OTHER_PHRASE}, {"code": "ABCD-EFGH"}
    reader = {"email": "reader@example.org", "password": OTHER_PHRASE, "locale": "en"}
    doors: tuple[tuple[str, dict[str, str], str], ...] = (
        ("/api/v1/sessions/reauthenticate", {"password": PHRASE}, mine),
        ("/api/v1/staff/me/password", {"current_password": WRONG, **phrase}, mine),
        (f"/api/v1/staff/invitations/{nobody}/accept", {"password": OTHER_PHRASE, **code}, ""),
        ("/api/v1/staff/password", {"code_id": nobody, **code, **phrase}, ""),
        ("/readers/v1/accounts", reader, ""),
        ("/readers/v1/sessions", {"email": "reader@example.org", "password": WRONG}, ""),
        ("/readers/v1/me/password", {"current_password": WRONG, **phrase}, readers),
        ("/readers/v1/me/delete", {"password": WRONG}, readers),
        ("/readers/v1/password", {"challenge_id": nobody, **code, **phrase}, ""),
    )
    for path, body, token in doors:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        before = hashes()
        with HASHER.act(), HASHER.act(), HASHER.act():
            refused = office.client.post(path, json=body, headers=headers)
        assert (refused.status_code, refused.headers["Retry-After"]) == (503, "1"), path
        assert hashes() == before
        assert office.client.post(path, json=body, headers=headers).status_code in (200, 202, 400, 401, 403), path
        assert hashes() > before, path


class Turnstile:
    """argon2 itself, behind a gate: counts how many work at once, and lets them go on when it is opened."""

    def __init__(self, argon2: Any) -> None:
        self.argon2, self.gate, self.lock = argon2, threading.Event(), threading.Lock()
        self.now = self.most = self.all = 0

    def verify(self, kept: str, password: str) -> bool:
        """Compare, when the gate is open."""
        with self.lock:
            self.now, self.all = self.now + 1, self.all + 1
            self.most = max(self.most, self.now)
        try:
            assert self.gate.wait(60)
            return bool(self.argon2.verify(kept, password))
        finally:
            with self.lock:
                self.now -= 1


@pytest.mark.slow
def test_of_two_hundred_passwords_at_once_two_are_hashed_and_readers_go_on(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Row S16. Two are hashed at once, sixteen wait, the rest are sent away; reads are answered meanwhile."""
    office.client.get("/content/v1/articles")
    turnstile = Turnstile(HASHER._argon2)
    monkeypatch.setattr(HASHER, "_argon2", turnstile)
    barrier, sent_away, others = threading.Barrier(200), threading.Semaphore(0), []
    before, began, peak = hashes(), time.perf_counter(), _peak_kib()

    def compare(_: int) -> bool:
        barrier.wait()
        try:
            return HASHER.is_right(KEPT, PHRASE)
        except Unavailable:
            sent_away.release()
            return False

    with ThreadPoolExecutor(200) as threads:
        served = threads.map(compare, range(200))
        try:
            assert all(sent_away.acquire(timeout=60) for _ in range(182))
            # Who has a place may still be on the way to the hash, with two hundred threads about.
            wait_until(lambda: turnstile.all == 2, what="two hashes under way")
            for _ in range(40):
                at = time.perf_counter()
                assert office.client.get("/content/v1/articles").status_code == 200
                others.append(time.perf_counter() - at)
            # All forty were answered while two hashes were under way and not one was finished.
            assert (turnstile.now, turnstile.most, turnstile.all) == (2, 2, 2)
        finally:
            turnstile.gate.set()
        right = sum(served)
    grown = (_peak_kib() - peak) / 1024
    print(f"200 at once: {right} compared in {time.perf_counter() - began:.1f} s, {grown:.0f} MiB more;", end=" ")
    print(f"reads meanwhile: median {median(others) * 1000:.0f} ms, longest {max(others) * 1000:.0f} ms")
    assert right == hashes() - before == turnstile.all == 18
    assert turnstile.most == 2
    assert grown < 200


@pytest.mark.usefixtures("full_work")
def test_a_hash_of_less_work_is_made_anew_at_the_next_sign_in(office: Office) -> None:
    office.make()
    weak = PasswordHasher(time_cost=1, memory_cost=8192, parallelism=1).hash(PHRASE)
    with office.database.transaction() as session:
        session.query(StaffUser).update({"password_hash": weak})
    assert office.sign_in(password=WRONG).status_code == 401
    assert office.user().password_hash == weak
    office.token()
    assert office.user().password_hash.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    office.token()


@pytest.mark.parametrize("password", [None, 1, True, [], {}, "x" * 257, PHRASE + "\x00"])
def test_what_is_no_password_is_refused_by_its_shape(office: Office, password: Any) -> None:
    office.make()
    answer = office.sign_in(password=password)
    assert answer.status_code == 422
    assert answer.json["errors"][0]["pointer"] == "/password"


@pytest.mark.parametrize("password", ["", PHRASE.upper(), PHRASE + " ", PHRASE[:-1], PHRASE + "x" * 60])
def test_a_password_is_compared_as_it_is(office: Office, password: str) -> None:
    office.make()
    assert office.sign_in(password=password).status_code == 401


def test_a_trail_is_of_no_use_to_whoever_reads_the_database(office: Office) -> None:
    office.make()
    office.sign_in(password=WRONG, client="192.0.2.44")
    with office.database.reading() as session:
        [trail] = session.query(SignInTrail).all()
    assert len(trail.key) == 64 and ANN not in trail.key and "192" not in trail.key[:4]
    assert trail.failures == 1


def test_a_device_is_one_short_line() -> None:
    assert Client("192.0.2.1", "Mozilla/5.0 (X11)\r\n\tFirefox").device == "Mozilla/5.0 (X11) Firefox"
    assert len(Client("192.0.2.1", "y" * 5000).device) == 120
    assert Client("192.0.2.1", "").device == ""


def _peak_kib() -> int:
    line = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1])
