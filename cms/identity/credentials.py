"""Every credential that the API takes, told apart by its prefix."""

from collections.abc import Callable
from datetime import datetime

from cms.identity import tokens
from cms.identity.rules import SESSION_PREFIX
from cms.identity.staff.sessions import session_verifier
from cms.platform.actor import Actor
from cms.platform.db import Database


def verifier(database: Database, clock: Callable[[], datetime]) -> Callable[[str], Actor]:
    """A function from an API token or a session's token to its Actor. Raises: Unauthenticated."""
    token, session = tokens.verifier(database, clock), session_verifier(database, clock)

    def verify(credential: str) -> Actor:
        return session(credential) if credential.startswith(SESSION_PREFIX) else token(credential)

    return verify
