"""The broker's bell: a push that wakes the relay after a commit. Here and in `broker_counts.py` `cms` speaks Redis.

The bell may be lost, late or rung in vain: the relay also sweeps every second. So a ring never fails a request and
never takes longer than 50 ms, and after a failure the bell stays silent for five seconds.
"""

import time

import redis

BELL = "copydesk:bell"
RING_TIMEOUT_SECONDS = 0.05
SILENCE_SECONDS = 5.0


class BellUnheard(Exception):
    """The broker is away, so no ring can be heard."""


class Bell:
    """Rings and hears. One object per process; redis-py's pool is thread-safe."""

    def __init__(self, url: str) -> None:
        self._ringer = redis.Redis.from_url(
            url, socket_timeout=RING_TIMEOUT_SECONDS, socket_connect_timeout=RING_TIMEOUT_SECONDS, retry=None
        )
        self._listener = redis.Redis.from_url(url, socket_timeout=10, socket_connect_timeout=1, retry=None)
        self._silent_until = 0.0

    def ring(self) -> None:
        """Wake the relay, if it can be done at once. Never raises."""
        if time.monotonic() < self._silent_until:
            return
        try:
            self._ringer.lpush(BELL, b"1")
            self._ringer.ltrim(BELL, 0, 0)
        except (redis.RedisError, OSError):
            self._silent_until = time.monotonic() + SILENCE_SECONDS

    def wait(self, seconds: float) -> bool:
        """Wait until the bell rings, at most so long. Raises: BellUnheard."""
        try:
            return self._listener.brpop([BELL], timeout=seconds) is not None
        except (redis.RedisError, OSError) as error:
            raise BellUnheard(type(error).__name__) from error

    def is_connected(self) -> bool:
        """Whether the broker answers at all."""
        try:
            return bool(self._listener.ping())
        except (redis.RedisError, OSError):
            return False

    def close(self) -> None:
        """Give the connections back."""
        self._ringer.close()
        self._listener.close()
