"""Structured logs: one JSON line per happening, with request, event and delivery ids, and no secrets.

Field names that could hold a secret are masked, whatever their value; control characters cannot break a line,
because every value goes through JSON.
"""

import logging
import os
import re
import sys
from collections.abc import Iterable, Mapping, MutableMapping
from contextvars import ContextVar
from typing import Any

import orjson
import structlog

SECRET_NAMES = frozenset(
    {"password", "code", "token", "authorization", "cookie", "secret", "email", "recipient", "signature"}
)
MASK = "[not logged]"
# Libraries that would say at lower levels what they carry: rows of tables, lines of letters.
TALKATIVE = ("sqlalchemy", "mail")
ACTED_ON = re.compile("[\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
ADDRESS = re.compile(r"[^\s@<>\"'(]{1,80}@[^\s@<>\"'),;]+")
# A pipe takes so many bytes in one piece; longer writes of several processes would be mixed up within a line.
PIECE_BYTES = 4096
STANDARD_ERROR = 2

# The id of the request that this thread answers, for every log line that is written meanwhile.
request_in_hand: ContextVar[str] = ContextVar("request_in_hand", default="")


def configure_logs(level: str) -> None:
    """Send every log of this process to standard error as JSON lines."""
    structlog.configure(
        processors=PROCESSORS,
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[
                structlog.contextvars.merge_contextvars,
                name_request,
                structlog.stdlib.add_log_level,
                structlog.stdlib.add_logger_name,
                structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
            ],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                mask_secrets,
                hide_addresses,
                structlog.processors.JSONRenderer(serializer=_dump),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    logging.captureWarnings(True)
    for name in TALKATIVE:
        logging.getLogger(name).setLevel(max(root.level, logging.WARNING))


def name_request(_logger: Any, _method: str, values: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Add the id of the request in hand."""
    identity = request_in_hand.get()
    if identity:
        values.setdefault("request_id", identity)
    return values


def mask_secrets(_logger: Any, _method: str, values: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Replace the values of fields whose name says that they are secret."""
    for name in values:
        if name.lower() in SECRET_NAMES:
            values[name] = MASK
    return values


# One list for the life of the process: loggers keep the one with which they were first used.
PROCESSORS: list[Any] = [
    structlog.stdlib.filter_by_level,
    structlog.contextvars.merge_contextvars,
    name_request,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
    structlog.processors.format_exc_info,
    mask_secrets,
    structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
]


def hide_addresses(_logger: Any, _method: str, values: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Replace addresses, and credentials in URLs, wherever a text holds them: a library's error may repeat one."""
    for name, value in values.items():
        if isinstance(value, str) and "@" in value:
            values[name] = ADDRESS.sub("[address]", value)
    return values


def _dump(value: Any, **_options: Any) -> str:
    return _escaped(orjson.dumps(value, default=str)).decode()


def _escaped(line: bytes) -> bytes:
    """A JSON line without what JSON leaves as it is and a terminal or a viewer acts on: C1 controls, separators."""
    if line.isascii() and b"\x7f" not in line:
        return line
    return ACTED_ON.sub(lambda found: f"\\u{ord(found[0]):04x}", line.decode()).encode()


def write_lines(logger: str, event: str, records: Iterable[Mapping[str, Any]]) -> None:
    """Write many lines of one kind at once, in pieces that a pipe takes whole.

    The caller vouches that no value is secret. structlog takes longer for one line than a read of an article does.
    """
    piece = b""
    for values in records:
        record = {"event": event, "level": "info", "logger": logger, **values}
        line = _escaped(orjson.dumps(record, default=str, option=orjson.OPT_UTC_Z | orjson.OPT_APPEND_NEWLINE))
        if piece and len(piece) + len(line) > PIECE_BYTES:
            os.write(STANDARD_ERROR, piece)
            piece = b""
        piece += line
    if piece:
        os.write(STANDARD_ERROR, piece)
