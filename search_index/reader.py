"""Searches the index, from any number of threads, and sees other processes' commits within a tenth of a second.

Where the index was deleted or damaged, searches go on with what was open before, or else with the index before this
one, until it is built again: somewhat old answers are better than none, and who shows them knows what is live. Whoever
asks about the index itself is told the truth.
"""

import threading
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TypeVar

from search_index.answers import answered, suggested
from search_index.completing import completed_names, title_query
from search_index.damage import IndexBroken, IndexUnavailable, damage_as
from search_index.engine import NEWEST, RELEVANCE, Completion, Hit, Position, SearchPage, Stats
from search_index.home import current_folder, used_folders
from search_index.ordering import start_of
from search_index.query import Query
from search_index.snapshot import Mark, Snapshot, Snapshots, mark

LOOKING_SECONDS = 0.1
MOST_TRIES = 5
Answer = TypeVar("Answer")

__all__ = ["Hit", "IndexBroken", "IndexUnavailable", "Position", "Reader", "SearchPage"]


class Reader:
    """The index of a home, or one folder of it that is not the index yet. Opens nothing until it is asked; costs
    nothing when there is no index."""

    def __init__(self, home: Path, folder: Path | None = None) -> None:
        self._home = home
        self._folder = folder
        self._snapshots = Snapshots()
        self._lock = threading.Lock()
        self._looking = threading.Lock()
        self._snapshot: Snapshot | None = None
        self._spare: Snapshot | None = None
        self._trouble = ""
        self._look_at = 0.0

    def search(
        self,
        query: Query,
        *,
        limit: int,
        after: Sequence[Any] | None = None,
        sort: str = RELEVANCE,
        facets: Collection[str] = (),
    ) -> SearchPage:
        """One page of results. By date only what has all that was asked for is listed, where there is any.

        Raises: IndexUnavailable; QueryError for a position that is none.
        """
        start = start_of(after, sort)
        if query.is_empty:
            return SearchPage((), False, facets=dict.fromkeys(facets, ()))
        return self._answered(lambda snapshot: answered(snapshot, query, limit, start, sort, facets))

    def complete(self, text: str, *, locale: str | None, limit: int) -> tuple[list[str], list[Completion]]:
        """Ids of the newest articles whose title, and tags and people whose name, goes on as was typed.

        Raises: IndexUnavailable
        """
        query = title_query(text, locale)
        ids = [hit.id for hit in self.search(query, limit=limit, sort=NEWEST).hits] if query is not None else []
        return ids, self._answered(lambda snapshot: completed_names(snapshot, text, locale, limit))

    def suggest(self, query: Query) -> dict[str, str]:
        """For words of the query that no article has: the like one that headlines have. Raises: IndexUnavailable"""
        return self._answered(lambda snapshot: suggested(snapshot, query))

    def indexed(self) -> dict[str, int]:
        """Id → revision of every article in the index. Raises: IndexUnavailable."""
        with self._held() as snapshot:
            return snapshot.indexed()

    def digests(self) -> dict[str, int]:
        """Id → digest of the content of every article in the index. Raises: IndexUnavailable."""
        with self._held() as snapshot:
            return snapshot.digests()

    def count(self) -> int:
        """The number of articles in the index. Raises: IndexUnavailable."""
        with self._held() as snapshot:
            return snapshot.count

    def stats(self) -> Stats:
        """What is known of the index. Raises: IndexUnavailable."""
        with self._held() as snapshot:
            return Stats(snapshot.count, len(snapshot.segments), sum(one.file_size for one in snapshot.segments))

    def verify(self) -> None:
        """Read every byte and compare it with what was written, which nothing else does. Raises: IndexUnavailable."""
        with self._held() as snapshot:
            if spoiled := snapshot.spoiled():
                raise IndexUnavailable(f"the index is damaged: {', '.join(spoiled)}")

    def close(self) -> None:
        """Give the files back as soon as no search needs them; a later search opens them again."""
        with self._lock:
            before, self._snapshot, self._trouble, self._look_at = self._snapshot, None, "", 0.0
            spare, self._spare = self._spare, None
        for snapshot in (before, spare):
            if snapshot is not None:
                self._snapshots.let_go(snapshot)

    def _answered(self, answer: Callable[[Snapshot], Answer]) -> Answer:
        """What the index answers, or what can be searched in its place. Raises: IndexUnavailable"""
        try:
            with self._held() as snapshot:
                return answer(snapshot)
        except IndexUnavailable:
            spare = self._held_spare()
            if spare is None:
                raise
            try:
                with damage_as(IndexUnavailable):
                    return answer(spare)
            except IndexUnavailable:
                self._forget_spare(spare)
                raise
            finally:
                self._snapshots.let_go(spare)

    def _held_spare(self) -> Snapshot | None:
        """What was open before the damage, or the index before this one; held once more for the caller."""
        with self._lock:
            spare = self._spare
            if spare is not None:
                self._snapshots.hold(spare)
                return spare
        spare = self._one_before()
        if spare is not None:
            self._snapshots.hold(spare)
            self._keep_spare(spare)
        return spare

    def _one_before(self) -> Snapshot | None:
        """The newest other folder that can be opened."""
        with suppress(OSError, IndexUnavailable):
            for _, folder in reversed(used_folders(self._home) if self._folder is None else []):
                with suppress(IndexUnavailable), damage_as(IndexUnavailable):
                    return self._snapshots.open(folder, None)
        return None

    def _keep_spare(self, snapshot: Snapshot) -> None:
        """Take over a snapshot that is held, in the place of the one that was kept."""
        with self._lock:
            before, self._spare = self._spare, snapshot
        if before is not None:
            self._snapshots.let_go(before)

    def _forget_spare(self, snapshot: Snapshot) -> None:
        with self._lock:
            if self._spare is not snapshot:
                return
            self._spare = None
        self._snapshots.let_go(snapshot)

    @contextmanager
    def _held(self) -> Iterator[Snapshot]:
        snapshot = self._latest()
        try:
            with damage_as(IndexUnavailable):
                yield snapshot
        except IndexUnavailable:
            self._distrust(snapshot)
            raise
        finally:
            self._snapshots.let_go(snapshot)

    def _latest(self) -> Snapshot:
        """The index as it is, or was a moment ago; held once for the caller."""
        if time.monotonic() >= self._look_at and self._looking.acquire(blocking=self._snapshot is None):
            # One thread looks; the others go on with what there is, and wait only when there is nothing.
            try:
                if time.monotonic() >= self._look_at:
                    self._look()
            finally:
                self._looking.release()
        with self._lock:
            if self._snapshot is None:
                raise IndexUnavailable(self._trouble or "the index was closed")
            self._snapshots.hold(self._snapshot)
            return self._snapshot

    def _look(self) -> None:
        with self._lock:
            before = self._snapshot
            if before is not None:
                # Somebody may close it meanwhile, and its segments are to go on in the next snapshot.
                self._snapshots.hold(before)
        after: Snapshot | None = None
        # Where there is no index, looking costs next to nothing, and the first one is seen at once.
        trouble, pause = "", 0.0
        for _ in range(MOST_TRIES):
            try:
                with damage_as(IndexUnavailable):
                    latest = mark(self._folder or current_folder(self._home))
                    pause = LOOKING_SECONDS
                    after, trouble = self._opened(latest, before), ""
                    break
            except IndexUnavailable as error:
                # A commit or a swap may have tidied away what was about to be read; then there is something newer.
                trouble = str(error)
        with self._lock:
            replaced, self._snapshot, self._trouble = self._snapshot, after, trouble
            self._look_at = time.monotonic() + pause
        if after is None and replaced is not None:
            # Files that were deleted stay readable for as long as they are open.
            self._keep_spare(replaced)
            replaced = None
        elif after is not None:
            with self._lock:
                spare, self._spare = self._spare, None
            if spare is not None:
                self._snapshots.let_go(spare)
        for snapshot in (before, replaced):
            if snapshot is not None:
                self._snapshots.let_go(snapshot)

    def _opened(self, latest: Mark, before: Snapshot | None) -> Snapshot:
        """The index as it is now, held once."""
        if before is None or before.mark != latest:
            return self._snapshots.open(latest.folder, before)
        if not before.is_whole():
            raise IndexUnavailable("a file of the index is missing or cut short")
        self._snapshots.hold(before)
        return before

    def _distrust(self, snapshot: Snapshot) -> None:
        """Open the files anew next time: the damage may be mended by then."""
        with self._lock:
            if self._snapshot is not snapshot:
                return
            self._snapshot, self._look_at = None, 0.0
        self._snapshots.let_go(snapshot)
