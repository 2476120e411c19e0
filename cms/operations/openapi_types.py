"""Article types in the OpenAPI document: a component for the fields of each, and `fields` as one of them by `type`."""

import json
from collections.abc import Mapping
from typing import Any

from cms.taxonomy.article_types.rules.checking import ArticleType
from cms.taxonomy.article_types.rules.limits import DEFINITIONS
from cms.taxonomy.article_types.rules.values import filterable

# Drafts may be incomplete, so the shapes that editors write keep their open object.
PUBLISHED = "ArticleDocument"


def add_types(document: dict[str, Any], types: Mapping[str, ArticleType]) -> None:
    """Put the types into a document, by their names, so that the same types always give the same bytes."""
    schemas = document["components"]["schemas"]
    names = {name: f"{_camel(name)}TypeFields" for name in sorted(types)}
    for name, component in names.items():
        schemas[component] = _component(types[name], component)
    schemas[PUBLISHED]["oneOf"] = [
        {"properties": {"type": {"const": name}, "fields": {"$ref": f"#/components/schemas/{component}"}}}
        for name, component in names.items()
    ]
    _say_filters(document, types)


def _camel(name: str) -> str:
    return "".join(part.title() for part in name.split("-"))


def _component(kind: ArticleType, component: str) -> dict[str, Any]:
    """The schema as a part of a larger document: its own `$defs` are found below its component."""
    text = json.dumps({key: value for key, value in kind.schema.items() if key != "$schema"})
    moved = text.replace(f'"$ref": "{DEFINITIONS}', f'"$ref": "#/components/schemas/{component}/$defs/')
    schema: dict[str, Any] = json.loads(moved)
    return schema


def _say_filters(document: dict[str, Any], types: Mapping[str, ArticleType]) -> None:
    known = {name: ", ".join(filterable(kind.schema)) for name, kind in sorted(types.items())}
    told = "; ".join(f"`{name}`: {fields}" for name, fields in known.items() if fields)
    for parameter in document["paths"]["/content/v1/articles"]["get"]["parameters"]:
        if parameter["name"] == "fields":
            parameter["schema"] = {"type": "object", "additionalProperties": True}
            parameter["style"], parameter["explode"] = "deepObject", True
            parameter["description"] += f". Filterable: {told}" if told else ""
