"""What every verb of the taxonomy keeps: who may change what, one name for one word, what was found before is found."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select, text, update
from sqlalchemy.orm import Session

from cms.identity.access import refuse
from cms.identity.rules import decide
from cms.platform.actor import Actor
from cms.platform.db import change_rows
from cms.platform.errors import Conflict, FieldError, Forbidden, Invalid, Stale
from cms.taxonomy import rules
from cms.taxonomy.models import Tag, WordAlias
from cms.taxonomy.queries import KEYS, KIND_NAMES, by_slug

TREE_LOCK = 0x74726565


def hold_tree(session: Session) -> None:
    """Let one transaction at a time change the tree of sections: two moves at once could make a circle.

    SQLite has one writer anyway; on PostgreSQL an advisory lock does the same.
    """
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": TREE_LOCK})


def refuse_in_tree(actor: Actor, path_above: str) -> None:
    """Refuse a change of what stands below a path unless a grant covers it, in every language. Raises: Forbidden."""
    refuse(actor, rules.WRITE, section_path=path_above, locale="", is_target=True)


def refuse_shared(actor: Actor) -> None:
    """Refuse a change of a word that every desk shares to a grant that is limited to some. Raises: Forbidden."""
    if actor.kind == "system" or decide(actor.grants, rules.WRITE, "", "").is_allowed:
        return
    raise Forbidden(
        f"Every desk shares this word: changing it needs {rules.WRITE} without a limit to a section or language.",
        extra={"missing_permission": rules.WRITE},
    )


def refuse_other_revision(word: Any, revision: int, before: dict[str, Any], after: dict[str, Any]) -> None:
    """Refuse an act on a revision that is not the present one. Raises: Stale, with what clashes."""
    if word.revision == revision:
        return
    etag = f'"{word.revision}"'
    clashes = [
        {"pointer": f"/{name}", "base": None, "yours": after[name], "theirs": before[name]}
        for name in before
        if before[name] != after[name]
    ]
    raise Stale(
        f"This is at revision {word.revision} by now.",
        extra={"etag": etag, "conflicts": clashes, "merge": None},
        headers={"ETag": etag},
    )


def refuse_held_key(session: Session, kind: type[Any], key: str, word_id: str | None = None) -> None:
    """Refuse a slug, or a source's name, by which another word is found. Raises: Conflict (`slug_taken`)."""
    found = by_slug(session, kind, key)
    if found is not None and found.id != word_id:
        name = KIND_NAMES[kind]
        held = getattr(found, KEYS[kind].key)
        also = "" if held == key else f", which is also found by {key!r}"
        raise Conflict(f"There is a {name} {held!r} already{also}.", code="slug_taken", extra={"held_by": held})


def keep_key(session: Session, word: Any, old: str, now: datetime) -> None:
    """Let a word that has another slug by now be found by the one that it had; both lead to it from here on."""
    kind, key = type(word), getattr(word, KEYS[type(word)].key)
    name = KIND_NAMES[kind]
    session.execute(delete(WordAlias).where(WordAlias.kind == name, WordAlias.key.in_([old, key])))
    session.add(WordAlias(kind=name, key=old, word_id=word.id, name="", created_at=now))
    session.flush()


def follow(session: Session, word: Any, into: Any, now: datetime) -> None:
    """Let everything by which a word is found lead to another one, in which it was merged."""
    name = KIND_NAMES[type(word)]
    old = getattr(word, KEYS[type(word)].key)
    statement = update(WordAlias).where(WordAlias.kind == name, WordAlias.word_id == word.id).values(word_id=into.id)
    change_rows(session, statement)
    synonym = word.name if isinstance(word, Tag) else ""
    session.add(WordAlias(kind=name, key=old, word_id=into.id, former_id=word.id, name=synonym, created_at=now))
    session.flush()


def forget(session: Session, word: Any) -> None:
    """Let nothing lead to a word that is about to be deleted."""
    session.execute(delete(WordAlias).where(WordAlias.word_id == word.id))


def put_synonyms(session: Session, tag: Tag, names: Sequence[str], now: datetime) -> None:
    """Make these the synonyms of a tag. Raises: Invalid for one that another tag has, or without a slug."""
    wanted: dict[str, str] = {}
    errors = []
    for index, name in enumerate(names):
        slug = name if rules.is_slug(name) else rules.slug_from(name)
        holder = by_slug(session, Tag, slug) if slug else None
        if slug is None:
            errors.append(FieldError(f"/synonyms/{index}", "invalid", "No slug can be made of this name."))
        elif slug == tag.slug or (holder is not None and holder.id != tag.id):
            held = holder.slug if holder else tag.slug
            errors.append(FieldError(f"/synonyms/{index}", "slug_taken", f"The tag {held!r} is found by this already."))
        else:
            wanted.setdefault(slug, name)
    if errors:
        raise Invalid(errors=errors)
    for alias in session.scalars(select(WordAlias).where(WordAlias.word_id == tag.id, WordAlias.kind == "tag")):
        name = wanted.pop(alias.key, "")
        # What articles still name by an older slug or id must go on being found, though it is no synonym any more.
        if name or alias.former_id is not None or not alias.name:
            alias.name = name
        else:
            session.delete(alias)
    session.add_all(
        WordAlias(kind="tag", key=slug, word_id=tag.id, name=name, created_at=now) for slug, name in wanted.items()
    )
    session.flush()
