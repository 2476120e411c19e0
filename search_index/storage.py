"""The files of an index: written so that a commit is on the disk before it is announced, read without a memory map.

The library itself never calls fsync, copies mapped files into memory, and shares one file position between threads;
and a mapped file that is cut short kills the process. Here a read is a `pread` of its own: it is safe between
threads, a short file is an ordinary error, and the pages stay the system's.
"""

import os
import re
import sys
from array import array
from io import BytesIO
from pathlib import Path
from typing import Any
from zlib import crc32

from whoosh.filedb.filestore import FileStorage
from whoosh.filedb.structfile import StructFile
from whoosh.system import IS_LITTLE

SMALL = 256 * 1024
SEGMENT = ".seg"
SEAL = ".sum"
PIECE = 1024 * 1024
HALF_WRITTEN = re.compile(r"^_.+\.toc\..+$")


class Source:
    """The bytes of an opened file, read at any place by any thread. A small file is read whole and closed at once."""

    def __init__(self, path: str, small: int) -> None:
        self._descriptor = -1
        self._bytes = b""
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            self.size = os.fstat(descriptor).st_size
            if self.size <= small:
                self._bytes = os.pread(descriptor, self.size, 0)
                return
            self._descriptor = os.dup(descriptor)
        finally:
            os.close(descriptor)

    def pull(self, position: int, length: int) -> bytes:
        """Up to `length` bytes. Raises: OSError once it is closed."""
        if self._descriptor < 0:
            return self._bytes[position : position + length]
        return os.pread(self._descriptor, length, position)

    def close(self) -> None:
        """Give the descriptor back."""
        self._bytes = b""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -2
            # From here on `pull` finds nothing, as in a file cut short.
            self.size = 0


class SteadyFile(StructFile):
    """A file, or a part of one, as the library's readers want it. What it `get`s depends on no position."""

    def __init__(self, source: Source, start: int, length: int, name: str | None, *, is_whole: bool) -> None:
        # The library's `load(self.file)` and the like then come back to the methods below.
        self.file = self
        self._name = name
        self.onclose = None
        self.is_closed = False
        self.is_real = False
        self._source = source
        self._start = start
        self._length = length
        self._at = 0
        self._is_whole = is_whole

    def get(self, position: int, length: int) -> bytes:
        """Bytes at a place; fewer where the file ends."""
        return self._source.pull(self._start + position, max(0, min(length, self._length - position)))

    def get_array(self, position: int, typecode: str, length: int) -> Any:
        """An array at a place."""
        return _array(typecode, self.get(position, length * _size(typecode)))

    def read(self, size: int = -1) -> bytes:
        """The next bytes."""
        found = self.get(self._at, self._length if size < 0 else size)
        self._at += len(found)
        return found

    def read_array(self, typecode: str, length: int) -> Any:
        """The next array."""
        return _array(typecode, self.read(length * _size(typecode)))

    def readline(self, _size: int = -1) -> bytes:
        """Up to the next line end; pickles of old protocols ask for it."""
        line = self.get(self._at, 65_536).split(b"\n", 1)[0]
        return self.read(len(line) + 1)

    def read_pickle(self) -> Any:
        """The next pickled object."""
        buffer = BytesIO(self.get(self._at, self._length))
        found = StructFile(buffer).read_pickle()
        self._at += buffer.tell()
        return found

    def tell(self) -> int:
        """The position."""
        return self._at

    def seek(self, position: int, whence: int = os.SEEK_SET) -> int:
        """Move the position."""
        self._at = position + {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self._length}[whence]
        return self._at

    def subset(self, offset: int, length: int, name: str | None = None) -> "SteadyFile":
        """A part of the file; it is good for as long as the file itself is open."""
        return SteadyFile(self._source, self._start + offset, length, name or self._name, is_whole=False)

    def close(self) -> None:
        """Close the file; a part closes nothing."""
        if not self.is_closed and self._is_whole:
            self._source.close()
        self.is_closed = True


class ShelfStorage(FileStorage):
    """A folder of index files, private to its owner because opening an index unpickles what lies there."""

    def __init__(self, folder: Path, *, is_read_whole: bool = False) -> None:
        super().__init__(str(folder), supports_mmap=False)
        self._is_read_whole = is_read_whole
        self._unsafe: set[str] = set()
        self._opened: list[Source] = []

    def create_file(self, name: str, excl: bool = False, mode: str = "wb", **more: Any) -> Any:
        """A new file, remembered until it is known to be on the disk."""
        self._unsafe.add(name)
        return super().create_file(name, excl=excl, mode=mode, **more)

    def open_file(self, name: str, **_: Any) -> SteadyFile:
        """A file to read. It stays open until it or the storage is closed."""
        source = Source(self._fpath(name), sys.maxsize if self._is_read_whole else SMALL)
        self._opened.append(source)
        return SteadyFile(source, 0, source.size, name, is_whole=True)

    def rename_file(self, oldname: str, newname: str, safe: bool = False) -> None:
        """Announce a commit: everything that it names is on the disk before, the name itself after."""
        folder = Path(self.folder)
        for path in sorted(folder / name for name in self._unsafe):
            if path.exists():
                make_durable(path)
                if path.suffix == SEGMENT:
                    sealed = path.with_suffix(SEAL)
                    sealed.write_text(f"{checksum(path)}\n", "ascii")
                    make_durable(sealed)
        make_durable(folder)
        super().rename_file(oldname, newname, safe)
        make_durable(folder)
        self._unsafe.clear()

    def close(self) -> None:
        """Close whatever was opened to read and is open still, as after an error half-way."""
        for source in self._opened:
            source.close()
        self._opened.clear()

    def remove_half_written(self) -> None:
        """Remove announcements that a killed writer did not finish."""
        for name in self.list():
            if HALF_WRITTEN.match(name):
                self.delete_file(name)


def make_durable(path: Path) -> None:
    """Wait until a file, or the names in a folder, are on the disk."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def checksum(path: Path) -> int:
    """The CRC-32 of a file: enough against a disk that lies, not against an attacker."""
    total = 0
    with path.open("rb") as file:
        while piece := file.read(PIECE):
            total = crc32(piece, total)
    return total


def is_sealed(path: Path) -> bool:
    """Whether a segment holds what was written to it."""
    return path.with_suffix(SEAL).read_text("ascii") == f"{checksum(path)}\n"


def _array(typecode: str, content: bytes) -> Any:
    found = array(typecode)
    found.frombytes(content)
    if IS_LITTLE:
        found.byteswap()
    return found


def _size(typecode: str) -> int:
    return array(typecode).itemsize
