"""Starts the parts of the product, shows what they write, starts again what dies, and ends them in order.

One thread and one loop: children have to be started by the main thread, because the kernel's signal at a parent's
death comes with the death of the thread. Each child leads a session of its own, so that a terminal's Ctrl-C reaches
the supervisor alone, and a signal to a child's group reaches whatever the child has started.
"""

import contextlib
import os
import selectors
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from types import FrameType, TracebackType
from typing import IO, Self, cast

from cms.launch.lifeline import VARIABLE, shell_command
from cms.launch.starting import Process, fork, spawn
from cms.launch.transcript import Transcript

FIRST_PAUSE_SECONDS = 1.0
LONGEST_PAUSE_SECONDS = 30.0
# Who has run so long has started well: its next death is news.
STEADY_SECONDS = 60.0
MEND_AFTER = 3
# Who has run so long since it was started again did not merely die once more.
BACK_AFTER_SECONDS = 2.0
TURN_SECONDS = 0.5
PIECE_BYTES = 65_536
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Stopped(Exception):
    """Somebody asked the supervisor to stop."""


class PartFailed(RuntimeError):
    """A part that had to end well did not."""


@dataclass(frozen=True)
class Part:
    """One process to run. `mend` is asked when it died three times in a row, and says what it did.

    `is_kept` parts are started again when they die. `is_captured` keeps what the part prints for whoever started it.
    A part that does not know the lifeline gets a shell beside it that watches for it. A part that has something to
    `run` is forked, and its command is what `ps` shows; any other is started by its command.
    """

    name: str
    command: Sequence[str]
    run: Callable[[], object] | None = None
    stop_seconds: float = 10.0
    is_kept: bool = True
    is_captured: bool = False
    knows_lifeline: bool = True
    mend: Callable[[], str | None] | None = None


@dataclass
class Child:
    """A part's present process and its past."""

    part: Part
    process: Process | None = None
    began: float = 0.0
    deaths: int = 0
    is_missed: bool = False
    again_at: float | None = None
    exit_status: int | None = None
    captured: bytes = b""
    pipes: dict[IO[bytes], bytes] = field(default_factory=dict)

    @property
    def printed(self) -> str:
        """What a captured part has printed so far."""
        return self.captured.decode("utf-8", "replace")


