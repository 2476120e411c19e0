"""Real processes that write and read one SQLite file at once."""

import pytest

from benchmarks.sqlite_concurrency import run

SECONDS = 1
LEAST = 20


@pytest.mark.slow
def test_four_writers_and_two_readers_lose_nothing_and_nobody_is_told_that_the_database_is_locked() -> None:
    figures = run(SECONDS, LEAST)
    print(figures)
    assert figures["edits"] + figures["publishes"] >= LEAST
    assert figures["reads"] >= 2 * LEAST
    assert (figures["lost_updates"], figures["lost_revisions"], figures["went_back"]) == (0, 0, 0)
    assert figures["errors"] == 0
