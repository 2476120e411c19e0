"""Guards at a test's end: what a test drained once has to stay drained, so that no journey ends with work undone."""

from sqlalchemy import func, select

from cms.events.models import Delivery
from cms.platform.db import Database

# The databases that a test has drained, by identity: a test that never drains may leave what it likes.
drained: set[int] = set()


def refuse_undelivered(database: Database) -> None:
    """Fail when deliveries are open in a database that was drained before. Raises: AssertionError."""
    if id(database) not in drained:
        return
    drained.discard(id(database))
    with database.reading() as session:
        query = select(Delivery.subscription, func.count()).where(Delivery.state == "open")
        left = [f"{name}: {count}" for name, count in session.execute(query.group_by(Delivery.subscription))]
    assert not left, f"the journey ended with open deliveries: {left}"
