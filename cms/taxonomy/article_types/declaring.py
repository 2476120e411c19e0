"""Taking article types from a folder of files: all of them take effect, or none does."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import delete
from sqlalchemy.orm import Session

from cms.audit.recording import note
from cms.events.catalogue import ArticleTypesDeclared
from cms.events.outbox import record
from cms.platform.actor import Actor
from cms.platform.errors import Conflict
from cms.platform.ids import new_id
from cms.taxonomy.article_types import queries
from cms.taxonomy.article_types.models import DeclaredType
from cms.taxonomy.article_types.rules.checking import (
    LARGEST_FILE_BYTES,
    MOST_TYPES,
    ArticleType,
    Unusable,
    is_type_name,
    type_from,
)


@dataclass(frozen=True)
class Folder:
    """What a folder of types holds: the types by name, and in words what is wrong with which file."""

    types: dict[str, ArticleType]
    faults: tuple[str, ...]


def read_folder(folder: Path) -> Folder:
    """Read every `*.json` of a folder as a type; one that is not there holds none."""
    found: dict[str, ArticleType] = {}
    faults: list[str] = []
    paths = sorted(folder.glob("*.json")) if folder.is_dir() else []
    if len(paths) > MOST_TYPES:
        return Folder({}, (f"{folder} holds more than {MOST_TYPES} types",))
    for path in paths:
        if not is_type_name(path.stem):
            faults.append(f"{path.name}: a type is named by lower-case letters and digits in words joined by hyphens")
            continue
        try:
            with path.open("rb") as file:
                text = file.read(LARGEST_FILE_BYTES + 1).decode("utf-8")
            found[path.stem] = type_from(path.stem, text)
        except Unusable as error:
            faults += [f"{path.name}, at {fault.pointer or 'the top'}: {fault.detail}" for fault in error.faults]
        except UnicodeDecodeError:
            faults.append(f"{path.name}: larger than {LARGEST_FILE_BYTES} bytes, or not UTF-8")
        except OSError as error:
            faults.append(f"{path.name}: cannot be read: {error.strerror}")
    return Folder(found, tuple(faults))


def declare_types(
    session: Session, actor: Actor, wanted: Mapping[str, ArticleType], in_use: Mapping[str, int], now: datetime
) -> list[str]:
    """Make these types the ones in force; gives the names that changed. `in_use` counts the articles of each type.

    Emits: ArticleTypesDeclared, when something changed
    Raises: Conflict (`type_in_use`) for a type that goes while articles have it.
    """
    before = {name: kind.text for name, kind in queries.types(session).items()}
    after = {**queries.BUILT_IN, **{name: kind.text for name, kind in wanted.items()}}
    lost = [f"{name} ({in_use[name]} articles)" for name in sorted(before.keys() - after.keys()) if in_use.get(name)]
    if lost:
        raise Conflict(f"Articles have a type that would be gone: {', '.join(lost)}.", code="type_in_use")
    changed = sorted(name for name in before.keys() | after.keys() if before.get(name) != after.get(name))
    if not changed:
        return []
    session.execute(delete(DeclaredType))
    session.add_all(DeclaredType(name=name, text=kind.text, declared_at=now) for name, kind in wanted.items())
    event = ArticleTypesDeclared(subject=new_id(), names=",".join(sorted(after)))
    note(
        session, actor=actor, action=event.type, subject_kind="article_types", subject_id=event.subject, now=now,
        changes=changed,
    )  # fmt: skip
    record(session, event, actor=actor, now=now)
    session.flush()
    return changed
