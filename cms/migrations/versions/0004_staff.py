"""Staff: accounts, grants, invitations, codes, sessions"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the tables to this step."""
    op.create_table(
        "staff_users",
        _number(),
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("email", sa.String(length=320), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("locale", sa.String(length=35), nullable=False),
        sa.Column("password_hash", sa.String(length=200), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("proven_from", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("state IN ('active', 'disabled')", name=op.f("ck_staff_users_state")),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_staff_users")),
        sa.UniqueConstraint("email", name=op.f("uq_staff_users_email")),
        sa.UniqueConstraint("id", name=op.f("uq_staff_users_id")),
    )
    op.create_table(
        "staff_grants",
        _number(),
        sa.Column("user_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("role", sa.String(length=60), nullable=False),
        sa.Column("section_path", sa.String(length=1000), nullable=False),
        sa.Column("locale", sa.String(length=35), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["staff_users.id"], name=op.f("fk_staff_grants_user_id")),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_staff_grants")),
    )
    _index("staff_grants", "user_id")
    json = sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql")
    op.create_table(
        "staff_invitations",
        _number(),
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("email", sa.String(length=320), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("locale", sa.String(length=35), nullable=False),
        sa.Column("grants", json, nullable=False),
        sa.Column("invited_by", sa.String(length=100), nullable=False),
        *_challenge(),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_staff_invitations")),
        sa.UniqueConstraint("id", name=op.f("uq_staff_invitations_id")),
    )
    _index("staff_invitations", "email")
    op.create_table(
        "staff_codes",
        _number(),
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("email", sa.String(length=320), nullable=False),
        sa.Column("user_id", sa.Uuid(as_uuid=False), nullable=True),
        *_challenge(),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_staff_codes")),
        sa.UniqueConstraint("id", name=op.f("uq_staff_codes_id")),
    )
    _index("staff_codes", "email")
    op.create_table(
        "staff_sessions",
        _number(),
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("user_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("device", sa.String(length=120), nullable=False),
        sa.Column("address", sa.String(length=64), nullable=False),
        sa.Column("network", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("proven_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("kind IN ('bearer', 'cookie')", name=op.f("ck_staff_sessions_kind")),
        sa.ForeignKeyConstraint(["user_id"], ["staff_users.id"], name=op.f("fk_staff_sessions_user_id")),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_staff_sessions")),
        sa.UniqueConstraint("digest", name=op.f("uq_staff_sessions_digest")),
        sa.UniqueConstraint("id", name=op.f("uq_staff_sessions_id")),
    )
    _index("staff_sessions", "user_id")
    _index("staff_sessions", "expires_at")
    op.create_table(
        "staff_sign_in_trails",
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_staff_sign_in_trails")),
    )
    _index("staff_sign_in_trails", "last_at")


def downgrade() -> None:
    """Go back to the step before."""
    for table in (
        "staff_sign_in_trails", "staff_sessions", "staff_codes", "staff_invitations", "staff_grants", "staff_users",
    ):  # fmt: skip
        op.drop_table(table)


def _number() -> sa.Column[int]:
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    return sa.Column("number", number, autoincrement=True, nullable=False)


def _challenge() -> list[sa.Column[object]]:
    return [
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
    ]


def _index(table: str, column: str) -> None:
    with op.batch_alter_table(table, schema=None) as batch_op:
        batch_op.create_index(batch_op.f(f"ix_{table}_{column}"), [column], unique=False)
