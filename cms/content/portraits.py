"""Portraits of published articles: what the score of related articles sees, in the database and out of it.

The vector of an article holds its strongest terms, weighed against the vocabulary of its language as last fitted.
Not here: the score (`rules.py`), lists (`relating.py`), fitting the vocabulary (`sweeping.py`).
"""

import math
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from cms.content.assembling import chunks
from cms.content.models import Document, DocumentTag, DocumentTerm, TermFrequency
from cms.content.rules import STRONGEST_TERMS, Portrait
from cms.platform.text.terms import count_terms, weighted

ALL = ""
LONGEST_TERM = 80
STEPS_PER_DOUBLING = 4
RAREST_COUNTED = 2


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


def store_vector(session: Session, document: Document) -> dict[str, float]:
    """Weigh an article's terms against the fitted vocabulary and write its vector down."""
    language = language_of(document.locale)
    counts = count_terms(words_of(document.title, document.content, document.text), language)
    frequencies = _frequencies(session, language, [ALL, *counts])
    documents = frequencies.pop(ALL, 0)
    vector = strongest(counts, frequencies, documents)
    write_vectors(session, {document.article_id: vector})
    return vector


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


def portraits(session: Session, article_ids: Collection[str]) -> dict[str, Portrait]:
    """The portraits of those of these articles that are published."""
    found: dict[str, Portrait] = {}
    for ids in chunks(sorted(set(article_ids))):
        vectors: dict[str, dict[str, float]] = defaultdict(dict)
        terms = select(DocumentTerm.article_id, DocumentTerm.term, DocumentTerm.weight)
        for article_id, term, weight in session.execute(terms.where(DocumentTerm.article_id.in_(ids))):
            vectors[article_id][term] = weight
        tags = tags_of(session, ids)
        columns = (Document.article_id, Document.locale, Document.section_path, Document.published_at)
        for article_id, locale, section, published_at in session.execute(
            select(*columns).where(Document.article_id.in_(ids))
        ):
            tagged = frozenset(tags[article_id])
            found[article_id] = Portrait(article_id, locale, section, published_at, tagged, vectors[article_id])
    return found


def tags_of(session: Session, article_ids: Collection[str]) -> dict[str, set[str]]:
    """The tags of these articles, by id."""
    tags: dict[str, set[str]] = defaultdict(set)
    statement = select(DocumentTag.article_id, DocumentTag.tag).where(DocumentTag.article_id.in_(article_ids))
    for article_id, tag in session.execute(statement):
        tags[article_id].add(tag)
    return tags


def _frequencies(session: Session, language: str, terms: Sequence[str]) -> dict[str, int]:
    found: dict[str, int] = {}
    for portion in chunks(sorted(set(terms))):
        statement = select(TermFrequency.term, TermFrequency.documents)
        statement = statement.where(TermFrequency.language == language, TermFrequency.term.in_(portion))
        found.update((term, documents) for term, documents in session.execute(statement))
    return found
