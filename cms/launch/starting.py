"""How a part becomes a process: by its command line, or forked from this one with all that it has loaded (ADR 15)."""

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import traceback
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import IO, NoReturn, Protocol

from cms.launch.lifeline import die_with

CAN_FORK = sys.platform == "linux"
# What the supervisor hears and its children must not hear in its place.
HEARD = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGCHLD)
# Source: proc(5), stat: fields 48 and 49, counted here from the third.
ARGUMENTS_BEGIN, ARGUMENTS_END = 45, 46


class Process(Protocol):
    """A child as the supervisor needs it; `subprocess.Popen` is one."""

    @property
    def pid(self) -> int: ...
    @property
    def stdout(self) -> IO[bytes] | None: ...
    @property
    def stderr(self) -> IO[bytes] | None: ...
    def poll(self) -> int | None: ...
    def wait(self) -> int: ...
    def terminate(self) -> None: ...


def spawn(
    command: Sequence[str],
    *,
    environment: Mapping[str, str],
    kept: Iterable[int],
    stdin: int = subprocess.DEVNULL,
    is_captured: bool,
) -> Process:
    """Start a program in a session of its own. It keeps the descriptors named, and the standard three."""
    return subprocess.Popen(  # noqa: S603  # our own command lines
        command,
        stdin=stdin,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE if is_captured else subprocess.STDOUT,
        env=environment,
        start_new_session=True,
        pass_fds=tuple(kept),
        preexec_fn=partial(die_with, os.getpid()),
    )


def fork(
    run: Callable[[], object],
    *,
    words: Sequence[str],
    environment: Mapping[str, str],
    left: Iterable[int],
    is_captured: bool,
) -> Process:
    """Start a function in a process forked from this one, which must have one thread, as `spawn` starts a program.

    It closes the descriptors that are to be left to this process. The words are what `ps` shows of it. Its exit status
    is that of a Python program which calls the function.
    """
    stdout, its_stdout = os.pipe()
    stderr, its_stderr = os.pipe() if is_captured else (None, its_stdout)
    sys.stdout.flush()
    sys.stderr.flush()
    parent = os.getpid()
    # A signal that came between the fork and the child's own handling of signals would be heard by nobody.
    signal.pthread_sigmask(signal.SIG_BLOCK, HEARD)
    pid = os.fork()
    if pid == 0:
        _be_a_child(parent, environment, (its_stdout, its_stderr), left)
        _run(run, words)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, HEARD)
    for descriptor in {its_stdout, its_stderr}:
        os.close(descriptor)
    return Forked(pid, _reading(stdout), None if stderr is None else _reading(stderr))


class Forked:
    """A process that was forked, with the face of one that was spawned."""

    def __init__(self, pid: int, stdout: IO[bytes], stderr: IO[bytes] | None) -> None:
        self.pid = pid
        self.stdout = stdout
        self.stderr = stderr

    def poll(self) -> int | None:
        """The exit status, negative for a signal, or None while the process runs. Ask it no more once it is told."""
        pid, status = os.waitpid(self.pid, os.WNOHANG)
        return os.waitstatus_to_exitcode(status) if pid else None

    def wait(self) -> int:
        """The exit status, negative for a signal, once the process is over."""
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])

    def terminate(self) -> None:
        """Ask the process to end."""
        os.kill(self.pid, signal.SIGTERM)


def _reading(descriptor: int) -> IO[bytes]:
    return os.fdopen(descriptor, "rb", buffering=0)


def _be_a_child(parent: int, environment: Mapping[str, str], written: tuple[int, int], left: Iterable[int]) -> None:
    """Leave behind what is the parent's: its session, its ears, its descriptors, its environment."""
    os.setsid()
    die_with(parent)
    signal.set_wakeup_fd(-1)
    for number in HEARD:
        if signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, HEARD)
    for descriptor, standard in zip((os.open(os.devnull, os.O_RDONLY), *written), range(3), strict=True):
        os.dup2(descriptor, standard)
    # By their numbers, past the objects that hold them: those lie in the frames below, which are never left.
    for descriptor in {*left, *written}:
        os.close(descriptor)
    os.environ.clear()
    os.environ.update(environment)
    # What it writes is read line by line, as from a program that was started with PYTHONUNBUFFERED.
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(line_buffering=True)  # type: ignore[union-attr]  # the interpreter's own streams


def _run(run: Callable[[], object], words: Sequence[str]) -> NoReturn:
    status = 1
    try:
        _show_in_ps(words)
        run()
        status = 0
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else int(end.code is not None)
        if isinstance(end.code, str):
            sys.stderr.write(f"{end.code}\n")
    except BaseException:  # noqa: BLE001  # nobody is above who could be told
        traceback.print_exc()
    finally:
        with contextlib.suppress(OSError, ValueError):
            sys.stdout.flush()
            sys.stderr.flush()
        # Whatever the parent meant to do at its own end is not for this process to do.
        os._exit(status)


def _show_in_ps(words: Sequence[str]) -> None:
    """Write the words over the arguments that this process was forked with, as far as there is room."""
    fields = Path("/proc/self/stat").read_text("utf-8").rpartition(")")[2].split()
    begin, end = int(fields[ARGUMENTS_BEGIN]), int(fields[ARGUMENTS_END])
    shown = b"\0".join(word.encode() for word in words)[: end - begin - 1]
    ctypes.memmove(begin, shown.ljust(end - begin, b"\0"), end - begin)
