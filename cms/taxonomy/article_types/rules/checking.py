"""Holding fields against a type: on save what is there, on publish also what is missing; and whether a file is a type.

Not here: which types there are (`queries.py`).
"""

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import islice
from typing import Any

from jsonschema import Draft202012Validator, FormatChecker
from jsonschema.exceptions import ValidationError
from jsonschema.validators import extend

from cms.platform.errors import FieldError
from cms.taxonomy.article_types.rules.formats import FORMATS
from cms.taxonomy.article_types.rules.limits import DEEPEST, Fault, depth_of, escaped, limit_faults
from cms.taxonomy.article_types.rules.values import value_faults

DEFAULT = "article"
NAME = re.compile(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*", re.ASCII)
LONGEST_NAME = 40
LARGEST_FILE_BYTES = 65_536
MOST_TYPES = 50
MOST_ERRORS = 50
LONGEST_SHOWN = 200
# A draft may be incomplete. These say what has to be there; those that combine parts could mean either.
ON_PUBLISH = (
    "required", "dependentRequired", "minProperties", "minItems", "minLength", "minContains", "contains", "anyOf",
    "oneOf", "not", "if",
)  # fmt: skip
# The code of a refusal and its words, by keyword; `{0}` is what the type says.
SAID = {
    "type": ("wrong_type", "Must be of the type {0}."),
    "required": ("required", "Readers need this field."),
    "additionalProperties": ("unknown", "The type has no field of this name."),
    "enum": ("not_allowed", "Must be one of: {0}."),
    "const": ("not_allowed", "Must be {0}."),
    "format": ("invalid", "Must have the format {0}."),
    "pattern": ("invalid", "Must have the form {0}."),
    "maxLength": ("too_long", "Longer than {0} characters."),
    "minLength": ("too_short", "Shorter than {0} characters."),
    "maxItems": ("too_long", "More than {0} entries."),
    "minItems": ("too_short", "Fewer than {0} entries."),
    "uniqueItems": ("not_allowed", "An entry stands here twice."),
    "minimum": ("out_of_range", "Must be at least {0}."),
    "maximum": ("out_of_range", "Must be at most {0}."),
    "exclusiveMinimum": ("out_of_range", "Must be more than {0}."),
    "exclusiveMaximum": ("out_of_range", "Must be less than {0}."),
    "anyOf": ("invalid", "Fits none of the forms that the type allows."),
    "oneOf": ("invalid", "Must fit exactly one of the forms that the type allows."),
}


class Unusable(ValueError):
    """A text that is no type; `faults` says what is wrong where."""

    def __init__(self, faults: list[Fault]) -> None:
        super().__init__("; ".join(f"{fault.pointer or '/'}: {fault.detail}" for fault in faults))
        self.faults = tuple(faults)


@dataclass(frozen=True)
class ArticleType:
    """A declared type. `text` is its file; `digest` tells one state of it from another."""

    name: str
    text: str
    schema: Mapping[str, Any] = field(repr=False)
    digest: str

    @property
    def title(self) -> str:
        """What people call it."""
        return str(self.schema.get("title", self.name))

    @property
    def description(self) -> str:
        """What it is for."""
        return str(self.schema.get("description", ""))


def is_type_name(text: str) -> bool:
    """Whether a type can have this name: lower-case words joined by hyphens."""
    return len(text) <= LONGEST_NAME and NAME.fullmatch(text) is not None


@lru_cache(maxsize=4 * MOST_TYPES)
def type_from(name: str, text: str) -> ArticleType:
    """A type from the text of its file, kept for the next asker. Raises: Unusable, with what is wrong where."""
    if len(text.encode()) > LARGEST_FILE_BYTES:
        raise Unusable([Fault("", f"Larger than {LARGEST_FILE_BYTES} bytes.")])
    schema = _parsed(text)
    if depth_of(schema) > DEEPEST * 2:
        raise Unusable([Fault("", f"Nested more than {DEEPEST * 2} levels deep.")])
    faults = _grammar_faults(schema) or limit_faults(schema) or value_faults(schema)
    if faults:
        raise Unusable(faults)
    return ArticleType(name, text, schema, hashlib.sha256(f"{name}\n{text}".encode()).hexdigest()[:24])


def misfits(kind: ArticleType, fields: Mapping[str, Any], *, is_complete: bool) -> list[FieldError]:
    """What of an article's fields does not fit its type: on save what is there, on publish also what is missing."""
    # Most articles have no fields of their own, and what these lack is a matter of the type alone.
    if not fields:
        return list(_lacking(kind.name, kind.text, is_complete))
    errors = _validator(kind.name, kind.text, is_complete).iter_errors(fields)
    return [_said(error) for error in islice(errors, MOST_ERRORS)]


def _parsed(text: str) -> Mapping[str, Any]:
    try:
        schema = json.loads(text, object_pairs_hook=_unique, parse_constant=_refuse, parse_float=_finite)
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        raise Unusable([Fault("", f"Not JSON: {error.msg} ({place}).")]) from None
    except (ValueError, RecursionError) as error:
        raise Unusable([Fault("", f"Not JSON: {error}.")]) from None
    if not isinstance(schema, dict):
        raise Unusable([Fault("", "Must be a JSON object.")])
    return schema


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    names = [name for name, _ in pairs]
    if len(set(names)) < len(names):
        raise ValueError(f"the member {next(name for name in names if names.count(name) > 1)[:60]!r} stands twice")
    return dict(pairs)


def _refuse(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


def _finite(text: str) -> float:
    number = float(text)
    if number in (float("inf"), float("-inf")):
        raise ValueError(f"{text[:60]} is too large")
    return number


def _grammar_faults(schema: Mapping[str, Any]) -> list[Fault]:
    """What JSON Schema itself finds wrong with a schema."""
    found = Draft202012Validator(Draft202012Validator.META_SCHEMA).iter_errors(schema)
    return [
        Fault("".join(f"/{escaped(str(step))}" for step in error.absolute_path), f"{error.message[:LONGEST_SHOWN]}.")
        for error in islice(found, MOST_ERRORS)
    ]


def _required(_validator: Any, names: list[str], instance: Any, _schema: Any) -> Iterator[ValidationError]:
    for name in names if isinstance(instance, dict) else ():
        if name not in instance:
            yield ValidationError("", path=[name])


def _no_more(validator: Any, allowed: Any, instance: Any, schema: Mapping[str, Any]) -> Iterator[ValidationError]:
    known = schema.get("properties", {})
    for name in instance if isinstance(instance, dict) else ():
        if name in known:
            continue
        if allowed is False:
            yield ValidationError("", path=[name])
        else:
            yield from validator.descend(instance[name], allowed, path=name)


def _unique_items(_validator: Any, is_asked: bool, instance: Any, _schema: Any) -> Iterator[ValidationError]:
    # The library compares each with each where entries are objects; ten thousand of them would take a minute.
    if is_asked and isinstance(instance, list):
        seen = {json.dumps(item, sort_keys=True) for item in instance}
        if len(seen) < len(instance):
            yield ValidationError("")


def _format_checker() -> FormatChecker:
    checker = FormatChecker(formats=())
    for name, is_right in FORMATS.items():
        checker.checks(name)(lambda text, is_right=is_right: not isinstance(text, str) or is_right(text))
    return checker


OWN = {"required": _required, "additionalProperties": _no_more, "uniqueItems": _unique_items}
WHOLE = extend(Draft202012Validator, OWN)
DRAFT = extend(Draft202012Validator, {**OWN, **{keyword: lambda *_: () for keyword in ON_PUBLISH}})
CHECKER = _format_checker()


@lru_cache(maxsize=4 * MOST_TYPES)
def _validator(name: str, text: str, is_complete: bool) -> Any:
    schema = type_from(name, text).schema
    return (WHOLE if is_complete else DRAFT)(schema, format_checker=CHECKER)


@lru_cache(maxsize=4 * MOST_TYPES)
def _lacking(name: str, text: str, is_complete: bool) -> tuple[FieldError, ...]:
    errors = _validator(name, text, is_complete).iter_errors({})
    return tuple(_said(error) for error in islice(errors, MOST_ERRORS))


def _said(error: ValidationError) -> FieldError:
    keyword = str(error.validator)
    code, words = SAID.get(keyword, ("invalid", f"Does not fit what the type says by {keyword}."))
    value = error.validator_value
    told = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
    pointer = "".join(f"/{escaped(str(step)[:LONGEST_SHOWN])}" for step in ("fields", *error.absolute_path))
    return FieldError(pointer[:LONGEST_SHOWN], code, words.format(told[:LONGEST_SHOWN]))
