"""Reading the sample newsroom strictly: tables of TOML into frozen values, and every fault by its file and key."""

import re
import tomllib
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import MISSING, fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar, Protocol, TypeVar


class Sluggish(Protocol):
    """What is known by a slug; a frozen dataclass."""

    __dataclass_fields__: ClassVar[dict[str, Any]]

    @property
    def slug(self) -> str: ...


SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
Value = TypeVar("Value", bound=Sluggish)


class SampleError(ValueError):
    """A file of the sample newsroom that cannot be used; the message names the file and what is wrong."""


def values_of(kind: type[Value], words: Mapping[str, Any], key: str, where: str) -> tuple[Value, ...]:
    """The values of a list of tables, each with a slug of its own in its language. Raises: SampleError."""
    tables = words.get(key)
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        raise SampleError(f"{where}: {key} has to be a list of tables")
    values = tuple(value_of(kind, table, f"{where}: {key}[{index}]") for index, table in enumerate(tables))
    for (slug, _), count in Counter((value.slug, getattr(value, "locale", "")) for value in values).items():
        if count > 1:
            raise SampleError(f"{where}: {key} has the slug {slug!r} {count} times")
    return values


def value_of(kind: type[Value], table: Mapping[str, Any], where: str) -> Value:
    """Make a value of a TOML table. Raises: SampleError for an unknown, missing or wrongly typed key."""
    members = {member.name: member for member in fields(kind)}
    refuse_unknown(table, members, where)
    for name, member in members.items():
        if name in table:
            fault = FAULTS.get(name, _fault_of_text)(table[name])
            if fault:
                raise SampleError(f"{where}: {name} {fault}")
        elif member.default is MISSING and member.default_factory is MISSING:
            raise SampleError(f"{where}: {name} is missing")
    return kind(**{name: _frozen(value) for name, value in table.items()})


def _frozen(value: Any) -> Any:
    if isinstance(value, list):
        return tuple(value)
    return value.astimezone(UTC) if isinstance(value, datetime) else value


def refuse_unknown(table: Mapping[str, Any], known: Collection[str], where: str) -> None:
    """Raise SampleError for a key that is none of these."""
    for key in table:
        if key not in known:
            raise SampleError(f"{where}: unknown key {key!r}")


def refuse_strangers(
    what: str, named: Sequence[str], known: Collection[str], where: str, place: str = "newsroom.toml"
) -> None:
    """Raise SampleError for a name that is not among those of its place."""
    for name in named:
        if name not in known:
            raise SampleError(f"{where}: {what} {name!r} is not in {place}")


def _fault_of_text(value: Any) -> str:
    return "" if isinstance(value, str) and value.strip() else "has to be text"


def _fault_of_slug(value: Any) -> str:
    is_slug = isinstance(value, str) and len(value) <= 120 and SLUG.fullmatch(value)
    return "" if is_slug else "has to be lower-case words and digits joined by hyphens"


def _fault_of_count(value: Any) -> str:
    is_count = isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= 100
    return "" if is_count else "has to be a number up to 100"


def _fault_of_texts(value: Any) -> str:
    if not isinstance(value, list) or not value or any(_fault_of_text(one) for one in value):
        return "has to be a list of texts"
    return "" if len(set(value)) == len(value) else "names something twice"


def _fault_of_names(value: Any) -> str:
    is_map = isinstance(value, dict) and not any(_fault_of_text(name) for name in value.values())
    return "" if is_map else "has to be texts by locale"


def _fault_of_instant(value: Any) -> str:
    is_instant = isinstance(value, datetime) and value.tzinfo is not None
    return "" if is_instant else "has to be an instant with its offset, such as 2026-11-20T07:30:00Z"


FAULTS: Mapping[str, Callable[[Any], str]] = {
    "slug": _fault_of_slug,
    "tags": _fault_of_texts,
    "authors": _fault_of_texts,
    "summary": _fault_of_texts,
    "names": _fault_of_names,
    "alt": _fault_of_names,
    "captions": _fault_of_names,
    "published_at": _fault_of_instant,
    "articles": _fault_of_texts,
    "pinned": _fault_of_count,
    "fill": _fault_of_count,
    "days": _fault_of_count,
}


def text_of(path: Path, where: str) -> str:
    """The text of a file. Raises: SampleError."""
    try:
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SampleError(f"{where}: cannot be read: {type(error).__name__}") from error


def toml_of(text: str, where: str) -> dict[str, Any]:
    """The tables of a text in TOML. Raises: SampleError."""
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SampleError(f"{where}: broken TOML: {error}") from error
