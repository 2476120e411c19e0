"""All states of an article, notes of revisions, corrections, tombstones"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

STATES = (
    "'draft', 'submitted', 'approved', 'rejected', 'scheduled', 'published', 'unpublished', 'taken_down', 'archived'"
)


def upgrade() -> None:
    """Bring the tables to this step."""
    json = sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql")
    with op.batch_alter_table("articles", schema=None) as batch_op:
        batch_op.add_column(sa.Column("taken_down_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("rejection_note", sa.Text(), server_default="", nullable=False))
        batch_op.add_column(sa.Column("corrections", json, server_default="[]", nullable=False))
        batch_op.drop_constraint(op.f("ck_articles_state"), type_="check")
        batch_op.create_check_constraint(op.f("ck_articles_state"), f"state IN ({STATES})")
        batch_op.create_index(
            "ix_articles_trash",
            ["deleted_at"],
            unique=False,
            sqlite_where=sa.text("deleted_at IS NOT NULL"),
            postgresql_where=sa.text("deleted_at IS NOT NULL"),
        )
    # What readers saw once and see no more was called a draft before; from now on it is told apart.
    op.execute("UPDATE articles SET state = 'unpublished' WHERE state = 'draft' AND first_published_at IS NOT NULL")
    with op.batch_alter_table("article_revisions", schema=None) as batch_op:
        batch_op.add_column(sa.Column("note", sa.Text(), server_default="", nullable=False))
    op.create_table(
        "tombstones",
        sa.Column("article_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("locale", sa.String(length=35), nullable=False),
        sa.Column("slug", sa.String(length=120), nullable=False),
        sa.Column("taken_down_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("article_id", name=op.f("pk_tombstones")),
    )
    with op.batch_alter_table("tombstones", schema=None) as batch_op:
        batch_op.create_index("ix_tombstones_place", ["locale", "slug"], unique=False)
