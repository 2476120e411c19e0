"""Bookmarks of readers, and how many there are of each article"""

import hashlib

import orjson
import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

ROWS_AT_ONCE = 200
IS_KEPT = sa.text("removed_at IS NULL")


def upgrade() -> None:
    """Bring the tables to this step; published articles say from now on that nobody keeps them."""
    op.create_table(
        "article_audience",
        sa.Column("article_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("bookmarks", sa.Integer(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("article_id", name=op.f("pk_article_audience")),
    )
    op.create_table(
        "reader_shelves",
        sa.Column("account_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("forgotten", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["reader_accounts.id"], name=op.f("fk_reader_shelves_account_id_reader_accounts")
        ),
        sa.PrimaryKeyConstraint("account_id", name=op.f("pk_reader_shelves")),
    )
    op.create_table(
        "reader_folders",
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("account_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("key", sa.String(length=320), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["reader_accounts.id"], name=op.f("fk_reader_folders_account_id_reader_accounts")
        ),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_reader_folders")),
        sa.UniqueConstraint("account_id", "key", name=op.f("uq_reader_folders_account_id_key")),
        sa.UniqueConstraint("id", name=op.f("uq_reader_folders_id")),
    )
    _make_bookmarks()
    for table in ("documents", "embargoed_documents"):
        _say_that_nobody_keeps_them(table)


def _make_bookmarks() -> None:
    op.create_table(
        "reader_bookmarks",
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("account_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("article_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("folder_id", sa.Uuid(as_uuid=False), nullable=True),
        sa.Column("placed", sa.BigInteger(), nullable=False),
        sa.Column("changed", sa.BigInteger(), nullable=False),
        sa.Column("availability", sa.String(length=12), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("removed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "availability IN ('published', 'unavailable', 'taken_down')",
            name=op.f("ck_reader_bookmarks_availability"),
        ),
        sa.ForeignKeyConstraint(
            ["account_id"], ["reader_accounts.id"], name=op.f("fk_reader_bookmarks_account_id_reader_accounts")
        ),
        sa.ForeignKeyConstraint(
            ["folder_id"], ["reader_folders.id"], name=op.f("fk_reader_bookmarks_folder_id_reader_folders")
        ),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_reader_bookmarks")),
        sa.UniqueConstraint("account_id", "article_id", name=op.f("uq_reader_bookmarks_account_id_article_id")),
        sa.UniqueConstraint("account_id", "changed", name=op.f("uq_reader_bookmarks_account_id_changed")),
    )
    with op.batch_alter_table("reader_bookmarks", schema=None) as batch_op:
        batch_op.create_index("ix_reader_bookmarks_newest", ["account_id", "placed"], unique=False)
        batch_op.create_index(
            "ix_reader_bookmarks_kept", ["article_id"], unique=False, sqlite_where=IS_KEPT, postgresql_where=IS_KEPT
        )
        batch_op.create_index(batch_op.f("ix_reader_bookmarks_folder_id"), ["folder_id"], unique=False)


def _say_that_nobody_keeps_them(name: str) -> None:
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
            new = _with_a_count(bytes(body))
            values: dict[str, object] = {"body": new}
            values["etag"] = f'"{hashlib.blake2b(new, digest_size=12).hexdigest()}"'
            connection.execute(sa.update(table).where(table.c.article_id == article_id).values(values))
        last = rows[-1][0]


def _with_a_count(body: bytes) -> bytes:
    """The document with the count in its place; the order of the other members stays."""
    whole: dict = {}
    for name, value in orjson.loads(body).items():
        if name == "share":
            whole["bookmarks"] = {"count": 0}
        whole[name] = value
    return orjson.dumps(whole)
