"""Words that mean the same to a search, and how often readers search for what"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)
JSON = sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql")
NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Bring the tables to this step. Nothing means the same as anything yet, and nothing was counted."""
    op.create_table(
        "synonym_sets",
        sa.Column("number", NUMBER, autoincrement=True, nullable=False),
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("locale", sa.String(length=35), nullable=False),
        sa.Column("words", JSON, nullable=False),
        sa.Column("is_one_way", sa.Boolean(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("updated_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_synonym_sets")),
        sa.UniqueConstraint("id", name=op.f("uq_synonym_sets_id")),
    )
    turn = op.create_table(
        "synonym_turn",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("turn", NUMBER, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_synonym_turn")),
    )
    op.bulk_insert(turn, [{"id": 1, "turn": 0}])
    op.create_table(
        "search_counts",
        sa.Column("day", sa.String(length=10), nullable=False),
        sa.Column("locale", sa.String(length=35), nullable=False),
        sa.Column("text", sa.String(length=60), nullable=False),
        sa.Column("searches", sa.Integer(), nullable=False),
        sa.Column("found_nothing", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("day", "locale", "text", name=op.f("pk_search_counts")),
    )
    op.create_index("ix_search_counts_rare", "search_counts", ["searches", "day"], unique=False)
