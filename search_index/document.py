"""What the index is told of an article."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class IndexDocument:
    """One published article, as plain values.

    Shape: `section_path` holds slugs from the root to the article's own section; `tags` and `people` hold
    (slug, name). `published_at` is aware.
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
