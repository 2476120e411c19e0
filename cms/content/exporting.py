"""All published articles as they were at one instant, one document a line, for whoever begins a copy of the site.

Not here: HTTP (`api.py`). Neither memory nor the time until the first line grows with their number.
"""

from collections.abc import Iterator

from sqlalchemy import select

from cms.content.models import Document
from cms.platform.db import Database

LINES_AT_ONCE = 100


def snapshot(database: Database, locale: str | None) -> Iterator[list[bytes]]:
    """The documents in the order of their numbers, in portions, all of one state of the database."""
    with database.reading() as session:
        if not database.is_sqlite:
            session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
        last = -1
        while True:
            statement = select(Document.number, Document.body).where(Document.number > last)
            if locale is not None:
                statement = statement.where(Document.locale == locale)
            rows = session.execute(statement.order_by(Document.number).limit(LINES_AT_ONCE)).all()
            if not rows:
                return
            yield [bytes(body) for _, body in rows]
            last = rows[-1][0]
