"""Documents, sounds, videos and texts beside pictures, and the attachments of an article in its document"""

import hashlib

import orjson
import sqlalchemy as sa
from alembic import op

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None

ROWS_AT_ONCE = 500
# The tables that hold documents; entries of lists name no attachments.
KEPT = ("documents", "embargoed_documents")


def upgrade() -> None:
    """Bring the tables to this step. No article could name anything but a picture before."""
    with op.batch_alter_table("assets", schema=None) as batch_op:
        batch_op.add_column(sa.Column("track_of", sa.Uuid(as_uuid=False), nullable=True))
        batch_op.add_column(sa.Column("track_kind", sa.String(length=20), nullable=True))
        batch_op.add_column(sa.Column("track_locale", sa.String(length=35), nullable=True))
        batch_op.create_foreign_key(batch_op.f("fk_assets_track_of"), "assets", ["track_of"], ["id"])
        batch_op.create_index("uq_assets_track", ["track_of", "track_kind", "track_locale"], unique=True)
    for name in KEPT:
        _say_that_there_are_none(name)


def _say_that_there_are_none(name: str) -> None:
    connection = op.get_bind()
    table = sa.table(
        name, sa.column("article_id", sa.Uuid(as_uuid=False)), sa.column("body", sa.LargeBinary()), sa.column("etag"),
        sa.column("packed", sa.LargeBinary()),
    )  # fmt: skip
    last = None
    while True:
        # SQLite keeps bytes that were written as text as text, until it is told.
        read = sa.select(table.c.article_id, sa.cast(table.c.body, sa.LargeBinary())).order_by(table.c.article_id)
        rows = connection.execute((read if last is None else read.where(table.c.article_id > last)).limit(ROWS_AT_ONCE))
        found = rows.all()
        if not found:
            return
        for article_id, body in found:
            after = _with_no_attachments(bytes(body))
            values: dict[str, object] = {
                "body": after,
                "etag": f'"{hashlib.blake2b(after, digest_size=12).hexdigest()}"',
            }
            if name == "documents":
                values["packed"] = None
            connection.execute(sa.update(table).where(table.c.article_id == article_id).values(values))
        last = found[-1][0]


def _with_no_attachments(body: bytes) -> bytes:
    """The document with an empty list in its place; the order of the other members stays."""
    whole: dict = {}
    for name, value in orjson.loads(body).items():
        if name == "tags":
            whole["attachments"] = []
        whole[name] = value
    return orjson.dumps(whole)
