"""Where the index lives: the pointer to its folder, the locks, and the note of what was written during a rebuild.

Shape of a home: `CURRENT` names the folder; `index-<n>/` are the folders, and those that were ever the index hold a
file `used`; `writer.lock` is held during a write, `rebuild.lock` during a rebuild; `touched` lists ids that were
written to the current folder during a rebuild.
"""

import fcntl
import os
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from search_index.damage import IndexUnavailable
from search_index.storage import make_durable

POINTER = "CURRENT"
WRITER_LOCK = "writer.lock"
REBUILD_LOCK = "rebuild.lock"
TOUCHED = "touched"
USED = "used"
FOLDER_NAME = re.compile(r"index-([1-9][0-9]{0,8})")


def make_home(home: Path) -> None:
    """Make sure of a private folder; whatever else stands in its place is removed."""
    if home.is_symlink() or (home.exists() and not home.is_dir()):
        home.unlink()
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    home.chmod(0o700)


def current_folder(home: Path) -> Path:
    """The folder that is the index now. Raises: IndexUnavailable."""
    try:
        name = (home / POINTER).read_text("ascii").strip()
    except (OSError, UnicodeDecodeError):
        raise IndexUnavailable("there is no index yet") from None
    if not FOLDER_NAME.fullmatch(name):
        raise IndexUnavailable("the pointer to the index is damaged")
    return home / name


def point_to(home: Path, folder: Path) -> None:
    """Make a folder the index, at once for everybody and for good."""
    (folder / USED).touch()
    draft = home / f"{POINTER}.new"
    draft.write_text(f"{folder.name}\n", "ascii")
    make_durable(draft)
    make_durable(home)
    draft.replace(home / POINTER)
    make_durable(home)


def numbered_folders(home: Path) -> list[tuple[int, Path]]:
    """What has the name of an index folder, oldest first."""
    return sorted(
        (int(match[1]), path) for path in home.iterdir() if (match := FOLDER_NAME.fullmatch(path.name)) is not None
    )


def folder_number(folder: Path) -> int:
    """The number in the name of an index folder."""
    return int(folder.name.rpartition("-")[2])


def used_folders(home: Path) -> list[tuple[int, Path]]:
    """The folders that are or were the index, oldest first; not those that are being built, or were when it ended."""
    return [(number, path) for number, path in numbered_folders(home) if (path / USED).exists()]


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold a lock file; it is free again when its holder dies."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def is_rebuilding(home: Path) -> bool:
    """Whether somebody builds a new index at this moment."""
    descriptor = os.open(home / REBUILD_LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def note_touched(home: Path, ids: Iterable[str]) -> None:
    """Tell a rebuild that goes on which documents are written meanwhile. Called under the writer's lock."""
    path = home / TOUCHED
    if not path.exists():
        return
    if is_rebuilding(home):
        with path.open("a", encoding="utf-8") as file:
            file.writelines(f"{one}\n" for one in ids)
    else:
        # The rebuild that asked for the list was killed.
        path.unlink(missing_ok=True)
