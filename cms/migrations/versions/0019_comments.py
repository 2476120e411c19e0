"""Comments of readers, and how many there are on each article"""

import hashlib

import orjson
import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

ROWS_AT_ONCE = 200


def upgrade() -> None:
    """Bring the tables to this step; published articles say from now on that they take comments and have none."""
    with op.batch_alter_table("article_audience", schema=None) as batch_op:
        batch_op.add_column(sa.Column("comments", sa.Integer(), server_default="0", nullable=False))
        batch_op.add_column(sa.Column("takes_comments", sa.Boolean(), server_default=sa.true(), nullable=False))
    _make_comments()
    _make_what_stands_by()
    for table in ("documents", "embargoed_documents"):
        _say_that_there_are_none(table)


def _make_comments() -> None:
    op.create_table(
        "comments",
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("article_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("account_id", sa.Uuid(as_uuid=False), nullable=True),
        sa.Column("parent_id", sa.Uuid(as_uuid=False), nullable=True),
        sa.Column("thread_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("depth", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("held_for", sa.String(length=10), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("likes", sa.Integer(), nullable=False),
        sa.Column("reports", sa.Integer(), nullable=False),
        sa.Column("reply_count", sa.Integer(), nullable=False),
        sa.Column("is_shown", sa.Boolean(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("edited_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by", sa.String(length=100), nullable=False),
        sa.CheckConstraint(
            "state IN ('approved', 'held', 'rejected', 'spam', 'deleted')", name=op.f("ck_comments_state")
        ),
        sa.CheckConstraint("held_for IN ('', 'pre', 'first', 'links', 'reports')", name=op.f("ck_comments_held_for")),
        sa.ForeignKeyConstraint(
            ["account_id"], ["reader_accounts.id"], name=op.f("fk_comments_account_id_reader_accounts")
        ),
        sa.ForeignKeyConstraint(["parent_id"], ["comments.id"], name=op.f("fk_comments_parent_id_comments")),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_comments")),
        sa.UniqueConstraint("id", name=op.f("uq_comments_id")),
    )
    with op.batch_alter_table("comments", schema=None) as batch_op:
        for name, *columns in (
            ("newest", "article_id", "parent_id", "is_shown", "number"),
            ("best", "article_id", "parent_id", "is_shown", "likes", "number"),
            ("state", "state", "number"),
            ("account", "account_id", "number"),
            ("parent_id", "parent_id"),
            ("thread_id", "thread_id"),
        ):
            batch_op.create_index(f"ix_comments_{name}", columns, unique=False)


def _make_what_stands_by() -> None:
    for name in ("comment_likes", "comment_reports"):
        own = [
            sa.Column("reason", sa.String(length=20), nullable=False),
            sa.Column("note", sa.Text(), nullable=False),
        ]
        op.create_table(
            name,
            sa.Column("comment_id", sa.Uuid(as_uuid=False), nullable=False),
            sa.Column("account_id", sa.Uuid(as_uuid=False), nullable=False),
            *(own if name == "comment_reports" else ()),
            sa.Column("at", sa.DateTime(timezone=True), nullable=False),
            sa.ForeignKeyConstraint(
                ["account_id"], ["reader_accounts.id"], name=op.f(f"fk_{name}_account_id_reader_accounts")
            ),
            sa.ForeignKeyConstraint(["comment_id"], ["comments.id"], name=op.f(f"fk_{name}_comment_id_comments")),
            sa.PrimaryKeyConstraint("comment_id", "account_id", name=op.f(f"pk_{name}")),
        )
        with op.batch_alter_table(name, schema=None) as batch_op:
            batch_op.create_index(batch_op.f(f"ix_{name}_account_id"), ["account_id"], unique=False)
    op.create_table(
        "reader_bans",
        sa.Column("account_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("by", sa.String(length=100), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["reader_accounts.id"], name=op.f("fk_reader_bans_account_id_reader_accounts")
        ),
        sa.PrimaryKeyConstraint("account_id", name=op.f("pk_reader_bans")),
    )
    op.create_table(
        "comment_modes",
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("subject_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("mode", sa.String(length=10), nullable=False),
        sa.CheckConstraint("mode IN ('post', 'pre', 'off')", name=op.f("ck_comment_modes_mode")),
        sa.PrimaryKeyConstraint("kind", "subject_id", name=op.f("pk_comment_modes")),
    )


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
            new = _with_comments(bytes(body))
            values: dict[str, object] = {"body": new}
            values["etag"] = f'"{hashlib.blake2b(new, digest_size=12).hexdigest()}"'
            connection.execute(sa.update(table).where(table.c.article_id == article_id).values(values))
        last = rows[-1][0]


def _with_comments(body: bytes) -> bytes:
    """The document with this in its place; the order of the other members stays."""
    whole: dict = {}
    for name, value in orjson.loads(body).items():
        if name == "bookmarks":
            whole["comments"] = {"count": 0, "is_enabled": True}
        whole[name] = value
    return orjson.dumps(whole)