class Supervisor:
    """Runs parts until it is told to stop. Use as a context manager: leaving it ends every part in order."""

    def __init__(
        self,
        transcript: Transcript,
        *,
        environment: dict[str, str],
        stop_order: Sequence[Sequence[str]],
        shared: Iterable[int] = (),
        parent: int = 0,
    ) -> None:
        self.transcript = transcript
        self.stop_order = stop_order
        self.shared = tuple(shared)
        self.parent = parent
        self.children: dict[str, Child] = {}
        self.lifeline, self._held = os.pipe()
        self.environment = {**environment, VARIABLE: str(self.lifeline)}
        self._selector = selectors.DefaultSelector()
        self._signals: list[int] = []
        self._is_stopping = False
        self._ear, self._alarm = socket.socketpair()

    def __enter__(self) -> Self:
        for end in (self._ear, self._alarm):
            end.setblocking(False)
        signal.set_wakeup_fd(self._alarm.fileno(), warn_on_full_buffer=False)
        self._selector.register(self._ear, selectors.EVENT_READ)
        for number in SIGNALS:
            # nohup lets a program outlive its terminal by having it ignore SIGHUP; that has to stay so.
            if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:
                signal.signal(number, self._hear)
        signal.signal(signal.SIGCHLD, _nothing)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self, part: Part) -> None:
        """Start a part; it is started again whenever it dies, unless it runs only once."""
        child = self.children.setdefault(part.name, Child(part))
        child.part = part
        self._start(child)

    def wait_for(self, is_true: Callable[[], bool], *, pause_seconds: float = 0.05) -> None:
        """Go on until something holds. Raises: Stopped."""
        while not is_true():
            self.pause(pause_seconds)

    def pause(self, seconds: float) -> None:
        """Go on for a moment. Raises: Stopped."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            self._turn(left)

    def finish(self, name: str) -> str:
        """Go on until a part that runs once is over. Shape: what it printed. Raises: Stopped, PartFailed."""
        child = self.children[name]
        while child.exit_status is None:
            self._turn(TURN_SECONDS)
        if child.exit_status != 0:
            raise PartFailed(f"{name} {_how(child.exit_status)}")
        return child.printed

    def run(self) -> None:
        """Go on until somebody asks for the end."""
        with contextlib.suppress(Stopped):
            while True:
                self._turn(TURN_SECONDS)

    def stop(self) -> None:
        """End every part: those of the stop order one after the other, then what is left."""
        self._is_stopping = True
        self._signals.clear()
        self.transcript.say("stopping; press Ctrl-C again to end everything at once")
        named = [name for names in self.stop_order for name in names]
        first = tuple(name for name in self.children if name not in named)
        try:
            for names in (first, *self.stop_order):
                self._stop([self.children[name] for name in names if name in self.children])
        except Stopped:
            self.transcript.say("killing everything at once")
        finally:
            self._kill([child for child in self.children.values() if child.process is not None])
            os.close(self._held)
            os.close(self.lifeline)
            self.transcript.say("stopped")

    def _stop(self, children: list[Child]) -> None:
        running = [child for child in children if child.process is not None]
        for child in running:
            assert child.process is not None
            child.process.terminate()
        began = time.monotonic()
        while running:
            self._turn(0.1)
            running = [child for child in running if child.process is not None]
            late = [child for child in running if time.monotonic() - began > child.part.stop_seconds]
            for child in late:
                self.transcript.say(f"{child.part.name} did not end within {child.part.stop_seconds:.0f} s; killing it")
            self._kill(late)

    def _kill(self, children: list[Child]) -> None:
        for child in children:
            if child.process is not None:
                _signal_group(child.process.pid, signal.SIGKILL)
        for child in children:
            if child.process is not None:
                self._bury(child)

    def _start(self, child: Child) -> None:
        child.again_at = child.exit_status = None
        child.began = time.monotonic()
        child.process = self._process(child.part)
        for pipe in (child.process.stdout, child.process.stderr):
            if pipe is not None:
                os.set_blocking(pipe.fileno(), False)
                child.pipes[pipe] = b""
                self._selector.register(pipe, selectors.EVENT_READ, child)

    def _process(self, part: Part) -> Process:
        environment, is_captured = self.environment, part.is_captured
        if part.run is not None:
            left = self._left_to_us()
            return fork(part.run, words=part.command, environment=environment, left=left, is_captured=is_captured)
        command, stdin = part.command, subprocess.DEVNULL
        if not part.knows_lifeline:
            command, stdin = shell_command(part.command), self.lifeline
        kept = (self.lifeline, *self.shared)
        return spawn(command, environment=environment, kept=kept, stdin=stdin, is_captured=is_captured)

    def _left_to_us(self) -> list[int]:
        """What no child may hold: above all the writing end of the lifeline, whose last holder must be this process."""
        pipes = [pipe.fileno() for child in self.children.values() for pipe in child.pipes]
        return [self._held, self._selector.fileno(), self._ear.fileno(), self._alarm.fileno(), *pipes]

    def _turn(self, seconds: float) -> None:
        """Hear, read, bury and start again, once. Raises: Stopped."""
        due = [child.again_at - time.monotonic() for child in self.children.values() if child.again_at is not None]
        for key, _ in self._selector.select(max(0.0, min([seconds, *due]))):
            if key.data is None:
                with contextlib.suppress(BlockingIOError):
                    self._ear.recv(4096)
            else:
                self._read(key.data, cast(IO[bytes], key.fileobj))
        for child in self.children.values():
            if child.process is not None and _is_over(child.process):
                self._bury(child)
                self._decide(child)
            elif child.again_at is not None and time.monotonic() >= child.again_at and not self._is_stopping:
                self._start(child)
            elif child.is_missed and child.process is not None and not self._is_stopping:
                self._greet(child)
        self._obey()

    def _greet(self, child: Child) -> None:
        if time.monotonic() - child.began >= BACK_AFTER_SECONDS:
            child.is_missed = False
            self.transcript.say(f"{child.part.name} is back")

    def _obey(self) -> None:
        heard, self._signals = self._signals, []
        if self._is_stopping:
            # `make` repeats a SIGTERM that its whole group has already had; only a second Ctrl-C is impatience.
            if signal.SIGINT in heard:
                raise Stopped
        elif heard or (self.parent and os.getppid() != self.parent):
            raise Stopped

    def _hear(self, number: int, frame: FrameType | None) -> None:
        self._signals.append(number)

    def _read(self, child: Child, pipe: IO[bytes]) -> bool:
        """Take what a pipe holds. Shape: whether there may be more at once."""
        try:
            data = os.read(pipe.fileno(), PIECE_BYTES)
        except BlockingIOError:
            return False
        if child.part.is_captured and child.process is not None and pipe is child.process.stdout:
            child.captured += data
        else:
            *lines, rest = (child.pipes[pipe] + data).split(b"\n")
            if len(rest) > PIECE_BYTES or not data:
                lines, rest = [*lines, rest], b""
            child.pipes[pipe] = rest
            for line in lines:
                self.transcript.child(child.part.name, line.decode("utf-8", "replace"))
        if not data:
            self._close(child, pipe)
        return bool(data)

    def _close(self, child: Child, pipe: IO[bytes]) -> None:
        self._selector.unregister(pipe)
        del child.pipes[pipe]
        pipe.close()

    def _bury(self, child: Child) -> None:
        """Take leave of a process that is over: end what it has left behind, read its last lines."""
        assert child.process is not None
        # Before its number is given back: nobody else can have that group yet.
        _signal_group(child.process.pid, signal.SIGKILL)
        child.exit_status = child.process.wait()
        for pipe in list(child.pipes):
            while self._read(child, pipe):
                pass
            if pipe in child.pipes:
                self._close(child, pipe)
        child.process = None

    def _decide(self, child: Child) -> None:
        if self._is_stopping or not child.part.is_kept:
            return
        child.deaths = 1 if time.monotonic() - child.began > STEADY_SECONDS else child.deaths + 1
        if child.deaths % MEND_AFTER == 0 and child.part.mend is not None:
            done = child.part.mend()
            if done:
                child.deaths = 1
                self.transcript.say(done)
        child.is_missed = True
        pause = min(FIRST_PAUSE_SECONDS * 2 ** (child.deaths - 1), LONGEST_PAUSE_SECONDS)
        child.again_at = time.monotonic() + pause
        self.transcript.say(f"{child.part.name} {_how(child.exit_status)}; starting it again in {pause:.0f} s")


def _is_over(process: Process) -> bool:
    """Whether a child has ended, without taking its number from it where the system can tell so."""
    if hasattr(os, "waitid"):
        return os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None
    return process.poll() is not None


def _signal_group(leader: int, number: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(leader, number)


def _how(exit_status: int | None) -> str:
    if exit_status is not None and exit_status < 0:
        return f"was ended by {signal.Signals(-exit_status).name}"
    return f"ended with exit status {exit_status}"


def _nothing(number: int, frame: FrameType | None) -> None:
    """A handler, so that the end of a child wakes the loop."""
