"""Changing words: names, slugs, synonyms, and where a section stands. What published articles show follows by event."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from cms.audit.recording import note
from cms.events.catalogue import SectionMoved, WordRenamed
from cms.events.list_events import RelatedSweepDue
from cms.events.outbox import record
from cms.identity.moving import move_grants
from cms.platform.actor import Actor
from cms.platform.errors import Conflict, FieldError, Invalid, NotFound
from cms.taxonomy import queries, rules
from cms.taxonomy.adding import parent_named
from cms.taxonomy.keeping import (
    hold_tree,
    keep_key,
    put_synonyms,
    refuse_held_key,
    refuse_in_tree,
    refuse_other_revision,
    refuse_shared,
)
from cms.taxonomy.models import Section, Tag
from cms.taxonomy.queries import KEYS, KIND_NAMES, MEMBERS
from cms.taxonomy.rules import ChangeWord

EMPTY: dict[str, Any] = {
    "names": {}, "bios": {}, "bio": "", "url": "", "roles": [], "links": [], "synonyms": [], "position": 0,
    "parent": None, "related_half_life_days": None,
}  # fmt: skip
# What published articles and the index hold of a word; a change of anything else concerns neither.
SHOWN = frozenset({"slug", "name", "names", "synonyms"})


@dataclass(frozen=True)
class Changed:
    """A word after a change, and the letter whose id is the receipt's; None where nothing follows from it."""

    word: Any
    letter_id: str | None


def change_word(session: Session, actor: Actor, kind: type[Any], command: ChangeWord, now: datetime) -> Changed:
    """Change a word by a merge patch; what changes nothing writes nothing. An old slug goes on leading here.

    Emits: WordRenamed or SectionMoved, where articles show what changed; RelatedSweepDue, where they age otherwise
    Raises: NotFound; Forbidden, also for the place that a section moves to; Stale; Invalid; Conflict (`slug_taken`)
    """
    if kind is Section:
        hold_tree(session)
    word = found_for_change(session, actor, kind, command.key)
    before = queries.members(session, word)
    after = rules.merged(before, command.patch, EMPTY)
    _refuse_missing(after)
    refuse_other_revision(word, command.revision, before, after)
    changes = [name for name in before if before[name] != after[name]]
    if not changes:
        return Changed(word, None)
    key = KEYS[kind].key
    old_key = before[key]
    if after[key] != old_key:
        refuse_held_key(session, kind, after[key], word.id)
    is_moved = False
    if kind is Section:
        is_moved = _place(session, actor, word, before, after)
    _put(session, word, {name: after[name] for name in MEMBERS[kind]})
    if after[key] != old_key:
        keep_key(session, word, old_key, now)
    if isinstance(word, Tag) and "synonyms" in changes:
        put_synonyms(session, word, after["synonyms"], now)
    name = KIND_NAMES[kind]
    action = f"{name}.{'moved' if is_moved else 'changed'}"
    note(session, actor=actor, action=action, subject_kind=name, subject_id=word.id, now=now, changes=changes)
    swept = None
    if "related_half_life_days" in changes:
        swept = record(session, RelatedSweepDue(subject=word.id), actor=actor, now=now).id
    if is_moved:
        return Changed(word, record(session, SectionMoved(subject=word.id), actor=actor, now=now).id)
    if SHOWN & set(changes):
        return Changed(word, record(session, WordRenamed(subject=word.id, kind=name), actor=actor, now=now).id)
    return Changed(word, swept)


def found_for_change(session: Session, actor: Actor, kind: type[Any], key: str) -> Any:
    """The word, held until the transaction ends, for somebody who may change it. Raises: NotFound; Forbidden."""
    word = queries.by_key(session, kind, key, is_locked=True)
    if word is None:
        raise NotFound
    if isinstance(word, Section):
        refuse_in_tree(actor, path_above(word))
    else:
        refuse_shared(actor)
    return word


def path_above(section: Section) -> str:
    """The path of the section above this one; empty at the root."""
    return section.path.removesuffix(f"{section.slug}/")


def _refuse_missing(after: dict[str, Any]) -> None:
    errors = [
        FieldError(f"/{name}", "required", "A word always has this.")
        for name in ("name", "slug")
        if name in after and not after[name]
    ]
    if errors:
        raise Invalid(errors=errors)


def _place(session: Session, actor: Actor, section: Section, before: dict[str, Any], after: dict[str, Any]) -> bool:
    """Put a section and all below it where it belongs now; the grants that hold there go with it."""
    is_moved = before["parent"] != after["parent"]
    parent = parent_named(session, after["parent"])
    if is_moved:
        refuse_in_tree(actor, parent.path if parent else "")
    old_path, old_place = section.path, section.place
    if parent is not None and parent.path.startswith(old_path):
        raise Invalid(errors=[FieldError("/parent", "cycle", "A section cannot stand below itself.")])
    path = rules.section_path(after["slug"], parent.path if parent else "")
    place = rules.section_place(after["slug"], after["position"], parent.place if parent else "")
    rows = list(session.scalars(select(Section).where(queries.below(old_path))))
    longest = max(len(row.path) for row in rows) - len(old_path)
    if path is None or len(path) + longest > rules.LONGEST_PATH:
        raise Invalid(errors=[FieldError("/parent", "too_deep", "The tree of sections would grow too deep here.")])
    section.parent_id = parent.id if parent else None
    for row in rows:
        row.path = path + row.path[len(old_path) :]
        row.place = place + row.place[len(old_place) :]
    if path != old_path:
        move_grants(session, old_path, path)
    return is_moved


def _put(session: Session, word: Any, values: dict[str, Any]) -> None:
    try:
        with session.begin_nested():
            for name, value in values.items():
                setattr(word, name, value)
            word.revision += 1
    except IntegrityError:
        raise Conflict("Another word has this slug or name already.", code="slug_taken") from None
