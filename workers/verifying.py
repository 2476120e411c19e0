"""Compares what readers see with what it is made from, and repairs what differs: documents, reading times, related
lists, the search index. Reads and publishes go on meanwhile. On demand nothing is repaired: then it is only said.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

from sqlalchemy import select

from cms.content.assembling import chunks
from cms.content.deriving import published_revisions, reading_time_inputs, set_reading_times
from cms.content.models import Document
from cms.content.sweeping import count_differing, sweep_related
from cms.newsroom.queries import live_revisions
from cms.newsroom.rebuilding import mend_documents
from cms.platform.actor import system
from cms.platform.text.reading_time import measure, rates_from
from workers.handlers.indexing import check_index, count_differing_in_index
from workers.work import Work

VERIFIER = system("verify")


@dataclass(frozen=True)
class Verified:
    """One part: how many of its things were compared, and how many differed. Those are repaired by now, unless that
    was not wanted."""

    part: str
    compared: int
    differing: int


def verify(work: Work, *, is_repairing: bool = True) -> Iterator[Verified]:
    """Compare one part after the other, and repair it; what a part is made from comes before it.

    What is only compared is compared with what is stored now: the vocabulary of related lists stays as it was fitted.
    """
    with work.database.reading() as session:
        compared = max(len(published_revisions(session)), len(live_revisions(session)))
    parts: tuple[tuple[str, Callable[[Work], int], Callable[[Work], int]], ...] = (
        ("documents", _repaired_documents, lambda work: len(_wrong_documents(work))),
        ("reading times", partial(_reading_times, is_repairing=True), partial(_reading_times, is_repairing=False)),
        ("related lists", _repaired_lists, lambda work: count_differing(work.database)),
        ("search index", check_index, count_differing_in_index),
    )
    for part, repair, compare in parts:
        yield Verified(part, compared, repair(work) if is_repairing else compare(work))


def _wrong_documents(work: Work) -> set[str]:
    with work.database.reading() as session:
        wanted, shown = live_revisions(session), published_revisions(session)
    return {key for key in wanted.keys() | shown.keys() if wanted.get(key) != shown.get(key)}


def _repaired_documents(work: Work) -> int:
    return mend_documents(work.database, VERIFIER, _wrong_documents(work), work.clock)


def _reading_times(work: Work, *, is_repairing: bool) -> int:
    rates = rates_from(work.settings.reading_rates)
    with work.database.reading() as session:
        ids = list(session.scalars(select(Document.article_id).order_by(Document.article_id)))
    differing = 0
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
        if wrong and is_repairing:
            with work.documents, work.database.transaction() as session:
                differing += len(set_reading_times(session, wrong, work.clock()))
        else:
            differing += len(wrong)
    return differing


def _repaired_lists(work: Work) -> int:
    return sweep_related(work.database, work.clock()).lists_changed
