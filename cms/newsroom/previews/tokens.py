"""Tokens of preview links: which link, until when, and a MAC over that and the article. Nothing of them is stored.

A token that was changed, or is used for another article or revision, is refused before the database is asked. They are
made of the present key and accepted with the one before; `copydesk keys rotate` tells of links that a rotation ends.
Shape: `cpd_prv_`, then base64url of 16 bytes of the link's id, 4 of the revision (0 follows the working copy), 8 of the
microsecond since 1970 at which it expires, and 32 of the MAC
Formula: HMAC-SHA-256(key for this purpose, link ‖ revision ‖ instant ‖ article)
"""

import binascii
import hashlib
import hmac
import struct
import uuid
from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import timedelta

from cms.newsroom.previews.rules import Ticket
from cms.platform.counting import BEGINNING, microseconds
from cms.platform.keys import Keys, derive_from, name_of

PURPOSE = "preview"
VISITORS = "preview-visitor"
PREFIX = "cpd_prv_"
CHARACTERS = len(PREFIX) + 80
NAMED = struct.Struct(">16sIQ")
VISITOR_CHARACTERS = 6


def signed(keys: Keys, ticket: Ticket) -> tuple[str, str]:
    """The token of a link, and the name of the key that it is made of."""
    secret, named = keys.secret, _named(ticket)
    mac = _mac(derive_from(secret, PURPOSE), named, ticket.article_id)
    return PREFIX + urlsafe_b64encode(named + mac).decode(), name_of(secret)


def read_ticket(keys: Keys, article_id: str, text: str) -> Ticket | None:
    """What a token of this article says; None for one that none of our keys made for it, and for every other spelling
    of one that they did."""
    if len(text) != CHARACTERS or not text.startswith(PREFIX) or not text.isascii():
        return None
    try:
        data = urlsafe_b64decode(text.removeprefix(PREFIX))
    except (binascii.Error, ValueError):
        return None
    # Characters that are none of the alphabet are skipped in decoding.
    if PREFIX + urlsafe_b64encode(data).decode() != text:
        return None
    named, mac = data[: NAMED.size], data[NAMED.size :]
    if not any(hmac.compare_digest(mac, _mac(key, named, article_id)) for key in keys.accepted(PURPOSE)):
        return None
    link, revision, instant = NAMED.unpack(named)
    expires_at = BEGINNING + timedelta(microseconds=instant)
    return Ticket(str(uuid.UUID(bytes=link)), article_id, revision or None, expires_at)


def key_names(keys: Keys) -> tuple[str, ...]:
    """The names of the keys whose tokens are accepted."""
    return tuple(name_of(secret) for secret in (keys.secret, keys.previous) if secret is not None)


def visitor_of(keys: Keys, link_id: str, network: str) -> str:
    """What tells a visitor of this link from its others. Of two links nobody can tell that one visitor used both.

    Formula: the first 24 bits of HMAC-SHA-256(key for this purpose, link NUL network). That is enough to tell the
    visitors of one link apart, and so little that some 256 addresses of IPv4 share each, whoever has the key too.
    """
    digest = hmac.new(keys.derive(VISITORS), f"{link_id}\x00{network}".encode(), hashlib.sha256)
    return digest.hexdigest()[:VISITOR_CHARACTERS]


def _named(ticket: Ticket) -> bytes:
    return NAMED.pack(uuid.UUID(ticket.link_id).bytes, ticket.revision or 0, microseconds(ticket.expires_at))


def _mac(key: bytes, named: bytes, article_id: str) -> bytes:
    return hmac.new(key, named + uuid.UUID(article_id).bytes, hashlib.sha256).digest()
