"""Watching over the search index while nothing is published: whoever deletes it gets it back within seconds, and what
has come to differ from the database, in whatever way, is found and mended within the hour.

Without this a quiet site would have no search until its next publish, because only the index's handler writes it.
"""

import threading
import time

import structlog
from sqlalchemy.exc import SQLAlchemyError

from cms.events.deliveries import describe
from cms.settings import Settings
from search_index.damage import IndexBroken, IndexUnavailable
from search_index.shelf import Shelf
from workers.handlers.indexing import check_index, put_in_order
from workers.work import Work, make_work

log = structlog.get_logger("copydesk.worker")
LOOKED_AT_EVERY_SECONDS = 3.0
CHECKED_EVERY_SECONDS = 3_600.0


class IndexWatch:
    """Looks at the index from time to time. An index that is there costs a look at a few files."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._reader = Shelf(work.settings.index_home).reader()
        self._trouble = ""

    def look(self) -> bool:
        """Build the index again if it cannot be read; gives whether it can in the end. Never raises."""
        try:
            try:
                self._reader.count()
            except IndexUnavailable:
                put_in_order(self._work, [])
        except (SQLAlchemyError, OSError, IndexBroken) as error:
            trouble = describe(error)
            if trouble != self._trouble:
                log.warning("index_not_mended", error=trouble)
            self._trouble = trouble
            return False
        self._trouble = ""
        return True

    def check(self) -> int:
        """Compare the whole index with the database and mend it; gives how many articles differed. Never raises."""
        try:
            differing = check_index(self._work)
        except (SQLAlchemyError, OSError, IndexBroken, RuntimeError) as error:
            log.warning("index_not_checked", error=describe(error))
            return 0
        say = log.warning if differing else log.info
        say("index_checked", differing=differing)
        return differing

    def close(self) -> None:
        """Give the files back."""
        self._reader.close()
        self._work.close()


def watch_index(settings: Settings) -> None:
    """Watch for as long as this process lives, from a thread of its own."""

    def watch() -> None:
        watching = IndexWatch(make_work(settings))
        pause = threading.Event()
        check_at = time.monotonic() + CHECKED_EVERY_SECONDS
        while not pause.wait(LOOKED_AT_EVERY_SECONDS):
            watching.look()
            if time.monotonic() >= check_at:
                watching.check()
                check_at = time.monotonic() + CHECKED_EVERY_SECONDS

    threading.Thread(target=watch, name="index-watch", daemon=True).start()
