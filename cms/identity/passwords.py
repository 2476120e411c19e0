"""Passwords: which are refused, and how an accepted one is kept.

Long ones without rules of composition, and none that a guesser tries first: what is left of it without common words,
runs of the keyboard, years and the words around the person (site, address) must itself be something. Readers and staff
keep theirs in the same way, and share the places at which passwords are worked on.
Source: NIST SP 800-63B-4, section 3.1.1.2; OWASP ASVS 5.0, chapter 6.2.
"""

import hashlib
import hmac
import re
import threading
import unicodedata
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from prometheus_client import Counter

from cms.identity.common_passwords import is_composed
from cms.platform.errors import FieldError, Unavailable
from cms.platform.keys import Keys

SHORTEST, LONGEST, LONGEST_BYTES = 15, 256, 1024
FEWEST_CHARACTERS = 5
LEAST_OF_ITS_OWN = 6
SHORTEST_RUN = 4
SHORTEST_CONTEXT_WORD = 4
RUNS = (
    "abcdefghijklmnopqrstuvwxyz",
    "01234567890",
    "qwertyuiop",
    "asdfghjkl",
    "zxcvbnm",
    "qwertzuiop",
    "azertyuiop",
    "!@#$%^&*()_+",
    "1qaz2wsx3edc4rfv5tgb6yhn7ujm",
    "qazwsxedcrfvtgbyhnujm",
    "йцукенгшщзхъ",
    "фывапролджэ",
    "абвгдежзийклмнопрстуфхцчшщ",
)
COMMON_WORDS = (
    "administrator", "correcthorsebatterystaple", "correct horse battery staple", "basketball", "motherfucker",
    "charlie", "changeme", "computer", "football", "baseball", "iloveyou", "internet", "jennifer", "liverpool",
    "password", "passwort", "passphrase", "princess", "starwars", "sunshine", "superman", "trustno", "whatever",
    "welcome", "letmein", "michael", "monkey", "dragon", "master", "batman", "hunter", "shadow", "secret", "default",
    "qwerty", "azerty", "ashley", "freedom", "admin", "login", "hello", "guest", "love", "test", "root", "user",
    "пароль", "привет", "любовь", "woaini", "mima", "我爱你", "密码",
)  # fmt: skip
YEAR = re.compile(r"(?:19|20)\d\d")
LOOKALIKES = str.maketrans("@$!013457", "asioleast")

# What a password is compared with where there is no account: of a random password, with the same work as any other.
NOBODYS = "$argon2id$v=19$m=19456,t=2,p=1$YyztMJ9dE4hDgAyNPySU1A$LSVBBVEfCsPyxqzSwGdEHVKGttbOoOyTY0SIN3tFV9k"

HASHES = Counter("copydesk_password_hashes_total", "Passwords hashed, to keep or to compare.")


def normal_password(text: str) -> str:
    """What is hashed and compared: the whole text in NFC, so that two keyboards give the same password."""
    return unicodedata.normalize("NFC", text)


def password_problem(password: str, context: Iterable[str], pointer: str) -> FieldError | None:
    """Why a password in NFC is refused, or None. `context`: the site's name, the parts of the person's address."""
    if len(password) < SHORTEST:
        return FieldError(pointer, "too_short", f"A password has at least {SHORTEST} characters; a sentence is fine.")
    if len(password) > LONGEST or len(password.encode()) > LONGEST_BYTES:
        return FieldError(pointer, "too_long", f"A password has at most {LONGEST} characters, {LONGEST_BYTES} bytes.")
    plain = password.casefold()
    if len(set(plain)) < FEWEST_CHARACTERS or _repeats(plain):
        return FieldError(pointer, "repeats", "This repeats the same few characters; choose something longer to guess.")
    is_listed = is_composed(plain) or is_composed(plain.translate(LOOKALIKES))
    if is_listed or _own_part(plain, COMMON_WORDS) < LEAST_OF_ITS_OWN:
        return FieldError(pointer, "common", "This is made of words and runs that are guessed first; choose another.")
    words = [word for part in context for word in _words(part)]
    if _own_part(plain, (*words, *COMMON_WORDS)) < LEAST_OF_ITS_OWN:
        return FieldError(pointer, "context", "This is made of the site's name or of your address; choose another.")
    return None


def salt_of_registrations(keys: Keys, email: str) -> bytes:
    """The salt of an address's registrations, which nobody can know beforehand.

    The same password sent twice then has the same hash, so that a registration that is repeated because its answer
    was lost is known again, at the cost of one hash as ever. A reset draws a salt at random.
    Formula: the first 16 bytes of HMAC-SHA-256(key, address).
    """
    return hmac.new(keys.derive("registration-salt"), email.encode(), hashlib.sha256).digest()[:16]


