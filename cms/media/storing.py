"""Keeping files: each under the digest of its bytes, where nothing serves from; whole, or not at all.

`Store` is the seam. `LocalStore` keeps files in a folder: one is written beside its place, brought to the disk, and
then named, so that whatever has a name is whole. What no row names is removed later (`tidying.py`), never at once:
whoever sends the same bytes in that moment would lose them. Not here: files in a bucket (`bucket.py`), which store is
meant (`choosing.py`).
"""

import fcntl
import os
import shutil
import time
from collections.abc import Collection, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from io import FileIO
from pathlib import Path
from typing import Protocol

from cms.media.rules import AS_THEY_CAME, FORMATS, SHA256
from cms.platform.errors import Unavailable

# Files as they came, and as readers get them.
ORIGINALS, RENDITIONS = "originals", "renditions"
AREAS = (ORIGINALS, RENDITIONS)
# Up to here a file is one piece.
ONE_PIECE_BYTES = 1 << 20
PIECE_BYTES = 1 << 18


def area_of(format_name: str) -> str:
    """Where a file is that readers get."""
    return ORIGINALS if FORMATS[format_name].kind in AS_THEY_CAME else RENDITIONS


class StoreAway(Unavailable):
    """The store does not answer, or does not let Copydesk in. Operators read the reason; others need not know where
    files are."""

    def __init__(self, reason: str) -> None:
        super().__init__("Files cannot be reached right now; try again in a moment.", headers={"Retry-After": "5"})
        self.reason = reason

    def __str__(self) -> str:
        return self.reason


class Store(Protocol):
    """Where files are kept. Raises everywhere: StoreAway; OSError."""

    @property
    def name(self) -> str:
        """What operators call it, such as `s3://bucket/prefix`."""

    @property
    def incoming(self) -> Path:
        """The folder of this machine where files are while they come in."""

    @property
    def at_once(self) -> int:
        """How many files may be looked at and removed within one transaction."""

    @property
    def is_here(self) -> bool:
        """Whether files are on the disks of this machine, or some of them."""

    def put(self, area: str, sha256: str, source: Path) -> None:
        """Keep a file that is on the disk whole; its path is gone afterwards."""

    def has(self, area: str, sha256: str) -> bool:
        """Whether a file is there."""

    def has_all(self, area: str, digests: Collection[str]) -> bool:
        """Whether all of these are there."""

    def age(self, area: str, sha256: str) -> float | None:
        """How long ago a file was put there last; None where there is none. Units: seconds."""

    def pieces(self, area: str, sha256: str, start: int = 0, count: int | None = None) -> Iterable[bytes]:
        """Bytes of a file, in pieces that fit into memory. Raises at once where it is not there: FileNotFoundError."""

    def at_hand(self, area: str, sha256: str) -> AbstractContextManager[Path]:
        """A path where a program finds the whole file meanwhile. Raises: FileNotFoundError."""

    def remove(self, area: str, sha256: str) -> None:
        """Remove a file, if it is there."""

    def old(self, area: str, seconds: float) -> Iterator[str]:
        """The digests of files that are there for so long already."""

    def drop_unfinished(self, seconds: float) -> int:
        """Remove what began to come in so long ago and never came whole; gives how many files."""

    def held(self) -> AbstractContextManager[None]:
        """Let nothing be tidied away meanwhile, by whatever process, where the store can."""

    def tidied(self) -> AbstractContextManager[bool]:
        """Whether something may be tidied away meanwhile."""

    def check(self) -> None:
        """See whether files can be kept, read and removed."""


