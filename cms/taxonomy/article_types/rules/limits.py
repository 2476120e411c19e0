"""What a schema of a type may use of JSON Schema 2020-12, and how much of it: enough to describe fields, and nothing
that reads elsewhere, runs in circles or costs more than the text is long."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from cms.taxonomy.article_types.rules.formats import FORMATS
from cms.taxonomy.article_types.rules.patterns import pattern_problem

DIALECT = "https://json-schema.org/draft/2020-12/schema"
DEEPEST = 16
MOST_PARTS = 500
DEFINITIONS = "#/$defs/"
FILTERABLE, SEARCHABLE = "x-filterable", "x-searchable"
# Hints for editing tools; they mean nothing here.
FOR_TOOLS = "x-ui-"

ONE = ("additionalProperties", "items", "contains", "not", "if", "then", "else", "propertyNames")
MANY = ("allOf", "anyOf", "oneOf", "prefixItems")
NAMED = ("properties", "$defs")
PLAIN = frozenset({
    "$schema", "$comment", "$ref", "title", "description", "default", "examples", "deprecated", "readOnly", "type",
    "enum", "const", "required", "dependentRequired", "minProperties", "maxProperties", "minItems", "maxItems",
    "minContains", "maxContains", "uniqueItems", "minLength", "maxLength", "pattern", "format", "minimum", "maximum",
    "exclusiveMinimum", "exclusiveMaximum", "multipleOf", FILTERABLE, SEARCHABLE,
})  # fmt: skip
KEYWORDS = PLAIN | {*ONE, *MANY, *NAMED}


@dataclass(frozen=True)
class Fault:
    """One thing wrong with a type's schema, and where: a JSON Pointer into the file."""

    pointer: str
    detail: str


def parts_of(schema: Any, pointer: str = "") -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Every subschema with where it stands, itself first. What is no schema is passed over."""
    if not isinstance(schema, Mapping):
        return
    yield pointer, schema
    for keyword in ONE:
        yield from parts_of(schema.get(keyword), f"{pointer}/{keyword}")
    for keyword in MANY:
        members = schema.get(keyword)
        for index, part in enumerate(members if isinstance(members, list) else ()):
            yield from parts_of(part, f"{pointer}/{keyword}/{index}")
    for keyword in NAMED:
        members = schema.get(keyword)
        for name, part in members.items() if isinstance(members, Mapping) else ():
            yield from parts_of(part, f"{pointer}/{keyword}/{escaped(name)}")


def depth_of(value: Any) -> int:
    """How deep a JSON value is nested, counted without recursion."""
    deepest, waiting = 0, [(value, 1)]
    while waiting:
        item, depth = waiting.pop()
        deepest = max(deepest, depth)
        if isinstance(item, dict):
            waiting += [(inner, depth + 1) for inner in item.values()]
        elif isinstance(item, list):
            waiting += [(inner, depth + 1) for inner in item]
    return deepest


def limit_faults(schema: Mapping[str, Any]) -> list[Fault]:
    """What a schema uses that it may not."""
    if schema.get("type") != "object":
        return [Fault("/type", 'Must be "object": the schema describes the fields of an article.')]
    if schema.get("$schema", DIALECT) != DIALECT:
        return [Fault("/$schema", f"Must be {DIALECT}, or left out.")]
    faults = [fault for pointer, part in parts_of(schema) for fault in _faults_of(part, pointer, schema)]
    return faults or _size_faults(schema)


def definition(root: Mapping[str, Any], reference: Any) -> Mapping[str, Any] | None:
    """The part of a schema that a `$ref` names, or None where it names none."""
    if not isinstance(reference, str) or not reference.startswith(DEFINITIONS):
        return None
    found = root.get("$defs", {}).get(reference.removeprefix(DEFINITIONS).replace("~1", "/").replace("~0", "~"))
    return found if isinstance(found, Mapping) else None


def resolved(root: Mapping[str, Any], part: Any) -> Mapping[str, Any]:
    """A part with what its `$ref` names beneath it; for schemas that passed the limits."""
    if not isinstance(part, Mapping):
        return {}
    named = definition(root, part.get("$ref"))
    return part if named is None else {**resolved(root, named), **part}


def escaped(name: str) -> str:
    """A member's name as a step of a JSON Pointer. Source: RFC 6901."""
    return name.replace("~", "~0").replace("/", "~1")


def _faults_of(part: Mapping[str, Any], pointer: str, root: Mapping[str, Any]) -> Iterator[Fault]:
    for keyword in part:
        if keyword not in KEYWORDS and not keyword.startswith(FOR_TOOLS):
            yield Fault(f"{pointer}/{escaped(keyword)}", f"The keyword {keyword[:60]!r} is not known here.")
    if pointer:
        for keyword in part.keys() & {"$schema", "$defs"}:
            yield Fault(f"{pointer}/{keyword}", "This stands at the top of the file only.")
    if "$ref" in part and definition(root, part["$ref"]) is None:
        yield Fault(f"{pointer}/$ref", "Must name a part of this file, such as #/$defs/credit, that is there.")
    problem = pattern_problem(part["pattern"]) if isinstance(part.get("pattern"), str) else None
    if problem:
        yield Fault(f"{pointer}/pattern", problem)
    if "format" in part and part["format"] not in FORMATS:
        yield Fault(f"{pointer}/format", f"Must be one of: {', '.join(FORMATS)}.")
    if "multipleOf" in part and not isinstance(part["multipleOf"], int):
        yield Fault(f"{pointer}/multipleOf", "Must be a whole number.")
    for keyword in (FILTERABLE, SEARCHABLE):
        if not isinstance(part.get(keyword, True), bool):
            yield Fault(f"{pointer}/{keyword}", "Must be true or false.")


def _size_faults(schema: Mapping[str, Any]) -> list[Fault]:
    try:
        count = _expanded(schema, schema, ())
    except RecursionError:
        return [Fault("", "A definition leads back to itself by $ref.")]
    return [Fault("", f"More than {MOST_PARTS} parts, each $ref counted with what it names.")] if count < 0 else []


def _expanded(root: Mapping[str, Any], schema: Any, trail: tuple[str, ...]) -> int:
    """How many parts a schema has with every `$ref` written out; negative beyond the limit. Raises: RecursionError."""
    count = 0
    top = {name: value for name, value in schema.items() if name != "$defs"} if schema is root else schema
    for _, part in parts_of(top):
        count += 1
        reference = part.get("$ref")
        if reference is not None:
            if reference in trail:
                raise RecursionError
            inner = _expanded(root, definition(root, reference), (*trail, reference))
            if inner < 0:
                return -1
            count += inner
        if count > MOST_PARTS:
            return -1
    return count
