"""Revisions are kept compressed, with notes; articles have leases

Every revision is rewritten, with the article's standing at its time, and reads as before.
"""

import zlib
from collections.abc import Iterator
from hashlib import blake2b
from typing import Any

import orjson
import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

AT_ONCE = 200
# SQLite gives instants without their zone, which is UTC.
OPTIONS = orjson.OPT_SORT_KEYS | orjson.OPT_UTC_Z | orjson.OPT_NAIVE_UTC
NAMES = ("state", "published_revision", "published_at", "first_published_at")
INSTANT = sa.DateTime(timezone=True)
OLD = sa.table(
    "article_revisions",
    sa.column("article_id", sa.Uuid(as_uuid=False)),
    sa.column("revision", sa.Integer()),
    sa.column("action", sa.String()),
    sa.column("content", sa.JSON().with_variant(postgresql.JSONB(), "postgresql")),
    sa.column("at", INSTANT),
    sa.column("packed", sa.LargeBinary()),
    sa.column("text_digest", sa.String()),
    sa.column("is_weighed", sa.Boolean()),
)
TEXTS = sa.table(
    "article_revision_texts",
    sa.column("article_id", sa.Uuid(as_uuid=False)),
    sa.column("digest", sa.String()),
    sa.column("packed", sa.LargeBinary()),
)
ARTICLES = sa.table(
    "articles",
    sa.column("id", sa.Uuid(as_uuid=False)),
    sa.column("published_revision", sa.Integer()),
    sa.column("published_at", INSTANT),
    sa.column("first_published_at", INSTANT),
)


def upgrade() -> None:
    """Bring the tables to this step."""
    op.create_table(
        "article_revision_texts",
        sa.Column("article_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("digest", sa.String(length=40), nullable=False),
        sa.Column("packed", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["article_id"], ["articles.id"], name=op.f("fk_article_revision_texts_article_id")),
        sa.PrimaryKeyConstraint("article_id", "digest", name=op.f("pk_article_revision_texts")),
    )
    op.create_table(
        "article_leases",
        sa.Column("article_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("holder_kind", sa.String(length=20), nullable=False),
        sa.Column("holder_id", sa.String(length=80), nullable=False),
        sa.Column("holder_name", sa.String(length=120), nullable=False),
        sa.Column("taken_at", INSTANT, nullable=False),
        sa.Column("renewed_at", INSTANT, nullable=False),
        sa.Column("expires_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(["article_id"], ["articles.id"], name=op.f("fk_article_leases_article_id")),
        sa.PrimaryKeyConstraint("article_id", name=op.f("pk_article_leases")),
    )
    with op.batch_alter_table("article_leases", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_article_leases_expires_at"), ["expires_at"], unique=False)
    with op.batch_alter_table("article_revisions", schema=None) as batch_op:
        batch_op.add_column(sa.Column("packed", sa.LargeBinary(), nullable=True))
        batch_op.add_column(sa.Column("text_digest", sa.String(length=40), nullable=True))
        batch_op.add_column(sa.Column("actor_name", sa.String(length=120), server_default="", nullable=False))
        batch_op.add_column(sa.Column("is_weighed", sa.Boolean(), server_default=sa.true(), nullable=False))
    _pack_all()
    with op.batch_alter_table("article_revisions", schema=None) as batch_op:
        batch_op.drop_column("content")
        batch_op.alter_column("packed", existing_type=sa.LargeBinary(), nullable=False)
        batch_op.alter_column("text_digest", existing_type=sa.String(length=40), nullable=False)
        for name, kind in (("actor_name", sa.String(120)), ("is_weighed", sa.Boolean())):
            batch_op.alter_column(name, existing_type=kind, server_default=None)
        batch_op.create_foreign_key(
            "fk_article_revisions_text",
            "article_revision_texts",
            ["article_id", "text_digest"],
            ["article_id", "digest"],
        )
    with op.batch_alter_table("article_revisions", schema=None) as batch_op:
        batch_op.create_index(
            "ix_article_revisions_unweighed",
            ["at"],
            unique=False,
            sqlite_where=sa.text("NOT is_weighed"),
            postgresql_where=sa.text("NOT is_weighed"),
        )


def _pack_all() -> None:
    connection = op.get_bind()
    texts: set[tuple[str, str]] = set()
    article: Any = None
    standing: dict[str, Any] = {}
    for row in _rows(connection):
        if article is None or article.id != row.article_id:
            article = connection.execute(sa.select(ARTICLES).where(ARTICLES.c.id == row.article_id)).one()
            standing, texts = {"state": "draft", **dict.fromkeys(NAMES[1:])}, set()
        standing = _after(standing, row, article)
        body = row.content.pop("body").encode()
        digest = blake2b(body, digest_size=20).hexdigest()
        if (row.article_id, digest) not in texts:
            texts.add((row.article_id, digest))
            text = {"article_id": row.article_id, "digest": digest, "packed": zlib.compress(body, 6)}
            connection.execute(sa.insert(TEXTS).values(text))
        whole = {"content": row.content, "standing": standing}
        packed = zlib.compress(orjson.dumps(whole, option=OPTIONS), 6)
        connection.execute(
            sa.update(OLD)
            .where(OLD.c.article_id == row.article_id, OLD.c.revision == row.revision)
            .values(packed=packed, text_digest=digest, is_weighed=row.action != "edited")
        )


def _rows(connection: sa.Connection) -> Iterator[Any]:
    place: Any = None
    while True:
        statement = sa.select(OLD.c.article_id, OLD.c.revision, OLD.c.action, OLD.c.content, OLD.c.at)
        if place is not None:
            statement = statement.where(
                sa.or_(
                    OLD.c.article_id > place[0],
                    sa.and_(OLD.c.article_id == place[0], OLD.c.revision > place[1]),
                )
            )
        rows = connection.execute(statement.order_by(OLD.c.article_id, OLD.c.revision).limit(AT_ONCE)).all()
        yield from rows
        if not rows:
            return
        place = (rows[-1].article_id, rows[-1].revision)


def _after(standing: dict[str, Any], row: Any, article: Any) -> dict[str, Any]:
    # An instant that an old publish was dated back to was not kept; the present one's was.
    if row.action in ("published", "corrected"):
        at = article.published_at if article.published_revision == row.revision else row.at
        return {
            "state": "published",
            "published_revision": row.revision,
            "published_at": at,
            "first_published_at": article.first_published_at,
        }
    if row.action in ("unpublished", "deleted", "taken_down", "archived"):
        state = row.action if row.action != "deleted" else "unpublished" if standing["first_published_at"] else "draft"
        return {**standing, "state": state, "published_revision": None, "published_at": None}
    return standing
