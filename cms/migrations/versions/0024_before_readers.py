"""Where an article was when it was scheduled, takedowns under embargo, and headlines without their spelling"""

import hashlib
import unicodedata

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)
ROWS_AT_ONCE = 500
WEIGHTLESS = ("P", "Z", "C", "Sk", "So")


def upgrade() -> None:
    """Bring the tables to this step; published articles get the keys of their headlines."""
    with op.batch_alter_table("schedules", schema=None) as batch_op:
        batch_op.add_column(sa.Column("found_state", sa.String(length=12), nullable=True))
    op.create_table(
        "embargoed_tombstones",
        sa.Column("article_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("locale", sa.String(length=35), nullable=False),
        sa.Column("slug", sa.String(length=120), nullable=False),
        sa.Column("section_path", sa.String(length=1000), nullable=False),
        sa.Column("taken_down_at", INSTANT, nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("article_id", name=op.f("pk_embargoed_tombstones")),
    )
    op.create_index("ix_embargoed_tombstones_place", "embargoed_tombstones", ["locale", "slug"], unique=False)
    with op.batch_alter_table("documents", schema=None) as batch_op:
        batch_op.add_column(sa.Column("title_key", sa.String(length=32), server_default="", nullable=False))
        batch_op.drop_index("ix_documents_title")
    _fill_keys()
    with op.batch_alter_table("documents", schema=None) as batch_op:
        batch_op.create_index("ix_documents_headline", ["title_key", "locale"], unique=False)


def _fill_keys() -> None:
    connection = op.get_bind()
    table = sa.table(
        "documents",
        sa.column("article_id", sa.Uuid(as_uuid=False)),
        sa.column("title", sa.String()),
        sa.column("title_key", sa.String()),
    )
    change = sa.update(table).where(table.c.article_id == sa.bindparam("of")).values(title_key=sa.bindparam("key"))
    last: str | None = None
    while True:
        statement = sa.select(table.c.article_id, table.c.title).order_by(table.c.article_id).limit(ROWS_AT_ONCE)
        rows = connection.execute(statement if last is None else statement.where(table.c.article_id > last)).all()
        if not rows:
            return
        connection.execute(change, [{"of": article_id, "key": _key(title)} for article_id, title in rows])
        last = rows[-1][0]


def _key(title: str) -> str:
    text = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", title).casefold())
    kept = "".join(" " if unicodedata.category(one).startswith(WEIGHTLESS) else one for one in text)
    words = kept.split() or text.split()
    return hashlib.blake2b("".join(words).encode(), digest_size=16).hexdigest()
