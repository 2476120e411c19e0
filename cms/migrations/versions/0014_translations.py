"""Translations: which articles belong together, and what they were translated from"""

import hashlib

import orjson
import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

ROWS_AT_ONCE = 200
IS_LIVING = sa.text("deleted_at IS NULL AND group_id IS NOT NULL")


def upgrade() -> None:
    """Bring the tables to this step; published articles say from now on that they have no translations."""
    with op.batch_alter_table("articles", schema=None) as batch_op:
        batch_op.add_column(sa.Column("group_id", sa.Uuid(as_uuid=False), nullable=True))
        batch_op.add_column(sa.Column("translated_from_id", sa.Uuid(as_uuid=False), nullable=True))
        batch_op.add_column(sa.Column("translated_revision", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("source_digest", sa.String(length=40), nullable=True))
        batch_op.add_column(sa.Column("shown_revision", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("shown_digest", sa.String(length=40), nullable=True))
        batch_op.create_index(batch_op.f("ix_articles_translated_from_id"), ["translated_from_id"], unique=False)
        batch_op.create_index(
            "ix_articles_translations",
            ["group_id", "locale"],
            unique=True,
            sqlite_where=IS_LIVING,
            postgresql_where=IS_LIVING,
        )
    with op.batch_alter_table("documents", schema=None) as batch_op:
        batch_op.add_column(sa.Column("group_id", sa.Uuid(as_uuid=False), nullable=True))
        batch_op.add_column(sa.Column("translated_from_id", sa.Uuid(as_uuid=False), nullable=True))
        batch_op.add_column(sa.Column("is_stale", sa.Boolean(), server_default=sa.false(), nullable=False))
        batch_op.create_index(batch_op.f("ix_documents_group_id"), ["group_id"], unique=False)
    for table in ("documents", "embargoed_documents"):
        _say_that_there_are_none(table)


def _say_that_there_are_none(name: str) -> None:
    connection = op.get_bind()
    table = sa.table(
        name,
        sa.column("article_id", sa.Uuid(as_uuid=False)),
        sa.column("body", sa.LargeBinary()),
        sa.column("etag"),
    )
    last: str | None = None
    while True:
        # SQLite keeps bytes that were written as text as text, until it is told.
        kept = sa.cast(table.c.body, sa.LargeBinary())
        statement = sa.select(table.c.article_id, kept).order_by(table.c.article_id).limit(ROWS_AT_ONCE)
        rows = connection.execute(statement if last is None else statement.where(table.c.article_id > last)).all()
        if not rows:
            return
        for article_id, body in rows:
            new = _with_translations(bytes(body))
            values: dict[str, object] = {"body": new}
            values["etag"] = f'"{hashlib.blake2b(new, digest_size=12).hexdigest()}"'
            connection.execute(sa.update(table).where(table.c.article_id == article_id).values(values))
        last = rows[-1][0]


def _with_translations(body: bytes) -> bytes:
    """The document with an empty list in its place; the order of the other members stays."""
    whole: dict = {}
    for name, value in orjson.loads(body).items():
        if name in ("corrections", "seo") and "translations" not in whole:
            whole["translations"] = []
        whole[name] = value
    return orjson.dumps(whole)
