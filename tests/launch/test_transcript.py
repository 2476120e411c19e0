"""What people see of the children's output."""

import io
import json

import pytest

from cms.launch.transcript import Transcript, for_people


def access(method: str, status: int) -> str:
    values = {"method": method, "path": "/api/v1/articles", "status": status, "milliseconds": 12.5, "client": "::1"}
    return json.dumps({"event": "request", "level": "info", "logger": "copydesk.access", "at": "…", **values})


@pytest.mark.parametrize(("method", "status"), [("POST", 201), ("PATCH", 412), ("GET", 500), ("DELETE", 204)])
def test_requests_that_change_something_or_fail_are_shown(method: str, status: int) -> None:
    assert for_people(access(method, status), is_verbose=False) == (
        "info",
        f"{method}  /api/v1/articles  {status}  12.5 ms",
    )


@pytest.mark.parametrize(("method", "status"), [("GET", 200), ("HEAD", 304), ("GET", 404)])
def test_reads_are_shown_only_on_demand(method: str, status: int) -> None:
    assert for_people(access(method, status), is_verbose=False) is None
    assert for_people(access(method, status), is_verbose=True) is not None


@pytest.mark.parametrize("level", ["warning", "error", "critical"])
def test_warnings_and_errors_are_always_shown_with_their_fields(level: str) -> None:
    line = json.dumps({"event": "delivery_failed", "level": level, "at": "now", "logger": "x", "delivery": 7})
    assert for_people(line, is_verbose=False) == (level, f"{level}  delivery_failed  delivery=7")


def test_what_merely_happens_is_shown_only_on_demand() -> None:
    line = json.dumps({"event": "index_committed", "level": "info", "articles": 3})
    assert for_people(line, is_verbose=False) is None
    assert for_people(line, is_verbose=True) == ("info", "info  index_committed  articles=3")


def test_a_traceback_keeps_its_lines() -> None:
    line = json.dumps({"event": "broken", "level": "error", "exception": "Traceback:\n  a\nValueError"})
    assert for_people(line, is_verbose=False) == ("error", "error  broken\nTraceback:\n  a\nValueError")


@pytest.mark.parametrize("line", ["plain words", "{broken", '{"no": "event"}', "[1]", '{"event": NaN'])
def test_what_is_no_log_line_is_shown_as_it_is(line: str) -> None:
    assert for_people(line, is_verbose=False) == ("", line)


def test_an_empty_line_is_left_out() -> None:
    assert for_people("  ", is_verbose=True) is None


def test_nothing_that_comes_from_outside_moves_the_cursor() -> None:
    transcript = Transcript(stream := io.StringIO())
    transcript.child("api", "evil \x1b[2J\x07 \x9b1m text")
    transcript.child("api", json.dumps({"event": "x\x1b[2J", "level": "error", "path": "/\u202e\r\n"}))
    written = stream.getvalue()
    assert written.count("\n") == 2
    assert all(character.isprintable() or character == "\n" for character in written)


def test_colours_are_for_terminals_only() -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    for stream, is_coloured in ((io.StringIO(), False), (Terminal(), True)):
        Transcript(stream).child("api", "words")
        assert ("\x1b[" in stream.getvalue()) is is_coloured
        assert "api" in stream.getvalue()


def test_a_terminal_that_is_gone_does_not_matter() -> None:
    stream = io.StringIO()
    transcript = Transcript(stream)
    stream.close()
    transcript.say("nobody reads this")
