"""Keys that rotate: what either of two signed is accepted, running processes follow, nobody is refused meanwhile."""

import os
import threading
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from cms.app import create_app
from cms.environment import SettingsError
from cms.identity.codes import accepted_codes, derive_code
from cms.identity.staff.rules import INVITATION_LIFE
from cms.identity.tokens import issue_token
from cms.platform.actor import system
from cms.platform.clock import now
from cms.platform.db import Database
from cms.platform.errors import BadRequest
from cms.platform.http.paging import Cursor, decode_cursor, encode_cursor
from cms.platform.keys import Keys, KeysOfFile, load_keys, rotate, secret_path, write_secrets
from cms.settings import Settings

CURSOR = Cursor("next", (7,))
CHALLENGE = {"purpose": "verify_email", "challenge_id": "c", "email": "ann@example.org"}
GOOD = "0123456789abcdef0123456789ABCDEF-x"
OTHER = "fedcba9876543210fedcba9876543210-y"


@pytest.fixture
def told(settings: Settings) -> Settings:
    """Settings that keep their secret in the home's file."""
    return replace(settings, secret_key="")


def accepts(keys: Keys, cursor: str) -> bool:
    try:
        return decode_cursor(keys, "articles", cursor) == CURSOR
    except BadRequest:
        return False


def test_what_either_of_two_keys_signed_is_accepted_and_a_third_ones_not(told: Settings) -> None:
    load_keys(told)
    path = secret_path(told)
    cursors, codes = [], []
    for _ in range(3):
        keys = load_keys(told)
        cursors.append(encode_cursor(keys, "articles", CURSOR))
        codes.append(derive_code(keys, **CHALLENGE))
        rotate(path, 0, is_forced=True)
    cursors.append(encode_cursor(load_keys(told), "articles", CURSOR))
    assert [accepts(load_keys(told), cursor) for cursor in cursors] == [False, False, True, True]
    accepted = list(accepted_codes(load_keys(told), **CHALLENGE))
    assert len(accepted) == 2
    assert accepted[1] == codes[2]
    assert path.stat().st_mode & 0o777 == 0o600
    assert [entry.name for entry in path.parent.iterdir()] == ["secret"]


def test_a_process_that_runs_takes_up_the_new_key(told: Settings) -> None:
    running = load_keys(told)
    before = running.secret
    new = rotate(secret_path(told), 0)
    # Another process signed with a key that this one has not seen yet: it looks, and finds it.
    assert accepts(running, encode_cursor(new, "articles", CURSOR))
    assert (running.secret, running.previous) == (new.secret, before)
    assert not accepts(running, encode_cursor(Keys(b"x" * 40), "articles", CURSOR))


