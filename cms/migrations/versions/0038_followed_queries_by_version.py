"""Followed queries that another version of the search took apart are found by an index"""

from alembic import op

revision = "0038"
down_revision = "0037"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the tables to this step."""
    with op.batch_alter_table("followed_queries", schema=None) as batch_op:
        batch_op.create_index("ix_followed_queries_analysis", ["analysis"], unique=False)
