"""Who runs: processes found by a variable of their environment, which every child of a start inherits."""

import os
from pathlib import Path


def processes_with(variable: str, value: str) -> dict[int, str]:
    """The processes of this machine whose environment has a variable with that value. Shape: id → command line."""
    wanted = f"{variable}={value}".encode()
    found = {}
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit() or int(folder.name) == os.getpid():
            continue
        try:
            if wanted in (folder / "environ").read_bytes().split(b"\0"):
                found[int(folder.name)] = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode().strip()
        except OSError:
            continue
    return found
