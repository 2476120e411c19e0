"""Letting published articles show a word of the taxonomy as it is now, after it was renamed, moved or merged.

In many short transactions. Each reads names and articles while no publish is under way, so an older name never comes
back: a publish reads its names under the same lock. Running it again after it was broken off is always right.
"""

import time
from collections import defaultdict
from collections.abc import Callable, Collection
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from cms.content.assembling import hold_content, reassemble
from cms.content.models import Document, DocumentWord, RelatedEntry
from cms.content.wording import Wording, put_wording, source_value, wording_of
from cms.events.catalogue import ArticleRegrouped, ArticleReworded, Event
from cms.events.outbox import record
from cms.platform.actor import Actor
from cms.platform.db import Database
from cms.taxonomy.models import Person, Section, Source, Tag
from cms.taxonomy.queries import MODELS, by_ids, ids_of

AT_ONCE = 50
# After a transaction others get their turn: SQLite wakes waiting writers by polling, and would let them starve.
PAUSE_SECONDS = 0.02
ROLES: dict[str, type[Any]] = {"section": Section, "tag": Tag, "author": Person, "editor": Person, "source": Source}


def reword_documents(database: Database, actor: Actor, kind: str, word_id: str, clock: Callable[[], datetime]) -> int:
    """Write every published article that shows a word anew; gives how many. Search and related lists follow by event.

    Emits: ArticleReworded, or ArticleRegrouped where an article is found elsewhere now
    """
    count, last = 0, ""
    while True:
        with database.transaction() as session:
            hold_content(session)
            ids = _next(session, ids_of(session, MODELS[kind], word_id), last)
            if ids:
                _reword(session, actor, ids, clock())
        if not ids:
            return count
        count, last = count + len(ids), ids[-1]
        time.sleep(PAUSE_SECONDS)


def _next(session: Session, word_ids: Collection[str], last: str) -> list[str]:
    statement = select(DocumentWord.article_id).where(DocumentWord.word_id.in_(word_ids))
    if last:
        statement = statement.where(DocumentWord.article_id > last)
    return list(session.scalars(statement.distinct().order_by(DocumentWord.article_id).limit(AT_ONCE)))


def _reword(session: Session, actor: Actor, article_ids: Collection[str], now: datetime) -> None:
    statement = select(Document).where(Document.article_id.in_(article_ids))
    documents = list(session.scalars(statement, execution_options={"populate_existing": True}))
    wordings = _wordings(session, documents)
    events: list[Event] = []
    for document in documents:
        wording = wordings[document.article_id]
        before, after = document.content, document.content | wording.content()
        is_found_elsewhere = document.section_path != wording.section_path or (
            [tag["slug"] for tag in before["tags"]] != [tag["slug"] for tag in after["tags"]]
        )
        document.content, document.section_path = after, wording.section_path
        put_wording(session, document, wording)
        kind = ArticleRegrouped if is_found_elsewhere else ArticleReworded
        events.append(kind(subject=document.article_id, revision=document.revision))
    session.flush()
    showing = select(RelatedEntry.article_id).where(RelatedEntry.other_id.in_(article_ids))
    reassemble(session, {*article_ids, *session.scalars(showing)}, now)
    for event in events:
        record(session, event, actor=actor, now=now)


def _wordings(session: Session, documents: Collection[Document]) -> dict[str, Wording]:
    statement = select(DocumentWord).where(DocumentWord.article_id.in_([one.article_id for one in documents]))
    rows: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    asked: dict[type[Any], set[str]] = defaultdict(set)
    for row in session.scalars(statement.order_by(DocumentWord.article_id, DocumentWord.position)):
        rows[row.article_id][row.role].append(row.word_id)
        asked[ROLES[row.role]].add(row.word_id)
    found: dict[str, Any] = {}
    for kind, ids in asked.items():
        found |= by_ids(session, kind, ids)
    return {document.article_id: _wording(document, rows[document.article_id], found) for document in documents}


def _wording(document: Document, ids: dict[str, list[str]], found: dict[str, Any]) -> Wording:
    words = {role: [found[one] for one in ids[role] if one in found] for role in ROLES}
    [section, editor, source] = [next(iter(words[role]), None) for role in ("section", "editor", "source")]
    shown = document.content["source"]
    return wording_of(
        document.locale, section, words["tag"], words["author"], editor,
        source_value(source, shown["url"]) if source and shown else None,
    )  # fmt: skip
