"""The secret of this installation and the keys derived from it, one per purpose.

Development generates the secret on first start, mode 0600, outside the database and its backups' reach of the web;
production is given `COPYDESK_SECRET_KEY`.
"""

import hashlib
import hmac
import os
import secrets
from dataclasses import dataclass
from pathlib import Path

from cms.settings import SHORTEST_SECRET, Settings


@dataclass(frozen=True, repr=False)
class Keys:
    """Derives a key for a purpose. `repr` never shows the secret."""

    secret: bytes

    def derive(self, purpose: str) -> bytes:
        """A 32-byte key for one purpose. Formula: HMAC-SHA-256(secret, "copydesk:" + purpose)."""
        return hmac.new(self.secret, b"copydesk:" + purpose.encode(), hashlib.sha256).digest()


def load_keys(settings: Settings) -> Keys:
    """The keys of this installation; makes the secret where a development home has none.

    Raises: OSError when the file cannot be read or written.
    """
    path = secret_path(settings)
    if not settings.secret_key and not path.exists():
        _generate(path)
    return existing_keys(settings)


def existing_keys(settings: Settings) -> Keys:
    """The keys of this installation, for those who only look: no secret is ever made here.

    Raises: OSError when there is none, or it cannot be used.
    """
    if settings.secret_key:
        return Keys(settings.secret_key.encode())
    path = secret_path(settings)
    if not path.exists():
        raise FileNotFoundError(f"there is no key at {path}; the first start of Copydesk makes one")
    secret = path.read_bytes().strip()
    if len(secret) < SHORTEST_SECRET:
        raise OSError(f"{path} is too short to be a key; delete it to have a new one made (open codes and cursors end)")
    return Keys(secret)


def secret_path(settings: Settings) -> Path:
    """Where a home keeps its secret when the environment gives none."""
    return settings.home / "keys" / "secret"


def _generate(path: Path) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    mine = path.with_name(f"secret.{secrets.token_hex(8)}.new")
    handle = os.open(mine, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w") as file:
        file.write(secrets.token_hex(32))
        file.flush()
        os.fsync(file.fileno())
    try:
        # A hard link refuses to replace: of two processes that start at once, both end with the first one's key.
        path.hardlink_to(mine)
    except FileExistsError:
        pass
    finally:
        mine.unlink()
