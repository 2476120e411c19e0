"""What happens to the files of an index: lost, cut, spoilt."""

import os
import shutil
from pathlib import Path

from search_index.home import current_folder


def segment(home: Path) -> Path:
    return max(current_folder(home).glob("*.seg"), key=lambda path: path.stat().st_size)


def table(home: Path) -> Path:
    return next(iter(current_folder(home).glob("*.toc")))


def cut(path: Path, share: float) -> None:
    os.truncate(path, int(path.stat().st_size * share))


def remove_home(home: Path) -> None:
    shutil.rmtree(home)


def remove_pointer(home: Path) -> None:
    (home / "CURRENT").unlink()


def spoil_pointer(home: Path) -> None:
    (home / "CURRENT").write_bytes(b"../../etc\xff")


def remove_folder(home: Path) -> None:
    shutil.rmtree(current_folder(home))


def spoil_table(home: Path) -> None:
    table(home).write_bytes(os.urandom(table(home).stat().st_size))


def remove_segment(home: Path) -> None:
    segment(home).unlink()
