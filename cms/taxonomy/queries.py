"""Reads of the taxonomy: words by slug, older slug or id; pages of a list; words in the shapes of the wire.

Nothing here writes."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from functools import cache
from typing import Any, TypeVar

from sqlalchemy import BindParameter, Select, bindparam, func, or_, select
from sqlalchemy.orm import Session

from cms.platform.db import columns_of
from cms.platform.ids import is_id
from cms.platform.keyset import one_page
from cms.platform.prepared import PreparedRead
from cms.taxonomy.models import Person, Section, Source, Tag, WordAlias

Word = TypeVar("Word", Section, Tag, Person, Source)
ORDER: dict[type[Any], Any] = {Section: Section.place, Tag: Tag.slug, Person: Person.slug, Source: Source.name}
KEYS: dict[type[Any], Any] = {Section: Section.slug, Tag: Tag.slug, Person: Person.slug, Source: Source.name}
KIND_NAMES: dict[type[Any], str] = {Section: "section", Tag: "tag", Person: "person", Source: "source"}
MODELS: dict[str, type[Any]] = {name: model for model, name in KIND_NAMES.items()}
# What editors write of each kind, beside a section's parent and a tag's synonyms.
MEMBERS: dict[type[Any], tuple[str, ...]] = {
    Section: ("slug", "name", "names", "position", "related_half_life_days"),
    Tag: ("slug", "name", "names"),
    Person: ("slug", "name", "names", "bio", "bios", "roles", "links"),
    Source: ("name", "url"),
}
MOST_ASKED = 10


def by_slug(session: Session, kind: type[Word], slug: str) -> Word | None:
    """The word with this slug, or that was found by it before (a source: name), as it is now."""
    fresh = {"populate_existing": True}
    word = session.scalar(select(kind).where(KEYS[kind] == slug), execution_options=fresh)
    if word is None:
        former = select(kind).join(WordAlias, WordAlias.word_id == kind.id)
        former = former.where(WordAlias.kind == KIND_NAMES[kind], WordAlias.key == slug)
        word = session.scalar(former, execution_options=fresh)
    return word


def by_slugs(session: Session, kind: type[Any], slugs: Collection[str], *, is_held: bool = False) -> dict[str, Any]:
    """Those of these slugs that lead to a word, by the slug that was asked for; older ones lead to what they became.

    They come as plain rows with the columns of their table, as the database has them now. `is_held` keeps them from
    being deleted or given another slug until the transaction ends, as a reference to them does anyway; others may hold
    them too.
    """
    wanted = set(slugs)
    if not wanted:
        return {}
    called, once_called = _of_slugs(KIND_NAMES[kind], is_held)
    key = KEYS[kind].key
    found = {str(getattr(word, key)): word for word in called.rows(session, slugs=list(wanted))}
    missing = wanted - found.keys()
    if missing:
        found |= {word.asked: word for word in once_called.rows(session, slugs=list(missing))}
    return found


@cache
def _of_slugs(name: str, is_held: bool) -> tuple[PreparedRead, PreparedRead]:
    # Every save and every publish asks for tags and people by their slugs, so these are built once for each kind.
    kind, aliases_of = MODELS[name], columns_of(WordAlias)
    words = columns_of(kind)
    slugs: BindParameter[str] = bindparam("slugs", expanding=True)
    called = select(words).where(words.c[KEYS[kind].key].in_(slugs))
    once_called = (
        select(words, aliases_of.c.key.label("asked"))
        .join_from(words, aliases_of, aliases_of.c.word_id == words.c.id)
        .where(aliases_of.c.kind == name, aliases_of.c.key.in_(slugs))
    )
    if is_held:
        # In one order for everybody, so that no two wait for each other.
        called = called.order_by(words.c.number).with_for_update(read=True, key_share=True)
        once_called = once_called.with_for_update(read=True, key_share=True, of=words)
    return PreparedRead(called), PreparedRead(once_called)


def by_key(session: Session, kind: type[Word], key: str, *, is_locked: bool = False) -> Word | None:
    """A word by what its address holds: a slug, an older slug, or the public id. Sources have no slug."""
    word = by_slug(session, kind, key) if kind is not Source else None
    if word is None and is_id(key):
        word = session.scalar(select(kind).where(kind.id == key))
    if word is None or not is_locked:
        return word
    statement = select(kind).where(kind.id == word.id).with_for_update()
    return session.scalar(statement, execution_options={"populate_existing": True})


def source_by_name(session: Session, name: str) -> Source | None:
    """The source with exactly this name, or that had it before."""
    return by_slug(session, Source, name)


def by_ids(session: Session, kind: type[Word], ids: Collection[str]) -> dict[str, Word]:
    """The words with these ids as they are now; the id of a merged one leads to the word that stayed."""
    if not ids:
        return {}
    fresh = {"populate_existing": True}
    found = {word.id: word for word in session.scalars(select(kind).where(kind.id.in_(ids)), execution_options=fresh)}
    missing = set(ids) - found.keys()
    if missing:
        statement = (
            select(WordAlias.former_id, kind)
            .join(kind, kind.id == WordAlias.word_id)
            .where(WordAlias.former_id.in_(missing))
        )
        found |= {str(former): word for former, word in session.execute(statement, execution_options=fresh)}
    return found


def ids_of(session: Session, kind: type[Any], word_id: str) -> set[str]:
    """Every id by which something may name this word, merged ones included; of a section also those below it."""
    ids = {word_id}
    if kind is Section:
        path = session.scalar(select(Section.path).where(Section.id == word_id))
        if path is not None:
            ids |= set(session.scalars(select(Section.id).where(below(path))))
    former = select(WordAlias.former_id).where(WordAlias.word_id.in_(ids), WordAlias.former_id.is_not(None))
    return ids | {str(one) for one in session.scalars(former)}


def below(path: str) -> Any:
    """The condition that a section is the one of this path, or below it."""
    return func.substr(Section.path, 1, len(path)) == path


def now_called(session: Session, kind: type[Any], slugs: Collection[str]) -> dict[str, str]:
    """Present slugs by older ones; what is not older, or leads nowhere, is not in it."""
    if not slugs:
        return {}
    statement = (
        select(WordAlias.key, kind.slug)
        .join(kind, kind.id == WordAlias.word_id)
        .where(WordAlias.kind == KIND_NAMES[kind], WordAlias.key.in_(slugs))
    )
    return dict(session.execute(statement).all())


def aliases(session: Session, word_ids: Collection[str]) -> dict[str, list[tuple[str, str]]]:
    """The other slugs of these words by id, each with its name, which is empty for what is no synonym."""
    found: dict[str, list[tuple[str, str]]] = defaultdict(list)
    statement = select(WordAlias.word_id, WordAlias.key, WordAlias.name).where(WordAlias.word_id.in_(word_ids))
    for word_id, key, name in session.execute(statement.order_by(WordAlias.key)):
        found[word_id].append((key, name))
    return found


def words(
    session: Session, kind: type[Any], q: str | None, *, limit: int, after: Sequence[Any] | None, is_backwards: bool
) -> list[Any]:
    """One page of a list: sections as the tree stands; tags and people by slug; sources by name."""
    return one_page(session, _asked(kind, q), [ORDER[kind]], after, limit=limit, is_backwards=is_backwards)


def place_of(word: Any) -> tuple[str]:
    """Where a word stands in its list."""
    return (str(getattr(word, ORDER[type(word)].key)),)


def count_of(session: Session, kind: type[Any], q: str | None = None) -> int:
    """How many there are."""
    return session.scalar(_asked(kind, q).with_only_columns(func.count(), maintain_column_froms=True)) or 0


def members(session: Session, word: Any) -> dict[str, Any]:
    """What editors write of a word, for the comparison with a change."""
    found = {name: getattr(word, name) for name in MEMBERS[type(word)]}
    if isinstance(word, Section):
        above = session.scalar(select(Section.slug).where(Section.id == word.parent_id)) if word.parent_id else None
        found["parent"] = above
    if isinstance(word, Tag):
        found["synonyms"] = [name for _, name in aliases(session, [word.id])[word.id] if name]
    return found


def word_data(session: Session, rows: Sequence[Any]) -> list[dict[str, Any]]:
    """Words of one kind in the shape of the wire; as many statements for a hundred as for one."""
    synonyms = aliases(session, [row.id for row in rows]) if rows and isinstance(rows[0], Tag) else {}
    return [_data(row, synonyms) for row in rows]


def _data(word: Any, synonyms: dict[str, list[tuple[str, str]]]) -> dict[str, Any]:
    data = {name: getattr(word, name) for name in ("id", "number", "revision", "created_at", *MEMBERS[type(word)])}
    if isinstance(word, Section):
        path = word.path.rstrip("/").split("/")
        data |= {"parent": path[-2] if len(path) > 1 else None, "path": path}
    if isinstance(word, Tag):
        data["synonyms"] = [name for _, name in synonyms.get(word.id, ()) if name]
    return data


def _asked(kind: type[Any], q: str | None) -> Select[Any]:
    statement = select(kind)
    for one in (q or "").split()[:MOST_ASKED]:
        # SQLite folds only ASCII by itself; the usual spellings of a word cover the other scripts with cases.
        spellings = sorted({one, one.lower(), one.upper(), one.capitalize()})
        also = select(WordAlias.word_id).where(
            WordAlias.kind == KIND_NAMES[kind],
            or_(*(column.icontains(text, autoescape=True) for text in spellings for column in ALIAS_TEXTS)),
        )
        texts = {kind.name, KEYS[kind]}
        found = [column.icontains(text, autoescape=True) for text in spellings for column in texts]
        statement = statement.where(or_(*found, kind.id.in_(also)))
    return statement


ALIAS_TEXTS = (WordAlias.key, WordAlias.name)
