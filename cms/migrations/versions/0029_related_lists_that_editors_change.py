"""Related lists that editors change, that hide what says nearly the same, and that age as their section says"""

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the tables to this step. Lists stay as they are until their next refresh, or the next sweep at the latest.

    The same sweep writes the sketches by which texts that are nearly the same are known.
    """
    with op.batch_alter_table("related_entries", schema=None) as batch_op:
        batch_op.add_column(sa.Column("pin", sa.Integer(), server_default="0", nullable=False))
        batch_op.add_column(sa.Column("is_hidden", sa.Boolean(), server_default=sa.false(), nullable=False))
    with op.batch_alter_table("sections", schema=None) as batch_op:
        batch_op.add_column(sa.Column("related_half_life_days", sa.Integer(), nullable=True))
    op.create_table(
        "document_sketches",
        sa.Column("article_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("sketch", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["article_id"], ["documents.article_id"], name=op.f("fk_document_sketches_article_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("article_id", name=op.f("pk_document_sketches")),
    )
    op.create_table(
        "related_arrangements",
        sa.Column("article_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("article_id", name=op.f("pk_related_arrangements")),
    )
    op.create_table(
        "related_choices",
        sa.Column("article_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("other_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("pin", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("article_id", "other_id", name=op.f("pk_related_choices")),
    )
    with op.batch_alter_table("related_choices", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_related_choices_other_id"), ["other_id"], unique=False)
