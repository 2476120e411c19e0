"""Cards in a table of their own, precompressed documents, keys for caches, and what was published before and after"""

import hashlib
import re
from html import unescape
from typing import Any

import orjson
import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
ROWS_AT_ONCE = 200
IMAGE = re.compile(r'<img [^>]*?src="([^"]*)"')


def upgrade() -> None:
    """Bring the tables to this step. Published articles name nothing before and after them until they change next, or
    until `copydesk rebuild`; their keys for caches come at the same time."""
    op.create_table(
        "document_cards",
        sa.Column("number", NUMBER, autoincrement=False, nullable=False),
        sa.Column("locale", sa.String(length=35), nullable=False),
        sa.Column("type", sa.String(length=40), nullable=False),
        sa.Column("card", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["number"], ["documents.number"], name=op.f("fk_document_cards_number"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_document_cards")),
    )
    op.execute("INSERT INTO document_cards SELECT number, locale, type, card FROM documents")
    with op.batch_alter_table("documents", schema=None) as batch_op:
        batch_op.drop_column("card")
        batch_op.add_column(sa.Column("packed", sa.LargeBinary(), nullable=True))
        batch_op.add_column(sa.Column("cache_keys", sa.Text(), server_default="", nullable=False))
        for way in ("previous", "next"):
            batch_op.add_column(sa.Column(f"{way}_id", sa.Uuid(as_uuid=False), nullable=True))
            is_known = sa.text(f"{way}_id IS NOT NULL")
            batch_op.create_index(
                f"ix_documents_{way}", [f"{way}_id"], unique=False, sqlite_where=is_known, postgresql_where=is_known
            )
        batch_op.create_index("ix_documents_updated", ["updated_at", "number"], unique=False)
        batch_op.create_index("ix_documents_beside", ["section_path", "locale", "published_at", "number"], unique=False)
    with op.batch_alter_table("document_sections", schema=None) as batch_op:
        batch_op.add_column(sa.Column("locale", sa.String(length=35), server_default="", nullable=False))
        batch_op.create_index(
            "ix_document_sections_locale", ["section", "locale", "published_at", "number"], unique=False
        )
    op.execute(
        "UPDATE document_sections SET locale = "
        "(SELECT d.locale FROM documents d WHERE d.article_id = document_sections.article_id)"
    )
    for table in ("documents", "embargoed_documents"):
        _complete(table)


def _complete(name: str) -> None:
    connection = op.get_bind()
    table = sa.table(
        name,
        sa.column("article_id", sa.Uuid(as_uuid=False)),
        sa.column("body", sa.LargeBinary()),
        sa.column("etag"),
    )
    last: str | None = None
    while True:
        # SQLite keeps bytes that were written as text as text, until it is told.
        kept = sa.cast(table.c.body, sa.LargeBinary())
        statement = sa.select(table.c.article_id, kept).order_by(table.c.article_id).limit(ROWS_AT_ONCE)
        rows = connection.execute(statement if last is None else statement.where(table.c.article_id > last)).all()
        if not rows:
            return
        for article_id, body in rows:
            new = _completed(bytes(body))
            values: dict[str, object] = {"body": new}
            values["etag"] = f'"{hashlib.blake2b(new, digest_size=12).hexdigest()}"'
            connection.execute(sa.update(table).where(table.c.article_id == article_id).values(values))
        last = rows[-1][0]


def _completed(body: bytes) -> bytes:
    """The document with the members of this step; the order of the others stays."""
    whole: dict[str, Any] = orjson.loads(body)
    structured = whole.get("seo", {}).get("json_ld")
    if structured:
        added = {
            "mainEntityOfPage": {"@id": whole["url"], "@type": "WebPage"},
            "image": [unescape(address) for address in IMAGE.findall(whole["body"]["html"])],
            "commentCount": whole.get("comments", {}).get("count", 0),
        }
        structured |= {name: value for name, value in added.items() if value}
        whole["seo"]["json_ld"] = {name: structured[name] for name in sorted(structured)}
    end = {"embargo_until": whole.pop("embargo_until")} if "embargo_until" in whole else {}
    return orjson.dumps({**whole, "previous": None, "next": None, **end})
