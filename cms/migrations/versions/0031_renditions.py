"""Renditions: the sizes and crops in which readers get pictures"""

import sqlalchemy as sa
from alembic import op

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the tables to this step. Pictures that were sent before are rendered by themselves after the update."""
    with op.batch_alter_table("assets", schema=None) as batch_op:
        batch_op.add_column(sa.Column("rendered_as", sa.String(length=32), server_default="", nullable=False))
        batch_op.create_index(batch_op.f("ix_assets_rendered_as"), ["rendered_as"], unique=False)
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "asset_files",
        sa.Column("number", number, autoincrement=True, nullable=False),
        sa.Column("asset_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("preset", sa.String(length=20), nullable=False),
        sa.Column("format", sa.String(length=8), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("byte_count", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("retired_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["asset_id"], ["assets.id"], name=op.f("fk_asset_files_asset_id")),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_asset_files")),
    )
    is_retired = sa.text("retired_at IS NOT NULL")
    op.create_index("ix_asset_files_asset", "asset_files", ["asset_id", "preset", "format", "width"], unique=False)
    op.create_index(op.f("ix_asset_files_sha256"), "asset_files", ["sha256"], unique=False)
    op.create_index(
        "ix_asset_files_retired", "asset_files", ["retired_at"], unique=False, sqlite_where=is_retired,
        postgresql_where=is_retired,
    )  # fmt: skip
