"""Every problem says by its type where it is explained, so every code has its row on the page."""

import ast
from pathlib import Path

import cms
from cms.operations.problems_page import PROBLEMS

# The code of one error in a list is explained by its own detail.
OF_ONE_ERROR = frozenset({"FieldError"})


def codes_raised() -> dict[str, str]:
    """The codes that refusals are made with, and a place of each."""
    found = {}
    for path in sorted(Path(cms.__file__).parent.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if not isinstance(node, ast.Call) or (isinstance(node.func, ast.Name) and node.func.id in OF_ONE_ERROR):
                continue
            for given in node.keywords:
                if given.arg == "code" and isinstance(given.value, ast.Constant) and isinstance(given.value.value, str):
                    found[given.value.value] = f"{path.name}:{node.lineno}"
    return found


def test_every_code_of_a_refusal_is_explained() -> None:
    raised = codes_raised()
    assert len(raised) >= 40
    assert {code: place for code, place in raised.items() if code not in PROBLEMS} == {}
