"""Removed bookmarks are found by their age"""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

IS_REMOVED = sa.text("removed_at IS NOT NULL")


def upgrade() -> None:
    """Bring the tables to this step."""
    with op.batch_alter_table("reader_bookmarks", schema=None) as batch_op:
        batch_op.create_index(
            "ix_reader_bookmarks_removed", ["removed_at"], unique=False, sqlite_where=IS_REMOVED,
            postgresql_where=IS_REMOVED,
        )  # fmt: skip
