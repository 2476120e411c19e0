"""One segment of the index, opened once: its columns, its lengths and its posting lists.

A segment's files never change; what later commits deleted from it stands in the snapshot. Private names of the library
are used here, and the layout of its posting lists, so its version is pinned. Source: ADR 3
"""

import pickle
import struct
import sys
import zlib
from collections.abc import Callable, Iterator
from functools import cached_property
from io import BytesIO
from itertools import accumulate
from pathlib import Path
from typing import Any, NamedTuple, TypeVar, cast

from whoosh.codec.whoosh3 import LENGTHS_COLUMN
from whoosh.reading import SegmentReader, TermNotFound

from search_index.damage import IndexUnavailable
from search_index.schema import EPOCH, MICROSECOND, SCHEMA
from search_index.stemming import language_of
from search_index.storage import SEGMENT, ShelfStorage

Names = TypeVar("Names")
POSTINGS = ".pst"
POSTINGS_MAGIC = b"W3Bl"
BLOCK_LENGTH = struct.Struct("!i")


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
        self._labels: object = None
        self._values: dict[str, list[tuple[str, ...]]] = {}
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

    @property
    def digests(self) -> list[int]:
        """Per document, the digest of its content; asked for rarely, so not kept."""
        return list(self._reader.column_reader("digest", translate=False))

    @cached_property
    def published(self) -> list[int]:
        """Per document, the instant of its publication. Units: microseconds since 1970"""
        return list(self._reader.column_reader("published", translate=False))

    @cached_property
    def newest(self) -> int:
        """The latest instant of publication."""
        return max(self.published, default=0)

    @cached_property
    def languages(self) -> tuple[str, ...]:
        """The languages of its documents that have stems of their own."""
        found = {language_of(locale) for locale in self.all_terms("locale")}
        return tuple(sorted(found - {""}))

    def values_of(self, field: str) -> list[tuple[str, ...]]:
        """Per document, the values of an exact field, for counting. They are read once and kept."""
        if field not in self._values:
            held: list[list[str]] = [[] for _ in range(self.documents)]
            for value in self.all_terms(field):
                found = self.postings(field, value)
                for number in found.documents if found else ():
                    held[number].append(value)
            same: dict[tuple[str, ...], tuple[str, ...]] = {}
            self._values[field] = [same.setdefault(one, one) for one in map(tuple, held)]
        return self._values[field]

    def labels(self, make: Callable[["Segment"], Names]) -> Names:
        """What `completing` makes of the names in this segment, once."""
        if self._labels is None:
            self._labels = make(self)
        return cast("Names", self._labels)

    @cached_property
    def years(self) -> list[tuple[str, ...]]:
        """Per document, the year of UTC in which it was published, for counting."""
        years = {year: (f"{year:04}",) for year in range(1, 10_000)}
        return [years[(EPOCH + instant * MICROSECOND).year] for instant in self.published]

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
