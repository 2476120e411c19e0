"""Seals of the audit trail, and triggers that refuse every other change of it

SQLite drops a table's triggers when a later step rebuilds the table: such a step makes them again with `guard()`.
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

# What an entry says. Sealing sets the other columns, once.
TOLD = (
    "number", "at", "actor_kind", "actor_id", "credential", "action", "subject_kind", "subject_id", "outcome",
    "changes", "request_id", "client_address",
)  # fmt: skip
REFUSAL = "the audit trail takes new entries and keeps old ones"
IS_COVERED = "(SELECT coalesce(max(c.seal_number), 0) FROM audit_checkpoints c)"


def upgrade() -> None:
    """Bring the tables to this step."""
    with op.batch_alter_table("audit_entries", schema=None) as batch_op:
        batch_op.add_column(sa.Column("credential", sa.String(length=80), nullable=False, server_default=""))
        batch_op.add_column(sa.Column("outcome", sa.String(length=12), nullable=False, server_default="done"))
        batch_op.add_column(sa.Column("seal_number", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("key_id", sa.String(length=16), nullable=True))
        batch_op.add_column(sa.Column("previous_seal", sa.LargeBinary(length=32), nullable=True))
        batch_op.add_column(sa.Column("seal", sa.LargeBinary(length=32), nullable=True))
    with op.batch_alter_table("audit_entries", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_audit_entries_actor_id"), ["actor_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_audit_entries_seal_number"), ["seal_number"], unique=True)
        batch_op.create_index(
            "ix_audit_entries_unsealed",
            ["number"],
            unique=False,
            sqlite_where=sa.text("seal_number IS NULL"),
            postgresql_where=sa.text("seal_number IS NULL"),
        )
    op.create_table(
        "audit_checkpoints",
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seal_number", sa.BigInteger(), nullable=False),
        sa.Column("seal", sa.LargeBinary(length=32), nullable=False),
        sa.Column("removed", sa.BigInteger(), nullable=False),
        sa.Column("key_id", sa.String(length=16), nullable=False),
        sa.Column("signature", sa.LargeBinary(length=32), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_audit_checkpoints")),
    )
    guard()


def guard() -> None:
    """Make the triggers: entries come unsealed, are sealed once, and go when a checkpoint covers them.

    They stop mistakes and smuggled statements. The owner of the database can drop them; then the seals tell.
    """
    if op.get_bind().dialect.name == "postgresql":
        _guard_postgresql()
    else:
        _guard_sqlite()


def _guard_sqlite() -> None:
    is_changed = " OR ".join(f"NEW.{name} IS NOT OLD.{name}" for name in TOLD)
    for name, event, is_refused in (
        ("insert", "INSERT", "NEW.seal_number IS NOT NULL"),
        ("update", "UPDATE", f"OLD.seal_number IS NOT NULL OR NEW.seal_number IS NULL OR {is_changed}"),
        ("delete", "DELETE", f"OLD.seal_number IS NULL OR OLD.seal_number > {IS_COVERED}"),
    ):
        op.execute(
            f"CREATE TRIGGER audit_entries_{name} BEFORE {event} ON audit_entries WHEN {is_refused} "
            f"BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END"
        )


def _guard_postgresql() -> None:
    is_changed = " OR ".join(f"NEW.{name} IS DISTINCT FROM OLD.{name}" for name in TOLD)
    op.execute(
        f"""
        CREATE FUNCTION refuse_audit_change() RETURNS trigger LANGUAGE plpgsql AS $body$
        BEGIN
            RAISE EXCEPTION '{REFUSAL}';
        END
        $body$
        """
    )
    for name, event, is_refused in (
        ("insert", "INSERT", "NEW.seal_number IS NOT NULL"),
        ("update", "UPDATE", f"OLD.seal_number IS NOT NULL OR NEW.seal_number IS NULL OR {is_changed}"),
    ):
        op.execute(
            f"CREATE TRIGGER audit_entries_{name} BEFORE {event} ON audit_entries FOR EACH ROW "
            f"WHEN ({is_refused}) EXECUTE FUNCTION refuse_audit_change()"
        )
    # A condition of a trigger cannot ask another table here, so this one asks within.
    op.execute(
        f"""
        CREATE FUNCTION refuse_audit_removal() RETURNS trigger LANGUAGE plpgsql AS $body$
        BEGIN
            IF OLD.seal_number IS NULL OR OLD.seal_number > {IS_COVERED} THEN
                RAISE EXCEPTION '{REFUSAL}';
            END IF;
            RETURN OLD;
        END
        $body$
        """
    )
    op.execute(
        "CREATE TRIGGER audit_entries_delete BEFORE DELETE ON audit_entries FOR EACH ROW "
        "EXECUTE FUNCTION refuse_audit_removal()"
    )
    op.execute(
        "CREATE TRIGGER audit_entries_truncate BEFORE TRUNCATE ON audit_entries FOR EACH STATEMENT "
        "EXECUTE FUNCTION refuse_audit_change()"
    )
