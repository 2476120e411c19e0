"""Whose turn it is to write to a file of SQLite. Two objects stand for two processes: each has files of its own."""

import fcntl
import os
import threading
import time
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest

from cms.platform.turns import MOST_IN_A_ROW, PLACES, Turn
from tests.servers import wait_until


@pytest.fixture
def turns(tmp_path: Path) -> Iterator[tuple[Turn, Turn]]:
    one, other = Turn(tmp_path / "copydesk.db"), Turn(tmp_path / "copydesk.db")
    yield one, other
    one.close()
    other.close()


def is_awaited(folder: Path) -> bool:
    """Whether somebody stands behind the one whose turn it is."""
    with (folder / f"copydesk.db{PLACES[1]}").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def test_one_at_a_time_has_the_turn_among_threads_and_among_processes(turns: tuple[Turn, Turn]) -> None:
    one, other = turns
    assert one.take(1)
    assert not one.take(0.01) and not other.take(0.01)
    one.give_back()
    assert other.take(5)
    assert not one.take(0.01)
    other.give_back()
    assert one.take(5)
    one.give_back()


def test_who_waits_comes_before_who_asks_again(turns: tuple[Turn, Turn], tmp_path: Path) -> None:
    one, other = turns
    order = []

    def wait() -> None:
        assert other.take(30)
        order.append("other")
        other.give_back()

    assert one.take(1)
    waiting = threading.Thread(target=wait)
    waiting.start()
    wait_until(lambda: is_awaited(tmp_path), what="the other's place behind this one")
    one.give_back()
    assert one.take(30)
    order.append("one")
    one.give_back()
    waiting.join()
    assert order == ["other", "one"]


def test_threads_that_wait_follow_each_other_a_few_times_and_then_another_process_comes(
    turns: tuple[Turn, Turn], tmp_path: Path
) -> None:
    one, other = turns
    order = []

    def write(turn: Turn, name: str) -> None:
        assert turn.take(30)
        order.append(name)
        turn.give_back()

    assert one.take(1)
    threads = [threading.Thread(target=write, args=(other, "other"))]
    threads += [threading.Thread(target=write, args=(one, "one")) for _ in range(MOST_IN_A_ROW + 3)]
    for thread in threads:
        thread.start()
    wait_until(lambda: is_awaited(tmp_path), what="the other's place behind this one")
    wait_until(lambda: len(one._line) == MOST_IN_A_ROW + 3, what="the line of this process")
    assert not one.take(0.01), "whoever gives up leaves the line"
    one.give_back()
    for thread in threads:
        thread.join()
    assert order == ["one"] * MOST_IN_A_ROW + ["other"] + ["one"] * 3


def test_who_gave_up_or_is_closed_lets_the_others_through(turns: tuple[Turn, Turn], tmp_path: Path) -> None:
    one, other = turns
    assert one.take(1)
    assert not other.take(0.01)
    wait_until(lambda: is_awaited(tmp_path), what="the place of who gave up")
    one.give_back()
    for _ in range(20):
        assert one.take(30)
        one.give_back()
    assert other.take(30)
    # Closed in the middle of its turn, as when a process ends: the kernel gives the turn to the next one.
    other.close()
    assert one.take(30)
    one.give_back()
    assert not other.take(0.01)


def test_where_no_file_can_be_made_there_are_no_turns_and_nothing_fails(tmp_path: Path) -> None:
    nowhere = Turn(tmp_path / "missing" / "copydesk.db")
    assert not nowhere.take(1)
    assert not nowhere.take(1)
    nowhere.close()


def test_many_threads_of_two_processes_take_turns_and_never_two_at_once(turns: tuple[Turn, Turn]) -> None:
    inside, most, taken = 0, 0, []

    def work(turn: Turn) -> None:
        nonlocal inside, most
        for _ in range(25):
            assert turn.take(60)
            inside += 1
            most = max(most, inside)
            taken.append(turn)
            time.sleep(0)
            inside -= 1
            turn.give_back()

    threads = [threading.Thread(target=work, args=(turns[number % 2],)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == 1
    assert {turn: taken.count(turn) for turn in turns} == dict.fromkeys(turns, 75)


def test_a_process_that_was_forked_has_turns_of_its_own(turns: tuple[Turn, Turn]) -> None:
    one, other = turns
    assert other.take(1)
    assert not one.take(0.01), "and its thread waits now"
    with warnings.catch_warnings():
        # Python warns of threads, which is the point here.
        warnings.simplefilter("ignore", DeprecationWarning)
        child = os.fork()
    if child == 0:
        os._exit(0 if one.take(30) else 1)
    other.give_back()
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 0
