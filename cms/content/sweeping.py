"""The nightly sweep of related articles: what the quick refresh cannot know is put right here.

It fits the vocabulary again, weighs every article against it, finds every list exactly and repairs those that differ.
Each repair is a short transaction of its own, so articles are published while it runs; what changes meanwhile is
kept by its own refresh. Running it again after it was broken off is always right.
"""

import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from cms.content.assembling import chunks, hold_content, reassemble
from cms.content.models import Document, TermFrequency
from cms.content.neighbours import Crowd
from cms.content.portraits import (
    ALL,
    LONGEST_TERM,
    RAREST_COUNTED,
    coarse,
    language_of,
    portraits,
    stored_sketches,
    stored_vectors,
    strongest,
    words_of,
    write_sketches,
    write_vectors,
)
from cms.content.related.queries import choices_of
from cms.content.related.rules import Choices, Neighbour, Portrait, list_of
from cms.content.relating import mark, stored_lists, veiled_lists, write_lists
from cms.platform.db import Database
from cms.platform.text.sketches import Sketch, sketch
from cms.platform.text.terms import count_terms

AT_ONCE = 100
ROWS_AT_ONCE = 5_000
# After a transaction others get their turn: SQLite wakes waiting writers by polling, and would let them starve.
PAUSE_SECONDS = 0.02

Frequencies = dict[str, dict[str, int]]


@dataclass(frozen=True)
class Sweep:
    """What a sweep found and mended."""

    articles: int
    frequencies_changed: int
    vectors_changed: int
    lists_changed: int


def sweep_related(database: Database, now: datetime) -> Sweep:
    """Bring every related list to what comparing all published articles gives. Takes minutes with ten thousand."""
    with database.reading() as session:
        ids = list(session.scalars(select(Document.article_id).order_by(Document.article_id)))
    frequencies = _counted(database, ids)
    frequencies_changed = _fit(database, frequencies)
    vectors_changed = _weigh(database, ids, frequencies)
    lists_changed = sum(_repair(database, exact, now) for exact in _exact_lists(database))
    return Sweep(len(ids), frequencies_changed, vectors_changed, lists_changed)


def count_differing(database: Database) -> int:
    """How many related lists are not what comparing all articles gives, by the vectors as they are; changes nothing."""
    return sum(len(_differing(database, found)[1]) for found in _exact_lists(database))


def _counted(database: Database, ids: list[str]) -> Frequencies:
    """In how many articles of each language each term stands, on the coarse grid; rare ones left out."""
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for rows in _texts(database, ids):
        for row in rows:
            language = language_of(row.locale)
            counts[language].update(_terms_of(row).keys())
            counts[language][ALL] += 1
    return {
        language: {
            term: coarse(number)
            for term, number in found.items()
            if term == ALL or (number >= RAREST_COUNTED and len(term) <= LONGEST_TERM)
        }
        for language, found in counts.items()
    }


def _fit(database: Database, frequencies: Frequencies) -> int:
    """Write the vocabulary down where it differs from the stored one; returns how many terms did."""
    wanted = {(language, term): number for language, found in frequencies.items() for term, number in found.items()}
    table = TermFrequency
    with database.reading() as session:
        rows = session.execute(select(table.language, table.term, table.documents))
        stored = {(language, term): number for language, term, number in rows}
    differing = sorted(key for key in stored.keys() | wanted.keys() if stored.get(key) != wanted.get(key))
    for start in range(0, len(differing), ROWS_AT_ONCE):
        portion = differing[start : start + ROWS_AT_ONCE]
        with database.transaction() as session:
            for language in {language for language, _ in portion}:
                for terms in chunks([term for own, term in portion if own == language]):
                    session.execute(delete(table).where(table.language == language, table.term.in_(terms)))
            come = [{"language": key[0], "term": key[1], "documents": wanted[key]} for key in portion if key in wanted]
            if come:
                session.execute(insert(table), come)
        _let_others()
    return len(differing)


def _weigh(database: Database, ids: list[str], frequencies: Frequencies) -> int:
    """Rewrite the vectors that the vocabulary changed, and sketches that are missing; returns how many vectors."""
    changed = 0
    for rows in _texts(database, ids):
        with database.reading() as session:
            stored = stored_vectors(session, [row.article_id for row in rows])
            sketched = stored_sketches(session, [row.article_id for row in rows])
        new: dict[str, dict[str, float]] = {}
        redrawn: dict[str, Sketch] = {}
        for row in rows:
            vocabulary = frequencies.get(language_of(row.locale), {})
            vector, own = strongest(_terms_of(row), vocabulary, vocabulary.get(ALL, 0)), sketch(row.text)
            if vector != stored.get(row.article_id, {}):
                new[row.article_id] = vector
            if own != sketched.get(row.article_id, ()):
                redrawn[row.article_id] = own
        if new or redrawn:
            revisions = {row.article_id: row.revision for row in rows}
            with database.transaction() as session:
                hold_content(session)
                current = _unchanged(session, revisions)
                write_vectors(session, {one: vector for one, vector in new.items() if one in current})
                write_sketches(session, {one: own for one, own in redrawn.items() if one in current})
            changed += len(new.keys() & current)
            _let_others()
    return changed


