"""Tokens know who was shown them"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the tables to this step."""
    with op.batch_alter_table("api_tokens", schema=None) as batch_op:
        batch_op.add_column(sa.Column("issued_by", sa.String(length=100), server_default="", nullable=False))
        batch_op.add_column(sa.Column("previous_by", sa.String(length=100), server_default="", nullable=False))
        batch_op.create_index(batch_op.f("ix_api_tokens_issued_by"), ["issued_by"], unique=False)
