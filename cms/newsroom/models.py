"""Tables of the working side: articles as editors have them, and every revision that was saved."""

from datetime import datetime
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    LargeBinary,
    String,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from cms.newsroom.revisions.packing import content_in, standing_in
from cms.newsroom.revisions.rules import LONGEST_AUTHOR
from cms.newsroom.rules import STATES
from cms.platform.db import Instant, Json, RowNumber, Table, id_column

IS_DELETED = text("deleted_at IS NOT NULL")
IS_LIVING = text("deleted_at IS NULL AND group_id IS NOT NULL")


class Article(Table):
    """The working copy. `revision` counts every change, lifecycle changes included, and is the ETag for editors.

    `published_revision` is the revision that readers see, so a published article with a higher `revision` has changes
    that wait. `source_url` is where the source has this story. An article in the trash has `deleted_at` and a slug
    that no other article can want. `rejection_note` is there while it is rejected. `corrections` are those that readers
    are told of, oldest first: `[{"at", "note", "revision"}]`.

    Articles of one `group_id` are translations of one another, one per language. `translated_from_id` is the one that
    this one was translated from, at its `translated_revision`, whose words had the `source_digest`. `shown_revision`
    and `shown_digest` are of the words that readers of this article were shown last, and stay when it is taken away.
    """

    __tablename__ = "articles"
    __table_args__ = (
        CheckConstraint(f"state IN {STATES}", name="state"),
        UniqueConstraint("locale", "slug"),
        Index("ix_articles_list", "updated_at", "number"),
        Index("ix_articles_trash", "deleted_at", sqlite_where=IS_DELETED, postgresql_where=IS_DELETED),
        Index(
            "ix_articles_translations",
            "group_id",
            "locale",
            unique=True,
            sqlite_where=IS_LIVING,
            postgresql_where=IS_LIVING,
        ),
    )

    number: Mapped[int] = mapped_column(RowNumber, primary_key=True, autoincrement=True)
    id: Mapped[str] = mapped_column(id_column(), unique=True)
    state: Mapped[str] = mapped_column(String(12), index=True)
    revision: Mapped[int]
    type: Mapped[str] = mapped_column(String(40), default="article", server_default="article")
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
    group_id: Mapped[str | None] = mapped_column(id_column())
    translated_from_id: Mapped[str | None] = mapped_column(id_column(), index=True)
    translated_revision: Mapped[int | None]
    source_digest: Mapped[str | None] = mapped_column(String(40))
    shown_revision: Mapped[int | None]
    shown_digest: Mapped[str | None] = mapped_column(String(40))


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


class RevisionText(Table):
    """A body of an article, compressed, once for all of its revisions that have it. `digest` is what it is known by."""

    __tablename__ = "article_revision_texts"

    article_id: Mapped[str] = mapped_column(id_column(), ForeignKey("articles.id"), primary_key=True)
    digest: Mapped[str] = mapped_column(String(40), primary_key=True)
    packed: Mapped[bytes] = mapped_column(LargeBinary)


class Revision(Table):
    """One saved state of an article: `content` holds the fields that editors write, names by slug.

    `packed` and the text that `text_digest` names hold it in the form of `packing.py`. `note` is what its author said
    of it, or empty. `is_weighed` says that thinning has decided about it; the others are looked at when they are old.
    """

    __tablename__ = "article_revisions"
    __table_args__ = (
        ForeignKeyConstraint(
            ["article_id", "text_digest"],
            ["article_revision_texts.article_id", "article_revision_texts.digest"],
            name="fk_article_revisions_text",
        ),
        Index(
            "ix_article_revisions_unweighed",
            "at",
            sqlite_where=text("NOT is_weighed"),
            postgresql_where=text("NOT is_weighed"),
        ),
    )

    article_id: Mapped[str] = mapped_column(id_column(), ForeignKey("articles.id"), primary_key=True)
    revision: Mapped[int] = mapped_column(primary_key=True)
    action: Mapped[str] = mapped_column(String(20))
    packed: Mapped[bytes] = mapped_column(LargeBinary)
    text_digest: Mapped[str] = mapped_column(String(40))
    note: Mapped[str] = mapped_column(Text)
    actor_kind: Mapped[str] = mapped_column(String(20))
    actor_id: Mapped[str] = mapped_column(String(80))
    actor_name: Mapped[str] = mapped_column(String(LONGEST_AUTHOR))
    at: Mapped[datetime] = mapped_column(Instant)
    is_weighed: Mapped[bool]
    kept_text: Mapped[RevisionText] = relationship(viewonly=True, lazy="joined", innerjoin=True)

    @property
    def content(self) -> dict[str, Any]:
        """The fields that editors write, unpacked anew at each look."""
        return content_in(self.packed, self.kept_text.packed)

    @property
    def standing(self) -> dict[str, Any]:
        """Where the article stood when this was saved; instants as text."""
        return standing_in(self.packed)
