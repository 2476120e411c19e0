"""The signed head of the chain, kept outside the database: `audit/head.json` of the home.

The chain alone cannot tell that its end was cut off. The head says how far it went.
"""

import json
import os
import secrets
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from cms.audit.keyring import AuditKeys
from cms.audit.rules import Link, is_same, sign
from cms.platform.clock import rfc3339


class HeadError(Exception):
    """A head that was changed or cannot be read; the text says which."""


@dataclass(frozen=True)
class Head:
    """How far the chain went at an instant."""

    link: Link
    at: str


def head_file(home: Path) -> Path:
    """Where the head is kept."""
    return home / "audit" / "head.json"


def write_head(home: Path, keys: AuditKeys, link: Link, now: datetime) -> None:
    """Replace the head, durably and in one step. Raises: OSError."""
    key_id, key = keys.current()
    at = rfc3339(now)
    told = {
        "seal_number": link.seal_number,
        "seal": link.seal.hex(),
        "at": at,
        "key_id": key_id,
        "signature": sign(key, "head", link, at, key_id).hex(),
    }
    path = head_file(home)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    # Relays in several containers may share this folder and have the same process id.
    mine = path.with_name(f"head.{secrets.token_hex(8)}.new")
    with mine.open("w") as file:
        json.dump(told, file, indent=1)
        file.flush()
        os.fsync(file.fileno())
    mine.rename(path)


def read_head(home: Path, keys: AuditKeys) -> Head | None:
    """The head, or None when there is none yet. Raises: HeadError when it was changed."""
    path = head_file(home)
    try:
        told = json.loads(path.read_bytes())
        link = Link(int(told["seal_number"]), bytes.fromhex(told["seal"]))
        key_id, at, signature = str(told["key_id"]), str(told["at"]), bytes.fromhex(told["signature"])
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise HeadError(f"{path} cannot be read: {error}") from None
    key = keys.find(key_id)
    if key is None or not is_same(sign(key, "head", link, at, key_id), signature):
        raise HeadError(f"{path} was changed: its signature does not fit")
    return Head(link, at)
