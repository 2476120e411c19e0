"""The transaction as routes open it: in sight, with the request's `Idempotency-Key` claimed first."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from flask import g
from sqlalchemy.orm import Session

from cms.platform.errors import Forbidden, Unauthenticated
from cms.platform.http.idempotency import claim, patience
from cms.platform.http.services import services


@contextmanager
def transaction() -> Iterator[Session]:
    """One change: committed when the `with` is left. Build the answer inside, so that it is remembered with the effect.

    Raises: Replay when this POST was answered before; AssertionError when an answer was claimed and none was built.
    """
    parts = services()
    with parts.database.transaction(patience()) as session:
        claimed = claim(session, parts.clock())
        yield session
        assert claimed is None or claimed.is_kept, "build the answer inside the transaction"
    g.pop("idempotency_claim", None)


@contextmanager
def refusal_noted(note: Callable[[Session], None]) -> Iterator[None]:
    """Leave an entry of what was refused meanwhile, in a transaction of its own, since that of the act was undone."""
    try:
        yield
    except (Forbidden, Unauthenticated):
        with services().database.transaction() as session:
            note(session)
        raise


@contextmanager
def reading() -> Iterator[Session]:
    """A session for reads."""
    with services().database.reading() as session:
        yield session
