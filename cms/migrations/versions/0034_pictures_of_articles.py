"""Where assets are used, and the pictures of an article in its document"""

import hashlib

import orjson
import sqlalchemy as sa
from alembic import op

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None

ROWS_AT_ONCE = 500
# Each table with its key and the columns that hold a document or an entry of lists.
KEPT = (
    ("documents", "article_id", ("body",)),
    ("embargoed_documents", "article_id", ("body", "card")),
    ("document_cards", "number", ("card",)),
)


def upgrade() -> None:
    """Bring the tables to this step. No article could show an asset before, so each has no pictures."""
    with op.batch_alter_table("assets", schema=None) as batch_op:
        batch_op.add_column(sa.Column("told_of_until", sa.DateTime(timezone=True), nullable=True))
    op.create_table(
        "asset_uses",
        sa.Column("asset_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("article_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("place", sa.String(length=8), nullable=False),
        sa.CheckConstraint("place IN ('working', 'shown')", name=op.f("ck_asset_uses_place")),
        sa.ForeignKeyConstraint(["asset_id"], ["assets.id"], name=op.f("fk_asset_uses_asset_id")),
        sa.PrimaryKeyConstraint("asset_id", "article_id", "place", name=op.f("pk_asset_uses")),
    )
    op.create_index(op.f("ix_asset_uses_article_id"), "asset_uses", ["article_id"], unique=False)
    for name, key, columns in KEPT:
        _say_that_there_are_none(name, key, columns)


def _say_that_there_are_none(name: str, key: str, columns: tuple[str, ...]) -> None:
    connection = op.get_bind()
    kind = sa.BigInteger() if key == "number" else sa.Uuid(as_uuid=False)
    kept = [sa.column(column, sa.LargeBinary()) for column in columns]
    table = sa.table(
        name, sa.column(key, kind), *kept, sa.column("etag"), sa.column("mark"), sa.column("packed", sa.LargeBinary())
    )
    last = None
    while True:
        # SQLite keeps bytes that were written as text as text, until it is told.
        read = [sa.cast(column, sa.LargeBinary()) for column in kept]
        statement = sa.select(table.c[key], *read).order_by(table.c[key]).limit(ROWS_AT_ONCE)
        rows = connection.execute(statement if last is None else statement.where(table.c[key] > last)).all()
        if not rows:
            return
        for row in rows:
            values: dict[str, object] = {
                column: _with_no_pictures(bytes(body)) for column, body in zip(columns, row[1:], strict=True)
            }
            if "body" in values:
                values["etag"] = f'"{hashlib.blake2b(values["body"], digest_size=12).hexdigest()}"'  # type: ignore[arg-type]
            if name == "documents":
                values["packed"] = None
            if name == "document_cards":
                values["mark"] = hashlib.blake2b(values["card"], digest_size=12).hexdigest()  # type: ignore[arg-type]
            connection.execute(sa.update(table).where(table.c[key] == row[0]).values(values))
        last = rows[-1][0]


def _with_no_pictures(body: bytes) -> bytes:
    """The document or entry with its pictures in their place; the order of the other members stays."""
    whole: dict = {}
    for name, value in orjson.loads(body).items():
        if name == "tags":
            whole["images"] = []
        whole[name] = value
    return orjson.dumps(whole)
