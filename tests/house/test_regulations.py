"""What every module of the product keeps, checked on its syntax tree."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

TOP = Path(__file__).parents[2]
PACKAGES = ("cms", "workers", "search_index")
FORBIDDEN_NAMES = {"utils", "util", "helpers", "helper", "common", "misc", "base", "manager", "managers"}
LARGEST_MODULE = 400


def modules(*words: str) -> Iterator[tuple[str, ast.Module]]:
    """Every module with its tree; with `words` those only whose text has one of them, since parsing takes long."""
    for package in PACKAGES:
        for path in sorted((TOP / package).rglob("*.py")):
            text = path.read_text("utf-8")
            if not words or any(word in text for word in words):
                yield str(path.relative_to(TOP)), ast.parse(text)


def calls(tree: ast.AST, name: str) -> Iterator[ast.Call]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            function = node.func
            called = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", None)
            if called == name:
                yield node


def places(name: str) -> set[str]:
    return {path for path, tree in modules(name) if any(True for _ in calls(tree, name))}


def test_no_import_stands_inside_a_function() -> None:
    found = [
        (path, node.lineno)
        for path, tree in modules()
        for function in ast.walk(tree)
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
        for node in ast.walk(function)
        if isinstance(node, ast.Import | ast.ImportFrom)
    ]
    assert found == []


def test_only_the_transaction_helper_and_the_migrations_commit() -> None:
    assert places("commit") - {"search_index/writer.py", "search_index/generations.py"} <= {
        "cms/platform/db.py",
        "cms/migrations/running.py",
    }


def test_only_the_relay_sends_tasks() -> None:
    assert places("send_task") <= {"workers/relay.py"}
    assert places("apply_async") == set()
    assert places("delay") == set()


def test_the_clock_is_read_in_one_place() -> None:
    found = {
        path
        for path, tree in modules(".now", ".utcnow", ".today")
        for name in ("now", "utcnow", "today")
        for call in calls(tree, name)
        if isinstance(call.func, ast.Attribute)
        and isinstance(call.func.value, ast.Name)
        and call.func.value.id in ("datetime", "date")
    }
    assert found == {"cms/platform/clock.py"}


def test_the_environment_is_read_where_processes_begin_and_nowhere_else() -> None:
    found = {
        path
        for path, tree in modules("environ", "getenv")
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
        and node.attr in ("environ", "getenv")
        and isinstance(node.value, ast.Name)
        and node.value.id == "os"
    }
    allowed = {"cms/cli.py", "cms/app.py", "cms/operations/metrics.py", "cms/operations/dumps.py"}
    assert {path for path in found if not path.startswith("cms/launch/")} <= allowed


def test_packages_hold_nothing_but_a_docstring() -> None:
    for path, tree in modules():
        if path.endswith("__init__.py"):
            assert all(isinstance(node, ast.Expr) for node in tree.body), path
            assert ast.get_docstring(tree), f"{path} does not say what lives in it"


def test_every_module_says_what_lives_in_it() -> None:
    assert [path for path, tree in modules() if not ast.get_docstring(tree)] == []


def test_every_public_function_and_class_says_what_it_does() -> None:
    missing = [
        f"{path}:{node.lineno} {node.name}"
        for path, tree in modules()
        for node in tree.body
        if isinstance(node, ast.FunctionDef | ast.ClassDef)
        and not node.name.startswith("_")
        and not ast.get_docstring(node)
    ]
    assert missing == []


def test_no_name_is_a_drawer_for_anything() -> None:
    names = {part for path, _ in modules() for part in Path(path).with_suffix("").parts}
    assert names & FORBIDDEN_NAMES == set()


@pytest.mark.parametrize("package", PACKAGES)
def test_no_module_has_grown_into_two(package: str) -> None:
    long = {
        str(path.relative_to(TOP)): lines
        for path in (TOP / package).rglob("*.py")
        if "migrations/versions" not in str(path)
        and (lines := len(path.read_text("utf-8").splitlines())) > LARGEST_MODULE
    }
    assert long == {}
