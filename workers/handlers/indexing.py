"""The search index: what readers see now, put into it; what they do not see, taken out. Also its rebuilding.

The task is a bell: one attempt takes the open deliveries of up to fifty articles together, makes them durable with one
commit of the index, and closes them in one transaction.
"""

import threading
from collections.abc import Collection, Mapping, Sequence
from functools import partial
from pathlib import Path

import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session

from cms.content.assembling import chunks
from cms.content.deriving import all_index_documents, index_documents, published_revisions
from cms.events.catalogue import ArticlePublished, ArticleRegrouped, ArticleReworded
from cms.events.deliveries import close, hold
from cms.events.models import Delivery, Letter
from cms.platform.db import Database
from search_index.damage import IndexBroken, IndexUnavailable
from search_index.document import IndexDocument
from search_index.engine import Tell
from search_index.shelf import Shelf
from workers.examining import Examining
from workers.work import Attempt, Work

log = structlog.get_logger("copydesk.worker")
AT_ONCE = 50
MOST_ROUNDS = 10
# A writer is for one thread at a time; a worker may hear other queues beside this one in several threads.
ONE_AT_A_TIME = threading.Lock()


def handle(work: Work, attempt: Attempt) -> None:
    """Make the index agree with the database about the subjects of these deliveries."""
    shown = put_in_order(work, {owed.subject for owed in attempt.owed})
    now = work.clock()
    with work.database.transaction() as session:
        for delivery in hold(session, attempt.numbers):
            close(session, delivery, now, "done" if _is_present(session, delivery, shown) else "superseded")


def bring_up_to_date(work: Work) -> int:
    """Make the whole index agree with the database, after a start; gives how many articles differed.

    It may differ although nothing is owed: the index was deleted or damaged, or the database came from a backup.
    """
    with work.database.reading() as session:
        published = published_revisions(session)
    reader = Shelf(work.settings.index_home).reader()
    try:
        indexed = reader.indexed()
    except IndexUnavailable:
        put_in_order(work, [])
        return len(published)
    finally:
        reader.close()
    differing = [key for key in published.keys() | indexed.keys() if published.get(key) != indexed.get(key)]
    for portion in chunks(sorted(differing)):
        put_in_order(work, portion)
    return len(differing)


def check_index(work: Work) -> int:
    """Compare every byte of the index and every article in it with the database, and mend what differs.

    Gives how many articles differed; all of them where the index could not be read.
    """
    reader = Shelf(work.settings.index_home).reader()
    try:
        reader.verify()
        digests = reader.digests()
    except IndexUnavailable as error:
        log.warning("index_is_damaged", because=str(error))
        with ONE_AT_A_TIME:
            return rebuild_index(work.database, work.settings.index_home)
    finally:
        reader.close()
    differing = _differing(work.database, digests)
    for portion in chunks(sorted(differing)):
        put_in_order(work, portion)
    return len(differing)


def count_differing_in_index(work: Work) -> int:
    """How many articles the check above would find and mend; nothing is changed. A damaged index differs in all."""
    reader = Shelf(work.settings.index_home).reader()
    try:
        reader.verify()
        return len(_differing(work.database, reader.digests()))
    except IndexUnavailable:
        with work.database.reading() as session:
            # Where nothing is published it is still the index that is not there.
            return max(1, len(published_revisions(session)))
    finally:
        reader.close()


def _differing(database: Database, indexed: Mapping[str, int]) -> set[str]:
    """The ids of what is another in the index, is missing there, or should not be there."""
    differing, seen = set(), set()
    for document in all_index_documents(database):
        seen.add(document.id)
        if indexed.get(document.id) != document.digest:
            differing.add(document.id)
    return differing | (indexed.keys() - seen)


def rebuild_index(database: Database, index_home: Path, tell: Tell | None = None) -> int:
    """Build the index anew beside the old one and swap; gives how many articles it holds. Reads and publishes go on.

    Before the swap the new one is compared with the database: ids and revisions, contents by their digests, and
    headlines that must find their own article. Raises: IndexBroken
    """
    with database.reading() as session:
        total = len(published_revisions(session))
    examining = Examining(database)

    def differences(indexed: Mapping[str, int]) -> tuple[Sequence[IndexDocument], Sequence[str]]:
        with database.reading() as session:
            published = published_revisions(session)
            newer = [key for key, revision in published.items() if indexed.get(key) != revision]
            documents = index_documents(session, newer)
        return list(documents.values()), [key for key in indexed if key not in published]

    documents = partial(examining.noted, partial(all_index_documents, database))
    return Shelf(index_home).rebuild(documents, differences, total=total, tell=tell, examine=examining.examine)


def put_in_order(work: Work, subjects: Collection[str]) -> dict[str, int]:
    """Make the index hold of these articles what readers see, durably; a broken index is built anew first.

    Gives the revision of each that readers see.
    """
    with ONE_AT_A_TIME:
        try:
            return _apply(work, subjects)
        except IndexBroken as error:
            # That a fresh home has no index is no news to warn of.
            say = log.warning if work.settings.index_home.exists() else log.info
            say("index_is_rebuilt", because=str(error))
            count = rebuild_index(work.database, work.settings.index_home)
            log.info("index_was_rebuilt", articles=count)
            return _apply(work, subjects)


def _apply(work: Work, subjects: Collection[str]) -> dict[str, int]:
    # The article may change between the read and the write, and then the worker that acts on that change may write
    # first. So the state is read again after each write, until what was written is what is there.
    for _ in range(MOST_ROUNDS):
        with work.database.reading() as session:
            documents = index_documents(session, subjects)
        work.index.apply(list(documents.values()), [key for key in subjects if key not in documents])
        # The words of an article change without a new revision, so the whole of it is compared.
        with work.database.reading() as session:
            if documents == index_documents(session, subjects):
                return {key: document.revision for key, document in documents.items()}
    raise RuntimeError("the articles changed faster than they could be indexed")


def _is_present(session: Session, delivery: Delivery, shown: Mapping[str, int]) -> bool:
    letter = session.execute(select(Letter.type, Letter.data).where(Letter.id == delivery.letter_id)).one()
    if letter.type == ArticlePublished.type:
        return shown.get(delivery.subject) == letter.data["revision"]
    is_live = letter.type in (ArticleReworded.type, ArticleRegrouped.type)
    return (delivery.subject in shown) == is_live
