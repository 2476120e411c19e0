"""Tables of the published side. Everything in them can be computed again from the working side and the events."""

from datetime import datetime
from typing import Any

from sqlalchemy import Float, ForeignKey, Index, LargeBinary, String, Text, UniqueConstraint, false, text, true
from sqlalchemy.orm import Mapped, mapped_column

from cms.platform.db import Instant, Json, RowNumber, Table, id_column


class Document(Table):
    """A published article, as apps read it.

    `content` is what the publish wrote down; `reading_time` and the related list are derived later. `body` is the
    finished JSON of the article, put together once per change, and `packed` the same compressed, once a worker came to
    it; `cache_keys` are what caches may forget it by, with spaces between them.
    `field_text` is what of the article's own fields is searched in.
    `etag` changes with `body`, `revision` does not change with derived parts. `section_path` is the section's path as
    in `Section.path`, or empty. `has_lost_related` marks a list that fell below what is shown and waits to be refilled.
    `title_key` is the same for titles that differ in spelling of no weight (`headline_key`).
    `previous_id` and `next_id` are the articles that it names as published before and after it.
    Documents of one `group_id` are translations of one another; `is_stale` says that this one lags behind the one that
    it was translated from.
    """

    __tablename__ = "documents"
    __table_args__ = (
        UniqueConstraint("locale", "slug"),
        Index("ix_documents_headline", "title_key", "locale"),
        Index("ix_documents_newest", "published_at", "number"),
        Index("ix_documents_locale", "locale", "published_at", "number"),
        Index("ix_documents_type", "type", "published_at", "number"),
        Index("ix_documents_updated", "updated_at", "number"),
        Index("ix_documents_beside", "section_path", "locale", "published_at", "number"),
        Index(
            "ix_documents_previous",
            "previous_id",
            sqlite_where=text("previous_id IS NOT NULL"),
            postgresql_where=text("previous_id IS NOT NULL"),
        ),
        Index(
            "ix_documents_next",
            "next_id",
            sqlite_where=text("next_id IS NOT NULL"),
            postgresql_where=text("next_id IS NOT NULL"),
        ),
        Index(
            "ix_documents_lost_related",
            "article_id",
            sqlite_where=text("has_lost_related"),
            postgresql_where=text("has_lost_related"),
        ),
    )

    article_id: Mapped[str] = mapped_column(id_column(), primary_key=True)
    number: Mapped[int] = mapped_column(RowNumber, unique=True)
    revision: Mapped[int]
    type: Mapped[str] = mapped_column(String(40), default="article", server_default="article")
    locale: Mapped[str] = mapped_column(String(35))
    slug: Mapped[str] = mapped_column(String(120))
    section_path: Mapped[str] = mapped_column(String(1000))
    title: Mapped[str] = mapped_column(String(300))
    title_key: Mapped[str] = mapped_column(String(32), default="", server_default="")
    published_at: Mapped[datetime] = mapped_column(Instant)
    updated_at: Mapped[datetime] = mapped_column(Instant)
    content: Mapped[dict[str, Any]] = mapped_column(Json)
    text: Mapped[str] = mapped_column(Text)
    field_text: Mapped[str] = mapped_column(Text, default="", server_default="")
    image_count: Mapped[int]
    reading_time: Mapped[dict[str, Any] | None] = mapped_column(Json)
    body: Mapped[bytes] = mapped_column(LargeBinary)
    packed: Mapped[bytes | None] = mapped_column(LargeBinary)
    etag: Mapped[str] = mapped_column(String(40))
    cache_keys: Mapped[str] = mapped_column(Text, default="", server_default="")
    changed_at: Mapped[datetime] = mapped_column(Instant)
    has_lost_related: Mapped[bool] = mapped_column(default=False)
    group_id: Mapped[str | None] = mapped_column(id_column(), index=True)
    translated_from_id: Mapped[str | None] = mapped_column(id_column())
    previous_id: Mapped[str | None] = mapped_column(id_column())
    next_id: Mapped[str | None] = mapped_column(id_column())
    is_stale: Mapped[bool] = mapped_column(default=False)


class Audience(Table):
    """How many readers act on an article, as it was counted last. It outlives the document: who comes back is counted.

    Written by `audience.py` alone; an article without a row has no readers who did anything.
    """

    __tablename__ = "article_audience"

    article_id: Mapped[str] = mapped_column(id_column(), primary_key=True)
    bookmarks: Mapped[int] = mapped_column(default=0, server_default="0")
    comments: Mapped[int] = mapped_column(default=0, server_default="0")
    takes_comments: Mapped[bool] = mapped_column(default=True, server_default=true())


