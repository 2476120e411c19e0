"""What may be, for readers: purposes of codes and the numbers of their life, attempts and limits. Plain Python."""

import re
from collections.abc import Iterable
from datetime import datetime, timedelta

from cms.platform.counting import Limit

# What anybody may ask a code for; and what follows from a reader's own wish to move to another address.
PURPOSES = ("verify_email", "reset_password")
ALL_PURPOSES = (*PURPOSES, "change_email", "undo_email")

CODE_LIFE = timedelta(minutes=10)
# Whoever was moved away by somebody else may be on a journey, without that mailbox.
UNDO_LIFE = timedelta(hours=72)
ATTEMPTS_PER_CODE = 5
# Six digits give way to a patient guesser; forty bits do not, so a reset is not refused and is the way out.
# Source: NIST SP 800-63B-4, section 3.2.2.
FAILURES_IN_A_ROW = 100
CODES_PER_HOUR = 5
CODES_PER_DAY = 10

# How documents that readers agree to are named, and their versions.
DOCUMENT = re.compile(r"[a-z][a-z0-9_-]{0,39}\Z", re.ASCII)
VERSION = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,39}\Z", re.ASCII)
MOST_CONSENTS = 20
# The document that stands for letters about what a reader follows; nobody names it, it follows from following.
LETTERS = "follow-letters"

LOCALES = ("en", "zh-CN", "kk", "ru")

# Source: NIST SP 800-63B-4, section 2.1.3: at least every 30 days a reader types the password again.
SESSION_LIFE = timedelta(days=30)
IDLE_LIFE = timedelta(days=14)
# When a session was seen last is written down at most so often: a read must not cost a write each time.
SEEN_EVERY = timedelta(hours=1)
SESSIONS_SHOWN = 200
CONSENTS_SHOWN = 200
KNOWN_FOR = timedelta(days=30)
NOTICE_LIFE = timedelta(days=3)

CODES_PER_CLIENT = Limit("codes", 20, 3600, setting="limit_codes")
VERIFICATIONS_PER_CLIENT = Limit("verifications", 10, 60)
VERIFICATIONS_PER_ADDRESS = Limit("verifications-of-address", 20, 3600)
SIGN_INS_PER_CLIENT = Limit("reader-sign-ins", 10, 60, setting="limit_sign_in")
# Of one account from one client, and of one account from everywhere: clients that the reader used lately are still
# heard beyond the second, so that nobody is kept out by guesses from elsewhere.
PASSWORDS_PER_ACCOUNT_AND_CLIENT = Limit("reader-passwords-of-account-and-client", 10, 900)
PASSWORDS_PER_ACCOUNT = Limit("reader-passwords-of-account", 100, 3600)
ADDRESS_CHANGES_PER_ACCOUNT = Limit("address-changes-of-account", 5, 3600)
# Not a limit that refuses anybody: beyond it the log warns that somebody sends letters to many.
CODES_BEFORE_ALARM = Limit("codes-of-everybody", 1000, 3600)


def may_send_code(asked: Iterable[tuple[str, datetime]], purpose: str, cooldown: timedelta, now: datetime) -> bool:
    """Whether another code may go to an address. `asked`: purpose and instant of each of the last day's codes.

    The cooldown is of one purpose, so that a fresh reader can at once set a password; hour and day count all.
    """
    codes = list(asked)
    if any(kind == purpose and now - at < cooldown for kind, at in codes):
        return False
    return len(codes) < CODES_PER_DAY and sum(now - at < timedelta(hours=1) for _, at in codes) < CODES_PER_HOUR
