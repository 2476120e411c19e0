"""Backup and restore: one archive with a snapshot of the database, the keys, the files that it names, and digests.

The snapshot is consistent while writes go on: SQLite's backup API, or pg_dump in one snapshot. No file is removed from
the folder while it is written. The search index is never in a backup: it grows back. The archive holds the
installation's secret, so keep it as safe as the database.
"""

import hashlib
import io
import json
import shutil
import tarfile
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any, Literal

from cms.audit.heads import head_file
from cms.audit.keyring import audit_key_file
from cms.media.choosing import chosen_store
from cms.media.storing import Store, StoreAway
from cms.operations import backed_files
from cms.operations.backed_files import BackedFiles
from cms.operations.dumps import BackupError, dump_and_look, fill, is_sqlite, place_of, refuse_filled, sync
from cms.operations.reviving import Ended, end_credentials
from cms.platform.clock import rfc3339
from cms.platform.keys import existing_keys, read_secrets, secret_path, write_secrets
from cms.settings import Settings

MANIFEST = "manifest.json"
SECRET = "secret"  # noqa: S105  # the name of a member, not a secret
PREVIOUS_SECRET = "secret-previous"  # noqa: S105  # likewise
AUDIT_KEYS = "audit-keys"
PARTS = {"sqlite": "copydesk.db", "postgresql": "copydesk.pgdump"}
MEMBERS = frozenset({MANIFEST, SECRET, PREVIOUS_SECRET, AUDIT_KEYS, *PARTS.values()})
CHUNK = 1 << 20
Files = Literal["auto", "all", "none"]
# An empty last member of the gzip file whose extra field `CD` holds the SHA-256 of all bytes before it, so that every
# flipped bit is noticed, also one that decompresses to the same data. Other programs read over it. Source: RFC 1952.
SEAL_HEAD = b"\x1f\x8b\x08\x04\0\0\0\0\0\xff" + (36).to_bytes(2, "little") + b"CD" + (32).to_bytes(2, "little")
SEAL_TAIL = b"\x03\0" + bytes(8)
SEAL_BYTES = len(SEAL_HEAD) + 32 + len(SEAL_TAIL)


@dataclass(frozen=True)
class Backup:
    """What was written. Units: bytes."""

    path: Path
    size_bytes: int
    digest: str
    files: BackedFiles


@dataclass(frozen=True)
class Restored:
    """What was put in place, what could act at the time of the backup and cannot now, and which files are missing."""

    manifest: dict[str, Any]
    ended: Ended
    missing: Sequence[str] = ()


def backup(settings: Settings, target: Path, now: datetime, files: Files = "auto") -> Backup:
    """Write an archive; it appears under its name only when it is complete and on disk.

    `files` says whether pictures and other files go into it: `auto` means those of the folder, since a bucket is
    somewhere else and may hold more than fits anywhere.
    Raises: BackupError when the target exists or the database cannot be dumped.
    """
    if target.exists():
        raise BackupError(f"{target} is there already; name another file")
    kept, store = _secrets(settings), chosen_store(settings)
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".backup-") as folder:
        archive = Path(folder) / "archive"
        try:
            with store.held():
                told = _write(settings, archive, Path(folder), kept, store, now, files)
        except (StoreAway, OSError) as error:
            raise BackupError(f"the backup was not made: {error}") from error
        seal(archive)
        sync(archive)
        archive.chmod(0o600)
        archive.rename(target)
        sync(target.parent)
    return Backup(target, target.stat().st_size, _digest(target), told)


def _write(
    settings: Settings,
    archive: Path,
    folder: Path,
    kept: dict[str, bytes],
    store: Store,
    now: datetime,
    files: Files,
) -> BackedFiles:
    """Write everything but the seal. The manifest comes after the files, of which it says how many came."""
    kind = "sqlite" if is_sqlite(settings) else "postgresql"
    snapshot = folder / PARTS[kind]
    named = dump_and_look(settings, snapshot, backed_files.named_in)
    manifest = {
        "product": "copydesk",
        "version": version("copydesk"),
        "made_at": rfc3339(now),
        "database": kind,
        "parts": {
            snapshot.name: _digest(snapshot),
            **{member: hashlib.sha256(data).hexdigest() for member, data in kept.items()},
        },
    }
    are_kept = files == "all" or (files == "auto" and store.is_here)
    with tarfile.open(archive, "w:gz", compresslevel=1) as tar:
        told = BackedFiles(store.name, False, len(named))
        if are_kept:
            told = backed_files.add_files(tar, store, named, now)
        manifest["files"] = asdict(told)
        _add_bytes(tar, MANIFEST, json.dumps(manifest, indent=1).encode(), now)
        for name, data in kept.items():
            _add_bytes(tar, name, data, now)
        tar.add(snapshot, snapshot.name, filter=_anonymous)
    return told


