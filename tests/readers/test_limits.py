"""Rows S13 and C7: limits by client and by address, whatever else a request holds."""

import ipaddress
from dataclasses import replace

import pytest
from structlog.testing import capture_logs

from cms.app import create_app
from cms.platform.actor import Actor
from cms.platform.counting import client_network, counted_address
from cms.platform.limits import failures_in_a_row, take
from cms.platform.models import LimitCounter, LimitQuota
from cms.readers.proving import prove
from cms.readers.rules import CODES_BEFORE_ALARM
from cms.settings import Settings
from tests.readers.making import PHRASE, Desk, changed

FORWARDED = ("X_Forwarded_For", "X_Real_IP", "Forwarded", "True_Client_IP", "X_Client_IP", "CF_Connecting_IP", "Via")


def test_a_client_may_ask_for_twenty_codes_an_hour_whatever_it_varies(desk: Desk) -> None:
    answers = []
    for number in range(24):
        headers = {FORWARDED[number % len(FORWARDED)]: f"10.0.0.{number}", "User_Agent": f"agent {number}"}
        email = f"reader{number}@example.org"
        if number % 2:
            answers.append(desk.post("/codes", {"purpose": "verify_email", "email": email}, **headers))
        else:
            answers.append(desk.post("/accounts", {"email": email, "password": PHRASE, "locale": "en"}, **headers))
    assert [answer.status_code for answer in answers] == [202] * 20 + [429] * 4
    refused = answers[-1]
    assert refused.json["code"] == "too_many_requests"
    assert int(refused.headers["Retry-After"]) == 180
    assert refused.headers["RateLimit-Policy"] == '"codes";q=20;w=3600'
    assert refused.headers["RateLimit"] == '"codes";r=0;t=3600'
    assert len(desk.letters()) == 20
    assert desk.post("/codes", {"purpose": "verify_email", "email": "x@y.org"}, "192.0.2.2").status_code == 202
    desk.wait(hours=1)
    assert desk.post("/codes", {"purpose": "verify_email", "email": "z@y.org"}).status_code == 202


def test_a_client_may_try_ten_codes_a_minute_over_all_challenges(desk: Desk) -> None:
    challenges = [desk.register(f"reader{number}@example.org") for number in range(6)]
    statuses = [
        desk.verify(challenges[number % 6], changed(desk.code(challenges[number % 6])), "192.0.2.5").status_code
        for number in range(8)
    ]
    for _ in range(4):
        answer = desk.reset(challenges[0], "ABCD1023", client="192.0.2.5")
        statuses.append(answer.status_code)
    assert statuses == [400] * 10 + [429] * 2
    assert desk.verify(challenges[5], desk.code(challenges[5]), "192.0.2.5").status_code == 429
    desk.wait(minutes=1)
    assert desk.verify(challenges[5], desk.code(challenges[5]), "192.0.2.5").status_code == 204


def test_an_address_may_be_tried_twenty_times_an_hour_over_all_its_codes(desk: Desk) -> None:
    for _ in range(4):
        challenge = desk.ask("verify_email")
        for _ in range(5):
            desk.verify(challenge, changed(desk.code(challenge)))
        desk.wait(seconds=61)
    # One more every three minutes, and four minutes have gone.
    challenge = desk.ask("verify_email")
    desk.verify(challenge, changed(desk.code(challenge)))
    assert desk.verify(challenge, desk.code(challenge)).status_code == 400
    desk.wait(hours=1)
    challenge = desk.ask("verify_email")
    assert desk.verify(challenge, desk.code(challenge)).status_code == 204


def fail(desk: Desk, times: int, purpose: str = "verify_email") -> None:
    """Guess wrong so often, as slowly as the other limits ask for: once by the route, then by the verb behind it."""
    keys, asker = desk.app.extensions["copydesk"].keys, Actor(kind="anonymous", client_address="192.0.2.1")
    for start in range(0, times, 5):
        desk.wait(hours=3)
        challenge = desk.ask(purpose)
        wrong = changed(desk.code(challenge))
        guesses = min(5, times - start)
        if start == 0:
            answer = desk.verify(challenge, wrong) if purpose == "verify_email" else desk.reset(challenge, wrong)
            assert answer.status_code == 400
            guesses -= 1
        with desk.database.transaction() as session:
            for _ in range(guesses):
                assert prove(session, keys, asker, purpose, challenge, wrong, desk.now) is None