def test_it_does_so_without_being_asked_too(told: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    running = load_keys(told)
    new = rotate(secret_path(told), 0)
    assert running.secret != new.secret
    monkeypatch.setattr("cms.platform.keys.LOOKED_AT_EVERY_SECONDS", 0)
    assert running.secret == new.secret
    assert running.derive("cursor") == new.derive("cursor")


@pytest.mark.parametrize("damage", ["missing", "empty", "short", "a folder"])
def test_a_file_that_is_damaged_meanwhile_takes_nothing_away(told: Settings, damage: str) -> None:
    running = load_keys(told)
    path, secret = secret_path(told), running.secret
    cursor = encode_cursor(running, "articles", CURSOR)
    path.unlink()
    if damage == "a folder":
        path.mkdir()
    elif damage != "missing":
        path.write_text("" if damage == "empty" else "short")
    assert not accepts(running, encode_cursor(Keys(b"x" * 40), "articles", CURSOR))
    assert running.secret == secret
    assert accepts(running, cursor)
    if damage == "a folder":
        path.rmdir()
    write_secrets(path, (b"n" * 40, secret))
    assert accepts(running, encode_cursor(Keys(b"n" * 40), "articles", CURSOR))
    assert accepts(running, cursor)


def test_a_second_rotation_must_be_meant_while_an_invitation_of_the_first_key_may_be_open(told: Settings) -> None:
    load_keys(told)
    path = secret_path(told)
    at = path.stat().st_mtime
    rotate(path, at)
    invited = INVITATION_LIFE.total_seconds()
    for later in (1, 3601, 24 * 3600, invited + 60):
        with pytest.raises(PermissionError, match="less than 73 hours"):
            rotate(path, at + later)
    rotate(path, at + 3601, is_forced=True)
    os.utime(path, (at, at))
    rotate(path, at + invited + 3601)


def test_a_key_that_leaked_is_ended_at_once(told: Settings) -> None:
    keys = load_keys(told)
    cursor = encode_cursor(keys, "articles", CURSOR)
    made = rotate(secret_path(told), 0, has_overlap=False)
    assert made.previous is None
    assert not accepts(load_keys(told), cursor)
    assert not accepts(keys, encode_cursor(Keys(keys.secret[::-1]), "articles", CURSOR))
    assert keys.previous is None


@pytest.mark.slow
def test_threads_that_sign_and_check_while_keys_rotate_are_never_refused(told: Settings) -> None:
    load_keys(told)
    path = secret_path(told)
    processes = [KeysOfFile(path) for _ in range(4)]
    over, refused, checked = threading.Event(), [], []
    rotations = []

    def work(mine: int) -> None:
        number = 0
        while not over.is_set():
            number += 1
            signer, checker = processes[mine], processes[(mine + number) % 4]
            generation = len(rotations)
            cursor, code = encode_cursor(signer, "articles", CURSOR), derive_code(signer, **CHALLENGE)
            fine = accepts(checker, cursor) and code in accepted_codes(checker, **CHALLENGE)
            # Two rotations within one check is more than the overlap promises; it does not happen within three days.
            if not fine and len(rotations) - generation < 1:
                refused.append(number)
            checked.append(fine)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for _ in range(10):
        goal = len(checked) + 50
        while len(checked) < goal and any(thread.is_alive() for thread in threads):
            over.wait(0.001)
        rotate(path, 0, is_forced=True)
        # Each process has looked at its file before the next rotation, as it does within a second.
        for keys in processes:
            accepts(keys, "x" * 30)
            accepts(keys, encode_cursor(Keys(b"x" * 40), "articles", CURSOR))
        rotations.append(1)
    over.set()
    for thread in threads:
        thread.join(10)
    assert len(checked) >= 500
    assert refused == []


@pytest.mark.slow
def test_two_running_applications_refuse_nobody_while_keys_rotate(told: Settings, database: Database) -> None:
    with database.transaction() as session:
        token = issue_token(session, system("test"), name="x", role="editor", lifetime=timedelta(hours=1), now=now())
    apps = [create_app(told) for _ in range(2)]
    clients: list[FlaskClient] = [app.test_client() for app in apps]
    head = {"Authorization": f"Bearer {token}"}
    for number in range(4):
        made = clients[0].post("/api/v1/articles", json={"title": f"Story {number}", "locale": "en"}, headers=head)
        assert made.status_code == 201
    followed = []
    for turn in range(60):
        cursor = clients[turn % 2].get("/api/v1/articles?limit=1", headers=head).json["page"]["next_cursor"]
        if turn % 7 == 3:
            # Rotations are days apart, or a second at least: each process has seen the one before.
            for client in clients:
                strange = encode_cursor(Keys(b"x" * 40), "articles", CURSOR)
                assert client.get(f"/api/v1/articles?cursor={strange}", headers=head).status_code == 400
            rotate(secret_path(told), 0, is_forced=True)
        followed.append(
            clients[(turn + 1) % 2].get(f"/api/v1/articles?limit=1&cursor={cursor}", headers=head).status_code
        )
    for app in apps:
        app.extensions["copydesk"].database.dispose()
        app.extensions["copydesk"].index.close()
    assert followed == [200] * 60


BAD = {
    "missing": {},
    "short": {"COPYDESK_SECRET_KEY": "too-short-0123456789"},
    "one letter": {"COPYDESK_SECRET_KEY": "a" * 64},
    "example": {"COPYDESK_SECRET_KEY": "change-me-change-me-0123456789-abcdef"},
    "example in words": {"COPYDESK_SECRET_KEY": "Your Secret goes in here 0123456789"},
    "one part again and again": {"COPYDESK_SECRET_KEY": "0123456789abcdef" * 2},
    "two sources": {"COPYDESK_SECRET_KEY": GOOD, "COPYDESK_SECRET_KEY_FILE": "FILE"},
    "previous short": {"COPYDESK_SECRET_KEY": GOOD, "COPYDESK_PREVIOUS_SECRET_KEY": "short"},
    "previous example": {"COPYDESK_SECRET_KEY": GOOD, "COPYDESK_PREVIOUS_SECRET_KEY": "example" * 6},
    "previous the same": {"COPYDESK_SECRET_KEY": GOOD, "COPYDESK_PREVIOUS_SECRET_KEY": GOOD},
    "previous alone": {"COPYDESK_PREVIOUS_SECRET_KEY": GOOD},
    "previous beside a file": {"COPYDESK_PREVIOUS_SECRET_KEY": GOOD, "COPYDESK_SECRET_KEY_FILE": "FILE"},
    "no file": {"COPYDESK_SECRET_KEY_FILE": "/nowhere/secret"},
    "a folder": {"COPYDESK_SECRET_KEY_FILE": "/tmp"},
}
BAD_FILES = ["", "\n\n", "short", "a" * 64, "changeme" * 8, f"{GOOD}\nshort", f"{GOOD}\n{GOOD}",
             f"{GOOD}\n{OTHER}\n{GOOD}x", "\udcff" * 40]  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_production_does_not_start_with_a_bad_key(name: str, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text(GOOD)
    given = {key: value.replace("FILE", str(tmp_path / "secret")) for key, value in BAD[name].items()}
    with pytest.raises(SettingsError, match="COPYDESK_") as refusal:
        Settings.from_environment({"COPYDESK_ENV": "production", **given})
    assert not any(value in str(refusal.value) for key, value in given.items() if not key.endswith("FILE"))


@pytest.mark.parametrize("content", BAD_FILES, ids=range(len(BAD_FILES)))
def test_production_does_not_start_with_a_bad_file(content: str, tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(content.encode("utf-8", "surrogateescape"))
    with pytest.raises(SettingsError, match="COPYDESK_SECRET_KEY_FILE"):
        Settings.from_environment({"COPYDESK_ENV": "production", "COPYDESK_SECRET_KEY_FILE": str(tmp_path / "secret")})


@pytest.mark.parametrize(
    ("content", "previous"), [(GOOD, None), (f"{GOOD}\n", None), (f"{GOOD}\n\n {OTHER}\r\n", OTHER)]
)
def test_production_starts_with_a_file_of_one_or_two_keys(content: str, previous: str | None, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text(content)
    told = Settings.from_environment(
        {"COPYDESK_ENV": "production", "COPYDESK_SECRET_KEY_FILE": str(tmp_path / "secret")}
    )
    keys = load_keys(told)
    assert keys.secret == GOOD.encode()
    assert keys.previous == (previous.encode() if previous else None)


def test_a_previous_key_of_the_environment_is_accepted_and_signs_nothing() -> None:
    told = Settings.from_environment({"COPYDESK_SECRET_KEY": GOOD, "COPYDESK_PREVIOUS_SECRET_KEY": OTHER})
    keys = load_keys(told)
    assert accepts(keys, encode_cursor(Keys(OTHER.encode()), "articles", CURSOR))
    assert keys.derive("cursor") == Keys(GOOD.encode()).derive("cursor")
