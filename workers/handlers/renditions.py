"""Making the sizes and crops in which readers get a picture."""

import hashlib
import os
import shutil
import tempfile
from datetime import timedelta
from pathlib import Path

import structlog

from cms.events.deliveries import close, hold, postpone
from cms.media.presets import presets_of, sizes
from cms.media.rendering import Due, Made, keep_renditions, renditions_due
from cms.media.rules import BY_MEDIA_TYPE
from cms.media.storing import ORIGINALS, RENDITIONS, Store, StoreAway
from cms.platform.actor import system
from cms.platform.errors import FULL, NoRoom
from workers.work import Attempt, Work

# Few enough that all are made within the time limit.
AT_ONCE = 5
ACTOR = system("renditions")
PAUSE = timedelta(seconds=60)
NEARLY_FULL = "the disk is full, or nearly so; what is free is kept for texts"
log = structlog.get_logger("copydesk.worker")


def handle(work: Work, attempt: Attempt) -> None:
    """Make what is due of the pictures as they are now. While the disk is full or the store away they wait, however
    long that takes, since nothing is wrong with them. Raises: Invalid; Unavailable; OSError."""
    try:
        _make_due(work, attempt)
    except (NoRoom, StoreAway) as away:
        _put_off(work, attempt, str(away))
    except OSError as error:
        if error.errno not in FULL:
            raise
        _put_off(work, attempt, NEARLY_FULL)


def _put_off(work: Work, attempt: Attempt, reason: str) -> None:
    log.warning("renditions_wait", reason=reason, deliveries=attempt.numbers)
    with work.database.transaction() as session:
        now = work.clock()
        for delivery in hold(session, attempt.numbers):
            postpone(session, delivery, now + PAUSE, reason)


def _make_due(work: Work, attempt: Attempt) -> None:
    store, presets = work.store, work.settings.media_presets
    for subject in sorted({owed.subject for owed in attempt.owed}):
        with work.database.reading() as session:
            due = renditions_due(session, subject, presets)
        if due is None:
            continue
        made = _make(work, store, due)
        with work.database.transaction() as session:
            # Where it changed meanwhile, that change has a delivery of its own.
            keep_renditions(session, ACTOR, store, due, made, presets, work.clock())
    with work.database.transaction() as session:
        for delivery in hold(session, attempt.numbers):
            close(session, delivery, work.clock())


def _make(work: Work, store: Store, due: Due) -> list[Made]:
    """Make the renditions of one picture, in the store.

    Raises: Invalid for one that cannot be opened any more; NoRoom; StoreAway; OSError.
    """
    store.incoming.mkdir(mode=0o700, parents=True, exist_ok=True)
    if shutil.disk_usage(store.incoming).free < work.settings.media_reserve_bytes:
        raise NoRoom(NEARLY_FULL)
    folder = Path(tempfile.mkdtemp(dir=store.incoming))
    wanted = sizes(presets_of(work.settings.media_presets), due.width, due.height, due.point)
    order = {
        "format": BY_MEDIA_TYPE[due.media_type].name,
        "folder": str(folder),
        "width": due.width,
        "height": due.height,
        "sizes": [vars(size) for size in wanted],
    }
    try:
        with store.at_hand(ORIGINALS, due.sha256) as path:
            files = work.darkroom.render({**order, "path": str(path)})
        return [_kept(store, folder / str(number), told) for number, told in enumerate(files)]
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _kept(store: Store, path: Path, told: dict[str, object]) -> Made:
    with path.open("rb") as file:
        data = file.read()
        os.fsync(file.fileno())
    sha256 = hashlib.sha256(data).hexdigest()
    store.put(RENDITIONS, sha256, path)
    return Made(**told, byte_count=len(data), sha256=sha256)  # type: ignore[arg-type]  # as the darkroom tells it
