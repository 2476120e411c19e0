"""Real processes that write and read one SQLite file at once."""

import pytest

from benchmarks.sqlite_concurrency import run

SECONDS = 2


@pytest.mark.slow
def test_four_writers_and_two_readers_lose_nothing_and_nobody_is_told_that_the_database_is_locked() -> None:
    figures = run(SECONDS)
    print(figures)
    assert figures["edits"] + figures["publishes"] >= 20
    assert figures["reads"] >= 20
    assert (figures["lost_updates"], figures["lost_revisions"], figures["went_back"]) == (0, 0, 0)
    assert figures["errors"] == 0
