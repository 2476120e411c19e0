"""Tables of the working side: articles as editors have them, and every revision that was saved."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from cms.newsroom.rules import STATES
from cms.platform.db import Instant, Json, RowNumber, Table, id_column


class Article(Table):
    """The working copy. `revision` counts every change, lifecycle changes included, and is the ETag for editors.

    `state` is `draft` or `published`; `published_revision` is the revision that readers see, so a published article
    with a higher `revision` has changes that wait. `source_url` is where the source has this story. A deleted article
    keeps its row, with `deleted_at` and a slug that no other article can want.
    """

    __tablename__ = "articles"
    __table_args__ = (
        CheckConstraint(f"state IN {STATES}", name="state"),
        UniqueConstraint("locale", "slug"),
        Index("ix_articles_list", "updated_at", "number"),
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
    """One saved state of an article. `content` holds the fields that editors write, names by slug."""

    __tablename__ = "article_revisions"

    article_id: Mapped[str] = mapped_column(id_column(), ForeignKey("articles.id"), primary_key=True)
    revision: Mapped[int] = mapped_column(primary_key=True)
    action: Mapped[str] = mapped_column(String(20))
    content: Mapped[dict[str, Any]] = mapped_column(Json)
    actor_kind: Mapped[str] = mapped_column(String(20))
    actor_id: Mapped[str] = mapped_column(String(80))
    at: Mapped[datetime] = mapped_column(Instant)