def _exact_lists(database: Database) -> Iterator[dict[str, Sequence[Neighbour]]]:
    """The list of every article as comparing everything gives it, some articles at once."""
    with database.reading() as session:
        locales = list(session.scalars(select(Document.locale).distinct().order_by(Document.locale)))
    also = _through_translations(database, locales)
    for locale in locales:
        with database.reading() as session:
            ids = session.scalars(select(Document.article_id).where(Document.locale == locale)).all()
            crowd, choices = Crowd(portraits(session, ids).values()), choices_of(session, ids)
        exact: dict[str, Sequence[Neighbour]] = {}
        for portrait, entries in crowd.lists(choices, also):
            exact[portrait.article_id] = entries
            if len(exact) == AT_ONCE:
                yield exact
                exact = {}
        yield exact


def _through_translations(database: Database, locales: Sequence[str]) -> dict[str, set[str]]:
    """For each article that has translations the others that are near it in one of their languages."""
    found: dict[str, set[str]] = defaultdict(set)
    for locale in locales:
        with database.reading() as session:
            statement = select(Document.article_id).where(Document.locale == locale, Document.group_id.is_not(None))
            translated = [one for one in portraits(session, session.scalars(statement).all()).values() if one.kin]
        for target in locales:
            by_id = {one.article_id: one.in_locale(target) for one in translated if target != locale}
            there = [one for one in translated if by_id.get(one.article_id) is not None]
            for portrait, entries in Crowd(there).lists():
                own = by_id[portrait.article_id]
                found[str(own)] |= {other for entry in entries if (other := by_id[entry.other_id]) is not None}
    return found


def _differing(
    database: Database, found: Mapping[str, Sequence[Neighbour]]
) -> tuple[Mapping[str, Mapping[str, Neighbour]], list[str]]:
    """These lists as they should be stored, and the articles whose stored ones are others, or wait for their turn."""
    with database.reading() as session:
        exact = veiled_lists(session, found)
        before = stored_lists(session, list(exact))
        waiting = session.scalars(
            select(Document.article_id).where(Document.article_id.in_(list(exact)), Document.has_lost_related)
        )
        return exact, sorted({owner for owner in exact if exact[owner] != before[owner]} | set(waiting))


def _repair(database: Database, found: Mapping[str, Sequence[Neighbour]], now: datetime) -> int:
    exact, differing = _differing(database, found)
    if not differing:
        return 0
    with database.transaction() as session:
        hold_content(session)
        before = stored_lists(session, differing)
        # Between the look at everything and now articles came, changed and went: what is stored has a say, and every
        # score is taken from what the tables hold at this moment.
        asked = {owner: {*exact[owner], *before[owner]} for owner in differing}
        choices = choices_of(session, differing)
        pins = (pin for owner in differing for pin in choices[owner].pins)
        faces = portraits(session, {*differing, *pins, *(other for others in asked.values() for other in others)})
        lists = {
            owner: _list(faces, owner, {*asked[owner], *choices[owner].pins}, choices[owner])
            for owner in differing
            if owner in faces
        }
        after = veiled_lists(session, lists)
        touched = write_lists(session, before, after)
        mark(session, sorted(after), has_lost=False)
        reassemble(session, touched, now)
    _let_others()
    return sum(before[owner] != after[owner] for owner in after)


def _list(faces: Mapping[str, Portrait], owner: str, others: set[str], choices: Choices) -> list[Neighbour]:
    return list_of(faces[owner], (faces[other] for other in others if other in faces), choices)


def _texts(database: Database, ids: list[str]) -> Iterator[Sequence[Any]]:
    columns = (
        Document.article_id, Document.locale, Document.revision, Document.title, Document.content, Document.text,
    )  # fmt: skip
    for start in range(0, len(ids), AT_ONCE):
        with database.reading() as session:
            portion = ids[start : start + AT_ONCE]
            yield session.execute(select(*columns).where(Document.article_id.in_(portion))).all()


def _terms_of(row: Any) -> dict[str, int]:
    return count_terms(words_of(row.title, row.content, row.text), language_of(row.locale))


def _unchanged(session: Session, revisions: Mapping[str, int]) -> set[str]:
    statement = select(Document.article_id, Document.revision).where(Document.article_id.in_(list(revisions)))
    return {article_id for article_id, revision in session.execute(statement) if revisions[article_id] == revision}


def _let_others() -> None:
    time.sleep(PAUSE_SECONDS)
