"""Tables of the working side: articles as editors have them, and every revision that was saved."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from cms.newsroom.rules import STATES
from cms.platform.db import Instant, Json, RowNumber, Table, id_column

IS_DELETED = text("deleted_at IS NOT NULL")


class Article(Table):
    """The working copy. `revision` counts every change, lifecycle changes included, and is the ETag for editors.

    `published_revision` is the revision that readers see, so a published article with a higher `revision` has changes
    that wait. `source_url` is where the source has this story. An article in the trash has `deleted_at` and a slug
    that no other article can want. `rejection_note` is there while it is rejected. `corrections` are those that readers
    are told of, oldest first: `[{"at", "note", "revision"}]`.
    """

    __tablename__ = "articles"
    __table_args__ = (
        CheckConstraint(f"state IN {STATES}", name="state"),
        UniqueConstraint("locale", "slug"),
        Index("ix_articles_list", "updated_at", "number"),
        Index("ix_articles_trash", "deleted_at", sqlite_where=IS_DELETED, postgresql_where=IS_DELETED),
    )

    number: Mapped[int] = mapped_column(RowNumber, primary_key=True, autoincrement=True)
    id: Mapped[str] = mapped_column(id_column(), unique=True)
    state: Mapped[str] = mapped_column(String(12), index=True)
    revision: Mapped[int]
    locale: Mapped[str] = mapped_column(String(35))
    slug: Mapped[str] = mapped_column(String(120))
    title: Mapped[str] = mapped_column(String(300))
    dek: Mapped[str] = mapped_column(Text)
    summary: Mapped[list[str]] = mapped_column(Json)
    body: Mapped[str] = mapped_column(Text)
    body_format: Mapped[str] = mapped_column(String(10))
    fields: Mapped[dict[str, Any]] = mapped_column(Json)
    section_id: Mapped[str | None] = mapped_column(id_column(), ForeignKey("sections.id"), index=True)
    editor_id: Mapped[str | None] = mapped_column(id_column(), ForeignKey("people.id"), index=True)
    source_id: Mapped[str | None] = mapped_column(id_column(), ForeignKey("sources.id"), index=True)
    source_url: Mapped[str] = mapped_column(String(2000))
    published_revision: Mapped[int | None]
    first_published_at: Mapped[datetime | None] = mapped_column(Instant)
    published_at: Mapped[datetime | None] = mapped_column(Instant)
    created_at: Mapped[datetime] = mapped_column(Instant)
    updated_at: Mapped[datetime] = mapped_column(Instant)
    deleted_at: Mapped[datetime | None] = mapped_column(Instant)
    taken_down_at: Mapped[datetime | None] = mapped_column(Instant)
    rejection_note: Mapped[str] = mapped_column(Text, default="")
    corrections: Mapped[list[dict[str, Any]]] = mapped_column(Json, default=list)


class ArticleTag(Table):
    """A tag of the working copy, in the editor's order."""

    __tablename__ = "article_tags"

    article_id: Mapped[str] = mapped_column(id_column(), ForeignKey("articles.id"), primary_key=True)
    tag_id: Mapped[str] = mapped_column(id_column(), ForeignKey("tags.id"), primary_key=True, index=True)
    position: Mapped[int]


class ArticleAuthor(Table):
    """An author of the working copy, in the order of the byline."""

    __tablename__ = "article_authors"

    article_id: Mapped[str] = mapped_column(id_column(), ForeignKey("articles.id"), primary_key=True)
    person_id: Mapped[str] = mapped_column(id_column(), ForeignKey("people.id"), primary_key=True, index=True)
    position: Mapped[int]


class Revision(Table):
    """One saved state of an article.

    `content` holds the fields that editors write, names by slug; `note` is what the actor says of the change.
    """

    __tablename__ = "article_revisions"

    article_id: Mapped[str] = mapped_column(id_column(), ForeignKey("articles.id"), primary_key=True)
    revision: Mapped[int] = mapped_column(primary_key=True)
    action: Mapped[str] = mapped_column(String(20))
    content: Mapped[dict[str, Any]] = mapped_column(Json)
    note: Mapped[str] = mapped_column(Text, default="")
    actor_kind: Mapped[str] = mapped_column(String(20))
    actor_id: Mapped[str] = mapped_column(String(80))
    at: Mapped[datetime] = mapped_column(Instant)
