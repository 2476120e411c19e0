"""Portraits of published articles: what the score of related articles sees, in the database and out of it.

The vector of an article holds its strongest terms, weighed against the vocabulary of its language as last fitted.
Not here: the score (`rules.py`), lists (`relating.py`), fitting the vocabulary (`sweeping.py`).
"""

import math
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from sys import intern

from sqlalchemy import bindparam, delete, insert, select
from sqlalchemy.orm import Session

from cms.content.assembling import chunks
from cms.content.models import Document, DocumentTag, DocumentTerm, TermFrequency
from cms.content.rules import STRONGEST_TERMS, Portrait
from cms.platform.text.terms import count_terms, weighted

ALL = ""
LONGEST_TERM = 80
STEPS_PER_DOUBLING = 4
RAREST_COUNTED = 2
# Every refresh of related lists runs these, so they are built once.
FACES = select(
    Document.number, Document.article_id, Document.locale, Document.section_path, Document.published_at
).where(Document.article_id.in_(bindparam("ids", expanding=True)))
# By number: reading an id of a row costs more than all the rest of the row.
VECTORS = (
    select(Document.number, DocumentTerm.term, DocumentTerm.weight)
    .join(Document, Document.article_id == DocumentTerm.article_id)
    .where(DocumentTerm.article_id.in_(bindparam("ids", expanding=True)))
)
VECTORS_AMONG = VECTORS.where(DocumentTerm.term.in_(bindparam("terms", expanding=True)))
TAGS = select(DocumentTag.number, DocumentTag.tag).where(DocumentTag.article_id.in_(bindparam("ids", expanding=True)))
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


def store_vector(session: Session, document: Document) -> None:
    """Weigh an article's terms against the fitted vocabulary and write its vector down."""
    language = language_of(document.locale)
    counts = count_terms(words_of(document.title, document.content, document.text), language)
    frequencies = _frequencies(session, language, [ALL, *counts])
    documents = frequencies.pop(ALL, 0)
    vector = strongest(counts, frequencies, documents)
    if vector != stored_vectors(session, [document.article_id])[document.article_id]:
        write_vectors(session, {document.article_id: vector})


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


def stored_vectors(session: Session, article_ids: Collection[str]) -> dict[str, dict[str, float]]:
    """The stored vectors of those of these articles that are published."""
    return {key: dict(portrait.vector) for key, portrait in portraits(session, article_ids).items()}


def portraits(
    session: Session, article_ids: Collection[str], *, terms: Collection[str] | None = None
) -> dict[str, Portrait]:
    """The portraits of those of these articles that are published.

    With `terms` the vectors hold these only, which is enough to compare with an article that has no others.
    """
    found: dict[str, Portrait] = {}
    for ids in chunks(sorted(set(article_ids))):
        vectors, tags = _vectors(session, ids, terms), _tags(session, ids)
        for number, article_id, locale, section, at in session.execute(FACES, {"ids": ids}):
            found[article_id] = Portrait(
                article_id, locale, section, at, frozenset(tags.get(number, ())), vectors.get(number, {})
            )
    return found


def _vectors(session: Session, ids: Sequence[str], terms: Collection[str] | None) -> dict[int, dict[str, float]]:
    vectors: dict[int, dict[str, float]] = defaultdict(dict)
    asked = {"ids": ids} if terms is None else {"ids": ids, "terms": sorted(terms)}
    for number, term, weight in session.execute(VECTORS if terms is None else VECTORS_AMONG, asked):
        vectors[number][intern(term)] = weight
    return vectors


def _tags(session: Session, ids: Sequence[str]) -> dict[int, set[str]]:
    tags: dict[int, set[str]] = defaultdict(set)
    for number, tag in session.execute(TAGS, {"ids": ids}):
        tags[number].add(tag)
    return tags


def _frequencies(session: Session, language: str, terms: Sequence[str]) -> dict[str, int]:
    found: dict[str, int] = {}
    for portion in chunks(sorted(set(terms))):
        rows = session.execute(FREQUENCIES, {"language": language, "terms": portion})
        found.update((term, documents) for term, documents in rows)
    return found
