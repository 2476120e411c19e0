"""The clock that all processes have in common: the database's. By it expires what must not live longer on one machine.

Two machines whose clocks are apart would else each have a time of their own for a code. SQLite has no clock but that of
the machine, which all who share the file have in common.
"""

from collections.abc import Callable
from datetime import UTC, datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from cms.platform.clock import now

# The present, and not the beginning of the transaction, which may have waited for others.
PRESENT = select(func.clock_timestamp())


def instant_of(session: Session, clock: Callable[[], datetime]) -> datetime:
    """The present instant by the database's clock, where `clock` is this process's; any other one is taken as it is."""
    if clock is not now or session.get_bind().dialect.name != "postgresql":
        return clock()
    present: datetime = session.scalars(PRESENT).one()
    return present.astimezone(UTC)
