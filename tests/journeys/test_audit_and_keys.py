"""The stories of the audit trail and of the keys, told over HTTP and on the command line to a product that runs."""

import json
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from tests.product import COPYDESK, Product, product
from tests.servers import wait_until

pytestmark = pytest.mark.slow


@pytest.fixture
def running(tmp_path: Path) -> Iterator[tuple[Product, str]]:
    """API and relay on an empty home, without a broker, and an administrator's token."""
    with product(tmp_path / "home", "api", "relay") as parts:
        yield parts, parts.copydesk("token", "issue", "--role", "administrator", "--quiet").strip()


def entries(parts: Product, token: str, query: str = "") -> list[dict[str, Any]]:
    status, told, _ = parts.ask("GET", f"/api/v1/audit?limit=100{query}", token=token)
    assert status == 200, told
    return list(told["data"])


def wait_sealed(parts: Product, token: str) -> None:
    wait_until(lambda: all(entry["seal"] for entry in entries(parts, token)), seconds=20, what="the seals")


def verify(parts: Product) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [COPYDESK, "audit", "verify"], env=parts.environment, capture_output=True, text=True, timeout=60, check=False
    )


def test_who_did_what_is_sealed_and_whoever_changes_it_later_is_found(running: tuple[Product, str]) -> None:
    parts, token = running
    head = parts.home / "audit" / "head.json"
    status, article, headers = parts.ask(
        "POST", "/api/v1/articles", {"title": "A quiet word", "locale": "en"}, token, X_Request_Id="story-1"
    )
    assert status == 201
    path = f"/api/v1/articles/{article['id']}"
    assert parts.ask("PATCH", path, {"dek": "Louder."}, token, If_Match='"1"')[0] == 200
    assert parts.ask("DELETE", path, None, token, If_Match='"2"')[0] == 204
    wait_sealed(parts, token)
    acts = entries(parts, token, f"&subject_id={article['id']}")
    assert [entry["action"] for entry in acts] == ["article.deleted", "article.edited", "article.created"]
    assert {entry["credential"] for entry in acts} == {f"token:{acts[0]['actor_id']}"}
    assert acts[2]["request_id"] == headers["X-Request-Id"]
    assert "Louder" not in json.dumps(acts)
    assert verify(parts).returncode == 0
    wait_until(lambda: json.loads(head.read_bytes())["seal_number"] == acts[0]["seal_number"], seconds=20)

    with closing(sqlite3.connect(parts.home / "copydesk.db", isolation_level=None)) as database:
        with pytest.raises(sqlite3.IntegrityError, match="keeps old ones"):
            database.execute("DELETE FROM audit_entries")
        for name in ("update", "delete"):
            database.execute(f"DROP TRIGGER audit_entries_{name}")
        database.execute("UPDATE audit_entries SET actor_id = 'somebody else' WHERE number = ?", [acts[1]["number"]])
        changed = verify(parts)
        assert changed.returncode == 1
        assert (
            f"seal {acts[1]['seal_number']} (entry {acts[1]['number']}) is the first that is changed" in changed.stdout
        )
        database.execute(
            "UPDATE audit_entries SET actor_id = ? WHERE number = ?", [acts[1]["actor_id"], acts[1]["number"]]
        )
        assert verify(parts).returncode == 0
        # Its end cut off while the relay runs: the relay says so, leaves the head, and the head tells.
        database.execute("DELETE FROM audit_entries WHERE number >= ?", [acts[1]["number"]])
    cut = verify(parts)
    assert cut.returncode == 1
    assert f"seal {acts[1]['seal_number']} is the first that is missing" in cut.stdout
    assert parts.ask("POST", "/api/v1/tags", {"name": "Harbour"}, token)[0] == 201
    wait_until(lambda: "audit_trail_broken" in parts.log("relay"), seconds=20, what="the relay's alarm")
    assert verify(parts).returncode == 1


def test_keys_rotate_under_a_running_product_and_nobody_notices(running: tuple[Product, str]) -> None:
    parts, token = running
    for number in range(6):
        assert parts.ask("POST", "/api/v1/articles", {"title": f"Story {number}", "locale": "en"}, token)[0] == 201
    cursor, seen = "", []
    for turn in range(6):
        status, page, _ = parts.ask("GET", f"/api/v1/articles?limit=1{cursor}", token=token)
        assert status == 200, page
        seen += [article["title"] for article in page["data"]]
        cursor = f"&cursor={page['page']['next_cursor']}"
        if turn == 2:
            # A relay that is not yet at work would know the new key alone.
            wait_sealed(parts, token)
            parts.copydesk("keys", "rotate")
            wait_sealed(parts, token)
    assert seen == [f"Story {number}" for number in range(5, -1, -1)]
    numbers = count()

    def is_sealed_by_both() -> bool:
        # The relay notices the new key within a second, and seals by the one before until then.
        assert parts.ask("POST", "/api/v1/tags", {"name": f"Harbour {next(numbers)}"}, token)[0] == 201
        wait_sealed(parts, token)
        return len({entry["key_id"] for entry in entries(parts, token)}) == 2

    wait_until(is_sealed_by_both, seconds=20, what="a seal by the new key")
    told = entries(parts, token)
    assert "keys.rotated" in {entry["action"] for entry in told}
    assert verify(parts).stdout.splitlines()[-1] == f"ok: {len(told)} entries fit their seals, 1 to {len(told)}"
