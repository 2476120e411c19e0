"""Changes of what readers see, by number, and the versions that they saw before"""

import uuid
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)
NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
ID = sa.Uuid(as_uuid=False)
ROWS_AT_ONCE = 500


def upgrade() -> None:
    """Bring the tables to this step. Whatever is published is a change of when it was updated; nothing is known of the
    versions before."""
    op.create_table(
        "changes",
        sa.Column("number", NUMBER, autoincrement=True, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("article_id", ID, nullable=False),
        sa.Column("type", sa.String(length=30), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("shown_at", INSTANT, nullable=True),
        sa.Column("locale", sa.String(length=35), nullable=False),
        sa.Column("slug", sa.String(length=120), nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_changes")),
        sa.UniqueConstraint("article_id", name=op.f("uq_changes_article_id")),
        sqlite_autoincrement=True,
    )
    is_gone = sa.text("shown_at IS NULL")
    op.create_index(
        "ix_changes_gone", "changes", ["number"], unique=False, sqlite_where=is_gone, postgresql_where=is_gone
    )
    floor = op.create_table(
        "change_floor",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("number", NUMBER, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_change_floor")),
    )
    op.bulk_insert(floor, [{"id": 1, "number": 0}])
    op.create_table(
        "document_versions",
        sa.Column("number", NUMBER, autoincrement=True, nullable=False),
        sa.Column("article_id", ID, nullable=False),
        sa.Column("locale", sa.String(length=35), nullable=False),
        sa.Column("slug", sa.String(length=120), nullable=False),
        sa.Column("shown_at", INSTANT, nullable=False),
        sa.Column("replaced_at", INSTANT, nullable=False),
        sa.Column("kept", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_document_versions")),
    )
    op.create_index("ix_document_versions_article", "document_versions", ["article_id", "shown_at"], unique=False)
    op.create_index("ix_document_versions_place", "document_versions", ["locale", "slug", "shown_at"], unique=False)
    op.create_index("ix_document_versions_replaced", "document_versions", ["replaced_at"], unique=False)
    _fill()


def _fill() -> None:
    connection = op.get_bind()
    documents = sa.table(
        "documents", sa.column("article_id", ID), sa.column("number", NUMBER), sa.column("updated_at", INSTANT),
        sa.column("locale", sa.String()), sa.column("slug", sa.String()),
    )  # fmt: skip
    names = ("id", "article_id", "type", "at", "shown_at", "locale", "slug")
    types: dict[str, sa.types.TypeEngine[Any]] = {"id": ID, "article_id": ID, "at": INSTANT, "shown_at": INSTANT}
    changes = sa.table("changes", *(sa.column(name, types.get(name, sa.String())) for name in names))
    last = -1
    while True:
        statement = sa.select(documents).where(documents.c.number > last).order_by(documents.c.number)
        rows = connection.execute(statement.limit(ROWS_AT_ONCE)).all()
        if not rows:
            return
        values = [
            {
                "id": str(uuid.uuid4()), "article_id": row.article_id, "type": "article.published",
                "at": row.updated_at, "shown_at": row.updated_at, "locale": row.locale, "slug": row.slug,
            }
            for row in rows
        ]  # fmt: skip
        connection.execute(sa.insert(changes), values)
        last = rows[-1].number
