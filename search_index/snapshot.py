"""The index as one commit left it: its segments, shared by all snapshots that contain them, and what is deleted.

This replaces the library's own readers and their `refresh`, which in whoosh3 3.54.0 brings replaced documents back.
"""

import os
import re
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from whoosh.index import TOC

from search_index.damage import IndexUnavailable
from search_index.schema import INDEX_NAME, SCHEMA
from search_index.segment import Segment
from search_index.storage import ShelfStorage, is_sealed

TOC_NAME = re.compile(f"^_{INDEX_NAME}_([0-9]+)[.]toc$")
OPENING_ATTEMPTS = 10
PAUSE_SECONDS = 0.01


@dataclass(frozen=True)
class Mark:
    """What tells one commit from another, also after a folder was removed and built again under its old name."""

    folder: Path
    generation: int
    inode: int
    changed_ns: int


def mark(folder: Path) -> Mark:
    """The latest commit of a folder. Raises: IndexUnavailable."""
    try:
        with os.scandir(folder) as entries:
            found = [(int(match[1]), entry) for entry in entries if (match := TOC_NAME.match(entry.name))]
        if not found:
            raise IndexUnavailable(f"there is no index in {folder.name}")
        generation, entry = max(found, key=lambda pair: pair[0])
        status = entry.stat()
    except OSError as error:
        raise IndexUnavailable(f"{folder.name} cannot be read: {type(error).__name__}") from error
    return Mark(folder, generation, status.st_ino, status.st_mtime_ns)


class Snapshot:
    """The segments of one commit, and which of their documents are gone."""

    def __init__(self, mark: Mark, segments: Sequence[Segment], gone: Sequence[frozenset[int]]) -> None:
        self.mark = mark
        self.segments = tuple(segments)
        self.gone = tuple(gone)
        self.holders = 0
        # Answers to what is asked again and again; they hold for as long as this commit is the latest.
        self.kept: dict[Any, Any] = {}

    def __iter__(self) -> Iterator[tuple[Segment, frozenset[int]]]:
        return zip(self.segments, self.gone, strict=True)

    @property
    def count(self) -> int:
        """The number of documents."""
        return sum(segment.documents - len(gone) for segment, gone in self)

    def indexed(self) -> dict[str, int]:
        """Id → revision of every document."""
        found: dict[str, int] = {}
        for segment, gone in self:
            pairs = zip(segment.ids, segment.revisions, strict=True)
            found.update(pair for number, pair in enumerate(pairs) if number not in gone)
        return found

    def digests(self) -> dict[str, int]:
        """Id → digest of every document."""
        found: dict[str, int] = {}
        for segment, gone in self:
            pairs = zip(segment.ids, segment.digests, strict=True)
            found.update(pair for number, pair in enumerate(pairs) if number not in gone)
        return found

    def find(self, article_id: str) -> list[tuple[int, int]]:
        """(number in the whole index, revision) of each document of an id; there is at most one, unless damaged."""
        found, base = [], 0
        for segment, gone in self:
            if postings := segment.postings("id", article_id):
                found += [
                    (base + number, segment.revisions[number]) for number in postings.documents if number not in gone
                ]
            base += segment.documents
        return found

    def is_whole(self) -> bool:
        """Whether the files still lie there in their full size."""
        try:
            return all(segment.file.stat().st_size == segment.file_size for segment in self.segments)
        except OSError:
            return False

    def spoiled(self) -> list[str]:
        """Names of files that do not hold what was written to them. Reads every byte."""
        return [segment.file.name for segment in self.segments if not is_sealed(segment.file)]


def _table(mark: Mark) -> Any:
    storage = ShelfStorage(mark.folder)
    try:
        return TOC.read(storage, INDEX_NAME, gen=mark.generation, schema=SCHEMA)
    finally:
        storage.close()


class Snapshots:
    """Opens commits, sharing segments between them, and closes a segment with the last snapshot that holds it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()

    def open(self, folder: Path, before: Snapshot | None) -> Snapshot:
        """The latest commit of a folder, held once. Raises: IndexUnavailable; whatever a damaged file leads to."""
        for attempt in range(OPENING_ATTEMPTS):
            try:
                return self._open(mark(folder), before)
            except FileNotFoundError:
                # A writer replaced the commit between reading its table and opening its files.
                if attempt == OPENING_ATTEMPTS - 1:
                    raise
                time.sleep(PAUSE_SECONDS)
        raise AssertionError("the loop returns or raises")

    def _open(self, latest: Mark, before: Snapshot | None) -> Snapshot:
        table = _table(latest)
        is_same_folder = before is not None and before.mark.folder == latest.folder
        known = {segment.id: segment for segment in before.segments} if before and is_same_folder else {}
        segments: list[Segment] = []
        opened: list[Segment] = []
        try:
            for described in table.segments:
                segment = known.get(described.segment_id())
                if segment is None:
                    segment = Segment(latest.folder, described)
                    opened.append(segment)
                segments.append(segment)
        except BaseException:
            for segment in opened:
                segment.close()
            raise
        snapshot = Snapshot(latest, segments, [frozenset(described.deleted_docs()) for described in table.segments])
        with self._lock:
            for segment in segments:
                segment.holders += 1
            snapshot.holders = 1
        return snapshot

    def hold(self, snapshot: Snapshot) -> None:
        """Keep a snapshot open until it is let go once more."""
        with self._lock:
            snapshot.holders += 1

    def let_go(self, snapshot: Snapshot) -> None:
        """Close what nobody holds any more."""
        with self._lock:
            snapshot.holders -= 1
            if snapshot.holders:
                return
            for segment in snapshot.segments:
                segment.holders -= 1
            drained = [segment for segment in snapshot.segments if not segment.holders]
        for segment in drained:
            segment.close()
