"""The furniture of a wing: api → verbs → queries → schemas, models → rules, and each thing in one place.

Any module of a wing that is not furniture is a verb's, so this reads the modules themselves: a contract by names would
know none of the verbs that are yet to be written.
"""

import ast
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

TOP = Path(__file__).parents[2]
NO_WINGS = {"platform", "launch", "migrations"}
WINGS = sorted(path.name for path in (TOP / "cms").iterdir() if path.is_dir() and path.name not in NO_WINGS)
FLOORS = {
    "rules": 0, "subscriptions": 0,
    # Rules with a subject of their own; a contract in pyproject.toml holds that they are plain Python as well.
    "addresses": 1, "attachments": 1, "codes": 1, "common_passwords": 1, "comparing": 1, "merging": 1,
    "packing": 1, "passwords": 1, "pictures": 1, "presets": 1, "text_diff": 1, "webvtt": 1,
    # The catalogue of events in its parts.
    "asset_events": 1, "catalogue": 1, "comment_events": 1, "event": 1, "list_events": 1, "preview_events": 1,
    "search_events": 1,
    "fields": 2, "schemas": 2, "models": 2,
    "queries": 3,
    "api": 5, "commands": 5,
}  # fmt: skip
SUBJECTS, VERBS = 1, 4


def imports(path: Path) -> Iterator[str]:
    """The modules that a module imports, by full names."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)


def looks_up(wing: Path) -> list[str]:
    """What in a wing imports furniture above it, or beside it where that is not the same piece or a verb.

    A folder with rules of its own is furnished like a wing, and each of its pieces counts as what it is.
    """
    own = {path.relative_to(wing).parts[0].removesuffix(".py") for path in wing.iterdir()}
    rooms = {path.parent.name for path in (*wing.glob("*/rules.py"), *wing.glob("*/rules/"))}
    found = []
    for path in wing.rglob("*.py"):
        name = piece(path.relative_to(wing).with_suffix("").parts, rooms)
        floor = FLOORS.get(name.rpartition(".")[2], VERBS)
        for module in imports(path):
            parts = module.split(".")
            if parts[:2] != ["cms", wing.name] or len(parts) < 3 or parts[2] not in own:
                continue
            other_name = piece(parts[2:], rooms)
            other = FLOORS.get(other_name.rpartition(".")[2], VERBS)
            # The queries of a room and of the wing around it are one piece in two parts, and so are models and shapes.
            is_one_piece = other == floor and ("." in name) != ("." in other_name)
            if other_name in {name, *rooms} or is_one_piece or (other == floor and floor in (SUBJECTS, VERBS)):
                continue
            if other >= floor:
                found.append(f"{wing.name}: {name} imports {other_name}")
    return sorted(set(found))


def piece(parts: Sequence[str], rooms: set[str]) -> str:
    """What a path within a wing is a part of, such as `api`, or `staff.api` in a room that is furnished by itself."""
    return ".".join(parts[: 2 if parts[0] in rooms else 1])


@pytest.mark.parametrize("wing", WINGS)
def test_furniture_stands_on_the_furniture_below_it(wing: str) -> None:
    assert looks_up(TOP / "cms" / wing) == []


def test_a_wing_that_looks_up_is_found(tmp_path: Path) -> None:
    wing = tmp_path / "newsroom"
    wing.mkdir()
    for name, text in {
        "api": "from cms.newsroom import publishing, queries",
        "publishing": "from cms.newsroom.saving import a\nfrom cms.newsroom.models import B",
        "saving": "import cms.newsroom.rules",
        "queries": "from cms.newsroom.publishing import publish",
        "schemas": "from cms.newsroom import saving\nfrom cms.newsroom.models import B",
        "models": "from cms.newsroom.rules import STATES",
        "rules": "from cms.content.publishing import a",
    }.items():
        (wing / f"{name}.py").write_text(text, "utf-8")
    assert looks_up(wing) == [
        "newsroom: queries imports publishing", "newsroom: schemas imports models", "newsroom: schemas imports saving",
    ]  # fmt: skip


def where_assigned(name: str) -> set[str]:
    """The modules of `cms` with a class that has a member of this name."""
    return {
        str(path.relative_to(TOP))
        for path in (TOP / "cms").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.ClassDef)
        for line in node.body
        if isinstance(line, ast.Assign) and any(isinstance(one, ast.Name) and one.id == name for one in line.targets)
    }


def test_lists_have_one_envelope() -> None:
    assert where_assigned("has_more") == where_assigned("prev_cursor") == {"cms/platform/http/shapes.py"}


def test_paging_is_written_once_for_rows_and_once_for_ready_bytes() -> None:
    found = {
        str(path.relative_to(TOP))
        for path in (TOP / "cms").rglob("*.py")
        if "cms.platform.http.paging.encode_cursor" in set(imports(path))
    }
    # A feed is no list: there is a cursor at its end too, for what is still to come.
    feed = "cms/content/changes/telling.py"
    assert found == {"cms/platform/http/pages.py", "cms/content/answering.py", feed}
