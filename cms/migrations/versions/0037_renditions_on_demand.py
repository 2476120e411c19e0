"""Renditions that are made when they are asked for, and the files that a document shows among its keys for caches"""

import orjson
import sqlalchemy as sa
from alembic import op

revision = "0037"
down_revision = "0036"
branch_labels = None
depends_on = None

ROWS_AT_ONCE = 500


def upgrade() -> None:
    """Bring the tables to this step. All renditions were made without being asked for before."""
    with op.batch_alter_table("asset_files", schema=None) as batch_op:
        batch_op.add_column(sa.Column("is_on_demand", sa.Boolean(), server_default=sa.false(), nullable=False))
    _name_files()


def _name_files() -> None:
    """Documents that show files go out with absolute addresses of their pictures, which their keys tell."""
    connection = op.get_bind()
    table = sa.table(
        "documents", sa.column("article_id", sa.Uuid(as_uuid=False)), sa.column("body", sa.LargeBinary()),
        sa.column("cache_keys", sa.Text()),
    )  # fmt: skip
    uses = sa.table("asset_uses", sa.column("article_id", sa.Uuid(as_uuid=False)), sa.column("place", sa.String()))
    shown = sa.select(uses.c.article_id).where(uses.c.place == "shown")
    last = None
    while True:
        # SQLite keeps bytes that were written as text as text, until it is told.
        columns = (table.c.article_id, sa.cast(table.c.body, sa.LargeBinary()), table.c.cache_keys)
        read = sa.select(*columns).where(table.c.article_id.in_(shown)).order_by(table.c.article_id)
        rows = connection.execute((read if last is None else read.where(table.c.article_id > last)).limit(ROWS_AT_ONCE))
        found = rows.all()
        if not found:
            return
        for article_id, body, keys in found:
            whole = orjson.loads(bytes(body))
            named = [f"asset-{one['id']}" for one in (*whole["images"], *whole["attachments"])]
            after = " ".join(dict.fromkeys([*keys.split(), *named]))
            connection.execute(sa.update(table).where(table.c.article_id == article_id).values(cache_keys=after))
        last = found[-1][0]