def verify_now(desk: Desk) -> int:
    desk.wait(hours=3)
    challenge = desk.register()
    return int(desk.verify(challenge, desk.code(challenge)).status_code)


@pytest.mark.both_databases
def test_after_a_hundred_failures_in_a_row_six_digits_prove_nothing_at_an_address(desk: Desk) -> None:
    fail(desk, 99)
    other = desk.ask("verify_email", "bob@example.org")
    assert desk.verify(other, desk.code(other)).status_code == 204
    fail(desk, 1)
    desk.wait(hours=3)
    challenge = desk.register()
    refused = desk.verify(challenge, desk.code(challenge))
    wrong = desk.verify(desk.register("eve@example.org"), "000000")
    assert (refused.status_code, refused.json["code"], refused.json["detail"]) == (
        wrong.status_code,
        wrong.json["code"],
        wrong.json["detail"],
    )
    assert len(desk.accounts()) == 1


def test_ninety_nine_failures_and_a_proof_begin_the_count_anew(desk: Desk) -> None:
    fail(desk, 99)
    assert verify_now(desk) == 204
    with desk.database.reading() as session:
        assert failures_in_a_row(session, counted_address("ann@example.org")) == 0


def test_a_proven_reset_is_the_way_out(desk: Desk) -> None:
    desk.make_account()
    fail(desk, 101, "reset_password")
    with desk.database.reading() as session:
        assert failures_in_a_row(session, counted_address("ann@example.org")) == 101
    desk.wait(hours=3)
    challenge = desk.ask("reset_password")
    assert desk.reset(challenge, desk.code(challenge)).status_code == 204
    with desk.database.reading() as session:
        assert failures_in_a_row(session, counted_address("ann@example.org")) == 0


def test_counters_hold_no_address_of_a_reader(desk: Desk) -> None:
    challenge = desk.register()
    desk.verify(challenge, changed(desk.code(challenge)))
    with desk.database.reading() as session:
        keys = [row.key for table in (LimitQuota, LimitCounter) for row in session.query(table)]
    assert len(keys) == 5
    assert not any("ann" in key or "@" in key for key in keys)


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::ffff", "2001:db8:1:2::/64"),
        ("2001:db8:1:3::1", "2001:db8:1:3::/64"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("fe80::1%eth0", "fe80::/64"),
        ("", "unknown"),
        ("somewhere", "unknown"),
    ],
)
def test_a_client_is_its_address_or_its_network(address: str, network: str) -> None:
    assert client_network(address) == network


def test_a_client_behind_our_own_proxy_is_told_apart_by_what_the_proxy_says(settings: Settings) -> None:
    app = create_app(replace(settings, trusted_proxies=(ipaddress.ip_network("10.0.0.0/8"),)))
    desk = Desk(app, app.test_client())
    body = {"purpose": "verify_email", "email": "ann@example.org"}
    behind = [desk.post("/codes", body, "10.0.0.1", X_Forwarded_For=f"1.1.1.1, 192.0.2.{n % 2}") for n in range(41)]
    assert [answer.status_code for answer in behind] == [202] * 40 + [429]
    app.extensions["copydesk"].database.dispose()
    app.extensions["copydesk"].index.close()


def test_beyond_a_thousand_codes_an_hour_the_log_warns_and_nobody_is_refused(desk: Desk) -> None:
    """Rule C6: somebody sends letters to many, from many clients."""
    with desk.database.transaction() as session:
        while take(session, CODES_BEFORE_ALARM.name, CODES_BEFORE_ALARM, desk.now).is_allowed:
            pass
    with capture_logs() as lines:
        desk.register()
    assert [line["per_hour_beyond"] for line in lines if line["event"] == "unusually_many_codes"] == [1000]
    assert len(desk.letters()) == 1
