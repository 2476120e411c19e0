"""Who runs: processes found by a variable of their environment, which every child of a start inherits."""

import os
from pathlib import Path


def processes_with(variable: str, value: str) -> dict[int, str]:
    """The processes of this machine whose environment has a variable with that value. Shape: id → command line.

    A process that writes its title over its environment, as the broker does, is found by the value in its title.
    """
    wanted = f"{variable}={value}".encode()
    found = {}
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit() or int(folder.name) == os.getpid():
            continue
        try:
            environment = (folder / "environ").read_bytes().split(b"\0")
            command = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace").strip()
        except OSError:
            continue
        if wanted in environment or value in command:
            found[int(folder.name)] = command
    return found
