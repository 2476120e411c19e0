"""Words in every language, with older names that lead on; which words a published article shows"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

ROWS_AT_ONCE = 200


def upgrade() -> None:
    """Bring the tables to this step; published articles stay as they are, and are noted with the words they show."""
    json = sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql")
    added = {
        "sections": (
            sa.Column("names", json, server_default="{}", nullable=False),
            sa.Column("position", sa.Integer(), server_default="0", nullable=False),
            sa.Column("place", sa.String(length=4000), server_default="", nullable=False),
        ),
        "tags": (sa.Column("names", json, server_default="{}", nullable=False),),
        "people": (
            sa.Column("names", json, server_default="{}", nullable=False),
            sa.Column("bios", json, server_default="{}", nullable=False),
            sa.Column("roles", json, server_default="[]", nullable=False),
            sa.Column("links", json, server_default="[]", nullable=False),
        ),
        "sources": (),
    }
    for table, columns in added.items():
        with op.batch_alter_table(table, schema=None) as batch_op:
            for column in columns:
                batch_op.add_column(column)
            batch_op.add_column(sa.Column("revision", sa.Integer(), server_default="1", nullable=False))
    op.create_table(
        "word_aliases",
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("word_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("former_id", sa.Uuid(as_uuid=False), nullable=True),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("kind", "key", name=op.f("pk_word_aliases")),
    )
    with op.batch_alter_table("word_aliases", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_word_aliases_word_id"), ["word_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_word_aliases_former_id"), ["former_id"], unique=False)
    op.create_table(
        "document_words",
        sa.Column("article_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("role", sa.String(length=10), nullable=False),
        sa.Column("word_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.ForeignKeyConstraint(
            ["article_id"],
            ["documents.article_id"],
            name=op.f("fk_document_words_article_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("article_id", "position", name=op.f("pk_document_words")),
    )
    with op.batch_alter_table("document_words", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_document_words_word_id"), ["word_id"], unique=False)
    _fill_places()
    _fill_document_words()


def _fill_places() -> None:
    connection = op.get_bind()
    sections = sa.table("sections", sa.column("number"), sa.column("path"), sa.column("place"))
    for number, path in connection.execute(sa.select(sections.c.number, sections.c.path)).all():
        place = "".join(f"0000{slug}/" for slug in path.rstrip("/").split("/"))
        connection.execute(sa.update(sections).where(sections.c.number == number).values(place=place))


def _fill_document_words() -> None:
    connection = op.get_bind()
    known: dict[str, dict[str, str]] = {}
    for table, key in (("sections", "slug"), ("tags", "slug"), ("people", "slug"), ("sources", "name")):
        words = sa.table(table, sa.column("id", sa.Uuid(as_uuid=False)), sa.column(key))
        known[table] = dict(connection.execute(sa.select(words.c[key], words.c.id)).all())
    documents = sa.table("documents", sa.column("article_id", sa.Uuid(as_uuid=False)), sa.column("content", sa.JSON()))
    rows = sa.table(
        "document_words",
        sa.column("article_id", sa.Uuid(as_uuid=False)),
        sa.column("position"),
        sa.column("role"),
        sa.column("word_id", sa.Uuid(as_uuid=False)),
    )
    last: str | None = None
    while True:
        statement = sa.select(documents.c.article_id, documents.c.content).order_by(documents.c.article_id)
        if last is not None:
            statement = statement.where(documents.c.article_id > last)
        found = connection.execute(statement.limit(ROWS_AT_ONCE)).all()
        if not found:
            return
        values = []
        for article_id, content in found:
            shown = [(role, known[table][name]) for role, table, name in _named(content) if name in known[table]]
            values += [
                {"article_id": article_id, "position": position, "role": role, "word_id": word_id}
                for position, (role, word_id) in enumerate(shown)
            ]
        if values:
            connection.execute(sa.insert(rows), values)
        last = found[-1][0]


def _named(content: dict) -> list[tuple[str, str, str]]:
    """Each word that a published article shows: its role, its table, its slug or name."""
    section, editor, source = content["section"], content["editor"], content["source"]
    return [
        *([("section", "sections", section["slug"])] if section else []),
        *(("tag", "tags", tag["slug"]) for tag in content["tags"]),
        *(("author", "people", person["slug"]) for person in content["authors"]),
        *([("editor", "people", editor["slug"])] if editor else []),
        *([("source", "sources", source["name"])] if source else []),
    ]
