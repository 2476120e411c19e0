"""Front lists"""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the tables to this step."""
    op.create_table(
        "front_lists",
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("locale", sa.String(length=35), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("section_id", sa.Uuid(as_uuid=False), nullable=True),
        sa.Column("fill_section_id", sa.Uuid(as_uuid=False), nullable=True),
        sa.Column("fill_limit", sa.Integer(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["section_id"], ["sections.id"], name=op.f("fk_front_lists_section_id_sections")),
        sa.ForeignKeyConstraint(
            ["fill_section_id"], ["sections.id"], name=op.f("fk_front_lists_fill_section_id_sections")
        ),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_front_lists")),
        sa.UniqueConstraint("id", name=op.f("uq_front_lists_id")),
        sa.UniqueConstraint("name", "locale", name=op.f("uq_front_lists_name_locale")),
    )
    with op.batch_alter_table("front_lists", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_front_lists_section_id"), ["section_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_front_lists_fill_section_id"), ["fill_section_id"], unique=False)
    op.create_table(
        "front_list_entries",
        sa.Column("list_number", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("article_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("is_pinned", sa.Boolean(), nullable=False),
        sa.Column("from_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("until_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("title", sa.String(length=300), nullable=False),
        sa.ForeignKeyConstraint(
            ["list_number"],
            ["front_lists.number"],
            name=op.f("fk_front_list_entries_list_number_front_lists"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("list_number", "position", name=op.f("pk_front_list_entries")),
    )
    with op.batch_alter_table("front_list_entries", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_front_list_entries_article_id"), ["article_id"], unique=False)
