"""The index as one commit left it: its segments, opened once each and shared by all snapshots that contain them.

This replaces the library's own readers and their `refresh`, which in whoosh3 3.54.0 brings replaced documents back.
A segment's files never change; what a later commit deleted from it stands in the snapshot. Private names of the
library are used here (`_read_toc`'s parts, the layout of posting lists), so its version is pinned. Source: ADR 3
"""

import os
import pickle
import re
import struct
import threading
import time
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from io import BytesIO
from itertools import accumulate
from pathlib import Path
from typing import Any, NamedTuple

from whoosh.codec.whoosh3 import LENGTHS_COLUMN
from whoosh.index import TOC
from whoosh.reading import SegmentReader, TermNotFound

from search_index.damage import IndexUnavailable
from search_index.schema import INDEX_NAME, SCHEMA
from search_index.storage import SEGMENT, ShelfStorage, is_sealed

TOC_NAME = re.compile(f"^_{INDEX_NAME}_([0-9]+)[.]toc$")
POSTINGS = ".pst"
POSTINGS_MAGIC = b"W3Bl"
BLOCK_LENGTH = struct.Struct("!i")
OPENING_ATTEMPTS = 10
PAUSE_SECONDS = 0.01


class Postings(NamedTuple):
    """Documents that hold a term, ascending, with how often and where."""

    documents: list[int]
    weights: list[float]
    places: list[bytes]


class Segment:
    """One opened segment."""

    def __init__(self, folder: Path, described: Any) -> None:
        self.id = str(described.segment_id())
        self.documents = int(described.doc_count_all())
        self.file = folder / described.make_filename(SEGMENT)
        self.file_size = self.file.stat().st_size
        self.holders = 0
        self._storage = ShelfStorage(folder)
        try:
            self._reader = SegmentReader(self._storage, SCHEMA, described)
            self._postings_file = described.open_file(self._reader.storage(), POSTINGS)
        except BaseException:
            self._storage.close()
            raise

    def copy_documents(self, writer: Any) -> dict[int, int]:
        """Copy the columns of what is not deleted to a writer. Returns old number → new number."""
        first = writer.docnum
        fields = set(SCHEMA.names())
        moved = writer.write_per_doc(fields, self._reader)
        return {number: first + number for number in range(self.documents)} if moved is None else moved

    def close(self) -> None:
        """Give the files back."""
        self._storage.close()

    @cached_property
    def ids(self) -> list[str]:
        """Per document, its id."""
        return [key.decode() for key in self._reader.column_reader("id", translate=False)]

    @cached_property
    def revisions(self) -> list[int]:
        """Per document, its revision."""
        return list(self._reader.column_reader("revision", translate=False))

    @cached_property
    def published(self) -> list[int]:
        """Per document, the instant of its publication. Units: microseconds since 1970"""
        return list(self._reader.column_reader("published", translate=False))

    @cached_property
    def newest(self) -> int:
        """The latest instant of publication."""
        return max(self.published, default=0)

    @cached_property
    def lengths(self) -> dict[str, bytes]:
        """Per scored field and document, the length in the library's one-byte measure."""
        return {field: self._lengths(field) for field in ("all", "title")}

    def _lengths(self, field: str) -> bytes:
        column = f"_{field}_len"
        per_document = self._reader._perdoc
        if not per_document.has_column(column):
            return bytes(self.documents)
        return bytes(per_document.column_reader(column, LENGTHS_COLUMN))

    def total_length(self, field: str) -> int:
        """The number of terms in a field of all documents."""
        return int(self._reader.field_length(field))

    def postings(self, field: str, term: str) -> Postings | None:
        """The documents that hold a term; None when there are none."""
        try:
            info = self._reader.term_info(field, term.encode())
        except TermNotFound:
            return None
        return self._read(info)

    def _read(self, info: Any) -> Postings:
        start, length = info.extent()
        # The library forgets to take the number out of what it unpacked.
        return _postings(self._postings_file.get(start, length[0] if isinstance(length, tuple) else length))

    def all_postings(self) -> Iterator[tuple[str, bytes, Postings]]:
        """Field, term and postings of everything, by field and term as the segment numbers them."""
        for (field, term), info in self._reader._terms.items():
            yield field, term, self._read(info)

    def beginning_with(self, field: str, prefix: str, limit: int) -> list[str]:
        """The first terms of a field that begin so, in the order of their bytes."""
        found: list[str] = []
        start = prefix.encode()
        for name, term in self._reader.terms_from(field, start):
            if name != field or not term.startswith(start) or len(found) == limit:
                break
            found.append(term.decode())
        return found


def _postings(content: bytes) -> Postings:
    """Read a whole posting list of the library's W3 codec: blocks of a pickled head and a packed body."""
    if content[:4] != POSTINGS_MAGIC:
        raise IndexUnavailable("the index is damaged: a posting list does not begin as it should")
    documents: list[int] = []
    weights: list[float] = []
    places: list[bytes] = []
    at, is_last = len(POSTINGS_MAGIC), False
    while not is_last:
        (length,) = BLOCK_LENGTH.unpack_from(content, at)
        at += BLOCK_LENGTH.size
        is_last = length < 0
        block = content[at : at + abs(length)]
        at += abs(length)
        buffer = BytesIO(block)
        count, _, _, is_compressed, *_ = pickle.load(buffer)  # noqa: S301  # the folder is private to its owner (ADR 3)
        body = block[buffer.tell() :]
        gaps, weight, values = pickle.loads(zlib.decompress(body) if is_compressed else body)  # noqa: S301  # as above
        documents.extend(accumulate(gaps))
        weights.extend(weight if isinstance(weight, tuple) else (weight or 1.0,) * count)
        places.extend(values or ())
    return Postings(documents, weights, places)


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
