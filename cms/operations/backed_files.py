"""The files' part of a backup: pictures and other files as members of the archive, each under the digest of its bytes.

Not here: the archive around them (`backup.py`), the database (`dumps.py`).
"""

import hashlib
import os
import re
import secrets
import tarfile
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import IO, Any

from sqlalchemy import Connection, inspect, select

from cms.media.storing import AREAS, Store
from cms.media.verifying import NAMED
from cms.platform.db import Database

MEMBER = re.compile(r"media/(originals|renditions)/([0-9a-f]{64})")
CHUNK = 1 << 20
LOOKED_FOR_AT_ONCE = 100
File = tuple[str, str]


@dataclass(frozen=True)
class BackedFiles:
    """What a backup says of files. `are_kept` tells whether it holds them; `wrong` names those that it should hold, and
    that were missing or damaged when it was made. Units: bytes."""

    store: str
    are_kept: bool
    count: int = 0
    byte_count: int = 0
    wrong: list[str] = field(default_factory=list)


def named_in(connection: Connection) -> list[File]:
    """The files that rows of a database name, each once; none where its tables are of before there were any.

    Shape: (area, SHA-256)
    """
    tables = set(inspect(connection).get_table_names())
    return sorted(
        {
            (one.area, sha256)
            for one in NAMED
            if one.sha256.class_.__tablename__ in tables
            for sha256 in connection.scalars(select(one.sha256).where(one.which))
        }
    )


def add_files(tar: tarfile.TarFile, store: Store, named: Iterable[File], now: datetime) -> BackedFiles:
    """Put files into an archive, each after a look whether it is what it was. Raises: StoreAway; OSError."""
    count = byte_count = 0
    wrong = []
    for area, sha256 in named:
        try:
            with store.at_hand(area, sha256) as path, path.open("rb") as file:
                if hashlib.file_digest(file, "sha256").hexdigest() != sha256:
                    wrong.append(f"damaged: {area}/{sha256[:2]}/{sha256}")
                    continue
                file.seek(0)
                member = tarfile.TarInfo(f"media/{area}/{sha256}")
                member.size, member.mtime, member.mode = path.stat().st_size, int(now.timestamp()), 0o600
                tar.addfile(member, file)
        except FileNotFoundError:
            wrong.append(f"missing: {area}/{sha256[:2]}/{sha256}")
            continue
        count += 1
        byte_count += member.size
    return BackedFiles(store.name, True, count, byte_count, wrong)


def is_whole(name: str, stream: IO[bytes]) -> bool:
    """Whether a member of an archive has the bytes that its name promises."""
    digest = hashlib.sha256()
    while piece := stream.read(CHUNK):
        digest.update(piece)
    return name.endswith(f"/{digest.hexdigest()}")


def put_back(store: Store, name: str, stream: IO[bytes]) -> None:
    """Keep a member of an archive in the store. Raises: StoreAway; OSError."""
    found = MEMBER.fullmatch(name)
    assert found is not None, "names were looked at before"
    store.incoming.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = store.incoming / f"{secrets.token_hex(16)}.part"
    try:
        with path.open("xb") as file:
            while piece := stream.read(CHUNK):
                file.write(piece)
            file.flush()
            os.fsync(file.fileno())
        store.put(found[1], found[2], path)
    finally:
        path.unlink(missing_ok=True)


def missing_in(store: Store, database_url: str) -> list[str]:
    """The files that rows name and that are not in the store. Raises: StoreAway; SQLAlchemyError."""
    database = Database(database_url, is_durable=False)
    try:
        with database.reading() as session:
            named = named_in(session.connection())
    finally:
        database.dispose()
    missing = []
    for area in AREAS:
        digests = [sha256 for where, sha256 in named if where == area]
        for start in range(0, len(digests), LOOKED_FOR_AT_ONCE):
            portion = digests[start : start + LOOKED_FOR_AT_ONCE]
            if not store.has_all(area, portion):
                missing += [f"{area}/{one[:2]}/{one}" for one in portion if not store.has(area, one)]
    return missing


def parts_of(manifest: dict[str, Any]) -> BackedFiles:
    """What a manifest says of files; backups of before there were any hold none."""
    return BackedFiles(**manifest.get("files", {"store": "", "are_kept": False}))
