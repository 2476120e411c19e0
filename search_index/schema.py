"""The fields of the index, and an article as values for them. The text itself is not stored: the database has it.

`all` holds everything that is said of an article and is what scores are made of; `title` adds a little. `section`,
`locale` and `id` are exact. `revision`, `published` and the id again are columns: one value per document.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from whoosh import __version__
from whoosh.columns import NumericColumn, VarBytesColumn
from whoosh.fields import COLUMN, FieldType, Schema
from whoosh.formats import Existence, Format

from search_index.analysis import fold, terms
from search_index.document import IndexDocument

# Changing what the fields mean changes the number; an index of another number, or of another major version of the
# library, is then not found and built again. The name begins the file names of the index.
INDEX_NAME = f"shelf1w{__version__[0]}"
# Two parts of a document are so far apart that no phrase reaches from one into the other.
GAP = 16
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)


class Places(Format):
    """Where a term stands in a document: each place a character of a UTF-8 string, small and quick to write."""

    posting_size = -1


class Words(FieldType):
    """Parts of text, as terms with their places."""

    def __init__(self) -> None:
        self.format = Places()
        self.analyzer = None
        self.scorable = True
        self.stored = self.unique = False
        self.vector = None

    def index(self, value: Sequence[str], **_: Any) -> Iterator[tuple[bytes, int, float, bytes]]:
        """Term, frequency, weight and places, as the library's writer wants them."""
        places: dict[str, list[str]] = {}
        start = 0
        for part in value:
            found = terms(part)
            for place, term in enumerate(found, start):
                if term in places:
                    places[term].append(chr(place))
                else:
                    places[term] = [chr(place)]
            start += len(found) + GAP
        for term, where in places.items():
            count = len(where)
            yield term.encode(), count, float(count), "".join(where).encode("utf-8", "surrogatepass")


class Keys(FieldType):
    """Exact values, without places and without scores."""

    def __init__(self, *, is_column: bool = False) -> None:
        self.format = Existence()
        self.analyzer = None
        self.scorable = self.stored = self.unique = False
        self.vector = None
        self.set_sortable(VarBytesColumn() if is_column else False)

    def index(self, value: Sequence[str], **_: Any) -> Iterator[tuple[bytes, int, float, bytes]]:
        """Each value once."""
        for key in dict.fromkeys(value):
            yield key.encode(), 1, 1.0, b""


SCHEMA = Schema(
    all=Words(),
    title=Words(),
    tag=Words(),
    author=Words(),
    section=Keys(),
    locale=Keys(),
    id=Keys(is_column=True),
    revision=COLUMN(NumericColumn("q")),
    published=COLUMN(NumericColumn("q")),
)


def values(document: IndexDocument) -> dict[str, Any]:
    """An article as values for the fields."""
    tags = tuple(name for _, name in document.tags)
    people = tuple(name for _, name in document.people)
    parts = (document.title, document.dek, *document.summary, document.text, document.section_name, *tags, *people)
    return {
        "all": parts,
        "title": (document.title,),
        "tag": tuple(word for pair in document.tags for word in pair),
        "author": tuple(word for pair in document.people for word in pair),
        "section": tuple(map(fold, document.section_path)),
        "locale": (fold(document.locale),),
        "id": (document.id,),
        "revision": document.revision,
        "published": (document.published_at - EPOCH) // MICROSECOND,
    }


def places(value: bytes) -> list[int]:
    """The places of a term in a document."""
    return [ord(place) for place in value.decode("utf-8", "surrogatepass")]
