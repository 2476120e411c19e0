"""Preview links and who looked through them"""

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)
NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Bring the tables to this step."""
    op.create_table(
        "preview_links",
        sa.Column("number", NUMBER, autoincrement=True, nullable=False),
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("article_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=True),
        sa.Column("label", sa.String(length=120), nullable=False),
        sa.Column("made_by", sa.String(length=100), nullable=False),
        sa.Column("maker_name", sa.String(length=120), nullable=False),
        sa.Column("key_name", sa.String(length=16), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("expires_at", INSTANT, nullable=False),
        sa.Column("revoked_at", INSTANT, nullable=True),
        sa.Column("views", sa.Integer(), nullable=False),
        sa.Column("last_viewed_at", INSTANT, nullable=True),
        sa.ForeignKeyConstraint(["article_id"], ["articles.id"], name=op.f("fk_preview_links_article_id")),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_preview_links")),
        sa.UniqueConstraint("id", name=op.f("uq_preview_links_id")),
    )
    op.create_index("ix_preview_links_article", "preview_links", ["article_id", "number"], unique=False)
    op.create_index(op.f("ix_preview_links_expires_at"), "preview_links", ["expires_at"], unique=False)
    op.create_table(
        "preview_views",
        sa.Column("number", NUMBER, autoincrement=True, nullable=False),
        sa.Column("link_number", NUMBER, nullable=False),
        sa.Column("visitor", sa.String(length=12), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("first_at", INSTANT, nullable=False),
        sa.Column("last_at", INSTANT, nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["link_number"], ["preview_links.number"], name=op.f("fk_preview_views_link_number"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_preview_views")),
        sa.UniqueConstraint("link_number", "visitor", "day", name=op.f("uq_preview_views_link_number_visitor_day")),
    )
    op.create_index(op.f("ix_preview_views_last_at"), "preview_views", ["last_at"], unique=False)
