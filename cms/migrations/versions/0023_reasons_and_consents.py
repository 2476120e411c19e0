"""All follows that an article is told for, and consents that are given and withdrawn later"""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Bring the tables to this step. The one follow that a match had is its first reason."""
    op.create_table(
        "reader_follow_reasons",
        sa.Column("match_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("follow_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.ForeignKeyConstraint(
            ["match_id"], ["reader_follow_matches.id"], name=op.f("fk_reader_follow_reasons_match_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("match_id", "follow_id", name=op.f("pk_reader_follow_reasons")),
    )  # fmt: skip
    op.execute(
        "INSERT INTO reader_follow_reasons (match_id, follow_id) SELECT id, follow_id FROM reader_follow_matches"
    )
    op.drop_index(op.f("ix_reader_follow_matches_follow_id"), table_name="reader_follow_matches")
    with op.batch_alter_table("reader_follow_matches", schema=None) as batch_op:
        batch_op.drop_column("follow_id")
    with op.batch_alter_table("reader_consents", schema=None) as batch_op:
        batch_op.add_column(sa.Column("given_by", sa.String(length=12), server_default="registration", nullable=False))
        batch_op.add_column(sa.Column("withdrawn_at", INSTANT, nullable=True))
