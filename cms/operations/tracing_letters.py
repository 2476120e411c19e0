"""Why a reader did not get a code: the letters to an address, what holds them back, and how many were asked for.

Told in words beside the data. No code, text of a letter or words of a mail server are known here. Never writes.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from cms.events.models import Delivery
from cms.events.subscriptions import ATTEMPTS_BEFORE_DEAD, BY_NAME
from cms.mail.models import OutgoingLetter, Suppression
from cms.mail.queries import GIVEN_UP, newest_letters, suppression_of, unsent_deliveries
from cms.platform.clock import rfc3339
from cms.readers.queries import account_of, codes_asked
from cms.readers.rules import CODES_PER_DAY, CODES_PER_HOUR

LETTERS_SHOWN = 20
LETTER = ("id", "kind", "attempts", "message_id", "created_at", "expires_at", "sent_at")


def trace(session: Session, address: str, kept_days: int, now: datetime) -> dict[str, Any]:
    """All that is known of letters to an address, in the shape of `TraceShape`."""
    letters = letters_data(session, newest_letters(session, address, LETTERS_SHOWN), now)
    suppression = suppression_of(session, address)
    asked = [at for _, at in codes_asked(session, address, now - timedelta(days=1))]
    last_hour = sum(now - at < timedelta(hours=1) for at in asked)
    is_limited = last_hour >= CODES_PER_HOUR or len(asked) >= CODES_PER_DAY
    findings = [
        *([held_back(suppression)] if suppression is not None else []),
        *([_limited(last_hour, len(asked))] if is_limited else []),
        letters[0]["explanation"]
        if letters
        else f"No letter to this address was asked for in the last {kept_days} days.",
    ]
    return {
        "address": address,
        "has_account": account_of(session, address) is not None,
        "findings": findings,
        "suppression": suppression_data(suppression) if suppression is not None else None,
        "codes": {"last_hour": last_hour, "last_day": len(asked), "is_limited": is_limited},
        "letters": letters,
    }


def letters_data(session: Session, letters: Sequence[OutgoingLetter], now: datetime) -> list[dict[str, Any]]:
    """Letters in the shape of `LetterShape`; as many statements for twenty as for one."""
    deliveries = unsent_deliveries(session, letters)
    return [letter_data(letter, deliveries.get(letter.id), now) for letter in letters]


def letter_data(letter: OutgoingLetter, delivery: Delivery | None, now: datetime) -> dict[str, Any]:
    """A letter in the shape of `LetterShape`, with what still is, or was, to send it."""
    is_given_up = delivery is not None and delivery.state in GIVEN_UP
    data = {name: getattr(letter, name) for name in LETTER}
    return data | {
        "address": letter.recipient,
        "state": delivery.state if delivery is not None and is_given_up else letter.state,
        "reason": delivery.error if delivery is not None and is_given_up else letter.error,
        "delivery": delivery.number if delivery is not None else None,
        "explanation": explained(letter, delivery, now),
    }


def suppression_data(row: Suppression) -> dict[str, Any]:
    """An address that is held back in the shape of `SuppressionShape`."""
    return {name: getattr(row, name) for name in ("id", "address", "answer", "letter_id", "created_at")}


def held_back(row: Suppression) -> str:
    """Since when and why an address gets no letters, and how that is ended."""
    return (
        f"Letters to this address are held back since {rfc3339(row.created_at)}, because its mail server said that "
        f"there is no such mailbox ({row.answer}). DELETE /api/v1/mail/suppressions/{row.id} lets them go again."
    )


def explained(letter: OutgoingLetter, delivery: Delivery | None, now: datetime) -> str:
    """What became of a letter, and what can be done, in a sentence or two. `delivery`: what still is to send it."""
    reason = f" ({letter.error})" if letter.error else ""
    if letter.state == "sent" and letter.sent_at is not None:
        return f"The mail server took it at {rfc3339(letter.sent_at)}; what became of it then is in that server's log."
    if letter.state == "bounced":
        return f"It was refused for good{reason} and is not tried again."
    if letter.state == "expired":
        return f"It was not sent{reason}."
    if delivery is None or delivery.state == "discarded":
        because = f" ({delivery.error})" if delivery is not None else ""
        return f"It was not sent{because}: somebody gave it up. Ask for a new one."
    if delivery.state == "dead":
        return _dead(letter, delivery, now)
    if letter.state == "deferred":
        return f"The mail server could not take it yet{reason}; it is tried again until {rfc3339(letter.expires_at)}."
    if delivery.error:
        return f"Making or sending it failed ({delivery.error}); it is tried again at {rfc3339(delivery.due_at)}."
    queue = BY_NAME[delivery.subscription].queue
    return f"It waits for the worker of the queue `{queue}` since {rfc3339(letter.created_at)}."


def _dead(letter: OutgoingLetter, delivery: Delivery, now: datetime) -> str:
    failed = f"It is a dead letter: {ATTEMPTS_BEFORE_DEAD} attempts to make or send it failed, the last one by "
    place = f"/api/v1/deliveries/{delivery.number}"
    if letter.expires_at <= now:
        return f"{failed}{delivery.error}. Its time is over: POST {place}/discard, and ask for a new one."
    return (
        f"{failed}{delivery.error}. Nobody tries again by itself: mend what failed and POST {place}/retry before "
        f"{rfc3339(letter.expires_at)}, or give it up by {place}/discard."
    )


def _limited(last_hour: int, last_day: int) -> str:
    return (
        f"{last_hour} codes in the last hour and {last_day} in the last day were asked for: beyond {CODES_PER_HOUR} "
        f"and {CODES_PER_DAY} none is sent, and whoever asks is not told."
    )
