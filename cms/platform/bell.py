"""The broker's bell: a push that wakes the relay after a commit. Here and in `broker_counts.py` `cms` speaks Redis.

The bell may be lost, late or rung in vain: the relay also sweeps every second. So a ring never fails a request and
never makes it wait: a thread of its own pushes, and after a failure the bell stays silent for five seconds.
"""

import contextlib
import threading
import time

import redis

BELL = "copydesk:bell"
RING_TIMEOUT_SECONDS = 0.05
# As long as who hears it leaves between two rounds: under many acts most pushes would be in vain.
RINGS_APART_SECONDS = 0.15
SILENCE_SECONDS = 5.0
LISTEN_TIMEOUT_SECONDS = 10.0


class BellUnheard(Exception):
    """The broker is away, so no ring can be heard."""


class Bell:
    """Rings and hears. One object per process; redis-py's pool is thread-safe.

    A connection on which something went wrong is closed: the late answer to one question must not be taken for the
    answer to the next. Source: CVE-2023-28859.
    """

    def __init__(self, url: str, *, listen_timeout_seconds: float = LISTEN_TIMEOUT_SECONDS) -> None:
        self._ringer = redis.Redis.from_url(
            url, socket_timeout=RING_TIMEOUT_SECONDS, socket_connect_timeout=RING_TIMEOUT_SECONDS, retry=None
        )
        self._listener = redis.Redis.from_url(
            url, socket_timeout=listen_timeout_seconds, socket_connect_timeout=1, retry=None
        )
        self._silent_until = 0.0
        self._lock = threading.Lock()
        self._is_wanted = threading.Event()
        self._is_closed = False
        self._thread: threading.Thread | None = None

    def ring(self) -> None:
        """Ask that the relay is woken; what is asked shortly after a push is one push more. Never raises."""
        if self._thread is None:
            # While the interpreter ends, no thread starts any more; the relay's sweep makes up for it.
            with contextlib.suppress(RuntimeError):
                self._start()
        if not self._is_wanted.is_set():
            self._is_wanted.set()

    def wait(self, seconds: float) -> bool:
        """Wait until the bell rings, at most so long, and take every ring of until now. Raises: BellUnheard."""
        try:
            if seconds <= 0:
                # The broker takes a wait of no time for one without end.
                return bool(self._listener.delete(BELL))
            is_rung = self._listener.brpop([BELL], timeout=seconds) is not None
            if is_rung:
                # Whoever rang had committed before, and who waited looks at the database next.
                self._listener.delete(BELL)
        except (redis.RedisError, OSError) as error:
            self._listener.connection_pool.disconnect()
            raise BellUnheard(type(error).__name__) from error
        return is_rung

    def is_connected(self) -> bool:
        """Whether the broker answers at all."""
        try:
            return bool(self._listener.ping())
        except (redis.RedisError, OSError):
            self._listener.connection_pool.disconnect()
            return False

    def close(self) -> None:
        """Give the connections back."""
        self._is_closed = True
        self._is_wanted.set()
        if self._thread is not None:
            self._thread.join(1)
        self._ringer.close()
        self._listener.close()

    def _start(self) -> None:
        with self._lock:
            if self._thread is None:
                thread = threading.Thread(target=self._push_when_wanted, name="bell", daemon=True)
                thread.start()
                self._thread = thread

    def _push_when_wanted(self) -> None:
        while True:
            self._is_wanted.wait()
            self._is_wanted.clear()
            if self._is_closed:
                return
            if time.monotonic() >= self._silent_until:
                self._push()
                time.sleep(RINGS_APART_SECONDS)

    def _push(self) -> None:
        try:
            self._ringer.lpush(BELL, b"1")
        except (redis.RedisError, OSError):
            self._ringer.connection_pool.disconnect()
            self._silent_until = time.monotonic() + SILENCE_SECONDS
