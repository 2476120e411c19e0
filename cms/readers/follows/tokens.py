"""Tokens that end letters without a sign-in: who and what, with a MAC of the two. Nothing of them is stored.

They are made of the present key and accepted with the one before, so that a link works until the second rotation after
its letter; then the sign-in is the way, as for a link that was cut.
Shape: base64url of 16 bytes of the reader's id, 16 of the follow's, or zeros for the digest, and 32 of the MAC.
Formula: HMAC-SHA-256(key for this purpose, reader ‖ follow)
"""

import binascii
import hashlib
import hmac
import uuid
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass

from cms.platform.keys import Keys

PURPOSE = "unsubscribe"
ALL_DAILY = str(uuid.UUID(int=0))
CHARACTERS = 86


@dataclass(frozen=True)
class Ending:
    """What a token ends: one follow of a reader, or with `ALL_DAILY` the daily letter."""

    account_id: str
    follow_id: str


def unsubscribe_token(keys: Keys, ending: Ending) -> str:
    """The token for a letter."""
    named = _bytes(ending)
    return urlsafe_b64encode(named + _mac(keys.derive(PURPOSE), named)).decode().rstrip("=")


def read_token(keys: Keys, text: str) -> Ending | None:
    """What a token ends; None for one that none of our keys made, and for every other spelling of one that they did."""
    if len(text) != CHARACTERS or not text.isascii():
        return None
    try:
        data = urlsafe_b64decode(text + "==")
    except (binascii.Error, ValueError):
        return None
    named, mac = data[:32], data[32:]
    # Characters that are none of the alphabet are skipped in decoding, and the last one has bits to spare.
    if len(mac) != 32 or urlsafe_b64encode(data).decode().rstrip("=") != text:
        return None
    if not any(hmac.compare_digest(mac, _mac(key, named)) for key in keys.accepted(PURPOSE)):
        return None
    return Ending(str(uuid.UUID(bytes=named[:16])), str(uuid.UUID(bytes=named[16:])))


def _bytes(ending: Ending) -> bytes:
    return uuid.UUID(ending.account_id).bytes + uuid.UUID(ending.follow_id).bytes


def _mac(key: bytes, named: bytes) -> bytes:
    return hmac.new(key, named, hashlib.sha256).digest()
