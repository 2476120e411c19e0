"""Limits by the instant at which the whole quota is there again"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the tables to this step."""
    op.create_table(
        "limit_quotas",
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("full_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_limit_quotas")),
    )
    op.create_index(op.f("ix_limit_quotas_full_at"), "limit_quotas", ["full_at"], unique=False)
