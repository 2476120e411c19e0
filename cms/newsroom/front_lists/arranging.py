"""Making, changing and deleting front lists. Every list is public, so a refusal hides nothing of the list itself."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import delete
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from cms.audit.recording import note
from cms.content.front_lists.models import FrontList, FrontListEntry
from cms.events.list_events import ListChanged, ListDeleted
from cms.events.outbox import record
from cms.identity.access import NO_ARTICLE, READ, refuse
from cms.identity.rules import decide
from cms.newsroom.front_lists import queries
from cms.newsroom.front_lists.rules import (
    FIELDS,
    MOST_ENTRIES,
    MOST_LISTS,
    Entry,
    ListContent,
    NewList,
    PutEntry,
    changed_fields,
    entry_errors,
    pinned_before,
    with_entry,
    without_entry,
)
from cms.newsroom.queries import place_at
from cms.platform.actor import Actor
from cms.platform.errors import Conflict, FieldError, Invalid, NotFound, Stale
from cms.platform.ids import new_id
from cms.taxonomy.models import Section
from cms.taxonomy.queries import by_slugs
from cms.taxonomy.rules import strangers

WRITE = "lists:write"
NO_LIST = "There is no list of this id."


def make_list(session: Session, actor: Actor, command: NewList, now: datetime) -> FrontList:
    """Make a list.

    Emits: ListChanged
    Raises: Forbidden where it belongs; Invalid; Conflict (`name_taken`, `too_many`).
    """
    row = FrontList(id=new_id(), name=command.name, locale=command.locale, revision=0, created_at=now, updated_at=now)
    sections = _named_sections(session, command.content)
    _put_content(session, actor, row, command.content, sections, kept=frozenset())
    if queries.count_of(session) >= MOST_LISTS:
        raise Conflict(f"There are {MOST_LISTS} lists already; delete one first.", code="too_many")
    try:
        with session.begin_nested():
            session.add(row)
    except IntegrityError:
        where = f"in {command.locale}" if command.locale else "for every language"
        raise Conflict(f"There is a list named {command.name!r} {where} already.", code="name_taken") from None
    _put_entries(session, row, command.content.entries)
    _record(session, actor, row, now, ["name", "locale", *FIELDS], action="list.made")
    return row


def replace_list(
    session: Session, actor: Actor, list_id: str, revision: int, content: ListContent, now: datetime
) -> FrontList:
    """Make a list hold this and nothing else. One that holds it already stays at its revision.

    Emits: ListChanged
    Raises: NotFound; Forbidden, also where it shall belong; Stale; Invalid.
    """
    sections = _named_sections(session, content)
    row = _held(session, actor, list_id, revision)
    before = queries.content_of(session, row)
    _put_content(session, actor, row, content, sections, kept=frozenset(entry.article for entry in before.entries))
    _put_entries(session, row, content.entries)
    _record_change(session, actor, row, before, now)
    return row


def put_entry(
    session: Session, actor: Actor, list_id: str, revision: int, command: PutEntry, now: datetime
) -> FrontList:
    """Put an article into a list, or move it there, or change how it stands there.

    Emits: ListChanged
    Raises: NotFound; Forbidden; Stale; Invalid.
    """
    row = _held(session, actor, list_id, revision)
    before = queries.content_of(session, row)
    entries = with_entry(before.entries, command)
    if len(entries) > MOST_ENTRIES:
        raise Invalid(errors=[FieldError("", "too_many", f"A list holds up to {MOST_ENTRIES} articles.")])
    # Only this entry can be wrong, and the request names its members at the top.
    errors = [FieldError("/until", error.code, error.detail) for error in entry_errors(entries)]
    errors += pinned_before(before.entries, command)
    if command.article not in {one.article for one in before.entries}:
        errors += _article_errors(session, actor, row.locale, [("/article", command.article)])
    if errors:
        raise Invalid(errors=errors)
    _put_entries(session, row, entries)
    _record_change(session, actor, row, before, now)
    return row


def drop_entry(
    session: Session, actor: Actor, list_id: str, revision: int, article_id: str, now: datetime
) -> FrontList:
    """Take an article out of a list.

    Emits: ListChanged
    Raises: NotFound, also for an article that is not in it; Forbidden; Stale.
    """
    row = _held(session, actor, list_id, revision)
    before = queries.content_of(session, row)
    left = without_entry(before.entries, article_id)
    if len(left) == len(before.entries):
        raise NotFound("This list does not hold this article.")
    _put_entries(session, row, left)
    _record_change(session, actor, row, before, now)
    return row


def delete_list(session: Session, actor: Actor, list_id: str, revision: int, now: datetime) -> None:
    """Delete a list; the articles stay as they are.

    Emits: ListDeleted
    Raises: NotFound; Forbidden; Stale.
    """
    row = _held(session, actor, list_id, revision)
    event = ListDeleted(subject=row.id, name=row.name, locale=row.locale)
    note(session, actor=actor, action=event.type, subject_kind="list", subject_id=row.id, now=now)
    record(session, event, actor=actor, now=now)
    _put_entries(session, row, ())
    session.delete(row)
    session.flush()


def reassign_lists(session: Session, actor: Actor, section_id: str, into_id: str, now: datetime) -> None:
    """Let another section take over the lists of one that goes. Emits: ListChanged for each."""
    for row in queries.held_lists_of_section(session, section_id):
        changes = []
        if row.section_id == section_id:
            row.section_id = into_id
            changes.append("section")
        if row.fill_section_id == section_id:
            row.fill_section_id = into_id
            changes.append("fill")
        _record(session, actor, row, now, changes)


def _held(session: Session, actor: Actor, list_id: str, revision: int) -> FrontList:
    """The list, held until the transaction ends, for somebody who may change it where it belongs."""
    row = queries.list_by_id(session, list_id, is_locked=True)
    if row is None:
        raise NotFound(NO_LIST)
    _refuse(session, actor, row.section_id, row.locale)
    if row.revision != revision:
        etag = f'"{row.revision}"'
        raise Stale(f"The list is at revision {row.revision} by now.", extra={"etag": etag}, headers={"ETag": etag})
    return row


def _refuse(session: Session, actor: Actor, section_id: str | None, locale: str) -> None:
    place = place_at(session, section_id, locale)
    refuse(actor, WRITE, section_path=place.section_path, locale=place.locale, is_target=True)


def _named_sections(session: Session, content: ListContent) -> dict[str, Section]:
    """The sections that a list names, by slug, held until the transaction ends.

    Asked for before the list is held: whoever deletes a section holds it first too, and no two wait for each other.
    """
    return by_slugs(session, Section, [slug for _, slug in _pointers(content)], is_held=True)


def _pointers(content: ListContent) -> list[tuple[str, str]]:
    named = {"/section": content.section, "/fill/section": content.fill.section if content.fill else None}
    return [(pointer, slug) for pointer, slug in named.items() if slug is not None]


def _put_content(
    session: Session,
    actor: Actor,
    row: FrontList,
    content: ListContent,
    sections: Mapping[str, Section],
    kept: frozenset[str],
) -> None:
    """Write everything but the entries. Articles that are kept were looked at when they came in."""
    errors = strangers(_pointers(content), sections, "section") + entry_errors(content.entries)
    if errors:
        raise Invalid(errors=errors)
    ids = {pointer: sections[slug].id for pointer, slug in _pointers(content)}
    _refuse(session, actor, ids.get("/section"), row.locale)
    places = [(f"/entries/{index}/article", entry.article) for index, entry in enumerate(content.entries)]
    errors = _article_errors(session, actor, row.locale, [one for one in places if one[1] not in kept])
    if errors:
        raise Invalid(errors=errors)
    row.title, row.section_id = content.title, ids.get("/section")
    row.fill_section_id = ids.get("/fill/section")
    row.fill_limit = content.fill.limit if content.fill else 0


def _article_errors(session: Session, actor: Actor, locale: str, wanted: Sequence[tuple[str, str]]) -> list[FieldError]:
    """What is wrong with articles that come in; one that the actor may not read is as if it were not there."""
    places = queries.whereabouts(session, [article_id for _, article_id in wanted])
    errors = []
    for pointer, article_id in wanted:
        place = places.get(article_id)
        is_readable = place is not None and (
            actor.kind == "system" or decide(actor.grants, READ, place.section_path, place.locale).is_allowed
        )
        if place is None or not is_readable:
            errors.append(FieldError(pointer, "unknown", NO_ARTICLE))
        elif locale and place.locale != locale:
            errors.append(FieldError(pointer, "wrong_locale", f"The list takes articles in {locale} only."))
    return errors


def _put_entries(session: Session, row: FrontList, entries: Sequence[Entry]) -> None:
    session.flush()
    session.execute(
        delete(FrontListEntry).where(FrontListEntry.list_number == row.number),
        execution_options={"synchronize_session": "fetch"},
    )
    session.add_all(
        FrontListEntry(
            list_number=row.number, position=position, article_id=entry.article, is_pinned=entry.is_pinned,
            from_at=entry.from_at, until_at=entry.until_at, title=entry.title,
        )
        for position, entry in enumerate(entries, 1)
    )  # fmt: skip
    session.flush()


def _record_change(session: Session, actor: Actor, row: FrontList, before: ListContent, now: datetime) -> None:
    changes = changed_fields(before, queries.content_of(session, row))
    if changes:
        _record(session, actor, row, now, changes)


def _record(
    session: Session, actor: Actor, row: FrontList, now: datetime, changes: Sequence[str], action: str = ""
) -> None:
    row.revision += 1
    row.updated_at = now
    event = ListChanged(subject=row.id, name=row.name, locale=row.locale, revision=row.revision)
    note(
        session, actor=actor, action=action or event.type, subject_kind="list", subject_id=row.id, now=now,
        changes=changes,
    )  # fmt: skip
    record(session, event, actor=actor, now=now)
    session.flush()
