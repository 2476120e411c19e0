"""Sessions of readers"""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the tables to this step."""
    with op.batch_alter_table("reader_accounts", schema=None) as batch_op:
        batch_op.add_column(sa.Column("proven_from", sa.String(length=64), server_default="", nullable=False))
    op.create_table(
        "reader_sessions",
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("account_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("device", sa.String(length=120), nullable=False),
        sa.Column("network", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["reader_accounts.id"], name=op.f("fk_reader_sessions_account_id")),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_reader_sessions")),
        sa.UniqueConstraint("digest", name=op.f("uq_reader_sessions_digest")),
        sa.UniqueConstraint("id", name=op.f("uq_reader_sessions_id")),
    )
    with op.batch_alter_table("reader_sessions", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_reader_sessions_account_id"), ["account_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_reader_sessions_expires_at"), ["expires_at"], unique=False)


def downgrade() -> None:
    """Go back to the step before."""
    op.drop_table("reader_sessions")
    with op.batch_alter_table("reader_accounts", schema=None) as batch_op:
        batch_op.drop_column("proven_from")
