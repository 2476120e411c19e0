"""The numbers of a colleague's account: how long sessions, codes and proofs live, and what wrong sign-ins cost."""

from datetime import timedelta

from cms.platform.counting import Limit

STATES = ("active", "disabled")
KINDS = ("bearer", "cookie")

# Source: NIST SP 800-63B-4, section 2.2.3.
IDLE_LIFE = timedelta(hours=1)
SESSION_LIFE = timedelta(hours=24)
# When a session was seen last is written down at most so often: a read must not cost a write each time.
SEEN_EVERY = timedelta(minutes=1)
SESSIONS_SHOWN = 200

INVITATION_LIFE = timedelta(hours=72)
CODE_LIFE = timedelta(minutes=10)
ATTEMPTS_PER_CODE = 5

FREE_FAILURES = 5
LONGEST_DELAY = timedelta(minutes=15)
# A client that signed in so short ago is known: guesses from elsewhere never keep it out.
KNOWN_FOR = timedelta(days=30)

SIGN_INS_PER_CLIENT = Limit("sign-ins", 10, 60, setting="limit_sign_in")
SIGN_INS_PER_ACCOUNT = Limit("sign-ins-of-account", 100, 3600)
CODES_PER_CLIENT = Limit("staff-codes", 20, 3600, setting="limit_codes")
CODES_PER_ADDRESS = Limit("staff-codes-of-address", 5, 3600)
CODES_PER_ADDRESS_AND_DAY = 10
PROOFS_PER_CLIENT = Limit("staff-proofs", 10, 60)


def delay_after(failures: int) -> timedelta:
    """How long after so many failures in a row nobody is heard, for one account from one client.

    Formula: nothing for the first four; then 2, 4, 8 … seconds, at most 15 minutes.
    """
    if failures < FREE_FAILURES:
        return timedelta(0)
    return min(timedelta(seconds=2 ** min(failures - FREE_FAILURES + 1, 20)), LONGEST_DELAY)
