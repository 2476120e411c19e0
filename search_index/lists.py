"""How posting lists lie on the disk: numbers of documents, how often each holds the term, and where, one after another.

The library pickles a hundred and twenty-eight postings at a time, and whoever wants the documents reads their places
too. Here each of the three is one array, read as it lies there. Documents are counted from 0 in each segment and
written as 16-bit numbers, so a segment holds at most 65,536. Private names of the library are used.
Shape: head, documents, weights unless all are 1, places as UTF-8, one character each. Source: ADR 3
"""

import struct
from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from itertools import accumulate
from typing import Any, NamedTuple

from whoosh.codec.whoosh3 import W3Codec, W3FieldWriter, W3Segment
from whoosh.system import pack_ushort

from search_index.damage import IndexUnavailable

MOST_WEIGHT = 65_535
MAGIC = b"SL"
ONES, SMALL, LARGE = 0, 1, 2
# Magic, kind of weights, nothing, number of documents, bytes of places.
HEAD = struct.Struct("<2sBxII")
# Where a list begins in the file of lists, its bytes, and its documents.
ENTRY = struct.Struct("<QII")


class Entry(NamedTuple):
    """What is known of a list without reading it."""

    start: int
    length: int
    documents: int


class Postings:
    """Documents that hold a term, ascending, with how often and where."""

    def __init__(self, content: bytes) -> None:
        if len(content) < HEAD.size or content[:2] != MAGIC:
            raise IndexUnavailable("the index is damaged: a posting list does not begin as it should")
        _, kind, count, room = HEAD.unpack_from(content)
        ends = HEAD.size + 2 * count, HEAD.size + (2 + kind) * count
        if kind > LARGE or len(content) != ends[1] + room:
            raise IndexUnavailable("the index is damaged: a posting list is not as long as it should be")
        self.documents = array("H", content[HEAD.size : ends[0]])
        self._weights = content[ends[0] : ends[1]]
        self._kind = kind
        self.encoded = content[ends[1] :]

    def __len__(self) -> int:
        return len(self.documents)

    @cached_property
    def weights(self) -> "bytes | array[int]":
        """How often each document holds the term."""
        if self._kind == LARGE:
            return array("H", self._weights)
        return self._weights if self._kind == SMALL else b"\1" * len(self.documents)

    @cached_property
    def text(self) -> str:
        """All places of all documents in their order, each a character; empty for exact values."""
        return self.encoded.decode("utf-8", "surrogatepass")

    @cached_property
    def ends(self) -> list[int]:
        """Per document, where its places end in `text`."""
        return list(accumulate(self.weights))

    def places(self) -> Iterator[str]:
        """Per document, its places."""
        text = self.text
        return (text[end - weight : end] for end, weight in zip(self.ends, self.weights, strict=True))

    def places_at(self, number: int) -> str:
        """The places in the document that is this far in the list."""
        if self._kind == ONES:
            return self.text[number]
        end = self.ends[number]
        return self.text[end - self.weights[number] : end]

    def find(self, document: int) -> int:
        """How far in the list a document is, or -1."""
        documents = self.documents
        at = bisect_left(documents, document)
        return at if at < len(documents) and documents[at] == document else -1


class Packed:
    """A posting list that grows."""

    __slots__ = ("documents", "places", "weights")

    def __init__(self) -> None:
        self.documents = array("H")
        self.weights = array("H")
        self.places = bytearray()

    def extend(self, postings: Postings, moved: Mapping[int, int]) -> None:
        """Go on with a list of another segment, as far as its documents moved here."""
        numbers = [moved.get(document, -1) for document in postings.documents]
        if min(numbers) >= 0:
            self.documents.extend(numbers)
            self.weights.extend(postings.weights)
            self.places += postings.encoded
            return
        for number, weight, places in zip(numbers, postings.weights, postings.places(), strict=True):
            if number >= 0:
                self.documents.append(number)
                self.weights.append(weight)
                self.places += places.encode("utf-8", "surrogatepass")

    def content(self) -> bytes:
        """The list as it lies on the disk."""
        largest = max(self.weights)
        kind = ONES if largest == 1 else SMALL if largest < 256 else LARGE
        weights = b"" if kind == ONES else bytes(self.weights.tolist()) if kind == SMALL else self.weights.tobytes()
        parts = (self.documents.tobytes(), weights, self.places)
        return HEAD.pack(MAGIC, kind, len(self.documents), len(self.places)) + b"".join(parts)


class ListsCodec(W3Codec):
    """The library's codec with lists of this kind, for writing; what reads is ours anyway."""

    length_stats = False

    def field_writer(self, storage: Any, segment: Any) -> "ListsWriter":
        """Who writes the terms and their lists."""
        return ListsWriter(self, storage, segment)

    def new_segment(self, storage: Any, indexname: str) -> Any:
        """A segment that says nothing of this class: its description is unpickled by whoever opens it."""
        return W3Segment(W3Codec(), indexname)


class ListsWriter(W3FieldWriter):
    """Writes whole lists, by field and term."""

    def add_postings(self, schema: Any, lengths: Any, items: Iterable[tuple[str, bytes, Packed]]) -> None:
        """Write everything; `items` are in the order of their fields and terms."""
        for field, term, packed in items:
            number = self._fieldmap.setdefault(field, len(self._fieldmap))
            content, start = packed.content(), self._postfile.tell()
            self._postfile.write(content)
            self._tindex.add(pack_ushort(number) + term, ENTRY.pack(start, len(content), len(packed.documents)))
