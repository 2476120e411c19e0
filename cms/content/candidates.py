"""Which articles may be related to one: found by its strongest terms and by its tags, whatever the number of articles.

Not here: how related they are (`related/rules.py`), keeping lists (`relating.py`).
"""

from collections.abc import Iterable

from sqlalchemy import and_, bindparam, func, select
from sqlalchemy.orm import Session, aliased

from cms.content.models import Document, DocumentTag, DocumentTerm
from cms.content.related.rules import Portrait

ASKED_TERMS = 25
MOST_POSTINGS = 2_000
TEXT_CANDIDATES = 100
ASKED_TAGS = 8
TAG_CANDIDATES = 15
# Every publish is followed by all of these, so they are built once.
OWN = aliased(DocumentTerm)
IS_ASKED = and_(OWN.article_id == bindparam("article"), OWN.term.in_(bindparam("terms", expanding=True)))
# Counted no further than the cap, so that a word of every article costs no more than a rare one.
FEW = (
    select(DocumentTerm.weight)
    .where(DocumentTerm.term == OWN.term)
    .limit(bindparam("counted"))
    .correlate(OWN)
    .subquery()
)
POSTINGS = select(func.count()).select_from(FEW).correlate(OWN).scalar_subquery()
NOT_TOO_COMMON = select(OWN.term).where(IS_ASKED, bindparam("counted") > POSTINGS)
LIKENESS = (
    select(DocumentTerm.article_id, func.sum(DocumentTerm.weight * OWN.weight).label("likeness"))
    .join(OWN, OWN.term == DocumentTerm.term)
    .where(IS_ASKED)
    .group_by(DocumentTerm.article_id)
    .subquery()
)
ALIKE = (
    select(LIKENESS.c.article_id)
    .join(Document, Document.article_id == LIKENESS.c.article_id)
    .where(Document.locale == bindparam("locale"))
    .order_by(LIKENESS.c.likeness.desc(), LIKENESS.c.article_id)
    .limit(TEXT_CANDIDATES)
)
TAGGED = (
    select(DocumentTag.article_id)
    .join(Document, Document.article_id == DocumentTag.article_id)
    .where(DocumentTag.tag == bindparam("tag"), Document.locale == bindparam("locale"))
    .limit(TAG_CANDIDATES)
)
TAGGED_BEFORE = TAGGED.where(DocumentTag.published_at <= bindparam("at")).order_by(
    DocumentTag.published_at.desc(), DocumentTag.number.desc()
)
TAGGED_AFTER = TAGGED.where(DocumentTag.published_at > bindparam("at")).order_by(
    DocumentTag.published_at, DocumentTag.number
)


def candidates(session: Session, mine: Portrait) -> set[str]:
    """The articles that share the strongest terms with one, or a tag near it in time."""
    found = set(_by_text(session, mine)) | set(_by_tag(session, mine))
    return found - {mine.article_id}


def _by_text(session: Session, mine: Portrait) -> Iterable[str]:
    strongest = sorted(mine.vector.items(), key=lambda item: (-item[1], item[0]))[:ASKED_TERMS]
    asked = {"article": mine.article_id, "terms": [term for term, _ in strongest]}
    usable = list(session.scalars(NOT_TOO_COMMON, {**asked, "counted": MOST_POSTINGS + 1}))
    return session.scalars(ALIKE, {**asked, "terms": usable, "locale": mine.locale}) if usable else ()


def _by_tag(session: Session, mine: Portrait) -> Iterable[str]:
    found: list[str] = []
    for tag in sorted(mine.tags)[:ASKED_TAGS]:
        asked = {"tag": tag, "locale": mine.locale, "at": mine.published_at}
        found += session.scalars(TAGGED_BEFORE, asked)
        found += session.scalars(TAGGED_AFTER, asked)
    return found
