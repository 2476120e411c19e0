"""A new index is built aside and put in the place of the old one while readers and writers go on."""

import shutil
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import suppress
from pathlib import Path

from search_index.damage import IndexBroken, IndexUnavailable
from search_index.document import IndexDocument
from search_index.engine import Differences, Examine, Progress, Tell
from search_index.home import (
    REBUILD_LOCK,
    TOUCHED,
    WRITER_LOCK,
    current_folder,
    folder_number,
    locked,
    make_home,
    numbered_folders,
    point_to,
    used_folders,
)
from search_index.reader import Reader
from search_index.writer import FolderWriter

FEW = 20
MOST_ROUNDS = 10
TOLD_EVERY = 200

Documents = Callable[[], Iterable[IndexDocument]]


def rebuild(
    home: Path,
    documents: Documents,
    differences: Differences,
    *,
    total: int = 0,
    tell: Tell | None = None,
    examine: Examine | None = None,
) -> int:
    """Build a new index, catch up with what changed meanwhile, and make it the index. Returns its documents.

    `differences` is given id → revision of what is indexed, and answers what to put and what to remove. A document
    that was written to the old index meanwhile may have changed without a new revision (a tag got another name), so it
    is left out of the mapping, and is put again. Two rebuilds of one home wait for each other. Before the swap every
    byte is read again, and `examine` may ask the new index whatever it likes. Raises: IndexBroken, the old index stays.
    """
    make_home(home)
    with locked(home / REBUILD_LOCK):
        folder = _new_folder(home)
        writer = FolderWriter(folder)
        try:
            with locked(home / WRITER_LOCK):
                (home / TOUCHED).write_text("", "utf-8")
            writer.create()
            writer.fill(_told(documents(), total, tell) if tell is not None else documents())
            _catch_up(writer, differences)
            _examine(home, folder, examine)
            count = _swap(home, writer, differences)
        except BaseException:
            (home / TOUCHED).unlink(missing_ok=True)
            shutil.rmtree(folder, ignore_errors=True)
            raise
        finally:
            writer.close()
        _remove_old(home, folder)
    return count


def _told(documents: Iterable[IndexDocument], total: int, tell: Tell) -> Iterator[IndexDocument]:
    done = 0
    for done, document in enumerate(documents, 1):
        if done % TOLD_EVERY == 0:
            tell(Progress(done, max(done, total)))
        yield document
    tell(Progress(done, done))


def _catch_up(writer: FolderWriter, differences: Differences) -> None:
    for _ in range(MOST_ROUNDS):
        put, remove = differences(writer.indexed())
        if len(put) + len(remove) <= FEW:
            return
        writer.apply(put, remove)


def _examine(home: Path, folder: Path, examine: Examine | None) -> None:
    reader = Reader(home, folder)
    try:
        reader.verify()
        wrong = list(examine(reader)) if examine is not None else []
    finally:
        reader.close()
    if wrong:
        raise IndexBroken(f"the new index is not what it should be: {'; '.join(wrong)}")


def _swap(home: Path, writer: FolderWriter, differences: Differences) -> int:
    with locked(home / WRITER_LOCK):
        _apply_last(writer, differences, frozenset((home / TOUCHED).read_text("utf-8").splitlines()))
        count = writer.count()
        point_to(home, writer.folder)
        (home / TOUCHED).unlink()
    return count


def _apply_last(writer: FolderWriter, differences: Differences, touched: Collection[str]) -> None:
    indexed = writer.indexed()
    put, remove = differences({key: revision for key, revision in indexed.items() if key not in touched})
    known = {document.id for document in put}
    # What was touched and is not put again is wanted no more; `differences` could not know that it is here.
    gone = [key for key in touched if key in indexed and key not in known]
    writer.apply(put, [*remove, *gone])


def _new_folder(home: Path) -> Path:
    taken = [number for number, _ in numbered_folders(home)]
    # A folder that was deleted is still pointed to: a new one of its name would be read before it is finished.
    with suppress(IndexUnavailable):
        taken.append(folder_number(current_folder(home)))
    folder = home / f"index-{max(taken, default=0) + 1}"
    folder.mkdir(mode=0o700)
    return folder


def _remove_old(home: Path, current: Path) -> None:
    """Keep the current folder and the one before it, with which readers go on where the current one is damaged."""
    others = [path for _, path in used_folders(home) if path != current]
    for _, path in numbered_folders(home):
        if path == current or path in others[-1:]:
            continue
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)
