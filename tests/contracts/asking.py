"""What the tests of the HTTP edges share: every route with a path that it answers, and the names that are nobody's."""

from collections.abc import Iterator
from typing import Any

from flask import Flask

from cms.platform.ids import new_id

PUBLIC = ("/content/v1/articles", "/content/v1/sections", "/content/v1/tags", "/content/v1/people")
PAGES = (
    "/livez", "/readyz", "/metrics", "/", "/docs", "/docs/docs.js", "/docs/docs.css", "/docs/problems", "/openapi.json",
)  # fmt: skip


def requests(app: Flask) -> Iterator[tuple[str, str, str]]:
    """Method, rule and a path for each route; what the path names does not exist where it has parts."""
    for rule in app.url_map.iter_rules():
        parts: dict[str, Any] = {
            name: 999 if f"int:{name}" in rule.rule else new_id() if f"uuid:{name}" in rule.rule else "x"
            for name in rule.arguments
        }
        path = rule.build(parts)
        assert path is not None
        for method in sorted((rule.methods or set()) - {"OPTIONS", "HEAD"}):
            yield method, rule.rule, path[1]
