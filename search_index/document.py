"""What the index is told of an article."""

from dataclasses import dataclass, fields
from datetime import datetime
from hashlib import blake2b


@dataclass(frozen=True)
class IndexDocument:
    """One published article, as plain values.

    Shape: `section_path` holds slugs from the root to the article's own section; `tags` and `people` hold
    (slug, name). `authors` are the slugs of those of the people who wrote it; `tag_aliases` are further names by which
    its tags are found, as (slug, name). `published_at` is aware.
    """

    id: str
    revision: int
    locale: str
    title: str
    dek: str
    summary: tuple[str, ...]
    text: str
    section_path: tuple[str, ...]
    section_name: str
    tags: tuple[tuple[str, str], ...]
    people: tuple[tuple[str, str], ...]
    published_at: datetime
    type: str = "article"
    authors: tuple[str, ...] = ()
    tag_aliases: tuple[tuple[str, str], ...] = ()

    @property
    def digest(self) -> int:
        """A number that another content has hardly ever: 64 bits, signed."""
        told = repr((*(getattr(self, field.name) for field in fields(self)),)).encode("utf-8", "surrogatepass")
        return int.from_bytes(blake2b(told, digest_size=8).digest(), "big", signed=True)
