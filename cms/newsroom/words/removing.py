"""Deleting a word of the taxonomy, or merging it into another, in one transaction with everything that names it.

What published articles show follows by event. Revisions keep the slugs that they were saved with, which lead on.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from cms.audit.recording import note
from cms.events.catalogue import WordDeleted, WordMerged
from cms.events.outbox import record
from cms.identity.access import READ
from cms.identity.rules import Place, places
from cms.newsroom.front_lists.arranging import reassign_lists
from cms.newsroom.models import Article, ArticleAuthor, ArticleTag
from cms.newsroom.words.queries import names_it, usage
from cms.newsroom.words.rules import RemoveWord, refuse_use, wrong_target
from cms.platform.actor import Actor
from cms.platform.db import change_rows
from cms.platform.errors import Invalid
from cms.taxonomy.changing import found_for_change
from cms.taxonomy.keeping import follow, forget, hold_tree, refuse_in_tree, refuse_other_revision
from cms.taxonomy.models import Person, Section, Source, Tag
from cms.taxonomy.queries import KIND_NAMES, by_key

# The columns and lists of articles that name a word of each kind.
COLUMNS: dict[type[Any], tuple[Any, ...]] = {
    Section: (Article.section_id,), Tag: (), Person: (Article.editor_id,), Source: (Article.source_id,),
}  # fmt: skip
LISTS: dict[type[Any], tuple[tuple[type[Any], Any], ...]] = {
    Section: (), Source: (), Tag: ((ArticleTag, ArticleTag.tag_id),),
    Person: ((ArticleAuthor, ArticleAuthor.person_id),),
}  # fmt: skip


@dataclass(frozen=True)
class Removed:
    """The word that took over, if one did, and the letter whose id is the receipt's."""

    into: Any
    letter_id: str


def remove_word(session: Session, actor: Actor, kind: type[Any], command: RemoveWord, now: datetime) -> Removed:
    """Delete a word that nothing uses, or let another take over everything that uses it; its slugs lead there then.

    Emits: WordDeleted, or WordMerged
    Raises: NotFound; Forbidden, also where articles shall go; Stale; Conflict (`in_use`) with its users; Invalid
    """
    if kind is Section:
        hold_tree(session)
    if command.into is not None:
        _hold_users(session, kind, command.key)
    word = found_for_change(session, actor, kind, command.key)
    refuse_other_revision(word, command.revision, {}, {})
    into = _taking_over(session, actor, word, command)
    readable = frozenset({Place()}) if actor.kind == "system" else places(actor.grants, READ)
    refuse_use(usage(session, word, readable), is_reassigned=into is not None)
    name = KIND_NAMES[kind]
    action = f"{name}.{'deleted' if into is None else 'merged'}"
    note(session, actor=actor, action=action, subject_kind=name, subject_id=word.id, now=now)
    if into is None:
        forget(session, word)
        letter = record(session, WordDeleted(subject=word.id, kind=name), actor=actor, now=now)
    else:
        _reassign(session, word, into)
        if kind is Section:
            reassign_lists(session, actor, word.id, into.id, now)
        follow(session, word, into, now)
        into.revision += 1
        note(session, actor=actor, action=f"{name}.changed", subject_kind=name, subject_id=into.id, now=now)
        letter = record(session, WordMerged(subject=into.id, kind=name, merged_id=word.id), actor=actor, now=now)
    session.delete(word)
    session.flush()
    return Removed(into, letter.id)


def _hold_users(session: Session, kind: type[Any], key: str) -> None:
    """Hold the articles that name a word before the word, as an edit does, so that no two wait for each other."""
    word = by_key(session, kind, key)
    if word is not None:
        users = select(Article.id).where(names_it(word)).order_by(Article.id)
        session.scalars(users.with_for_update(of=Article)).all()


def _taking_over(session: Session, actor: Actor, word: Any, command: RemoveWord) -> Any:
    if command.into is None:
        return None
    into = by_key(session, type(word), command.into, is_locked=True)
    errors = wrong_target(command.pointer, is_known=into is not None, is_same=into is word)
    if errors:
        raise Invalid(errors=errors)
    if isinstance(into, Section):
        refuse_in_tree(actor, into.path)
    return into


def _reassign(session: Session, word: Any, into: Any) -> None:
    """Let every article name the other word where it named this one, once each."""
    kind = type(word)
    for column in COLUMNS[kind]:
        change_rows(session, update(Article).where(column == word.id).values({column.key: into.id}))
    for table, column in LISTS[kind]:
        having = select(table.article_id).where(column == into.id)
        change_rows(session, delete(table).where(column == word.id, table.article_id.in_(having)))
        change_rows(session, update(table).where(column == word.id).values({column.key: into.id}))
