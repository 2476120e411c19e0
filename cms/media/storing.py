"""Keeping files: each under the digest of its bytes, in a folder that nothing serves from; whole, or not at all.

A file is written beside its place, brought to the disk, and then named, so that whatever has a name is whole. What no
row names is removed later (`tidying.py`), never at once: whoever sends the same bytes in that moment would lose them.
"""

import os
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass
from io import FileIO
from pathlib import Path

from cms.media.rules import SHA256

# Files as they came, and as readers get them.
ORIGINALS, RENDITIONS = "originals", "renditions"


@dataclass(frozen=True)
class LocalStore:
    """Files on the disk of this machine, below one folder."""

    home: Path

    @property
    def incoming(self) -> Path:
        """Where files are while they come in."""
        return self.home / "incoming"

    def put(self, area: str, sha256: str, source: Path) -> None:
        """Keep a file that is on the disk whole; its path is gone afterwards. Raises: OSError."""
        place = self._place(area, sha256)
        if place.parent.is_symlink():
            raise PermissionError(f"{place.parent} is a link; Copydesk keeps files in folders of its own")
        place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        source.chmod(0o600)
        source.replace(place)
        # Its age says how long no row has named it.
        os.utime(place)
        for folder in (place.parent, place.parent.parent):
            _sync(folder)

    def has(self, area: str, sha256: str) -> bool:
        """Whether a file is there."""
        return self._place(area, sha256).is_file()

    def path(self, area: str, sha256: str) -> Path:
        """Where a file is, for those who read it."""
        return self._place(area, sha256)

    def remove(self, area: str, sha256: str) -> None:
        """Remove a file, if it is there."""
        self._place(area, sha256).unlink(missing_ok=True)

    def old(self, area: str, seconds: float) -> Iterator[str]:
        """The digests of files that are there for so long already."""
        until = time.time() - seconds
        for path in sorted((self.home / area).glob("[0-9a-f][0-9a-f]/*")):
            if SHA256.fullmatch(path.name) and path.lstat().st_mtime < until:
                yield path.name

    def read(self, area: str, sha256: str, start: int = 0, count: int | None = None) -> bytes:
        """Bytes of a file; no link is followed on the way. Raises: FileNotFoundError."""
        place = self._place(area, sha256)
        folder = os.open(place.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
        try:
            descriptor = os.open(place.name, os.O_RDONLY | os.O_NOFOLLOW, dir_fd=folder)
        finally:
            os.close(folder)
        with open(descriptor, "rb", buffering=0) as file:  # noqa: PTH123  # of what is open already
            if start:
                file.seek(start)
            return file.readall() if count is None else _exactly(file, count)

    def is_old(self, area: str, sha256: str, seconds: float) -> bool:
        """Whether a file is there for so long already."""
        try:
            return self._place(area, sha256).lstat().st_mtime < time.time() - seconds
        except FileNotFoundError:
            return False

    def drop_unfinished(self, seconds: float) -> int:
        """Remove what began to come in so long ago and never came whole; gives how many files."""
        until, count = time.time() - seconds, 0
        for path in self.incoming.glob("*"):
            if path.lstat().st_mtime < until:
                if path.is_dir() and not path.is_symlink():
                    shutil.rmtree(path, ignore_errors=True)
                else:
                    path.unlink(missing_ok=True)
                count += 1
        return count

    def _place(self, area: str, sha256: str) -> Path:
        assert SHA256.fullmatch(sha256), "a file is named by the digest of its bytes"
        return self.home / area / sha256[:2] / sha256


def _exactly(file: FileIO, count: int) -> bytes:
    found = bytearray()
    while len(found) < count and (piece := file.read(count - len(found))):
        found += piece
    return bytes(found)


def _sync(folder: Path) -> None:
    """Bring the names in a folder to the disk."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
