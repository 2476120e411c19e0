"""What `copydesk up` claims before it starts anything: its home, which no other may use meanwhile, and its ports."""

import contextlib
import errno
import fcntl
import os
import socket
import time
from collections.abc import Iterator
from pathlib import Path

PREDECESSOR_SECONDS = 12.0
LAST_PORT = 65_535


class Refused(RuntimeError):
    """`copydesk up` cannot start here; the text is one line that says why and what to do."""


@contextlib.contextmanager
def claim_home(home: Path) -> Iterator[int]:
    """Make the home, closed to others, and hold its lock. Shape: the lock's descriptor, to be given to every child.

    Children hold the lock too, so a start after a kill -9 waits until the last of the killed one's children is gone:
    two brokers on one folder, or two search writers, would be worse than a few seconds.
    Raises: Refused when another `copydesk up` runs on this home.
    """
    try:
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        home.chmod(0o700)
        descriptor = os.open(home / "up.lock", os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise Refused(f"{home} cannot be used as COPYDESK_HOME: {error.strerror}") from None
    try:
        _take(descriptor, home)
        os.truncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
        yield descriptor
    finally:
        os.close(descriptor)


def _take(descriptor: int, home: Path) -> None:
    until = time.monotonic() + PREDECESSOR_SECONDS
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.pread(descriptor, 32, 0).decode("ascii", "replace").strip()
            if holder.isdigit() and _is_alive(int(holder)):
                raise Refused(
                    f"Copydesk already runs on {home} (process {holder}); stop it, or set another COPYDESK_HOME"
                ) from None
            if time.monotonic() > until:
                raise Refused(f"what an earlier Copydesk started still runs on {home}; see ps for copydesk") from None
            time.sleep(0.1)
        else:
            return


def _is_alive(process_id: int) -> bool:
    try:
        os.kill(process_id, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def check_port(host: str, port: int, variable: str) -> None:
    """Refuse a port that another program has. Raises: Refused, naming the variable that chooses another."""
    if not 0 < port <= LAST_PORT:
        raise Refused(f"{port} is not a port; choose one from 1 to {LAST_PORT} with {variable}")
    try:
        family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        reason = (
            "is taken by another program" if error.errno == errno.EADDRINUSE else f"cannot be used ({error.strerror})"
        )
        raise Refused(f"port {port} of {host} {reason}; choose another with {variable}") from None
