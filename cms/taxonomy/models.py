"""Tables of the taxonomy: sections (a tree), tags, people, sources, and the older names that still lead to them."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, PrimaryKeyConstraint, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from cms.platform.db import Instant, Json, RowNumber, Table, id_column


class Section(Table):
    """A part of the site. `path` holds the slugs from the root, each ended by `/`, for questions about subtrees.

    `place` is where it stands in the list of the whole tree: as `path`, with the position among siblings before each
    slug. `names` are its names by locale, `name` the one for every other locale. `related_half_life_days` says how fast
    its articles age in related lists; without it they do as those of the section above.
    """

    __tablename__ = "sections"

    number: Mapped[int] = mapped_column(RowNumber, primary_key=True, autoincrement=True)
    id: Mapped[str] = mapped_column(id_column(), unique=True)
    slug: Mapped[str] = mapped_column(String(120), unique=True)
    name: Mapped[str] = mapped_column(String(200))
    names: Mapped[dict[str, str]] = mapped_column(Json, default=dict)
    parent_id: Mapped[str | None] = mapped_column(id_column(), ForeignKey("sections.id"), index=True)
    path: Mapped[str] = mapped_column(String(1000), index=True)
    position: Mapped[int] = mapped_column(default=0)
    place: Mapped[str] = mapped_column(String(4000))
    related_half_life_days: Mapped[int | None]
    revision: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime] = mapped_column(Instant)


class Tag(Table):
    """A word that articles share. Its synonyms are rows of `WordAlias`."""

    __tablename__ = "tags"

    number: Mapped[int] = mapped_column(RowNumber, primary_key=True, autoincrement=True)
    id: Mapped[str] = mapped_column(id_column(), unique=True)
    slug: Mapped[str] = mapped_column(String(120), unique=True)
    name: Mapped[str] = mapped_column(String(200))
    names: Mapped[dict[str, str]] = mapped_column(Json, default=dict)
    revision: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime] = mapped_column(Instant)


class Person(Table):
    """Somebody who writes, edits or takes pictures. Public: readers see everything in here."""

    __tablename__ = "people"

    number: Mapped[int] = mapped_column(RowNumber, primary_key=True, autoincrement=True)
    id: Mapped[str] = mapped_column(id_column(), unique=True)
    slug: Mapped[str] = mapped_column(String(120), unique=True)
    name: Mapped[str] = mapped_column(String(200))
    names: Mapped[dict[str, str]] = mapped_column(Json, default=dict)
    bio: Mapped[str] = mapped_column(Text, default="")
    bios: Mapped[dict[str, str]] = mapped_column(Json, default=dict)
    roles: Mapped[list[str]] = mapped_column(Json, default=list)
    links: Mapped[list[dict[str, Any]]] = mapped_column(Json, default=list)
    revision: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime] = mapped_column(Instant)


class Source(Table):
    """Where a story comes from, such as an agency; found again by its name."""

    __tablename__ = "sources"

    number: Mapped[int] = mapped_column(RowNumber, primary_key=True, autoincrement=True)
    id: Mapped[str] = mapped_column(id_column(), unique=True)
    name: Mapped[str] = mapped_column(String(200), unique=True)
    url: Mapped[str] = mapped_column(String(2000), default="")
    revision: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime] = mapped_column(Instant)


class WordAlias(Table):
    """Another slug by which a word is found: one that it had, a synonym's, or that of a word merged into it.

    `key` is the slug, or the name of a source. `name` is a synonym as people write it, empty for what is none.
    `former_id` is the id of the word that was merged, so that what still names it finds the one that stayed.
    """

    __tablename__ = "word_aliases"
    __table_args__ = (PrimaryKeyConstraint("kind", "key"),)

    kind: Mapped[str] = mapped_column(String(10))
    key: Mapped[str] = mapped_column(String(200))
    word_id: Mapped[str] = mapped_column(id_column(), index=True)
    former_id: Mapped[str | None] = mapped_column(id_column(), index=True)
    name: Mapped[str] = mapped_column(String(200), default="")
    created_at: Mapped[datetime] = mapped_column(Instant)
