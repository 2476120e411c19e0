"""Published articles are found by their title"""

from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the tables to this step."""
    with op.batch_alter_table("documents", schema=None) as batch_op:
        batch_op.create_index("ix_documents_title", ["title"], unique=False)
