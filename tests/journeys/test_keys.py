"""The story of an installation's keys, told to real processes: made, brought along, refused, and put in a file."""

import os
import stat
import subprocess
from collections.abc import Mapping
from pathlib import Path
from uuid import uuid4

import pytest

from cms.launch.starting import CAN_FORK
from tests.nursery import nursery
from tests.product import COPYDESK, TOP, product
from tests.servers import wait_until

pytestmark = pytest.mark.slow
GOOD = "zX4vqkR7mW2tN9cB6yH1sJ8dF5gL3pQ0"
SHORT = "zX4vqkR7mW2tN9cB6yH1sJ8dF5gL3pQ"
REFUSED = {
    "none": "",
    "one character too short": SHORT,
    "one character over and over": "k" * 64,
    "of an example": "change-me-change-me-0123456789-abcdef",
}


def environment_of(home: Path, settings: Mapping[str, str]) -> dict[str, str]:
    """The variables of an installation in production."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("COPYDESK_")}
    given = {"home": str(home), "env": "production", "database_url": f"sqlite:///{home}/copydesk.db", **settings}
    return environment | {f"COPYDESK_{name.upper()}": value for name, value in given.items() if value}


def copydesk(home: Path, *words: str, **settings: str) -> subprocess.CompletedProcess[str]:
    """A command in production, to its end; one that goes on running instead is a failure."""
    return subprocess.run(
        [COPYDESK, *words],
        env=environment_of(home, settings),
        cwd=TOP,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def forked(home: Path, *words: str, **settings: str) -> subprocess.CompletedProcess[str]:
    """The same in a process that was forked from one that has loaded the product, which costs little."""
    out, err = (home.parent / f"{home.name}-{uuid4()}.{name}" for name in ("out", "err"))
    status = nursery().start("", words, environment_of(home, settings), out, err).wait(60)
    return subprocess.CompletedProcess(words, status, out.read_text(), err.read_text())


def assert_refused_in_one_line(done: subprocess.CompletedProcess[str], secret: str) -> None:
    assert done.returncode == 1, done
    assert done.stdout == ""
    assert done.stderr.startswith("Error: ") and done.stderr.count("\n") == 1, done.stderr
    assert "COPYDESK_SECRET_KEY" in done.stderr
    assert not secret or secret not in done.stderr


@pytest.mark.parametrize("kind", REFUSED)
def test_production_does_not_start_with_such_a_key_and_says_so_in_one_line(kind: str, tmp_path: Path) -> None:
    secret, home = REFUSED[kind], tmp_path / "home"
    home.mkdir()
    # The command line itself is asked once; what is refused is the same in a process that was forked.
    run = forked if secret and CAN_FORK else copydesk
    for part in ("api", "migrate"):
        assert_refused_in_one_line(run(home, part, secret_key=secret), secret)
    if secret:
        (home / "given").write_text(secret)
        assert_refused_in_one_line(run(home, "api", secret_key_file=str(home / "given")), secret)
    # Nothing was made: neither tables nor a key of its own, which nobody would know of.
    assert {entry.name for entry in home.iterdir()} <= {"given"}


def test_the_first_start_makes_a_key_and_no_two_installations_have_the_same(tmp_path: Path) -> None:
    made = []
    for name in ("one", "other"):
        # Two that were forked from one process must differ as well as two that were started.
        with product(tmp_path / name) as parts:
            file = parts.home / "keys" / "secret"
            assert stat.S_IMODE(file.stat().st_mode) == 0o600
            made.append(file.read_text().strip())
            listed = parts.copydesk("keys", "list")
            assert listed.startswith("present ") and made[-1] not in listed
    assert len(set(made)) == 2 and min(map(len, made)) >= 43


def test_a_key_in_a_file_is_rotated_under_a_running_api_and_what_it_signed_goes_on(tmp_path: Path) -> None:
    file = tmp_path / "given"
    file.write_text(f"{GOOD}\n")
    file.chmod(0o600)
    with product(tmp_path / "home", "api", secret_key_file=str(file)) as parts:
        assert not (parts.home / "keys" / "secret").exists()
        token = parts.copydesk("token", "issue", "--role", "administrator", "--quiet").strip()
        for number in range(3):
            assert parts.ask("POST", "/api/v1/tags", {"name": f"Pier {number}"}, token)[0] == 201
        cursor = parts.ask("GET", "/api/v1/tags?limit=1", token=token)[1]["page"]["next_cursor"]
        said = parts.copydesk("keys", "rotate")
        present, previous = file.read_text().split()
        assert previous == GOOD and present not in said
        assert parts.ask("GET", f"/api/v1/tags?limit=1&cursor={cursor}", token=token)[0] == 200
        refused = subprocess.run(
            [COPYDESK, "keys", "rotate"], env=parts.environment, capture_output=True, text=True, check=False
        )
        assert refused.returncode == 1 and "73 hours" in refused.stderr
        # It leaked: what it signed ends, and credentials of people and services, which no key signs, do not.
        parts.copydesk("keys", "rotate", "--force", "--without-overlap")
        assert len(file.read_text().split()) == 1
        path = f"/api/v1/tags?limit=1&cursor={cursor}"
        wait_until(lambda: parts.ask("GET", path, token=token)[0] == 400, what="the end of what the key signed")
        assert parts.ask("GET", "/api/v1/tags?limit=1", token=token)[0] == 200
        acts = [entry["action"] for entry in parts.ask("GET", "/api/v1/audit", token=token)[1]["data"]]
        assert acts[:2] == ["keys.replaced", "keys.rotated"]