class Hasher:
    """argon2id at 19 MiB, two passes, one lane: at most so many at once, and a short queue behind them.

    They are worked on in threads of their own, because the C library keeps the memory of each thread that ever hashed:
    with the threads of the server it would be 19 MiB for each of them (measured: 237 MiB after 19 hashes).
    """

    def __init__(self, *, at_once: int = 2, waiting: int = 16) -> None:
        self._argon2 = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1, hash_len=32, salt_len=16)
        self._places = threading.Semaphore(at_once + waiting)
        self._acts = threading.Semaphore(at_once + 1)
        self._benches = ThreadPoolExecutor(at_once, thread_name_prefix="passwords")

    def hash(self, password: str, salt: bytes | None = None) -> str:
        """The hash to keep; with a fresh salt unless one is given. Raises: Unavailable when too many wait already."""
        with self._place():
            HASHES.inc()
            return self._benches.submit(self._argon2.hash, password, salt=salt).result()

    def is_right(self, kept: str | None, password: str) -> bool:
        """Whether a password is the one of a kept hash; without one the same work is done and the answer is no.

        Raises: Unavailable when too many wait already.
        """
        with self._place():
            HASHES.inc()
            try:
                self._benches.submit(self._argon2.verify, kept or NOBODYS, password).result()
            except (VerificationError, InvalidHashError):
                return False
            return kept is not None

    def is_outdated(self, kept: str) -> bool:
        """Whether a hash was made with less work than is asked for today."""
        return self._argon2.check_needs_rehash(kept)

    @contextmanager
    def act(self) -> Iterator[None]:
        """Let few acts around a password go on at once, whoever's it is: of a server's four threads one stays free.

        Raises: Unavailable.
        """
        if not self._acts.acquire(blocking=False):
            raise Unavailable("Too many passwords are being worked on at once.", headers={"Retry-After": "1"})
        try:
            yield
        finally:
            self._acts.release()

    @contextmanager
    def _place(self) -> Iterator[None]:
        if not self._places.acquire(blocking=False):
            raise Unavailable("Too many passwords are being worked on.", headers={"Retry-After": "2"})
        try:
            yield
        finally:
            self._places.release()


# One for the process, because what it guards is the process's memory and processor time.
HASHER = Hasher()


def _words(part: str) -> Iterator[str]:
    plain = part.casefold()
    for word in (plain, *re.split(r"[\W_]+", plain)):
        if len(word) >= SHORTEST_CONTEXT_WORD:
            yield word


def _repeats(plain: str) -> bool:
    # Whether a unit of at most half the length makes the whole, its last repetition cut off or not.
    return any(plain[size:] == plain[: len(plain) - size] for size in range(1, len(plain) // 2 + 1))


def _own_part(plain: str, words: Iterable[str]) -> int:
    """How many characters are left without these words, without runs and years; the fewer of two ways to read it."""
    ordered = sorted(words, key=len, reverse=True)
    return min(_left(spelling, ordered) for spelling in (plain, plain.translate(LOOKALIKES)))


def _left(plain: str, words: Iterable[str]) -> int:
    for word in words:
        plain = plain.replace(word, " ")
    plain = YEAR.sub(" ", _without_runs(plain))
    # A sign counts once however often it stands there: `!!!!!!` adds to no guesser's work.
    signs = {character for character in plain if character.isascii() and not character.isalnum()} - {" "}
    return len(signs) + sum(character.isalnum() or not character.isascii() for character in plain)


def _without_runs(plain: str) -> str:
    kept, at = [], 0
    while at < len(plain):
        longest = max(_run_length(plain, at, run) for run in ALL_RUNS)
        if longest >= SHORTEST_RUN:
            kept.append(" ")
            at += longest
        else:
            kept.append(plain[at])
            at += 1
    return "".join(kept)


def _run_length(plain: str, at: int, run: str) -> int:
    place = run.find(plain[at])
    length = 0
    while place >= 0 and at + length < len(plain) and plain[at + length : at + length + 1] == run[place : place + 1]:
        length, place = length + 1, place + 1
        if place >= len(run):
            break
    return length


ALL_RUNS = (
    *RUNS,
    *(run[::-1] for run in RUNS),
    *(character * SHORTEST for character in "0123456789abcdefghijklmnopqrstuvwxyz"),
)
