"""The secrets of this installation and the keys derived from them, one per purpose.

Development makes its secret on first start, mode 0600, outside the database. Production is given one, in
`COPYDESK_SECRET_KEY` or `COPYDESK_SECRET_KEY_FILE`. A file holds the present secret in its first line and, after a
rotation, the one before in its second: what was signed with either is accepted. Running processes follow the file.
"""

import hashlib
import hmac
import os
import secrets
import threading
import time
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

import structlog

from cms.secret_settings import SHORTEST_SECRET
from cms.settings import Settings

log = structlog.get_logger("copydesk.keys")
LOOKED_AT_EVERY_SECONDS = 1.0
# Invitations live longest of what a key signs: 72 hours. An hour more, so that none ends by a rotation.
OVERLAP_SECONDS = 73 * 3600


class Keys:
    """Derives keys from the present secret and accepts those of the one before. `repr` never shows a secret."""

    def __init__(self, secret: bytes, previous: bytes | None = None) -> None:
        self._pair: tuple[bytes, ...] = (secret,) if previous is None else (secret, previous)

    @property
    def secret(self) -> bytes:
        """The present secret."""
        return self._secrets()[0]

    @property
    def previous(self) -> bytes | None:
        """The secret before the last rotation."""
        return next(iter(self._secrets()[1:]), None)

    def derive(self, purpose: str) -> bytes:
        """A 32-byte key for one purpose. Formula: HMAC-SHA-256(secret, "copydesk:" + purpose)."""
        return derive_from(self._secrets()[0], purpose)

    def accepted(self, purpose: str) -> Iterator[bytes]:
        """Every key that this purpose's signatures may have: the present one first.

        Another process may have signed with a secret that this one has not seen yet. Whoever goes through all that is
        known here without success makes it look at the file, and goes on with what is new there.
        """
        tried = self._secrets()
        for secret in tried:
            yield derive_from(secret, purpose)
        for secret in self._newest():
            if secret not in tried:
                yield derive_from(secret, purpose)

    def _secrets(self) -> tuple[bytes, ...]:
        return self._pair

    def _newest(self) -> tuple[bytes, ...]:
        return self._pair


class KeysOfFile(Keys):
    """Keys that follow their file: looked at once a second, and whenever a signature fits nothing known."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._seen = _signs(path)
        self._looked_at = time.monotonic()
        self._pair = read_secrets(path)

    def _secrets(self) -> tuple[bytes, ...]:
        if time.monotonic() - self._looked_at >= LOOKED_AT_EVERY_SECONDS:
            return self._newest()
        return self._pair

    def _newest(self) -> tuple[bytes, ...]:
        with self._lock:
            self._looked_at = time.monotonic()
            try:
                seen = _signs(self._path)
                if seen != self._seen:
                    self._pair = read_secrets(self._path)
                    self._seen = seen
                    log.info("keys_read_again")
            except OSError as error:
                # What was read before still holds; refusing everybody because a file is away would help nobody.
                log.warning("keys_not_readable", error=str(error))
        return self._pair


def load_keys(settings: Settings) -> Keys:
    """The keys of this installation; makes the secret where a development home has none.

    Raises: OSError when the file cannot be read or written.
    """
    path = secret_path(settings)
    if not settings.secret_key and not settings.secret_key_file and not path.exists():
        _generate(path)
    return existing_keys(settings)


def existing_keys(settings: Settings) -> Keys:
    """The keys of this installation, for those who only look: no secret is ever made here.

    Raises: OSError when there is none, or it cannot be used.
    """
    if settings.secret_key:
        previous = settings.previous_secret_key.encode() if settings.previous_secret_key else None
        return Keys(settings.secret_key.encode(), previous)
    path = secret_path(settings)
    if not path.exists():
        raise FileNotFoundError(f"there is no key at {path}; the first start of Copydesk makes one")
    return KeysOfFile(path)


def secret_path(settings: Settings) -> Path:
    """Where the secrets are kept when they are not in the environment."""
    return Path(settings.secret_key_file) if settings.secret_key_file else settings.home / "keys" / "secret"


@lru_cache(maxsize=128)
def derive_from(secret: bytes, purpose: str) -> bytes:
    """The key of one secret for one purpose."""
    return hmac.new(secret, b"copydesk:" + purpose.encode(), hashlib.sha256).digest()


def name_of(secret: bytes) -> str:
    """A name for a secret that tells nothing of it."""
    return derive_from(secret, "name").hex()[:16]


def read_secrets(path: Path) -> tuple[bytes, ...]:
    """The secrets of a file, the present one first. Raises: OSError for a file that holds none."""
    found = tuple(line.strip() for line in path.read_bytes().splitlines() if line.strip())[:2]
    if not found or min(len(secret) for secret in found) < SHORTEST_SECRET:
        raise OSError(f"{path} is too short to be a key; delete it to have a new one made (open codes and cursors end)")
    return found


def rotate(path: Path, now_seconds: float, *, is_forced: bool = False, has_overlap: bool = True) -> Keys:
    """Put a new secret before the present one, in one step that no reader can see half of; gives the new keys.

    Raises: OSError; PermissionError when the last rotation is so near that what the key before it signed would end.
    """
    made = next_keys(path, now_seconds, is_forced=is_forced, has_overlap=has_overlap)
    write_keys(path, made)
    return made


def next_keys(path: Path, now_seconds: float, *, is_forced: bool, has_overlap: bool) -> Keys:
    """The keys that a rotation would put in place; nothing is written yet. Raises: as `rotate`."""
    old = read_secrets(path)
    is_near = len(old) > 1 and now_seconds - path.stat().st_mtime < OVERLAP_SECONDS
    if is_near and has_overlap and not is_forced:
        raise PermissionError(
            f"the last rotation was less than {OVERLAP_SECONDS // 3600} hours ago: invitations and codes of the key "
            "before it would end; wait, or use --force"
        )
    return Keys(secrets.token_hex(32).encode(), old[0] if has_overlap else None)


def write_keys(path: Path, keys: Keys) -> None:
    """Put keys into the file of secrets. Raises: OSError."""
    write_secrets(path, (keys.secret,) if keys.previous is None else (keys.secret, keys.previous))


def write_secrets(path: Path, found: tuple[bytes, ...]) -> None:
    """Replace the file of secrets, durably. Raises: OSError."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    mine = _write_beside(path, b"\n".join(found))
    mine.rename(path)
    handle = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _generate(path: Path) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    mine = _write_beside(path, secrets.token_hex(32).encode())
    try:
        # A hard link refuses to replace: of two processes that start at once, both end with the first one's key.
        path.hardlink_to(mine)
    except FileExistsError:
        pass
    finally:
        mine.unlink()


def _write_beside(path: Path, data: bytes) -> Path:
    mine = path.with_name(f"{path.name}.{secrets.token_hex(8)}.new")
    handle = os.open(mine, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    return mine


def _signs(path: Path) -> tuple[int, int, int]:
    found = path.stat()
    return found.st_ino, found.st_mtime_ns, found.st_size
