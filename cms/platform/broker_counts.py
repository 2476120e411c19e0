"""Limits counted in the broker: one script in one step, for every process and machine at once.

It never takes longer than 50 ms. After a failure nobody asks the broker for five seconds; whoever counts does it
elsewhere meanwhile.
"""

import time

import redis

from cms.platform.counting import Limit

PREFIX = "copydesk:limit:"
TIMEOUT_SECONDS = 0.05
SILENCE_SECONDS = 5.0
# `counting.count_one` once more. Whole numbers up to 2^53 are exact in Lua, and microseconds are fewer until 2255; they
# go back as text, because Lua would write large ones with an exponent.
SCRIPT = """
local now, interval, window = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local at = math.min(math.max(tonumber(redis.call('GET', KEYS[1]) or '0'), now), now + window)
local is_allowed = 0
if at + interval <= now + window then
  is_allowed, at = 1, at + interval
end
local kept = string.format('%.0f', at)
redis.call('SET', KEYS[1], kept, 'PX', math.ceil((at - now) / 1000) + 1000)
return {is_allowed, kept}
"""


class BrokerCounts:
    """Counts uses. One object per process; redis-py's pool is thread-safe."""

    def __init__(self, url: str) -> None:
        self._redis = redis.Redis.from_url(
            url, socket_timeout=TIMEOUT_SECONDS, socket_connect_timeout=TIMEOUT_SECONDS, retry=None
        )
        self._count = self._redis.register_script(SCRIPT)
        self._silent_until = 0.0

    @property
    def is_silent(self) -> bool:
        """Whether the broker failed so short ago that it is not asked."""
        return time.monotonic() < self._silent_until

    def count(self, key: str, limit: Limit, now: int) -> tuple[bool, int] | None:
        """Like `counting.count_one`; None when the broker does not answer at once."""
        if self.is_silent:
            return None
        try:
            is_allowed, full_at = self._count([PREFIX + key], [now, limit.interval, limit.window])
        except (redis.RedisError, OSError):
            self._silent_until = time.monotonic() + SILENCE_SECONDS
            return None
        return bool(is_allowed), int(full_at)

    def close(self) -> None:
        """Give the connections back."""
        self._redis.close()