class DocumentCard(Table):
    """The entry of a published article in lists, finished like its document, in a row that is read in one piece.

    `mark` stands for the bytes of the card in the ETags of lists; all are of one length (`mark_of`).
    """

    __tablename__ = "document_cards"

    number: Mapped[int] = mapped_column(
        RowNumber, ForeignKey("documents.number", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    locale: Mapped[str] = mapped_column(String(35))
    type: Mapped[str] = mapped_column(String(40))
    card: Mapped[bytes] = mapped_column(LargeBinary)
    mark: Mapped[str] = mapped_column(String(24))


class DocumentSection(Table):
    """A section of a published article or one above it, so that a subtree's newest articles are one range read."""

    __tablename__ = "document_sections"
    __table_args__ = (
        Index("ix_document_sections_newest", "section", "published_at", "number"),
        Index("ix_document_sections_locale", "section", "locale", "published_at", "number"),
    )

    article_id: Mapped[str] = mapped_column(
        id_column(), ForeignKey("documents.article_id", ondelete="CASCADE"), primary_key=True
    )
    section: Mapped[str] = mapped_column(String(120), primary_key=True)
    locale: Mapped[str] = mapped_column(String(35), default="", server_default="")
    published_at: Mapped[datetime] = mapped_column(Instant)
    number: Mapped[int] = mapped_column(RowNumber)


class DocumentTag(Table):
    """A tag of a published article; with the instant, so that a tag's newest articles are one range read."""

    __tablename__ = "document_tags"
    __table_args__ = (Index("ix_document_tags_newest", "tag", "published_at", "number"),)

    article_id: Mapped[str] = mapped_column(
        id_column(), ForeignKey("documents.article_id", ondelete="CASCADE"), primary_key=True
    )
    tag: Mapped[str] = mapped_column(String(120), primary_key=True)
    published_at: Mapped[datetime] = mapped_column(Instant)
    number: Mapped[int] = mapped_column(RowNumber)


class DocumentAuthor(Table):
    """An author of a published article."""

    __tablename__ = "document_authors"
    __table_args__ = (Index("ix_document_authors_newest", "author", "published_at", "number"),)

    article_id: Mapped[str] = mapped_column(
        id_column(), ForeignKey("documents.article_id", ondelete="CASCADE"), primary_key=True
    )
    author: Mapped[str] = mapped_column(String(120), primary_key=True)
    published_at: Mapped[datetime] = mapped_column(Instant)
    number: Mapped[int] = mapped_column(RowNumber)


class Tombstone(Table):
    """An article that was taken down, for readers who come back to it. `reason` is public and may be empty."""

    __tablename__ = "tombstones"
    __table_args__ = (Index("ix_tombstones_place", "locale", "slug"),)

    article_id: Mapped[str] = mapped_column(id_column(), primary_key=True)
    locale: Mapped[str] = mapped_column(String(35))
    slug: Mapped[str] = mapped_column(String(120))
    taken_down_at: Mapped[datetime] = mapped_column(Instant)
    reason: Mapped[str] = mapped_column(Text)


class DocumentWord(Table):
    """A word of the taxonomy that a published article shows, by its id: so a change of the word finds the article.

    `role` is what it is there: section, tag, author, editor or source.
    """

    __tablename__ = "document_words"

    article_id: Mapped[str] = mapped_column(
        id_column(), ForeignKey("documents.article_id", ondelete="CASCADE"), primary_key=True
    )
    position: Mapped[int] = mapped_column(primary_key=True)
    role: Mapped[str] = mapped_column(String(10))
    word_id: Mapped[str] = mapped_column(id_column(), index=True)


class DocumentField(Table):
    """A value of a field that readers can filter by: `value` to be the same as, `amount` where there is more and less.

    Only what the article's type declares as filterable is here, so nothing else can be asked about.
    """

    __tablename__ = "document_fields"
    __table_args__ = (Index("ix_document_fields_newest", "field", "value", "published_at", "number"),)

    article_id: Mapped[str] = mapped_column(
        id_column(), ForeignKey("documents.article_id", ondelete="CASCADE"), primary_key=True
    )
    field: Mapped[str] = mapped_column(String(100), primary_key=True)
    value: Mapped[str] = mapped_column(String(200), primary_key=True)
    amount: Mapped[float | None] = mapped_column(Float(53))
    published_at: Mapped[datetime] = mapped_column(Instant)
    number: Mapped[int] = mapped_column(RowNumber)


class RelatedEntry(Table):
    """One neighbour of a published article. More are kept than are shown, so that a list that loses one has spares.

    `pin` is the place that an editor gave it, from 1; 0 for what was found. A hidden one says nearly the same as one
    before it, and takes its place when that one goes.
    """

    __tablename__ = "related_entries"

    article_id: Mapped[str] = mapped_column(
        id_column(), ForeignKey("documents.article_id", ondelete="CASCADE"), primary_key=True
    )
    other_id: Mapped[str] = mapped_column(
        id_column(), ForeignKey("documents.article_id", ondelete="CASCADE"), primary_key=True, index=True
    )
    score: Mapped[float] = mapped_column(Float(53))
    why: Mapped[list[str]] = mapped_column(Json)
    pin: Mapped[int] = mapped_column(default=0, server_default="0")
    is_hidden: Mapped[bool] = mapped_column(default=False, server_default=false())


class DocumentSketch(Table):
    """By what the text of a published article is known again in one that says nearly the same (`text/sketches.py`)."""

    __tablename__ = "document_sketches"

    article_id: Mapped[str] = mapped_column(
        id_column(), ForeignKey("documents.article_id", ondelete="CASCADE"), primary_key=True
    )
    sketch: Mapped[bytes] = mapped_column(LargeBinary)


class DocumentTerm(Table):
    """One of the strongest terms of a published article with its weight in the normalised vector."""

    __tablename__ = "document_terms"
    __table_args__ = (Index("ix_document_terms_term", "term", "article_id", "weight"),)

    article_id: Mapped[str] = mapped_column(
        id_column(), ForeignKey("documents.article_id", ondelete="CASCADE"), primary_key=True
    )
    term: Mapped[str] = mapped_column(String(80), primary_key=True)
    weight: Mapped[float] = mapped_column(Float(53))


class TermFrequency(Table):
    """In how many published articles of a language a term was found when the vocabulary was last fitted.

    The row with the empty term counts the articles of that language.
    """

    __tablename__ = "term_frequencies"

    language: Mapped[str] = mapped_column(String(35), primary_key=True)
    term: Mapped[str] = mapped_column(String(80), primary_key=True)
    documents: Mapped[int]
