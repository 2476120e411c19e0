"""Codes that prove a mailbox: derived from a challenge and a key, never stored (ADR 6).

The worker that writes the letter and the API that checks the answer derive the same code, each by itself.
"""

import hashlib
import hmac
from collections.abc import Iterator

from cms.platform.keys import Keys

KEY_PURPOSE = "verification-code"
DIGITS = 6
SYMBOLS = 8
# Crockford's base32: no I, L, O, U, so that nothing is taken for something else.
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
TAKEN_FOR = str.maketrans("OIL", "011")
IGNORED = str.maketrans("", "", " -\u00a0\u2009\u202f\u2010\u2011\u2013")


class CodeError(ValueError):
    """A text that cannot be a code of this purpose."""


def derive_code(keys: Keys, *, purpose: str, challenge_id: str, email: str) -> str:
    """The code of a challenge.

    Shape: six digits to verify an address; eight symbols of base32 (40 bits) for every other purpose.
    Formula: HMAC-SHA-256(key, purpose NUL challenge NUL address); the whole number of 256 bits modulo 10^6, or its
    lowest 40 bits. 2^256 is no multiple of 10^6, so some codes are likelier than others by less than one in 10^71.
    """
    return _code(keys.derive(KEY_PURPOSE), purpose, challenge_id, email)


def accepted_codes(keys: Keys, *, purpose: str, challenge_id: str, email: str) -> Iterator[str]:
    """The codes that count for a challenge: one, and for a time after a rotation that of the key before it too."""
    for key in keys.accepted(KEY_PURPOSE):
        yield _code(key, purpose, challenge_id, email)


def _code(key: bytes, purpose: str, challenge_id: str, email: str) -> str:
    message = "\x00".join((purpose, challenge_id, email)).encode()
    number = int.from_bytes(hmac.new(key, message, hashlib.sha256).digest(), "big")
    if purpose == "verify_email":
        return f"{number % 10**DIGITS:0{DIGITS}d}"
    return "".join(ALPHABET[number >> 5 * place & 31] for place in reversed(range(SYMBOLS)))


def shown_code(code: str) -> str:
    """A code as a letter shows it: `123 456`, or `ABCD-EFGH`."""
    return f"{code[:3]} {code[3:]}" if len(code) == DIGITS else f"{code[:4]}-{code[4:]}"


def read_code(purpose: str, text: str) -> str:
    """A code as somebody typed it: spaces, hyphens and case do not count, O is 0, I and L are 1.

    Raises: CodeError for what no code of this purpose looks like, other scripts' digits included.
    """
    code = text.translate(IGNORED).upper() if text.translate(IGNORED).isascii() else ""
    code = code.translate(TAKEN_FOR)
    allowed, length = ("0123456789", DIGITS) if purpose == "verify_email" else (ALPHABET, SYMBOLS)
    if len(code) != length or any(symbol not in allowed for symbol in code):
        raise CodeError(f"A code has {length} {'digits' if length == DIGITS else 'letters and digits'}.")
    return code


def is_same_code(one: str, other: str) -> bool:
    """Whether two codes are equal, in a time that does not tell how far they agree."""
    return hmac.compare_digest(one.encode(), other.encode())
