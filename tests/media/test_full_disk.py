"""A disk that is full for real: texts are saved, files are refused, nothing half-made is visible, and all goes on by
itself when there is room again."""

import json
import os
from pathlib import Path

import pytest

from tests.nursery import nursery

REFUSED = [507, "no_room", True]
TAKEN = [201, "", False]


@pytest.mark.slow
def test_on_a_full_disk_texts_are_saved_files_are_refused_and_all_goes_on_with_room_again(
    tmp_path: Path, sqlite_template: Path
) -> None:
    disk, out, err = tmp_path / "disk", tmp_path / "out", tmp_path / "err"
    disk.mkdir()
    words = [str(disk), str(sqlite_template)]
    status = nursery().start("tests.media.full_disk", words, os.environ, out, err).wait(120)
    assert status == 0, err.read_text()[-3000:]
    told = json.loads(out.read_text().splitlines()[-1])
    print("with a disk of its own" if told["disk"] else "with a largest size of files", told)
    if told["disk"]:
        *taken, refused = told["uploads"]
        assert len(taken) >= 2 and taken == [TAKEN] * len(taken)
        assert refused == REFUSED, "what is free is kept for texts"
        assert told["texts beside the reserve"] == [201] * 5
        assert told["upload on a full disk"] == REFUSED
        assert told["text beside it"] == told["text with room again"] == 201
        assert told["half made"] == told["half made on a full disk"] == []
        assert told["renditions on a full disk"]["dead"] == 0 and told["renditions on a full disk"]["open"] >= 2
        assert told["upload with room again"] == TAKEN
        assert told["renditions with room again"] == {"open": 0, "dead": 0}
        assert told["has a rendition"]
    assert told["upload beyond the largest file"] == REFUSED
    assert told["half made beyond it"] == []
    assert told["upload without a largest file"] == TAKEN
