"""Article types over HTTP, for editors and their tools. They are changed as files, not here."""

from typing import Any

from flask import Blueprint, Response

from cms.platform.errors import NotFound
from cms.platform.http.answers import answer
from cms.platform.http.endpoint import endpoint
from cms.platform.http.transactions import reading
from cms.taxonomy.article_types import queries
from cms.taxonomy.article_types.rules.checking import ArticleType
from cms.taxonomy.article_types.rules.values import filterable
from cms.taxonomy.article_types.schemas import ArticleTypeShape, ArticleTypesShape

article_types = Blueprint("article_types", __name__, url_prefix="/api/v1")

READ = "taxonomy:read"


@article_types.get("/types")
@endpoint(
    summary="List article types",
    scope=READ,
    answers={200: ArticleTypesShape},
    description="All of them, there are never many. Types are files; `copydesk types reload` puts them in force.",
)
def list_types() -> Response:
    """Every type with the schema of its fields, by name."""
    with reading() as session:
        return answer({"data": [_data(kind) for kind in queries.types(session).values()]})


@article_types.get("/types/<name>")
@endpoint(summary="Read an article type", scope=READ, answers={200: ArticleTypeShape}, refuses=(404,))
def read_type(name: str) -> Response:
    """One type with the schema of its fields."""
    with reading() as session:
        kind = queries.type_named(session, name)
        if kind is None:
            raise NotFound("There is no article type of this name.")
        return answer(_data(kind))


def _data(kind: ArticleType) -> dict[str, Any]:
    return {
        "name": kind.name,
        "title": kind.title,
        "description": kind.description,
        "filterable": filterable(kind.schema),
        "schema": kind.schema,
    }