def verify(archive: Path) -> dict[str, Any]:
    """Check every part of an archive against its digest and give the manifest. Raises: BackupError."""
    with tempfile.TemporaryDirectory(prefix="copydesk-verify-") as folder:
        return _extract(archive, Path(folder))


def restore(settings: Settings, archive: Path, now: datetime, *, keep_tokens: bool = False) -> Restored:
    """Put an archive's database and keys into an empty home or database, after checking every digest.

    Sessions, open codes and, unless told otherwise, API tokens are ended: some may have been since the backup.
    Raises: BackupError when a part is damaged, the kinds differ, or there is data already; then nothing was changed.
    """
    kind = "sqlite" if is_sqlite(settings) else "postgresql"
    for folder in (settings.home, place_of(settings)):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    # Beside the database, so that it takes its place by a rename.
    with tempfile.TemporaryDirectory(dir=place_of(settings), prefix=".restore-") as name:
        found = Path(name)
        manifest = _extract(archive, found)
        if manifest["database"] != kind:
            raise BackupError(f"the archive holds a {manifest['database']} database, and this home uses {kind}")
        _refuse_other_secrets(settings, found)
        refuse_filled(settings)
        # Before their rows are there: a row without its file is never to be seen.
        _put_files(chosen_store(settings), archive)
        ended = _fill(settings, found / PARTS[kind], _digest(archive), now, keep_tokens=keep_tokens)
        # Last, when nothing is left that could refuse: a key alone would end open codes in a home that was not empty.
        _put_secrets(settings, found)
    # What the index holds belongs to the database that was here before; it grows back from this one.
    shutil.rmtree(settings.index_home, ignore_errors=True)
    # The head counts audit entries of the database that was here before; the relay writes one for this one.
    head_file(settings.home).unlink(missing_ok=True)
    return Restored(manifest, ended, _missing(settings))


def _put_files(store: Store, archive: Path) -> None:
    try:
        with _members(archive) as members:
            for name, stream in members:
                if backed_files.MEMBER.fullmatch(name):
                    backed_files.put_back(store, name, stream)
    except (StoreAway, OSError) as error:
        raise BackupError(f"files cannot be put into {store.name}: {error}; the database was not touched") from error


def _missing(settings: Settings) -> Sequence[str]:
    """Files that the restored database names and that are not in the store."""
    try:
        return backed_files.missing_in(chosen_store(settings), settings.database)
    except StoreAway as away:
        return [f"all, perhaps: {away}"]


def _fill(settings: Settings, snapshot: Path, digest: str, now: datetime, *, keep_tokens: bool) -> Ended:
    if is_sqlite(settings):
        # Before it takes its place, so that there is no moment at which an ended session could act.
        ended = end_credentials(f"sqlite+pysqlite:///{snapshot}", digest, now, keep_tokens=keep_tokens)
        fill(settings, snapshot)
        return ended
    fill(settings, snapshot)
    return end_credentials(settings.database, digest, now, keep_tokens=keep_tokens)


def seal(archive: Path) -> None:
    """Append the digest of all bytes so far; an archive without it is refused."""
    digest = bytes.fromhex(_digest(archive))
    with archive.open("ab") as file:
        file.write(SEAL_HEAD + digest + SEAL_TAIL)


def _check_seal(archive: Path) -> None:
    whole = hashlib.sha256()
    left = archive.stat().st_size - SEAL_BYTES
    with archive.open("rb") as file:
        while left > 0 and (piece := file.read(min(left, CHUNK))):
            whole.update(piece)
            left -= len(piece)
        seal = file.read()
    if seal != SEAL_HEAD + whole.digest() + SEAL_TAIL:
        raise BackupError(
            f"{archive} is damaged or no backup of Copydesk: the digest at its end is not that of its bytes"
        )


