"""Row S25: what somebody could guess byte by byte is compared in constant time, wherever it is compared."""

import ast
import hmac
import re
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask

from cms.identity import codes
from cms.platform.errors import BadRequest
from cms.platform.http import csrf, paging
from cms.platform.http.paging import Cursor, decode_cursor, encode_cursor
from cms.platform.keys import Keys
from tests.house.test_regulations import modules
from tests.identity.making import Office

SECRET = re.compile(r"(?:^|_)(?:token|tokens|code|codes|password|secret|signature|seal|csrf|mac|hmac|tag|digest|hash)$")
# Found by looking a digest of 178 random bits up in an index, or no secret at all; each with its reason.
ALLOWED = {
    ("cms/identity/queries.py", "digest"): "an index look-up of SHA-256 over 178 random bits",
    ("cms/identity/queries.py", "previous_digest"): "the same",
    ("cms/identity/staff/queries.py", "digest"): "the same",
    ("cms/identity/staff/signing_in.py", "password_hash"): "two hashes of ours: whether it changed meanwhile",
    ("cms/identity/staff/retrieving.py", "password_hash"): "the same",
    ("cms/readers/queries.py", "digest"): "an index look-up of SHA-256 over 178 random bits",
    ("cms/readers/signing_in.py", "password_hash"): "two hashes of ours: whether it changed meanwhile",
    ("cms/operations/backup.py", "digest"): "a checksum of a file, which stands in that same file",
    ("cms/operations/backup.py", "_digest"): "the same",
    ("cms/operations/backup.py", "seal"): "the same: a checksum without a key",
    ("workers/examining.py", "digest"): "the content of a published article, which everybody may read",
    ("workers/handlers/indexing.py", "digest"): "the same",
    ("cms/audit/queries.py", "seal"): "two seals that the database holds; no request brings one",
    ("cms/audit/rules.py", "seal"): "the same; whether a seal fits its key is compared in constant time",
    ("cms/audit/rules.py", "previous_seal"): "the same",
}


def compared() -> Iterator[tuple[str, str]]:
    for path, tree in modules():
        for node in ast.walk(tree):
            if isinstance(node, ast.Compare) and any(isinstance(one, ast.Eq | ast.NotEq) for one in node.ops):
                for side in (node.left, *node.comparators):
                    name = _name(side)
                    if SECRET.search(name):
                        yield path, name


def _name(node: ast.AST) -> str:
    if isinstance(node, ast.Call):
        return _name(node.func)
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def test_no_secret_is_compared_with_an_equals_sign() -> None:
    prefixes = (
        "cms/identity/", "cms/readers/", "cms/platform/", "cms/audit/", "cms/operations/", "cms/mail/", "workers/",
    )  # fmt: skip
    # Tags of HTML and words of texts are no secrets.
    found = {(path, name) for path, name in compared() if path.startswith(prefixes) and "/text/" not in path}
    assert found == set(ALLOWED)


def test_a_planted_comparison_is_found() -> None:
    tree = ast.parse("def check(given, user):\n    return given.code == derive_code(user)\n")
    [node] = [one for one in ast.walk(tree) if isinstance(one, ast.Compare)]
    assert [bool(SECRET.search(_name(side))) for side in (node.left, *node.comparators)] == [True, True]


def test_codes_cursors_and_csrf_tokens_go_through_the_constant_comparison(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    office = Office(app)
    asked: list[tuple[bytes, bytes]] = []
    real = hmac.compare_digest

    def noted(one: Any, other: Any) -> bool:
        asked.append((one, other))
        return real(one, other)

    for module in (codes, paging, csrf):
        monkeypatch.setattr(module.hmac, "compare_digest", noted)
    assert not codes.is_same_code("ABCD1234", "ABCD1235")
    assert asked.pop() == (b"ABCD1234", b"ABCD1235")
    keys = Keys(b"a secret of the tests that is long enough")
    cursor = encode_cursor(keys, "list", Cursor("next", (1,)))
    assert decode_cursor(keys, "list", cursor) == Cursor("next", (1,)) and len(asked.pop()[0]) == 12
    with pytest.raises(BadRequest):
        decode_cursor(keys, "another list", cursor)
    assert asked
    asked.clear()
    office.make()
    opened = office.sign_in(kind="cookie")
    cookie = opened.headers["Set-Cookie"].partition(";")[0]
    refused = office.ask(
        "POST", "/tags", {"name": "Rails"}, Cookie=cookie, Origin="http://127.0.0.1:8000", X_CSRF_Token="wrong"
    )
    assert refused.status_code == 403
    assert (b"wrong", opened.json["csrf_token"].encode()) in asked
