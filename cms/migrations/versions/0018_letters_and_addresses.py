"""Changes of a reader's address, consents, letters that bounce and addresses that take none"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Bring the tables to this step."""
    json = sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql")
    with op.batch_alter_table("reader_challenges", schema=None) as batch_op:
        batch_op.add_column(sa.Column("consents", json, server_default="[]", nullable=False))
        batch_op.drop_constraint(op.f("ck_reader_challenges_purpose"), type_="check")
        batch_op.create_check_constraint(
            op.f("ck_reader_challenges_purpose"),
            "purpose IN ('verify_email', 'reset_password', 'change_email', 'undo_email')",
        )
        batch_op.create_index(batch_op.f("ix_reader_challenges_account_id"), ["account_id"], unique=False)
    op.create_table(
        "reader_consents",
        sa.Column("number", NUMBER, autoincrement=True, nullable=False),
        sa.Column("account_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("document", sa.String(length=40), nullable=False),
        sa.Column("version", sa.String(length=40), nullable=False),
        sa.Column("given_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["reader_accounts.id"], name=op.f("fk_reader_consents_account_id")),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_reader_consents")),
    )
    op.create_index(op.f("ix_reader_consents_account_id"), "reader_consents", ["account_id"], unique=False)
    with op.batch_alter_table("outgoing_letters", schema=None) as batch_op:
        batch_op.drop_constraint(op.f("ck_outgoing_letters_state"), type_="check")
        batch_op.create_index("ix_outgoing_letters_recipient", ["recipient", "number"], unique=False)
    op.execute("UPDATE outgoing_letters SET state = 'bounced' WHERE state = 'failed'")
    with op.batch_alter_table("outgoing_letters", schema=None) as batch_op:
        batch_op.create_check_constraint(
            op.f("ck_outgoing_letters_state"), "state IN ('queued', 'sent', 'deferred', 'bounced', 'expired')"
        )
    op.create_table(
        "mail_suppressions",
        sa.Column("number", NUMBER, autoincrement=True, nullable=False),
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("address", sa.String(length=320), nullable=False),
        sa.Column("answer", sa.String(length=80), nullable=False),
        sa.Column("letter_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_mail_suppressions")),
        sa.UniqueConstraint("address", name=op.f("uq_mail_suppressions_address")),
        sa.UniqueConstraint("id", name=op.f("uq_mail_suppressions_id")),
    )
    op.create_index(op.f("ix_mail_suppressions_created_at"), "mail_suppressions", ["created_at"], unique=False)
