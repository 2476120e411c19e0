"""Public ids: UUIDs of version 7, sortable by time, the same in every environment."""

import os
import time
import uuid


def new_id() -> str:
    """A fresh UUIDv7 as text: 48 bits of milliseconds, then 74 random bits. Source: RFC 9562, section 5.7."""
    milliseconds = time.time_ns() // 1_000_000
    random = int.from_bytes(os.urandom(10), "big")
    value = (
        (milliseconds & (1 << 48) - 1) << 80
        | 0x7 << 76
        | (random >> 62 & 0xFFF) << 64
        | 0b10 << 62
        | random & (1 << 62) - 1
    )
    return str(uuid.UUID(int=value))


def is_id(text: str) -> bool:
    """Whether a text is a canonical UUID, so that a path part can be refused before the database sees it."""
    try:
        return str(uuid.UUID(text)) == text
    except ValueError:
        return False
