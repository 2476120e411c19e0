"""Ids sort by time, keys are made once."""

import threading
import uuid
from pathlib import Path

import pytest

from cms.platform.ids import is_id, new_id
from cms.platform.keys import load_keys
from cms.settings import Settings


def test_ids_are_uuids_of_version_seven_and_differ() -> None:
    ids = [new_id() for _ in range(2000)]
    assert len(set(ids)) == 2000
    assert {uuid.UUID(text).version for text in ids} == {7}
    assert {uuid.UUID(text).variant for text in ids} == {uuid.RFC_4122}
    assert [text[:13] for text in ids] == sorted(text[:13] for text in ids)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        "1",
        "01A21431-BE89-76C4-BC9A-0B56337F99FD",
        "01a21431-be89-76c4-bc9a-0b56337f99fd ",
        "{01a21431-be89-76c4-bc9a-0b56337f99fd}",
        "01a21431be8976c4bc9a0b56337f99fd",
    ],
)
def test_only_the_canonical_form_is_an_id(text: str) -> None:
    assert is_id("01a21431-be89-76c4-bc9a-0b56337f99fd")
    assert not is_id(text)


def test_a_home_gets_its_key_once_even_when_many_start_at_once(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path / "home")
    found: list[bytes] = []
    threads = [threading.Thread(target=lambda: found.append(load_keys(settings).secret)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8
    assert len(set(found)) == 1
    path = tmp_path / "home" / "keys" / "secret"
    assert path.stat().st_mode & 0o777 == 0o600
    assert [entry.name for entry in path.parent.iterdir()] == ["secret"]


def test_a_key_that_is_too_short_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "secret"
    path.parent.mkdir()
    path.write_text("short")
    with pytest.raises(OSError, match="too short"):
        load_keys(Settings(home=tmp_path))


def test_keys_differ_by_purpose_and_are_never_shown(tmp_path: Path) -> None:
    keys = load_keys(Settings(home=tmp_path))
    assert keys.derive("cursor") != keys.derive("verification-code")
    assert keys.secret.decode() not in repr(keys)
