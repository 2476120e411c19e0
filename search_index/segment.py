"""One segment of the index, opened once: its columns, its lengths and its posting lists.

A segment's files never change; what later commits deleted from it stands in the snapshot. Private names of the library
are used here, and the layout of its posting lists, so its version is pinned. Source: ADR 3
"""

import sys
from array import array
from collections.abc import Callable, Iterable, Iterator
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar, cast

from whoosh.codec.whoosh3 import LENGTHS_COLUMN
from whoosh.reading import SegmentReader

from search_index.lists import ENTRY, Entry, Postings
from search_index.schema import EPOCH, MICROSECOND, SCHEMA
from search_index.stemming import language_of
from search_index.storage import SEGMENT, ShelfStorage

Names = TypeVar("Names")
POSTINGS = ".pst"


class Segment:
    """One opened segment. Whoever goes through all of it has it read whole, which is one read instead of thousands."""

    def __init__(self, folder: Path, described: Any, *, is_read_whole: bool = False) -> None:
        self.id = str(described.segment_id())
        self.documents = int(described.doc_count_all())
        self.file = folder / described.make_filename(SEGMENT)
        self.file_size = self.file.stat().st_size
        self.holders = 0
        self._labels: object = None
        self._recency: dict[int, array[float]] = {}
        self._values: dict[str, tuple[array[int], list[tuple[str, ...]]]] = {}
        self._storage = ShelfStorage(folder, is_read_whole=is_read_whole)
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

    @property
    def digests(self) -> list[int]:
        """Per document, the digest of its content; asked for rarely, so not kept."""
        return list(self._reader.column_reader("digest", translate=False))

    @cached_property
    def published(self) -> list[int]:
        """Per document, the instant of its publication. Units: microseconds since 1970"""
        return list(self._reader.column_reader("published", translate=False))

    @cached_property
    def by_time(self) -> tuple[list[int], list[int]]:
        """The instants of publication, ascending, and the documents in the same order."""
        order = sorted(range(self.documents), key=self.published.__getitem__)
        return [self.published[number] for number in order], order

    @cached_property
    def newest(self) -> int:
        """The latest instant of publication."""
        return max(self.published, default=0)

    def recency(self, half_life: int) -> "array[float]":
        """Per document, 2^(-age / half-life) counted from the newest of the segment. Units of the half-life: µs"""
        if half_life not in self._recency:
            newest = self.newest
            ages = (instant - newest for instant in self.published)
            self._recency[half_life] = array("d", [2.0 ** (age / half_life) for age in ages])
        return self._recency[half_life]

    @cached_property
    def languages(self) -> tuple[str, ...]:
        """The languages of its documents that have stems of their own."""
        found = {language_of(locale) for locale in self.all_terms("locale")}
        return tuple(sorted(found - {""}))

    def values_of(self, field: str) -> "tuple[array[int], list[tuple[str, ...]]]":
        """Per document, which of the following it has of an exact field: sets of values, for counting. Kept."""
        if field not in self._values:
            held: list[list[str]] = [[] for _ in range(self.documents)]
            for value in self.all_terms(field):
                found = self.postings(field, value)
                for number in found.documents if found else ():
                    held[number].append(value)
            self._values[field] = _numbered(map(tuple, held))
        return self._values[field]

    def labels(self, make: Callable[["Segment"], Names]) -> Names:
        """What `completing` makes of the names in this segment, once."""
        if self._labels is None:
            self._labels = make(self)
        return cast("Names", self._labels)

    @cached_property
    def years(self) -> "tuple[array[int], list[tuple[str, ...]]]":
        """Per document, the year of UTC in which it was published, in the same form."""
        return _numbered((f"{(EPOCH + instant * MICROSECOND).year:04}",) for instant in self.published)

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

    def entry(self, field: str, term: str) -> Entry | None:
        """Where the list of a term is, and how many documents it has; None when there are none."""
        terms = self._reader._terms
        try:
            return Entry(*ENTRY.unpack(terms._tindex[terms._keycoder(field, term.encode("utf-8", "surrogatepass"))]))
        except KeyError:
            return None

    def postings(self, field: str, term: str) -> Postings | None:
        """The documents that hold a term; None when there are none."""
        entry = self.entry(field, term)
        return self._read(entry) if entry is not None else None

    def _read(self, entry: Entry) -> Postings:
        return Postings(self._postings_file.get(entry.start, entry.length))

    def all_postings(self) -> Iterator[tuple[str, bytes, Postings]]:
        """Field, term and postings of everything, by field and term as the segment numbers them."""
        terms = self._reader._terms
        for key, value in terms._tindex.items():
            field, term = terms._keydecoder(key)
            yield field, term, self._read(Entry(*ENTRY.unpack(value)))

    def all_terms(self, field: str) -> list[str]:
        """All terms of a field, in the order of their bytes."""
        return self.beginning_with(field, "", sys.maxsize)

    def beginning_with(self, field: str, prefix: str, limit: int) -> list[str]:
        """The first terms of a field that begin so, in the order of their bytes."""
        found: list[str] = []
        start = prefix.encode()
        for name, term in self._reader.terms_from(field, start):
            if name != field or not term.startswith(start) or len(found) == limit:
                break
            found.append(term.decode())
        return found


def _numbered(values: Iterable[tuple[str, ...]]) -> "tuple[array[int], list[tuple[str, ...]]]":
    numbers: dict[tuple[str, ...], int] = {}
    return array("H", [numbers.setdefault(one, len(numbers)) for one in values]), list(numbers)