@dataclass(frozen=True)
class LocalStore:
    """Files on the disk of this machine, below one folder."""

    home: Path
    at_once: int = 50
    is_here: bool = True

    @property
    def name(self) -> str:
        """The folder."""
        return str(self.home)

    @property
    def incoming(self) -> Path:
        """Where files are while they come in."""
        return self.home / "incoming"

    def put(self, area: str, sha256: str, source: Path) -> None:
        """Keep a file that is on the disk whole; its path is gone afterwards. Raises: OSError."""
        place = self.path(area, sha256)
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
        return self.path(area, sha256).is_file()

    def has_all(self, area: str, digests: Collection[str]) -> bool:
        """Whether all of these are there."""
        return all(self.has(area, sha256) for sha256 in digests)

    def path(self, area: str, sha256: str) -> Path:
        """Where a file is in this folder, for those who know that it is one."""
        assert SHA256.fullmatch(sha256), "a file is named by the digest of its bytes"
        return self.home / area / sha256[:2] / sha256

    @contextmanager
    def at_hand(self, area: str, sha256: str) -> Iterator[Path]:
        """The file itself. Raises: FileNotFoundError."""
        place = self.path(area, sha256)
        if not place.is_file():
            raise FileNotFoundError(place)
        yield place

    def remove(self, area: str, sha256: str) -> None:
        """Remove a file, if it is there."""
        self.path(area, sha256).unlink(missing_ok=True)

    def old(self, area: str, seconds: float) -> Iterator[str]:
        """The digests of files that are there for so long already."""
        until = time.time() - seconds
        for path in sorted((self.home / area).glob("[0-9a-f][0-9a-f]/*")):
            if SHA256.fullmatch(path.name) and path.lstat().st_mtime < until:
                yield path.name

    def pieces(self, area: str, sha256: str, start: int = 0, count: int | None = None) -> Iterable[bytes]:
        """Bytes of a file; no link is followed on the way. Raises: FileNotFoundError."""
        assert SHA256.fullmatch(sha256), "a file is named by the digest of its bytes"
        # Readers get each rendition through here: objects of paths and files would cost more than all the rest.
        folder = os.open(f"{self.home}/{area}/{sha256[:2]}", os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
        try:
            descriptor = os.open(sha256, os.O_RDONLY | os.O_NOFOLLOW, dir_fd=folder)
        finally:
            os.close(folder)
        wanted = max(0, os.fstat(descriptor).st_size - start) if count is None else count
        if wanted <= ONE_PIECE_BYTES:
            try:
                return [_exactly(descriptor, start, wanted)]
            finally:
                os.close(descriptor)
        file = open(descriptor, "rb", buffering=0)  # noqa: PTH123, SIM115  # of what is open already; `Pieces` closes it
        file.seek(start)
        return Pieces(file, wanted)

    def age(self, area: str, sha256: str) -> float | None:
        """How long ago a file was put there last; None where there is none."""
        try:
            return time.time() - self.path(area, sha256).lstat().st_mtime
        except FileNotFoundError:
            return None

    def drop_unfinished(self, seconds: float) -> int:
        """Remove what began to come in so long ago and never came whole; gives how many files."""
        return drop_old(self.incoming, seconds)

    @contextmanager
    def held(self) -> Iterator[None]:
        """Let nothing be tidied away meanwhile, by whatever process."""
        self.home.mkdir(mode=0o700, parents=True, exist_ok=True)
        with _lock(self.home, fcntl.LOCK_SH):
            yield

    @contextmanager
    def tidied(self) -> Iterator[bool]:
        """Whether something may be tidied away meanwhile."""
        if not self.home.is_dir():
            yield True
            return
        try:
            with _lock(self.home, fcntl.LOCK_EX | fcntl.LOCK_NB):
                yield True
        except BlockingIOError:
            yield False

    def check(self) -> None:
        """See whether the folder can be read and written. Raises: StoreAway."""
        folder = next(one for one in (self.home, *self.home.absolute().parents) if one.exists())
        if not folder.is_dir() or not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
            raise StoreAway(f"{folder} cannot be read and written by this user")


class Pieces:
    """A part of an open file, piece by piece; closed at its end, or when whoever reads it stops."""

    def __init__(self, file: FileIO, count: int) -> None:
        self.file, self.left = file, count

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        piece = b"" if self.file.closed else self.file.read(min(PIECE_BYTES, self.left))
        if not piece:
            self.close()
            raise StopIteration
        self.left -= len(piece)
        return piece

    def close(self) -> None:
        """Let go of the file; servers call this too."""
        self.file.close()

    def __del__(self) -> None:
        self.file.close()


def drop_old(folder: Path, seconds: float) -> int:
    """Remove from a folder what is there for so long; gives how many files."""
    until, count = time.time() - seconds, 0
    for path in folder.glob("*"):
        if path.lstat().st_mtime < until:
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink(missing_ok=True)
            count += 1
    return count


def _exactly(descriptor: int, start: int, count: int) -> bytes:
    """So many bytes of an open file, or fewer where it ends before."""
    found = os.pread(descriptor, count, start)
    while len(found) < count and (piece := os.pread(descriptor, count - len(found), start + len(found))):
        found += piece
    return found


@contextmanager
def _lock(folder: Path, how: int) -> Iterator[None]:
    """Hold the lock of a folder; it ends with the process that holds it, however that ends."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, how)
        yield
    finally:
        os.close(descriptor)


def _sync(folder: Path) -> None:
    """Bring the names in a folder to the disk."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
