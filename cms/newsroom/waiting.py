"""Holding an answer until what follows from an act is done, for as long as a setting allows."""

from collections.abc import Collection
from threading import BoundedSemaphore
from time import monotonic, sleep

from cms.events.queries import open_consequences
from cms.platform.db import Database

FIRST_PAUSE_SECONDS = 0.01
LONGEST_PAUSE_SECONDS = 0.1


class WaitingRoom:
    """Places for requests that wait. Fewer than there are threads, so that readers are served while editors wait."""

    def __init__(self, places: int) -> None:
        self._places = BoundedSemaphore(max(1, places))

    def wait(self, database: Database, letter_id: str, names: Collection[str], limit_seconds: float) -> set[str]:
        """Wait for these consequences of a letter, and say which are still open when the time is over.

        Where no place is free it does not wait; the receipt says what became of them.
        """
        still_open = set(names)
        if not still_open or not self._places.acquire(blocking=False):
            return still_open
        try:
            until, pause = monotonic() + limit_seconds, FIRST_PAUSE_SECONDS
            while still_open and monotonic() < until:
                sleep(min(pause, max(0.0, until - monotonic())))
                pause = min(pause * 1.5, LONGEST_PAUSE_SECONDS)
                with database.reading() as session:
                    still_open = open_consequences(session, letter_id, still_open)
        finally:
            self._places.release()
        return still_open
