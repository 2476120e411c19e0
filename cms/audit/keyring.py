"""The keys that seal the audit trail: the one in use, and those of all earlier secrets of this installation.

A secret is forgotten two rotations later; what it sealed has to be verifiable for as long as it is kept. So the key
that was derived from it for this one purpose stays in `keys/audit` of the home, mode 0600, and in every backup.
"""

import hashlib
import os
from pathlib import Path

from cms.platform.keys import Keys

PURPOSE = "audit"
ID_CHARACTERS = 16


def audit_key_file(home: Path) -> Path:
    """Where the keys are written down."""
    return home / "keys" / "audit"


class AuditKeys:
    """Gives the key to seal with, and finds the one that a seal names."""

    def __init__(self, home: Path, keys: Keys) -> None:
        self._path = audit_key_file(home)
        self._keys = keys
        self._known: dict[str, bytes] = {}

    def current(self) -> tuple[str, bytes]:
        """The id and the key to seal with; written down before it is used first. Raises: OSError."""
        key = self._keys.derive(PURPOSE)
        key_id = id_of(key)
        if key_id not in self._known:
            self._read()
        if key_id not in self._known:
            self._write_down(key)
            self._known[key_id] = key
        return key_id, key

    def find(self, key_id: str) -> bytes | None:
        """The key of an id, or None for one that this installation never had."""
        if key_id not in self._known:
            self._read()
            for key in self._keys.accepted(PURPOSE):
                self._known[id_of(key)] = key
        return self._known.get(key_id)

    def _read(self) -> None:
        try:
            lines = self._path.read_text("ascii").split()
        except FileNotFoundError:
            return
        for line in lines:
            # A line that a power cut has torn is no key; its id would not fit anything.
            if len(line) == 64:
                key = bytes.fromhex(line)
                self._known[id_of(key)] = key

    def _write_down(self, key: bytes) -> None:
        # One short write at the end of the file: of several processes that do so at once, each line stays whole.
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            os.write(handle, b"\n" + key.hex().encode() + b"\n")
            os.fsync(handle)
        finally:
            os.close(handle)


def id_of(key: bytes) -> str:
    """A name for a key that tells nothing of it."""
    return hashlib.sha256(b"copydesk:audit-key-id:" + key).hexdigest()[:ID_CHARACTERS]
