"""What `copydesk up` shows of its children: each line with the child's name, log lines in a short form for people.

Children write JSON lines, which are for machines. Here warnings and errors are always shown, of the requests only
those that change something or fail, and everything else where `COPYDESK_LOG_LEVEL=debug` asks for it.
"""

import json
import sys
from typing import Any, TextIO

NAME_WIDTH = 13
COLOURS = {
    "up": 36,
    "api": 32,
    "relay": 35,
    "worker": 34,
    "worker-search": 34,
    "worker-mail": 34,
    "mailbox": 33,
    "broker": 31,
}
LEVEL_COLOURS = {"warning": 33, "error": 31, "critical": 31}
# Said by the prefix, or by the clock on the wall.
UNSAID = frozenset({"at", "level", "logger", "event", "exception"})
READS = frozenset({"GET", "HEAD", "OPTIONS"})
LONGEST_VALUE = 200


class Transcript:
    """Writes lines to a stream; in colour only when a terminal reads it. Never raises when nobody reads any more."""

    def __init__(self, stream: TextIO = sys.stdout, *, is_verbose: bool = False) -> None:
        self.stream = stream
        self.is_verbose = is_verbose
        self.is_coloured = stream.isatty()

    def child(self, name: str, line: str) -> None:
        """Show a line that a child wrote, unless it is one of those that people do not need."""
        told = for_people(line, is_verbose=self.is_verbose)
        if told is None:
            return
        level, text = told
        for part in text.split("\n"):
            self._write(f"{self._prefix(name)} {self._paint(part, LEVEL_COLOURS.get(level))}")

    def say(self, text: str) -> None:
        """Show a line of the supervisor's own."""
        self._write(f"{self._prefix('up')} {text}")

    def plain(self, text: str) -> None:
        """Show text as it is."""
        self._write(text)

    def _prefix(self, name: str) -> str:
        return self._paint(f"{name:<{NAME_WIDTH}} |", COLOURS.get(name))

    def _paint(self, text: str, colour: int | None) -> str:
        return f"\x1b[{colour}m{text}\x1b[0m" if self.is_coloured and colour else text

    def _write(self, text: str) -> None:
        try:
            self.stream.write(text + "\n")
            self.stream.flush()
        except (OSError, ValueError):
            # The terminal is gone. What runs goes on, or is stopped by the signal that comes with it.
            return


def for_people(line: str, *, is_verbose: bool) -> tuple[str, str] | None:
    """A line of a log in short. Shape: level and text, or None when it need not be shown.

    What is not a JSON line is shown as it is: nobody expected it.
    """
    record = _record(line)
    if record is None:
        return ("", _printable(line)) if line.strip() else None
    level = str(record.get("level", "info")).lower()
    if record.get("logger") == "copydesk.access":
        return (level, _request(record)) if is_verbose or _is_telling(record) else None
    if level in ("debug", "info") and not is_verbose:
        return None
    said = [level, str(record["event"])]
    said += [f"{key}={_short(value)}" for key, value in record.items() if key not in UNSAID]
    text = _printable("  ".join(said))
    if record.get("exception"):
        text += "\n" + "\n".join(_printable(row) for row in str(record["exception"]).rstrip().splitlines())
    return level, text


def _record(line: str) -> dict[str, Any] | None:
    if not line.startswith("{"):
        return None
    try:
        record = json.loads(line)
    except ValueError:
        return None
    return record if isinstance(record, dict) and "event" in record else None


def _is_telling(record: dict[str, Any]) -> bool:
    status = record.get("status")
    return record.get("method") not in READS or not isinstance(status, int) or status >= 500


def _request(record: dict[str, Any]) -> str:
    words = (record.get("method"), record.get("path"), record.get("status"), f"{record.get('milliseconds')} ms")
    return _printable("  ".join(str(word) for word in words))


def _short(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= LONGEST_VALUE else text[:LONGEST_VALUE] + "…"


def _printable(text: str) -> str:
    # A path or a title comes from outside and must not be able to move the terminal's cursor.
    return "".join(character if character.isprintable() or character == "\t" else " " for character in text)