def _extract(archive: Path, folder: Path) -> dict[str, Any]:
    manifest: dict[str, Any] = {}
    found: set[str] = set()
    files = 0
    try:
        _check_seal(archive)
        with _members(archive) as members:
            for name, stream in members:
                if name == MANIFEST:
                    manifest = json.loads(stream.read())
                elif backed_files.MEMBER.fullmatch(name):
                    files += 1
                    if not backed_files.is_whole(name, stream):
                        raise BackupError(f"{archive} is damaged: {name} does not have the digest that it is named by")
                else:
                    found.add(name)
                    with (folder / name).open("wb") as file:
                        shutil.copyfileobj(stream, file, CHUNK)
    except (tarfile.TarError, OSError, EOFError, ValueError) as error:
        raise BackupError(f"{archive} cannot be read: {error}") from error
    if not manifest:
        raise BackupError(f"{archive} has no manifest")
    if manifest.get("product") != "copydesk":
        raise BackupError(f"{archive} is not a backup of Copydesk")
    if strangers := found - set(manifest["parts"]):
        raise BackupError(f"{archive} holds {min(strangers)!r}, which its manifest does not name")
    told = backed_files.parts_of(manifest)
    if files != (told.count if told.are_kept else 0):
        raise BackupError(f"{archive} is damaged: it holds {files} files, and its manifest says {told.count}")
    for name, digest in manifest["parts"].items():
        path = folder / name
        if not path.exists() or _digest(path) != digest:
            raise BackupError(f"{archive} is damaged: {name} does not have the digest that the manifest names")
    return manifest


@contextmanager
def _members(archive: Path) -> Iterator[Iterator[tuple[str, Any]]]:
    with tarfile.open(archive, "r:gz") as tar:

        def each() -> Iterator[tuple[str, Any]]:
            for member in tar:
                # Names are compared with a fixed list before anything is written, so no member can leave the folder.
                is_known = member.name in MEMBERS or backed_files.MEMBER.fullmatch(member.name)
                if not member.isfile() or not is_known:
                    raise BackupError(f"{archive} holds {member.name!r}, which no backup of Copydesk holds")
                yield member.name, tar.extractfile(member)

        yield each()


def _secrets(settings: Settings) -> dict[str, bytes]:
    """The members that hold keys: without them neither open codes nor the audit trail could be verified."""
    try:
        keys = existing_keys(settings)
    except OSError as error:
        raise BackupError(f"no key to back up: {error}") from error
    kept = {SECRET: keys.secret}
    if keys.previous is not None:
        kept[PREVIOUS_SECRET] = keys.previous
    if (path := audit_key_file(settings.home)).exists():
        kept[AUDIT_KEYS] = path.read_bytes()
    return kept


def _secrets_in(folder: Path) -> tuple[bytes, ...]:
    return tuple((folder / name).read_bytes() for name in (SECRET, PREVIOUS_SECRET) if (folder / name).exists())


def _refuse_other_secrets(settings: Settings, folder: Path) -> None:
    found = _secrets_in(folder)
    if settings.secret_key or settings.secret_key_file:
        keys = existing_keys(settings)
        if found[0] not in (keys.secret, keys.previous):
            raise BackupError("COPYDESK_SECRET_KEY is not the one of this backup; set the one that it was made with")
        return
    path = secret_path(settings)
    if path.exists() and read_secrets(path) != found:
        raise BackupError(f"{path} holds another key; restore into an empty COPYDESK_HOME")


def _put_secrets(settings: Settings, folder: Path) -> None:
    if not settings.secret_key and not settings.secret_key_file:
        write_secrets(secret_path(settings), _secrets_in(folder))
    if (folder / AUDIT_KEYS).exists():
        # Added to what is there: a key too many verifies nothing wrong, and one too few leaves seals unverified.
        path = audit_key_file(settings.home)
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.touch(mode=0o600)
        with path.open("ab") as file:
            file.write(b"\n" + (folder / AUDIT_KEYS).read_bytes())


def _add_bytes(tar: tarfile.TarFile, name: str, data: bytes, now: datetime) -> None:
    member = tarfile.TarInfo(name)
    member.size, member.mtime, member.mode = len(data), int(now.timestamp()), 0o600
    tar.addfile(member, io.BytesIO(data))


def _anonymous(member: tarfile.TarInfo) -> tarfile.TarInfo:
    member.uid = member.gid = 0
    member.uname = member.gname = ""
    member.mode = 0o600
    return member


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
