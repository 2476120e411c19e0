"""Portraits of published articles: what the score of related articles sees, in the database and out of it.

The vector of an article holds its strongest terms, weighed against the vocabulary of its language as last fitted. The
sketch of an article is by what a text that says nearly the same is known.
Not here: the score (`related/rules.py`), lists (`relating.py`), fitting the vocabulary (`sweeping.py`).
"""

import math
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from sys import intern

from sqlalchemy import Select, bindparam, delete, insert, select
from sqlalchemy.orm import Session

from cms.content.assembling import chunks, hold_content
from cms.content.models import Document, DocumentAuthor, DocumentSketch, DocumentTag, DocumentTerm, TermFrequency
from cms.content.related.rules import HALF_LIFE_DAYS, STRONGEST_TERMS, Portrait
from cms.platform.text.sketches import Sketch, from_bytes, sketch, to_bytes
from cms.platform.text.terms import count_terms, weighted
from cms.taxonomy.models import Section

ALL = ""
LONGEST_TERM = 80
STEPS_PER_DOUBLING = 4
RAREST_COUNTED = 2
# Every refresh of related lists runs these, so they are built once.
REVISION = select(Document.revision).where(Document.article_id == bindparam("article"))
READ = select(
    Document.revision, Document.locale, Document.title, Document.content, Document.text
).where(Document.article_id == bindparam("article"))  # fmt: skip
FACES = select(
    Document.number, Document.article_id, Document.locale, Document.section_path, Document.published_at,
    Document.group_id,
).where(Document.article_id.in_(bindparam("ids", expanding=True)))  # fmt: skip
KIN = select(Document.group_id, Document.article_id).where(Document.group_id.in_(bindparam("groups", expanding=True)))
HALF_LIVES = select(Section.path, Section.related_half_life_days).where(Section.related_half_life_days.is_not(None))
# By number: reading an id of a row costs more than all the rest of the row.
VECTORS = (
    select(Document.number, DocumentTerm.term, DocumentTerm.weight)
    .join(Document, Document.article_id == DocumentTerm.article_id)
    .where(DocumentTerm.article_id.in_(bindparam("ids", expanding=True)))
)
VECTORS_AMONG = VECTORS.where(DocumentTerm.term.in_(bindparam("terms", expanding=True)))
TAGS = select(DocumentTag.number, DocumentTag.tag).where(DocumentTag.article_id.in_(bindparam("ids", expanding=True)))
AUTHORS = select(DocumentAuthor.number, DocumentAuthor.author).where(
    DocumentAuthor.article_id.in_(bindparam("ids", expanding=True))
)
SKETCHES = select(DocumentSketch.article_id, DocumentSketch.sketch).where(
    DocumentSketch.article_id.in_(bindparam("ids", expanding=True))
)
FREQUENCIES = select(TermFrequency.term, TermFrequency.documents).where(
    TermFrequency.language == bindparam("language"), TermFrequency.term.in_(bindparam("terms", expanding=True))
)


def language_of(locale: str) -> str:
    """The language whose vocabulary a locale shares, such as `zh` for `zh-CN`."""
    return locale.partition("-")[0].lower()


def coarse(number: int) -> int:
    """A frequency on a grid of four steps per doubling.

    A vocabulary that is fitted again after a day of publishing so gives most terms the weight they had, and most
    documents their bytes. Formula: round(2^(round(4 · log2 n) / 4))
    """
    return round(2 ** (round(STEPS_PER_DOUBLING * math.log2(number)) / STEPS_PER_DOUBLING)) if number > 0 else 0


def words_of(title: str, content: Mapping[str, object], text: str) -> str:
    """What an article's terms are counted in: the title twice, dek, summary, body."""
    summary = content.get("summary") or ()
    points = [str(point) for point in summary] if isinstance(summary, Sequence) else []
    return "\n".join((title, title, str(content.get("dek") or ""), *points, text))


def strongest(counts: Mapping[str, int], frequencies: Mapping[str, int], documents: int) -> dict[str, float]:
    """The vector of an article: L2-normalised, with the strongest terms only. Unknown terms count as found nowhere."""
    usable = {term: count for term, count in counts.items() if 0 < len(term) <= LONGEST_TERM}
    return weighted(usable, frequencies, documents, STRONGEST_TERMS)


@dataclass(frozen=True)
class Likeness:
    """What one revision of an article is compared by; None for each part that is stored as it is."""

    article_id: str
    revision: int
    vector: Mapping[str, float] | None
    sketch: Sketch | None

    @property
    def is_new(self) -> bool:
        """Whether there is something to store."""
        return self.vector is not None or self.sketch is not None


def weigh(session: Session, article_id: str) -> Likeness | None:
    """Weigh an article's terms against the fitted vocabulary and draw the sketch of its text. Nothing is written.

    None for an article that readers do not see.
    """
    document = session.execute(READ, {"article": article_id}).first()
    if document is None:
        return None
    language = language_of(document.locale)
    counts = count_terms(words_of(document.title, document.content, document.text), language)
    frequencies = _frequencies(session, language, [ALL, *counts])
    documents = frequencies.pop(ALL, 0)
    vector, own = strongest(counts, frequencies, documents), sketch(document.text)
    is_vector_known = vector == stored_vectors(session, [article_id])[article_id]
    is_sketch_known = own == stored_sketches(session, [article_id]).get(article_id, ())
    return Likeness(
        article_id, document.revision, None if is_vector_known else vector, None if is_sketch_known else own
    )


def store(session: Session, likeness: Likeness) -> None:
    """Write down what differed, unless readers see another revision by now. Holds the documents."""
    if not likeness.is_new:
        return
    hold_content(session)
    if session.scalar(REVISION, {"article": likeness.article_id}) != likeness.revision:
        return
    if likeness.vector is not None:
        write_vectors(session, {likeness.article_id: likeness.vector})
    if likeness.sketch is not None:
        write_sketches(session, {likeness.article_id: likeness.sketch})


