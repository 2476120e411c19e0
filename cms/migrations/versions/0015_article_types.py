"""Article types, and what published articles can be filtered by"""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the tables to this step. Published articles stay as they are: each has the type `article` already."""
    op.create_table(
        "article_types",
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("declared_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_article_types")),
    )
    with op.batch_alter_table("articles", schema=None) as batch_op:
        batch_op.add_column(sa.Column("type", sa.String(length=40), server_default="article", nullable=False))
    with op.batch_alter_table("documents", schema=None) as batch_op:
        batch_op.add_column(sa.Column("type", sa.String(length=40), server_default="article", nullable=False))
        batch_op.add_column(sa.Column("field_text", sa.Text(), server_default="", nullable=False))
        batch_op.create_index("ix_documents_type", ["type", "published_at", "number"], unique=False)
    op.create_table(
        "document_fields",
        sa.Column("article_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("field", sa.String(length=100), nullable=False),
        sa.Column("value", sa.String(length=200), nullable=False),
        sa.Column("amount", sa.Float(precision=53), nullable=True),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(
            ["article_id"], ["documents.article_id"], name=op.f("fk_document_fields_article_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("article_id", "field", "value", name=op.f("pk_document_fields")),
    )
    op.create_index(
        "ix_document_fields_newest", "document_fields", ["field", "value", "published_at", "number"], unique=False
    )
