"""What readers follow, the queries that wait for articles, what was told to whom, and digests"""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Bring the tables to this step."""
    op.create_table(
        "followed_queries",
        sa.Column("number", NUMBER, autoincrement=True, nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("text", sa.String(length=256), nullable=False),
        sa.Column("anchor", sa.String(length=200), nullable=False),
        sa.Column("analysis", sa.String(length=20), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_followed_queries")),
        sa.UniqueConstraint("key", name=op.f("uq_followed_queries_key")),
    )
    op.create_index(op.f("ix_followed_queries_anchor"), "followed_queries", ["anchor"], unique=False)
    op.create_table(
        "announced_articles",
        sa.Column("article_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("announced_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("article_id", name=op.f("pk_announced_articles")),
    )
    _of_readers()


def _of_readers() -> None:
    op.create_table(
        "reader_follows",
        sa.Column("number", NUMBER, autoincrement=True, nullable=False),
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("account_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("target", sa.String(length=64), nullable=False),
        sa.Column("query", sa.String(length=256), nullable=False),
        sa.Column("locale", sa.String(length=35), nullable=False),
        sa.Column("frequency", sa.String(length=8), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.CheckConstraint("kind IN ('section', 'tag', 'author', 'query')", name=op.f("ck_reader_follows_kind")),
        sa.CheckConstraint("frequency IN ('instant', 'daily', 'off')", name=op.f("ck_reader_follows_frequency")),
        sa.ForeignKeyConstraint(["account_id"], ["reader_accounts.id"], name=op.f("fk_reader_follows_account_id")),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_reader_follows")),
        sa.UniqueConstraint("id", name=op.f("uq_reader_follows_id")),
        sa.UniqueConstraint(
            "account_id", "kind", "target", "locale", name=op.f("uq_reader_follows_account_id_kind_target_locale")
        ),
    )
    op.create_index("ix_reader_follows_target", "reader_follows", ["target", "account_id"], unique=False)
    op.create_table(
        "reader_follow_matches",
        sa.Column("number", NUMBER, autoincrement=True, nullable=False),
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("account_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("article_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("follow_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("frequency", sa.String(length=8), nullable=False),
        sa.Column("digest_id", sa.Uuid(as_uuid=False), nullable=True),
        sa.Column("matched_at", INSTANT, nullable=False),
        sa.CheckConstraint("frequency IN ('instant', 'daily')", name=op.f("ck_reader_follow_matches_frequency")),
        sa.ForeignKeyConstraint(
            ["account_id"], ["reader_accounts.id"], name=op.f("fk_reader_follow_matches_account_id")
        ),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_reader_follow_matches")),
        sa.UniqueConstraint("id", name=op.f("uq_reader_follow_matches_id")),
        sa.UniqueConstraint("account_id", "article_id", name=op.f("uq_reader_follow_matches_account_id_article_id")),
    )
    for column in ("follow_id", "digest_id", "matched_at"):
        op.create_index(op.f(f"ix_reader_follow_matches_{column}"), "reader_follow_matches", [column], unique=False)
    op.create_table(
        "reader_digest_plans",
        sa.Column("account_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("hour", sa.Integer(), nullable=True),
        sa.Column("time_zone", sa.String(length=64), nullable=True),
        sa.Column("due_at", INSTANT, nullable=True),
        sa.Column("last_period", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["reader_accounts.id"], name=op.f("fk_reader_digest_plans_account_id")),
        sa.PrimaryKeyConstraint("account_id", name=op.f("pk_reader_digest_plans")),
    )
    op.create_index(op.f("ix_reader_digest_plans_due_at"), "reader_digest_plans", ["due_at"], unique=False)
    op.create_table(
        "reader_digests",
        sa.Column("number", NUMBER, autoincrement=True, nullable=False),
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("account_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("period", sa.Date(), nullable=False),
        sa.Column("made_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["reader_accounts.id"], name=op.f("fk_reader_digests_account_id")),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_reader_digests")),
        sa.UniqueConstraint("id", name=op.f("uq_reader_digests_id")),
        sa.UniqueConstraint("account_id", "period", name=op.f("uq_reader_digests_account_id_period")),
    )
    op.create_index(op.f("ix_reader_digests_made_at"), "reader_digests", ["made_at"], unique=False)
