"""Redirects"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the tables to this step."""
    op.create_table(
        "redirects",
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("path", sa.String(length=600), nullable=False),
        sa.Column("article_id", sa.Uuid(as_uuid=False), nullable=True),
        sa.Column("target", sa.String(length=2000), nullable=False),
        sa.Column("target_path", sa.String(length=600), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_redirects")),
        sa.UniqueConstraint("id", name=op.f("uq_redirects_id")),
        sa.UniqueConstraint("path", name=op.f("uq_redirects_path")),
    )
    with op.batch_alter_table("redirects", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_redirects_article_id"), ["article_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_redirects_target_path"), ["target_path"], unique=False)
