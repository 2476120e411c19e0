"""What proves something is compared in constant time (row S25)."""

import ast
import hashlib
from collections.abc import Iterator
from pathlib import Path

TOP = Path(__file__).parents[2]
SECRETS = {"code", "codes", "csrf", "digest", "mac", "password", "phrase", "secret", "signature", "tag", "token"}
# Comparisons of names like these that tell nobody anything about a secret.
HARMLESS = {
    "cms/identity/rules.py: checksum(random) == token[-CHECK_CHARACTERS:]": "a checksum that everybody can compute",
    "cms/operations/backup.py: _digest(path) != digest": "the digest of a file whose owner asks",
    "cms/platform/text/markdown.py: tag == mark": "a tag of HTML",
    "cms/platform/text/markdown.py: tag == skipped": "a tag of HTML",
}


def comparisons(tree: ast.AST) -> Iterator[ast.Compare]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Compare) and isinstance(node.ops[0], ast.Eq | ast.NotEq):
            yield node


def is_secret(node: ast.AST) -> bool:
    """Whether an operand is called like something that proves something; columns of tables are compared by SQL."""
    if isinstance(node, ast.Subscript):
        return is_secret(node.value)
    if isinstance(node, ast.Attribute):
        is_column = isinstance(node.value, ast.Name) and node.value.id[:1].isupper()
        return node.attr in SECRETS and not is_column
    return isinstance(node, ast.Name) and node.id in SECRETS


def test_codes_tokens_and_signatures_go_through_compare_digest() -> None:
    found = set()
    for package in ("cms", "workers"):
        for path in sorted((TOP / package).rglob("*.py")):
            for node in comparisons(ast.parse(path.read_text("utf-8"))):
                sides = [node.left, *node.comparators]
                is_column = any(
                    isinstance(side, ast.Attribute) and isinstance(side.value, ast.Name) and side.value.id[:1].isupper()
                    for side in sides
                )
                if any(map(is_secret, sides)) and not is_column and not any(isinstance(s, ast.Constant) for s in sides):
                    found.add(f"{path.relative_to(TOP)}: {ast.unparse(node)}")
    assert found == HARMLESS.keys(), found
