"""Signs of life of processes that answer no requests: a file each, touched by the very loop that does their work.

Whoever supervises asks `copydesk alive NAME`. Two processes of one name on one host share a file, and then one of
them answers for both; in containers each has a host of its own.
"""

import re
import socket
from datetime import datetime
from pathlib import Path

BEAT_SECONDS = 5.0
# Longer than a loop is ever kept by a database or a broker that is slow to answer.
DEAD_AFTER_SECONDS = 30.0
NAME = re.compile(r"[a-z]+(-[a-z,]+)?")


def beat(home: Path, name: str) -> None:
    """Say that this process still does its work. Raises: OSError."""
    path = _path(home, name)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.touch(mode=0o600)


def is_alive(home: Path, name: str, now: datetime) -> bool:
    """Whether a process of this name on this host has said so lately."""
    try:
        return now.timestamp() - _path(home, name).stat().st_mtime < DEAD_AFTER_SECONDS
    except OSError:
        return False


def _path(home: Path, name: str) -> Path:
    assert NAME.fullmatch(name), name
    return home / "alive" / f"{name}-{socket.gethostname()}"
