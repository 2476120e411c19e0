"""What stands for the bytes of a card in the ETags of lists"""

import hashlib

import sqlalchemy as sa
from alembic import op

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None

ROWS_AT_ONCE = 1_000
CARDS = sa.table("document_cards", sa.column("number"), sa.column("card", sa.LargeBinary()), sa.column("mark"))


def upgrade() -> None:
    """Bring the tables to this step. Every published article's card gets its mark; its bytes stay as they are."""
    with op.batch_alter_table("document_cards", schema=None) as batch_op:
        batch_op.add_column(sa.Column("mark", sa.String(length=24), server_default="", nullable=False))
    connection, last = op.get_bind(), -1
    while True:
        # SQLite keeps bytes that were written as text as text, until it is told.
        statement = sa.select(CARDS.c.number, sa.cast(CARDS.c.card, sa.LargeBinary())).where(CARDS.c.number > last)
        rows = connection.execute(statement.order_by(CARDS.c.number).limit(ROWS_AT_ONCE)).all()
        if not rows:
            break
        change = sa.update(CARDS).where(CARDS.c.number == sa.bindparam("row")).values(mark=sa.bindparam("new"))
        marks = [{"row": row, "new": hashlib.blake2b(bytes(card), digest_size=12).hexdigest()} for row, card in rows]
        connection.execute(change, marks)
        last = rows[-1].number
    with op.batch_alter_table("document_cards", schema=None) as batch_op:
        batch_op.alter_column("mark", server_default=None)
