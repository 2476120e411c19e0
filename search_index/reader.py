"""Searches the index, from any number of threads, and sees other processes' commits within a tenth of a second."""

import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from heapq import nsmallest
from pathlib import Path
from typing import Any

from search_index.analysis import fold
from search_index.damage import IndexBroken, IndexUnavailable, damage_as
from search_index.home import current_folder
from search_index.query import Query, QueryError, Restriction, Unit
from search_index.ranking import Ranked, Ranking
from search_index.snapshot import Mark, Snapshot, Snapshots, mark

LOOKING_SECONDS = 0.1
MOST_TRIES = 5

Position = tuple[float, int, str]

__all__ = ["Hit", "IndexBroken", "IndexUnavailable", "Position", "Reader", "SearchPage"]


@dataclass(frozen=True)
class Hit:
    """One article found. `position` is where the next page goes on; JSON keeps it exactly."""

    id: str
    score: float
    position: Position


@dataclass(frozen=True)
class SearchPage:
    """Hits, best first, and whether there are more."""

    hits: tuple[Hit, ...]
    has_more: bool


class Reader:
    """The index of a home. Opens nothing until it is asked; costs nothing when there is no index."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self._snapshots = Snapshots()
        self._lock = threading.Lock()
        self._looking = threading.Lock()
        self._snapshot: Snapshot | None = None
        self._trouble = ""
        self._look_at = 0.0

    def search(
        self, query: Query, *, locale: str | None, section: str | None, limit: int, after: Sequence[Any] | None
    ) -> SearchPage:
        """One page of results. `section` means it and all below it.

        Raises: IndexUnavailable; QueryError for a position that is none.
        """
        start = _position(after)
        if query.is_empty:
            return SearchPage((), False)
        exact = {"locale": locale, "section": section}
        added = tuple(Restriction(field, fold(value), Unit(())) for field, value in exact.items() if value is not None)
        query = replace(query, restrictions=(*query.restrictions, *added))
        with self._held() as snapshot:
            results = Ranking(snapshot, query).results()
            if start is not None:
                results = (ranked for ranked in results if ranked > start)
            best = nsmallest(limit + 1, results)
        return SearchPage(tuple(map(_hit, best[:limit])), len(best) > limit)

    def indexed(self) -> dict[str, int]:
        """Id → revision of every article in the index. Raises: IndexUnavailable."""
        with self._held() as snapshot:
            return snapshot.indexed()

    def count(self) -> int:
        """The number of articles in the index. Raises: IndexUnavailable."""
        with self._held() as snapshot:
            return snapshot.count

    def verify(self) -> None:
        """Read every byte and compare it with what was written, which nothing else does. Raises: IndexUnavailable."""
        with self._held() as snapshot:
            if spoiled := snapshot.spoiled():
                raise IndexUnavailable(f"the index is damaged: {', '.join(spoiled)}")

    def close(self) -> None:
        """Give the files back as soon as no search needs them; a later search opens them again."""
        with self._lock:
            before, self._snapshot, self._trouble, self._look_at = self._snapshot, None, "", 0.0
        if before is not None:
            self._snapshots.let_go(before)

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
                    latest = mark(current_folder(self._home))
                    pause = LOOKING_SECONDS
                    after, trouble = self._opened(latest, before), ""
                    break
            except IndexUnavailable as error:
                # A commit or a swap may have tidied away what was about to be read; then there is something newer.
                trouble = str(error)
        with self._lock:
            replaced, self._snapshot, self._trouble = self._snapshot, after, trouble
            self._look_at = time.monotonic() + pause
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


def _position(after: Sequence[Any] | None) -> Ranked | None:
    if after is None:
        return None
    match list(after):
        case [float() | int() as score, int() as published, str() as key] if score == score:
            return -float(score), -published, key
    raise QueryError("this is no place in the results")


def _hit(ranked: Ranked) -> Hit:
    score, published, key = -ranked[0], -ranked[1], ranked[2]
    return Hit(key, score, (score, published, key))
