"""Puts articles into the index and takes them out: one durable commit per batch.

`Writer` writes to whatever folder is the index now; `FolderWriter` to one folder, for whoever builds a new one.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from itertools import chain, islice
from pathlib import Path
from typing import Any

from whoosh.index import TOC, FileIndex
from whoosh.writing import SegmentWriter

from search_index.bulk import GroupedPool
from search_index.damage import IndexBroken, damage_as
from search_index.document import IndexDocument
from search_index.home import WRITER_LOCK, current_folder, locked, note_touched
from search_index.lists import ListsCodec
from search_index.merging import merge, worth_merging
from search_index.schema import INDEX_NAME, SCHEMA, values
from search_index.snapshot import Snapshot, Snapshots
from search_index.storage import ShelfStorage

DOCUMENTS_PER_SEGMENT = 20_000
LOCK_SECONDS = 30.0


class FolderWriter:
    """Writes one folder. One at a time: the caller holds whatever lock guards it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._snapshots = Snapshots()
        self._snapshot: Snapshot | None = None

    def create(self) -> None:
        """Make an empty index of an empty folder."""
        TOC.create(ShelfStorage(self.folder), SCHEMA, INDEX_NAME)

    def apply(self, documents: Sequence[IndexDocument], removed: Collection[str]) -> set[str]:
        """Put, replace and remove in one commit, and say which ids that concerned.

        What is older than its indexed revision is left alone; of two documents of one id the newer counts; what is
        both put and removed is removed. Raises: IndexBroken
        """
        with damage_as(IndexBroken):
            snapshot = self._refreshed()
            wanted: dict[str, IndexDocument] = {}
            for document in documents:
                if document.id not in removed and _is_newer(document, wanted.get(document.id)):
                    wanted[document.id] = document
            found = {key: snapshot.find(key) for key in chain(wanted, removed)}
            for key, known in found.items():
                if key in wanted and any(revision > wanted[key].revision for _, revision in known):
                    del wanted[key]
            replaced = [key for key, known in found.items() if known and (key in wanted or key in removed)]
            if not wanted and not replaced:
                return set()

            def change(writer: SegmentWriter) -> None:
                for key in replaced:
                    for number, _ in found[key]:
                        writer.delete_document(number)
                for document in wanted.values():
                    writer.add_document(**values(document))

            self._write(change)
            self._tidy()
        return {*wanted, *replaced}

    def fill(self, documents: Iterable[IndexDocument]) -> None:
        """Add many documents to an empty index, in large segments. Of one id the first counts. Raises: IndexBroken"""
        coming = _each_once(documents)
        while first := list(islice(coming, 1)):

            def change(writer: SegmentWriter, first: list[IndexDocument] = first) -> None:
                # Where they come from may fail too, and that says nothing about the index.
                for document in chain(first, islice(coming, DOCUMENTS_PER_SEGMENT - 1)):
                    with damage_as(IndexBroken):
                        writer.add_document(**values(document))

            self._write(change)

    def indexed(self) -> dict[str, int]:
        """Id → revision of every document. Raises: IndexBroken"""
        with damage_as(IndexBroken):
            return self._refreshed().indexed()

    def count(self) -> int:
        """The number of documents. Raises: IndexBroken"""
        with damage_as(IndexBroken):
            return self._refreshed().count

    def close(self) -> None:
        """Give the files back; the next use opens them again."""
        if self._snapshot is not None:
            self._snapshots.let_go(self._snapshot)
            self._snapshot = None

    def _refreshed(self) -> Snapshot:
        """The folder as it is now; nobody else writes it, but it may have been damaged since."""
        before, self._snapshot = self._snapshot, None
        try:
            self._snapshot = self._snapshots.open(self.folder, before)
        finally:
            if before is not None:
                self._snapshots.let_go(before)
        if not self._snapshot.is_whole():
            raise IndexBroken("a file of the index is missing or cut short")
        return self._snapshot

    def _write(self, change: Callable[[SegmentWriter], None], mergetype: Any = None) -> None:
        storage = ShelfStorage(self.folder)
        storage.remove_half_written()
        index = FileIndex(storage, schema=SCHEMA, indexname=INDEX_NAME)
        writer = SegmentWriter(index, timeout=LOCK_SECONDS, codec=ListsCodec())
        writer.pool = GroupedPool()
        try:
            change(writer)
            with damage_as(IndexBroken):
                # Never the library's own merging: it rewrites large segments in the middle of a publish.
                writer.commit(mergetype=mergetype, merge=False)
        except BaseException:
            if not writer.is_closed:
                writer.cancel()
            raise

    def _tidy(self) -> None:
        """Join small segments when there are many: after the batch is there for readers, in a commit of its own."""
        chosen = worth_merging(self._refreshed())
        if chosen:
            self._write(lambda _: None, mergetype=lambda writer, segments: merge(writer, segments, chosen))


class Writer:
    """Writes the index of a home. May be used from one thread at a time; processes wait for each other."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self._folder: FolderWriter | None = None

    def apply(self, documents: Sequence[IndexDocument], removed: Collection[str]) -> None:
        """Put, replace and remove in one commit that is on the disk when this returns; may be repeated.

        A document whose revision is older than the indexed one is ignored. Raises: IndexBroken
        """
        removed = frozenset(removed)
        try:
            with damage_as(IndexBroken), locked(self._home / WRITER_LOCK):
                written = self._current().apply(documents, removed)
                if written:
                    note_touched(self._home, sorted(written))
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Give the files back; the next `apply` opens them again."""
        if self._folder is not None:
            self._folder.close()
            self._folder = None

    def _current(self) -> FolderWriter:
        try:
            folder = current_folder(self._home)
        except Exception as error:
            raise IndexBroken(str(error)) from error
        if self._folder is None or self._folder.folder != folder:
            self.close()
            self._folder = FolderWriter(folder)
        return self._folder


def _is_newer(document: IndexDocument, known: IndexDocument | None) -> bool:
    return known is None or document.revision >= known.revision


def _each_once(documents: Iterable[IndexDocument]) -> Iterator[IndexDocument]:
    seen: set[str] = set()
    for document in documents:
        if document.id not in seen:
            seen.add(document.id)
            yield document
