"""Which article types are in force. They are read from the database each time, so that all processes agree; what a
text means is worked out once. Nothing here writes."""

from collections.abc import Mapping
from importlib.resources import files
from typing import Any

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from cms.platform.db import columns_of
from cms.platform.direct_reads import DirectReads
from cms.platform.errors import FieldError
from cms.platform.prepared import PreparedRead
from cms.taxonomy.article_types.models import DeclaredType
from cms.taxonomy.article_types.rules.checking import DEFAULT, ArticleType, misfits, type_from

BUILT_IN = {
    DEFAULT: files("cms.taxonomy.article_types").joinpath("built_in", f"{DEFAULT}.json").read_text("utf-8"),
}
# Asked by every publish.
TYPES = columns_of(DeclaredType).c
TYPE_TEXT = PreparedRead(select(TYPES.text).where(TYPES.name == bindparam("name")))
KNOWN = "article types"


def type_named(session: Session, name: str) -> ArticleType | None:
    """The type of this name: the newsroom's own, or the built-in one. One transaction asks once for each."""
    known: dict[str, str | None] = session.info.setdefault(KNOWN, {})
    if name not in known:
        row = TYPE_TEXT.first(session, name=name)
        known[name] = BUILT_IN.get(name) if row is None else row.text
    text = known[name]
    return None if text is None else type_from(name, text)


def type_for_readers(reads: DirectReads, name: str) -> ArticleType | None:
    """As `type_named`, read as the content API reads."""
    rows = reads.rows("SELECT text FROM article_types WHERE name = ?", (name,))
    text = rows[0][0] if rows else BUILT_IN.get(name)
    return None if text is None else type_from(name, text)


def types(session: Session) -> dict[str, ArticleType]:
    """Every type by its name, in the order of names."""
    texts = {**BUILT_IN, **dict(session.execute(select(DeclaredType.name, DeclaredType.text)).all())}
    return {name: type_from(name, texts[name]) for name in sorted(texts)}


def errors_in(session: Session, name: str, fields: Mapping[str, Any], *, is_complete: bool) -> list[FieldError]:
    """What of a type's name and fields cannot be: on save what is there, on publish also what is missing."""
    if name == DEFAULT and not fields and not is_complete:
        return []
    kind = type_named(session, name)
    if kind is None:
        return [FieldError("/type", "unknown_type", f"There is no article type named {name[:60]!r}.")]
    return misfits(kind, fields, is_complete=is_complete)
