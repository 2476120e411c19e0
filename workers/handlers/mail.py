"""Letters to people: composed from the present state, handed to the mail server, and their fate written down.

A letter waits out a mail server that is away, as long as its code works; that costs no attempt of its delivery.
"""

import threading
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlsplit

import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session

from cms.events.deliveries import close, hold, postpone
from cms.identity.codes import derive_code, shown_code
from cms.identity.staff.queries import about_staff
from cms.mail.composing import KINDS_WITH_CODE, Content, News, compose
from cms.mail.models import OutgoingLetter
from cms.mail.queries import suppression_of
from cms.mail.sending import MailServer, Never, NotNow, greeting_name, send
from cms.mail.suppressing import suppress
from cms.platform.shared_clock import instant_of
from cms.readers.follows import letters as follow_letters
from cms.readers.models import Challenge
from cms.readers.queries import account_by_id
from workers.work import Attempt, Work

log = structlog.get_logger("copydesk.mail")
OVER = frozenset({"sent", "bounced", "expired"})
# Letters about an account that need no more than that it is there; every other is about a question that is open.
NOTICES = frozenset({"password_changed", "email_change_asked", "email_change_undone"})
SHORTEST_PAUSE = timedelta(seconds=2)
LONGEST_PAUSE = timedelta(seconds=60)
VOID = "another code took its place, or there is no account"
NO_NEWS = "readers see none of its articles, or nobody follows them at this address any more"
PAUSE_WITHOUT_PLACE = timedelta(seconds=2)


@dataclass(frozen=True)
class Question:
    """What a code answers: its purpose and whose mailbox it is; or what a letter to a follower tells of."""

    purpose: str
    email: str
    news: News | None = None


def handle(work: Work, attempt: Attempt) -> None:
    """Send the letter, unless its time is over or a newer code took its place. The attempt is on record before it.

    While as many others are being sent as there are places, it is put off, so that other work goes on.
    """
    _in_place(work, attempt, work.places)


def handle_bulk(work: Work, attempt: Attempt) -> None:
    """Send a letter of very many, as any other, in fewer places."""
    _in_place(work, attempt, work.bulk_places)


def _in_place(work: Work, attempt: Attempt, places: threading.Semaphore) -> None:
    if not places.acquire(blocking=False):
        _put_off(work, attempt)
        return
    try:
        _send(work, attempt)
    finally:
        places.release()


def _put_off(work: Work, attempt: Attempt) -> None:
    now = work.clock()
    with work.database.transaction() as session:
        [delivery] = hold(session, attempt.numbers)
        postpone(session, delivery, now + PAUSE_WITHOUT_PLACE, "other letters are being sent")


def _send(work: Work, attempt: Attempt) -> None:
    content = _begin(work, attempt)
    if content is None:
        return
    settings = work.settings
    message = compose(
        content,
        site_name=settings.site_name,
        site_url=settings.public_url,
        mail_from=settings.mail_from,
        code_page=settings.code_page_url,
        now=work.clock(),
    )
    try:
        send(
            MailServer.from_url(settings.mail_server),
            message,
            own_name=greeting_name(urlsplit(settings.public_url).hostname),
        )
    except NotNow as answer:
        _end(work, attempt, "deferred", str(answer))
    except Never as answer:
        _end(work, attempt, "bounced", str(answer), is_no_mailbox=answer.is_no_mailbox)
    else:
        _end(work, attempt, "sent", None)


def _begin(work: Work, attempt: Attempt) -> Content | None:
    """Count the attempt and read what the letter needs; None when it is not to be sent."""
    with work.database.transaction() as session:
        # By the clock by which its code is over.
        now = instant_of(session, work.clock)
        [delivery] = hold(session, attempt.numbers)
        letter = _letter(session, attempt.subject)
        if letter is None or letter.state in OVER:
            close(session, delivery, now, "superseded")
            return None
        question = _question(work, session, letter)
        obstacle = _obstacle(session, letter, question, now)
        if obstacle is not None:
            letter.state, letter.error = obstacle
            close(session, delivery, now, "superseded")
            log.info("letter_" + letter.state, letter=letter.id, about=letter.about_id, because=letter.error)
            return None
        assert question is not None
        letter.attempts += 1
        return Content(
            kind=letter.kind,
            locale=letter.locale,
            recipient=letter.recipient,
            message_id=letter.message_id,
            created_at=letter.created_at,
            expires_at=letter.expires_at,
            code=_code(work, letter, question) if letter.kind in KINDS_WITH_CODE else "",
            about_id=letter.about_id,
            purpose=question.purpose,
            news=question.news,
        )


def _obstacle(
    session: Session, letter: OutgoingLetter, question: Question | None, now: datetime
) -> tuple[str, str] | None:
    """State and reason of a letter that is not to be sent; None for one that is."""
    if letter.expires_at <= now:
        return "expired", "its time was over" + (f"; before, the mail server: {letter.error}" if letter.error else "")
    if question is None:
        return "expired", NO_NEWS if letter.kind in follow_letters.KINDS else VOID
    suppression = suppression_of(session, letter.recipient)
    return ("bounced", f"suppressed; before, the mail server: {suppression.answer}") if suppression else None


def _end(work: Work, attempt: Attempt, state: str, error: str | None, *, is_no_mailbox: bool = False) -> None:
    now = work.clock()
    with work.database.transaction() as session:
        [delivery] = hold(session, attempt.numbers)
        letter = _letter(session, attempt.subject)
        assert letter is not None
        letter.state = state
        letter.error = error
        if is_no_mailbox and letter.recipient:
            suppress(session, letter, str(error), now)
        if state == "deferred":
            postpone(session, delivery, _next_try(letter, now), f"the mail server: {error}")
        else:
            letter.sent_at = now if state == "sent" else None
            close(session, delivery, now)
    log.info("letter_" + state, letter=letter.id, about=letter.about_id, attempts=letter.attempts, because=error)


def _letter(session: Session, letter_id: str) -> OutgoingLetter | None:
    return session.scalar(select(OutgoingLetter).where(OutgoingLetter.id == letter_id))


def _question(work: Work, session: Session, letter: OutgoingLetter) -> Question | None:
    """What the letter is about, as long as it still is; the code follows from it."""
    if letter.kind in follow_letters.KINDS:
        news = follow_letters.news_of(session, letter, work.keys, work.settings, work.clock())
        return Question("", letter.recipient, news) if news is not None else None
    if letter.kind in NOTICES:
        account = account_by_id(session, letter.about_id)
        return Question("", account.email) if account is not None else None
    if not letter.kind.startswith("staff_"):
        challenge = session.scalar(select(Challenge).where(Challenge.id == letter.about_id))
        is_open = challenge is not None and challenge.used_at is None and challenge.closed_at is None
        return Question(challenge.purpose, challenge.email) if challenge is not None and is_open else None
    email = about_staff(session, letter.kind, letter.about_id)
    return Question(letter.kind, email) if email is not None else None


def _code(work: Work, letter: OutgoingLetter, question: Question) -> str:
    code = derive_code(work.keys, purpose=question.purpose, challenge_id=letter.about_id, email=question.email)
    return shown_code(code)


def _next_try(letter: OutgoingLetter, now: datetime) -> datetime:
    # Formula: 2, 4, 8 … 60 seconds, and once more at the end, when the letter is found to be too old.
    pause = min(SHORTEST_PAUSE * 2 ** min(letter.attempts - 1, 10), LONGEST_PAUSE)
    return min(now + pause, max(letter.expires_at, now + SHORTEST_PAUSE))
