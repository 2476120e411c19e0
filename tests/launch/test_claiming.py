"""What `copydesk up` claims before it starts anything."""

import socket
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from cms.launch.claiming import Refused, check_port, claim_home
from tests.servers import free_port, wait_until

HOLD = """
import os, sys, time
from pathlib import Path
from cms.launch.claiming import claim_home
with claim_home(Path(sys.argv[1])) as lock:
    if os.fork() == 0:
        time.sleep(float(sys.argv[2]))
        os._exit(0)
    print("held", flush=True)
    os.kill(os.getpid(), 9)
"""


def test_a_home_is_made_and_closed_to_others(tmp_path: Path) -> None:
    with claim_home(tmp_path / "deep" / "home"):
        assert stat.S_IMODE((tmp_path / "deep" / "home").stat().st_mode) == 0o700


def test_a_home_has_one_holder_at_a_time(tmp_path: Path) -> None:
    with (
        claim_home(tmp_path),
        pytest.raises(Refused, match=r"already runs on .* stop it") as refusal,
        claim_home(tmp_path),
    ):
        pytest.fail("two hold the same home")
    assert "\n" not in str(refusal.value)
    with claim_home(tmp_path):
        pass


def test_a_home_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(Refused, match="cannot be used as COPYDESK_HOME"), claim_home(tmp_path / "file"):
        pytest.fail("a file is no home")


@pytest.mark.slow
def test_a_start_waits_for_the_children_of_one_that_was_killed(tmp_path: Path) -> None:
    killed = subprocess.Popen([sys.executable, "-c", HOLD, str(tmp_path), "1.0"], stdout=subprocess.PIPE)
    assert killed.stdout is not None
    assert killed.stdout.readline() == b"held\n"
    killed.stdout.close()
    wait_until(lambda: killed.poll() is not None, what="the end of the holder")
    with claim_home(tmp_path):
        pass


def test_a_taken_port_is_refused_with_the_variable_that_chooses_another() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(Refused, match=f"port {port} of 127.0.0.1 is taken .* COPYDESK_PORT"):
            check_port("127.0.0.1", port, "COPYDESK_PORT")
    check_port("127.0.0.1", port, "COPYDESK_PORT")


@pytest.mark.parametrize("port", [0, -1, 65_536, 65_561])
def test_a_number_that_is_no_port_is_refused(port: int) -> None:
    with pytest.raises(Refused, match="is not a port; choose one"):
        check_port("127.0.0.1", port, "COPYDESK_MAILBOX_PORT")


def test_an_address_of_another_machine_is_refused() -> None:
    with pytest.raises(Refused, match="cannot be used"):
        check_port("192.0.2.1", free_port(), "COPYDESK_PORT")
