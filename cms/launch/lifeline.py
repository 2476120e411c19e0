"""How a process learns that the one that started it is gone, however it went.

The supervisor holds the writing end of a pipe and never writes. When it dies, even by kill -9, the kernel closes that
end, and whoever reads the other one comes to the pipe's end. That works on Linux and on macOS; on Linux the kernel is
asked for a signal besides, which reaches a process whose Python is stuck.
"""

import contextlib
import ctypes
import os
import signal
import sys
import threading
import time
from collections.abc import Sequence

VARIABLE = "COPYDESK_LIFELINE"
GRACE_SECONDS = 4.0
# Source: linux/prctl.h.
PR_SET_PDEATHSIG = 1
# Looked up beforehand: between fork and exec as little as possible should happen.
PRCTL = ctypes.CDLL(None).prctl if sys.platform == "linux" else None


def watch(descriptor: int) -> None:
    """End this process and its children when the writing end of a pipe is gone: first politely, then by SIGKILL."""
    threading.Thread(target=_wait_for_the_end, args=(descriptor,), name="lifeline", daemon=True).start()


def _wait_for_the_end(descriptor: int) -> None:
    with contextlib.suppress(OSError):
        while os.read(descriptor, 1):
            pass
    _signal_group(signal.SIGTERM)
    time.sleep(GRACE_SECONDS)
    _signal_group(signal.SIGKILL)


def _signal_group(number: int) -> None:
    # The supervisor lets each child lead a group of its own. Whoever does not lead one must not signal strangers.
    if os.getpgrp() == os.getpid():
        os.killpg(os.getpid(), number)
    else:
        os.kill(os.getpid(), number)


def shell_command(command: Sequence[str]) -> list[str]:
    """A command for a program that knows nothing of the pipe: a small shell watches it, another becomes the program.

    The pipe has to be its standard input, because some shells know descriptors of one digit only.
    """
    watcher = (
        "trap '' TERM INT; read -r nothing <&3; kill -TERM -$$; tries=0; "
        f"while kill -0 $$ && [ $tries -lt {GRACE_SECONDS * 10:.0f} ]; do sleep 0.1; tries=$((tries+1)); done; "
        "kill -KILL -$$"
    )
    script = f'exec 3<&0 </dev/null; ({watcher}) >/dev/null 2>&1 & exec "$@" 3<&-'
    return ["/bin/sh", "-c", script, "sh", *command]


def die_with(parent: int, number: int = signal.SIGTERM) -> None:
    """Ask the kernel to end this process when its parent does; does nothing where the kernel is not Linux.

    The signal comes when the parent's *thread* that started this process ends, so start processes from the main thread.
    """
    if PRCTL is None:
        return
    PRCTL(PR_SET_PDEATHSIG, int(number))
    # The parent may have died before the kernel was asked.
    if os.getppid() != parent:
        os._exit(1)
