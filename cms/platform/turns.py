"""Whose turn it is to write to one file of SQLite, among the threads and processes of a machine.

SQLite lets one write at a time and lets the others look again and again: each look costs a switch of threads, and
whoever looks less often starves. Here they wait in the kernel, by locks on two files beside the database. It is a
courtesy and keeps nothing safe: SQLite's own lock does, and whoever never gets a turn asks that one.
"""

import contextlib
import fcntl
import os
import threading
import time
from collections import deque
from pathlib import Path

PLACES = ("-turn", "-next")
# So many threads of one process follow each other before other processes are asked. What SQLite knows of the file is
# true for the next one as long as nobody else wrote, and a switch between processes costs as much as a few statements.
MOST_IN_A_ROW = 8


class Turn:
    """The turn of one process. `take` is safe for threads; whoever took it gives it back, from any thread.

    Threads wait for each other in a line of the process, and hand the turn on in it, a few times in a row. For other
    processes waits a thread that is started when they are first met, because a wait in the kernel has no end: whoever
    asked may give up before it is over.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._state = threading.Lock()
        self._line: deque[threading.Lock] = deque()
        self._is_held = self._is_kept = False
        self._in_a_row = 0
        self._asked = threading.Semaphore(0)
        self._granted = threading.Event()
        self._files: tuple[int, ...] = ()
        self._owner = 0
        self._is_wanted = self._is_waiting = self._is_closed = False
        self._waiter: threading.Thread | None = None

    def take(self, seconds: float) -> bool:
        """Take the turn as soon as nobody else has it; False when that takes longer."""
        until = time.monotonic() + seconds
        if not self._come_first(seconds):
            return False
        try:
            is_mine = self._is_kept or self._at_once() or self._after_others(until - time.monotonic())
        except OSError:
            # Nothing can be kept beside the database; then there are no turns.
            is_mine = False
        if not is_mine:
            with self._state:
                self._let_next_come()
        return is_mine

    def give_back(self) -> None:
        """Let the next one write."""
        with self._state:
            self._is_kept = bool(self._line and self._files) and self._in_a_row < MOST_IN_A_ROW
            self._in_a_row = self._in_a_row + 1 if self._is_kept else 0
            if self._files and not self._is_kept:
                fcntl.flock(self._files[0], fcntl.LOCK_UN)
            self._let_next_come()

    def _come_first(self, seconds: float) -> bool:
        """Wait until no thread of this process is before this one; False when that takes longer."""
        gate = threading.Lock()
        with self._state:
            if not self._is_held:
                self._is_held = True
                return True
            gate.acquire()
            self._line.append(gate)
        try:
            if gate.acquire(timeout=max(0.0, seconds)):
                return True
        except BaseException:
            # A limit of time may break the wait off.
            if self._is_open(gate):
                self.give_back()
            raise
        return self._is_open(gate)

    def _is_open(self, gate: threading.Lock) -> bool:
        """Wait no longer; whether the gate was opened in that very moment."""
        with self._state:
            if gate not in self._line:
                return True
            self._line.remove(gate)
            return False

    def _let_next_come(self) -> None:
        if self._line:
            self._line.popleft().release()
        else:
            self._is_held = False

    def close(self) -> None:
        """Close the files. Nobody takes a turn after this."""
        with self._state:
            self._is_closed, self._is_kept = True, False
            if not self._is_waiting:
                self._close_files()
        self._asked.release()

    def _at_once(self) -> bool:
        with self._state:
            if self._is_closed:
                return False
            self._open_files()
            if self._is_waiting:
                return False
            turn, after = self._files
            try:
                # Whoever waits already holds the second file, so that nobody comes before them.
                fcntl.flock(after, fcntl.LOCK_EX | fcntl.LOCK_NB)
                try:
                    fcntl.flock(turn, fcntl.LOCK_EX | fcntl.LOCK_NB)
                finally:
                    fcntl.flock(after, fcntl.LOCK_UN)
            except BlockingIOError:
                return False
            return True

    def _after_others(self, seconds: float) -> bool:
        with self._state:
            if self._is_closed:
                return False
            self._granted.clear()
            self._is_wanted = True
            if not self._is_waiting:
                self._is_waiting = True
                self._asked.release()
            if self._waiter is None:
                self._waiter = threading.Thread(target=self._wait_for_others, name="turn", daemon=True)
                self._waiter.start()
        if self._granted.wait(max(0.0, seconds)):
            return True
        with self._state:
            self._is_wanted = False
            return self._granted.is_set()

    def _wait_for_others(self) -> None:
        while True:
            self._asked.acquire()
            if self._is_closed:
                break
            turn, after = self._files
            try:
                fcntl.flock(after, fcntl.LOCK_EX)
                fcntl.flock(turn, fcntl.LOCK_EX)
                fcntl.flock(after, fcntl.LOCK_UN)
            except OSError:
                # A disk of the network may have no locks left. Then there is no turn for whoever asked.
                with self._state, contextlib.suppress(OSError):
                    fcntl.flock(after, fcntl.LOCK_UN)
                with self._state:
                    self._is_waiting = self._is_wanted = False
                continue
            with self._state:
                self._is_waiting = False
                if self._is_wanted:
                    self._is_wanted = False
                    self._granted.set()
                else:
                    fcntl.flock(turn, fcntl.LOCK_UN)
        with self._state:
            self._close_files()

    def _open_files(self) -> None:
        if self._owner != os.getpid():
            # What came with a fork is the lock of the process that it came from, and its waiting thread stayed there.
            self._close_files()
            self._waiter, self._is_waiting = None, False
            flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC
            self._files = tuple(os.open(f"{self._path}{place}", flags, 0o600) for place in PLACES)
            self._owner = os.getpid()

    def _close_files(self) -> None:
        for file in self._files:
            os.close(file)
        self._files, self._owner = (), 0