def write_vectors(session: Session, vectors: Mapping[str, Mapping[str, float]]) -> None:
    """Replace the stored vectors of these articles."""
    for ids in chunks(sorted(vectors)):
        session.execute(delete(DocumentTerm).where(DocumentTerm.article_id.in_(ids)))
        rows = [
            {"article_id": article_id, "term": term, "weight": weight}
            for article_id in ids
            for term, weight in vectors[article_id].items()
        ]
        if rows:
            session.execute(insert(DocumentTerm), rows)


def write_sketches(session: Session, sketches: Mapping[str, Sketch]) -> None:
    """Replace the stored sketches of these articles; an empty one is not stored."""
    for ids in chunks(sorted(sketches)):
        session.execute(delete(DocumentSketch).where(DocumentSketch.article_id.in_(ids)))
        rows = [{"article_id": one, "sketch": to_bytes(sketches[one])} for one in ids if sketches[one]]
        if rows:
            session.execute(insert(DocumentSketch), rows)


def stored_sketches(session: Session, article_ids: Collection[str]) -> dict[str, Sketch]:
    """The sketches of those of these articles that have one."""
    found: dict[str, Sketch] = {}
    for ids in chunks(sorted(set(article_ids))):
        found |= {article_id: from_bytes(stored) for article_id, stored in session.execute(SKETCHES, {"ids": ids})}
    return found


def stored_vectors(session: Session, article_ids: Collection[str]) -> dict[str, dict[str, float]]:
    """The stored vectors of those of these articles that are published."""
    found: dict[str, dict[str, float]] = {}
    for ids in chunks(sorted(set(article_ids))):
        vectors = _vectors(session, ids, None)
        found |= {row.article_id: vectors.get(row.number, {}) for row in session.execute(FACES, {"ids": ids})}
    return found


def portraits(
    session: Session, article_ids: Collection[str], *, terms: Collection[str] | None = None, with_kin: bool = True
) -> dict[str, Portrait]:
    """The portraits of those of these articles that are published.

    With `terms` the vectors hold these only, which is enough to compare with articles that have no others. Without
    their kin they can be compared with those that have none.
    """
    found: dict[str, Portrait] = {}
    half_lives = {path: days for path, days in session.execute(HALF_LIVES) if days is not None}
    for ids in chunks(sorted(set(article_ids))):
        groups = _add_portraits(session, found, ids, terms, half_lives)
        if with_kin and groups:
            _add_kin(session, found, groups, terms, half_lives)
    return found


def _add_portraits(
    session: Session,
    found: dict[str, Portrait],
    ids: Sequence[str],
    terms: Collection[str] | None,
    half_lives: Mapping[str, int],
) -> dict[str, str]:
    """Put portraits without kin to those that were found; gives the groups of those that are in one."""
    vectors, tags, authors = _vectors(session, ids, terms), _words(session, TAGS, ids), _words(session, AUTHORS, ids)
    groups = {}
    for number, article_id, locale, section, at, group_id in session.execute(FACES, {"ids": ids}):
        found[article_id] = Portrait(
            article_id, locale, section, at, frozenset(tags.get(number, ())), vectors.get(number, {}),
            frozenset(authors.get(number, ())), half_life_of(section, half_lives),
        )  # fmt: skip
        if group_id is not None:
            groups[article_id] = group_id
    return groups


def _add_kin(
    session: Session,
    found: dict[str, Portrait],
    groups: Mapping[str, str],
    terms: Collection[str] | None,
    half_lives: Mapping[str, int],
) -> None:
    members: dict[str, list[str]] = defaultdict(list)
    for group_id, article_id in session.execute(KIN, {"groups": sorted(set(groups.values()))}):
        members[str(group_id)].append(article_id)
    faces: dict[str, Portrait] = {}
    for ids in chunks(sorted(one for group in members.values() if len(group) > 1 for one in group)):
        _add_portraits(session, faces, ids, terms, half_lives)
    for article_id, group_id in groups.items():
        kin = (faces[other] for other in sorted(members[group_id]) if other != article_id and other in faces)
        found[article_id] = replace(found[article_id], kin=tuple(kin))


def half_life_of(section_path: str, half_lives: Mapping[str, int]) -> float:
    """The half-life of a section, or of the nearest one above it that has one. Units: days."""
    path = section_path
    while path and half_lives:
        if path in half_lives:
            return float(half_lives[path])
        path = path[: path.rfind("/", 0, -1) + 1]
    return HALF_LIFE_DAYS


def _vectors(session: Session, ids: Sequence[str], terms: Collection[str] | None) -> dict[int, dict[str, float]]:
    vectors: dict[int, dict[str, float]] = defaultdict(dict)
    asked = {"ids": ids} if terms is None else {"ids": ids, "terms": sorted(terms)}
    for number, term, weight in session.execute(VECTORS if terms is None else VECTORS_AMONG, asked):
        vectors[number][intern(term)] = weight
    return vectors


def _words(session: Session, statement: Select[int, str], ids: Sequence[str]) -> dict[int, set[str]]:
    words: dict[int, set[str]] = defaultdict(set)
    for number, word in session.execute(statement, {"ids": ids}):
        words[number].add(word)
    return words


def _frequencies(session: Session, language: str, terms: Sequence[str]) -> dict[str, int]:
    found: dict[str, int] = {}
    for portion in chunks(sorted(set(terms))):
        rows = session.execute(FREQUENCIES, {"language": language, "terms": portion})
        found.update((term, documents) for term, documents in rows)
    return found
