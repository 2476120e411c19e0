"""Article types in the OpenAPI document: a component for the fields of each, and `fields` as one of them by `type`."""

import json
from collections.abc import Mapping
from typing import Any

from cms.platform.http.query_input import OWN_FIELDS
from cms.taxonomy.article_types.rules.checking import ArticleType
from cms.taxonomy.article_types.rules.limits import DEFINITIONS
from cms.taxonomy.article_types.rules.values import filterable

# Drafts may be incomplete, so the shapes that editors write keep their open object.
PUBLISHED = "ArticleDocument"
SPARSE = "SparseArticle"


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
    _say_sparse(document)


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
        if parameter["name"] == OWN_FIELDS:
            parameter["description"] += f". Filterable: {told}" if told else ""


def _say_sparse(document: dict[str, Any]) -> None:
    """Where members can be chosen, an answer is whole or has those that were: any of them, and `id`."""
    schemas = document["components"]["schemas"]
    members = {**schemas[PUBLISHED]["properties"], "body": {"type": "object", "description": "In the form asked for"}}
    schemas[SPARSE] = {
        "type": "object", "description": "The members that were chosen", "required": ["id"], "properties": members,
        "additionalProperties": False,
    }  # fmt: skip
    sparse = {"$ref": f"#/components/schemas/{SPARSE}"}
    cards = schemas["CardList"]["properties"]["data"]
    cards["items"] = {"anyOf": [cards["items"], sparse]}
    for path in ("/content/v1/articles/{article_id}", "/content/v1/articles/{locale}/{slug}"):
        answer = document["paths"][path]["get"]["responses"]["200"]["content"]["application/json"]
        answer["schema"] = {"anyOf": [answer["schema"], sparse]}
