"""The fields of the index, and an article as values for them. The text itself is not stored: the database has it.

`all` holds everything that is said of an article and is what scores are made of; `title` adds a little. `section`,
`tag_key`, `author_key`, `type`, `locale` and `id` are exact. `label` holds the names of tags and people for completing,
`spelling` the words of headlines as they are written, for telling what was meant. `revision`, `digest`, `published` and
the id again are columns: one value per document.
"""

import sys
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from whoosh import __version__
from whoosh.columns import NumericColumn, VarBytesColumn
from whoosh.fields import COLUMN, FieldType, Schema
from whoosh.formats import Existence, Format

from search_index.analysis import fold, terms, written
from search_index.document import IndexDocument
from search_index.stemming import language_of

# Changing what the fields mean changes the number; an index of another number, or of another major version of the
# library, is then not found and built again. The name begins the file names of the index.
INDEX_NAME = f"shelf3{sys.byteorder[0]}w{__version__[0]}"
# Two parts of a document are so far apart that no phrase reaches from one into the other.
GAP = 16
# Between the parts of a label; no name holds it.
PART = "\u001f"
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)


class Places(Format):
    """Where a term stands in a document: each place a character of a UTF-8 string, small and quick to write."""

    posting_size = -1


class Words(FieldType):
    """Parts of text, as terms with their places. A value is (language, parts), see `stemming`."""

    def __init__(self) -> None:
        self.format = Places()
        self.analyzer = None
        self.scorable = True
        self.stored = self.unique = False
        self.vector = None

    def index(self, value: tuple[str, Sequence[str]], **_: Any) -> Iterator[tuple[bytes, int, float, bytes]]:
        """Term, frequency, weight and places, as the library's writer wants them."""
        places: dict[str, list[str]] = {}
        start = 0
        language, parts = value
        for part in parts:
            found = terms(part, language)
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
    tag_key=Keys(),
    author_key=Keys(),
    type=Keys(),
    locale=Keys(),
    label=Keys(),
    spelling=Keys(),
    id=Keys(is_column=True),
    revision=COLUMN(NumericColumn("q")),
    digest=COLUMN(NumericColumn("q")),
    published=COLUMN(NumericColumn("q")),
)


def values(document: IndexDocument) -> dict[str, Any]:
    """An article as values for the fields."""
    tags, people = (*document.tags, *document.tag_aliases), document.people
    names = (document.section_name, *(name for _, name in tags), *(name for _, name in people))
    head = (document.title, document.dek, *document.summary)
    language = language_of(document.locale)
    return {
        "all": (language, (*head, document.text, *names)),
        "title": (language, (document.title,)),
        "tag": (language, tuple(word for pair in tags for word in pair)),
        "author": (language, tuple(word for pair in people for word in pair)),
        "section": tuple(map(fold, document.section_path)),
        "tag_key": tuple(slug for slug, _ in document.tags),
        "author_key": document.authors,
        "type": (document.type,),
        "locale": (fold(document.locale),),
        "label": (
            *(PART.join(("tag", slug, name)) for slug, name in document.tags),
            *(PART.join(("person", slug, name)) for slug, name in people),
        ),
        "spelling": tuple(word for part in (*head, *names) for word in written(part)),
        "id": (document.id,),
        "revision": document.revision,
        "digest": document.digest,
        "published": microseconds(document.published_at),
    }


def microseconds(instant: datetime) -> int:
    """An instant as the index has it. Units: microseconds since 1970"""
    return (instant - EPOCH) // MICROSECOND


def places(value: bytes) -> list[int]:
    """The places of a term in a document."""
    return [ord(place) for place in value.decode("utf-8", "surrogatepass")]
