"""What a token is and what each role may do. Plain Python."""

import secrets
import string
import zlib

PREFIX = "cpd_pat_"
ALPHABET = string.digits + string.ascii_uppercase + string.ascii_lowercase
RANDOM_CHARACTERS = 30
CHECK_CHARACTERS = 6
DEFAULT_DAYS = 90

READ_SCOPES = frozenset({"articles:read", "taxonomy:read", "operations:read"})
EDIT_SCOPES = READ_SCOPES | {"articles:write", "articles:publish", "articles:delete", "taxonomy:write"}
ROLES: dict[str, frozenset[str]] = {
    "viewer": READ_SCOPES,
    "author": READ_SCOPES | {"articles:write"},
    "editor": EDIT_SCOPES,
    "administrator": EDIT_SCOPES | {"operations:write", "audit:read"},
}
SCOPES = frozenset().union(*ROLES.values())


def new_token() -> str:
    """A fresh token: prefix, 30 random characters of 62 (178 bits), and a checksum of six.

    Source: the form of GitHub's tokens, which lets scanners find a leaked one and a typing mistake be refused
    before the database is asked.
    """
    random = "".join(secrets.choice(ALPHABET) for _ in range(RANDOM_CHARACTERS))
    return PREFIX + random + checksum(random)


def checksum(random: str) -> str:
    """CRC-32 of the random part in six characters of the same alphabet."""
    number = zlib.crc32(random.encode())
    characters = []
    for _ in range(CHECK_CHARACTERS):
        number, remainder = divmod(number, len(ALPHABET))
        characters.append(ALPHABET[remainder])
    return "".join(reversed(characters))


def is_well_formed(token: str) -> bool:
    """Whether a text can be one of our tokens at all."""
    if (
        not token.startswith(PREFIX)
        or len(token) != len(PREFIX) + RANDOM_CHARACTERS + CHECK_CHARACTERS
        or not token.isascii()
    ):
        return False
    random = token[len(PREFIX) : -CHECK_CHARACTERS]
    return checksum(random) == token[-CHECK_CHARACTERS:]
