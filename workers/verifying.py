"""Compares what readers see with what it is made from, and repairs what differs: documents, reading times, related
lists, the search index. Reads and publishes go on meanwhile.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from sqlalchemy import select

from cms.content.assembling import chunks
from cms.content.deriving import published_revisions, reading_time_inputs, set_reading_times
from cms.content.models import Document
from cms.content.sweeping import sweep_related
from cms.newsroom.queries import live_revisions
from cms.newsroom.rebuilding import mend_documents
from cms.platform.actor import system
from cms.platform.text.reading_time import measure, rates_from
from workers.handlers.indexing import check_index
from workers.work import Work

VERIFIER = system("verify")


@dataclass(frozen=True)
class Verified:
    """One part: how many of its things were compared, and how many differed and are repaired."""

    part: str
    compared: int
    repaired: int


def verify(work: Work) -> Iterator[Verified]:
    """Compare and repair one part after the other; what a part is made from comes before it."""
    with work.database.reading() as session:
        compared = len(published_revisions(session))
    parts: tuple[tuple[str, Callable[[Work], int]], ...] = (
        ("documents", _documents),
        ("reading times", _reading_times),
        ("related lists", _related),
        ("search index", check_index),
    )
    for part, repair in parts:
        yield Verified(part, compared, repair(work))


def _documents(work: Work) -> int:
    with work.database.reading() as session:
        wanted, shown = live_revisions(session), published_revisions(session)
    wrong = {key for key in wanted.keys() | shown.keys() if wanted.get(key) != shown.get(key)}
    return mend_documents(work.database, VERIFIER, wrong, work.clock)


def _reading_times(work: Work) -> int:
    rates = rates_from(work.settings.reading_rates)
    with work.database.reading() as session:
        ids = list(session.scalars(select(Document.article_id).order_by(Document.article_id)))
    repaired = 0
    for portion in chunks(ids):
        with work.database.reading() as session:
            found = reading_time_inputs(session, portion)
            shown = select(Document.article_id, Document.reading_time).where(Document.article_id.in_(portion))
            known = {row.article_id: row.reading_time for row in session.execute(shown)}
        measured = {
            key: (one.revision, measure(one.text, one.image_count, one.locale, rates).as_dict())
            for key, one in found.items()
        }
        wrong = {key: value for key, value in measured.items() if known.get(key) != value[1]}
        if wrong:
            with work.documents, work.database.transaction() as session:
                repaired += len(set_reading_times(session, wrong, work.clock()))
    return repaired


def _related(work: Work) -> int:
    return sweep_related(work.database, work.clock()).lists_changed
