"""The processes of a running product, as the kernel keeps account of them."""

import contextlib
import os
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")
KINDS = {"copydesk api": "api", "copydesk relay": "relay", "copydesk worker": "worker"}


def cpu_seconds(home: Path, database_server: int = 0) -> dict[str, float]:
    """CPU that a product of this home has taken so far, by part; `database` is the server's and its children's.

    Source: proc(5), stat. What a process took that ended in between is not in it.
    """
    taken = {"api": 0.0, "relay": 0.0, "worker": 0.0, "database": 0.0}
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit():
            continue
        with contextlib.suppress(OSError):
            after_name = (folder / "stat").read_text("utf-8").rpartition(")")[2].split()
            seconds = (int(after_name[11]) + int(after_name[12])) / TICKS
            if database_server and database_server in (int(folder.name), int(after_name[1])):
                # Connections that ended are on the account of the server that waited for them.
                ended = (int(after_name[13]) + int(after_name[14])) / TICKS
                taken["database"] += seconds + (ended if int(folder.name) == database_server else 0.0)
            elif f"COPYDESK_HOME={home}".encode() in (folder / "environ").read_bytes().split(b"\0"):
                command = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
                kind = next((kind for part, kind in KINDS.items() if part in command), None)
                if kind is not None:
                    taken[kind] += seconds
    return taken
