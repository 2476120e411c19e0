"""What comes from a queue and is no task of ours: refused before Celery looks into it, logged, counted.

Only one form of task is accepted: a known name with numbers of deliveries, as JSON, and nothing that would make
Celery wait, call back or send further tasks. Content is never logged: who can write to the broker can write anything.
"""

import threading
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson
import structlog
from celery.worker.consumer import Consumer

from cms.events.deliveries import LARGEST_NUMBER
from cms.events.subscriptions import MOST_TOGETHER

log = structlog.get_logger("copydesk.worker")
LARGEST_BODY_BYTES = 1_200
# Celery acts on these headers of a task before or after its run; the relay never sets them.
UNUSED_HEADERS = ("eta", "expires", "group", "replaced_task_nesting", "stamped_headers", "compression")


@dataclass
class Refusals:
    """What was refused in this process, counted by reason. Each is logged with its count."""

    counts: Counter[str] = field(default_factory=Counter)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def note(self, reason: str, **values: object) -> None:
        """Count and log one refusal. The caller vouches that no value holds the message's content."""
        with self.lock:
            self.counts[reason] += 1
            count = self.counts[reason]
        log.warning("task_refused", reason=reason, count=count, **values)


REFUSALS = Refusals()


class CarefulConsumer(Consumer):
    """Takes what is no task of ours off the queue, and lives on; a broker that goes away costs it no hand."""

    def create_task_handler(self, *given: Any, **named: Any) -> Any:
        """The function that Celery calls for each message."""
        handle = super().create_task_handler(*given, **named)
        known = {name for name in self.app.tasks if not name.startswith("celery.")}

        def handle_carefully(message: Any) -> None:
            # One that the broker did not hear would count as in hand for as long as the connection lasts, and whoever
            # has its hands full takes nothing: so its failure is the connection's end, and the next one begins afresh.
            message.ack_log_error = lambda *_logged: message.ack()
            message.reject_log_error = lambda _log, _errors, requeue=False: message.reject(requeue=requeue)
            reason = why_not(known, message.headers, message.content_type, message.content_encoding, message.body)
            if reason is None:
                handle(message)
                return
            REFUSALS.note(reason, bytes=len(message.body or ""))
            message.reject()

        return handle_carefully


def why_not(known: Collection[str], headers: Any, content_type: Any, encoding: Any, body: Any) -> str | None:
    """Why a message is no task of ours, or None when it is one.

    Shape: `no_task`, `unknown_task`, `unreadable`, `arguments` or `options`.
    """
    if not isinstance(headers, Mapping) or not isinstance(headers.get("task"), str) or "id" not in headers:
        return "no_task"
    if headers["task"] not in known:
        return "unknown_task"
    if (content_type, encoding) != ("application/json", "utf-8") or not isinstance(body, str | bytes):
        return "unreadable"
    if len(body) > LARGEST_BODY_BYTES:
        return "arguments"
    try:
        read = orjson.loads(body)
    except ValueError:
        return "unreadable"
    if not isinstance(read, list) or len(read) != 3 or read[1] != {} or not _are_numbers(read[0]):
        return "arguments"
    if not isinstance(read[2], dict) or any(read[2].values()) or any(headers.get(name) for name in UNUSED_HEADERS):
        return "options"
    return None


def _are_numbers(arguments: Any) -> bool:
    return (
        isinstance(arguments, list)
        and 1 <= len(arguments) <= MOST_TOGETHER
        and all(type(one) is int and 0 < one <= LARGEST_NUMBER for one in arguments)
    )
