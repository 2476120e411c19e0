"""Related lists: found from what was published, kept for both sides, refilled when an article goes.

An article that enters computes its own list and offers itself to the lists of its candidates, so the work does not
grow with the number of articles. Its translations do the same, as they are related through one another. What that
misses is repaired by the sweep (`sweeping.py`).
Source: docs/finding.md; what is found at once, and what after the sweep, measures `benchmarks/related_quality.py`.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import BindParameter, bindparam, delete, func, select, text, update
from sqlalchemy.orm import Session

from cms.content.assembling import chunks, hold_content, reassemble
from cms.content.beside import naming, neighbours_of
from cms.content.candidates import candidates
from cms.content.models import Document, RelatedEntry
from cms.content.portraits import REVISION, portraits, store, stored_sketches, weigh
from cms.content.related.queries import choices_of, pinning
from cms.content.related.rules import (
    KEPT,
    SHOWN,
    Choices,
    Neighbour,
    Portrait,
    best,
    list_of,
    neighbour,
    pinned,
    rank,
    veiled,
)
from cms.platform.db import change_rows, columns_of, insert_into

REFILLS_AT_ONCE = 40
# A list that is refilled can push an article out of another one, which then is refilled itself.
MOST_ROUNDS = 3

List = dict[str, Neighbour]

# Every publish is followed by all of these, so they are built once.
IDS: BindParameter[Sequence[str]] = bindparam("ids", expanding=True)
ROWS = columns_of(RelatedEntry)
LISTS = select(
    ROWS.c.article_id, ROWS.c.other_id, ROWS.c.score, ROWS.c.why, ROWS.c.pin, ROWS.c.is_hidden
).where(ROWS.c.article_id.in_(IDS))  # fmt: skip
REMOVE = delete(ROWS).where(ROWS.c.article_id == bindparam("owner"), ROWS.c.other_id == bindparam("other"))
ADD = insert_into(RelatedEntry)
HOLDING = select(ROWS.c.article_id).where(ROWS.c.other_id == bindparam("article"))
HELD = select(ROWS.c.other_id).where(ROWS.c.article_id == bindparam("article"))
FULL = (
    select(ROWS.c.article_id, func.min(ROWS.c.score))
    .where(ROWS.c.article_id.in_(IDS), ROWS.c.pin == 0)
    .group_by(ROWS.c.article_id)
    .having(func.count() >= KEPT)
)
# In the words of its index: what SQLAlchemy makes of a boolean column, `= 1`, does not lead SQLite to it.
WAITING = select(Document.article_id).where(text("documents.has_lost_related")).limit(REFILLS_AT_ONCE)


@dataclass(frozen=True)
class Seen:
    """What was found for one revision of an article while nobody had to wait for it.

    `others` are those that its list may show, or whose lists it may enter; `family` is itself with its translations.
    """

    revision: int
    family: frozenset[str]
    others: frozenset[str]


def look_around(session: Session, article_id: str, revision: int) -> Seen:
    """Compare an article, whose terms were weighed at this revision, with all that may be related to it.

    Whoever comes, changes or goes after this look brings its own lists and its places in others into order, so it is
    enough to compare once more with those that were found here, and with those that it is in a list with by then.
    """
    family = _family(session, article_id)
    found, terms = _found(session, family), _terms(family)
    others: set[str] = set()
    for mine in family:
        faces = _faces(session, mine, found, terms)
        offers = {other: offer for other, face in faces.items() if (offer := neighbour(face, mine)) is not None}
        own = list_of(mine, faces.values(), choices_of(session, [mine.article_id])[mine.article_id])
        others |= {*_beaten(session, offers), *(entry.other_id for entry in own)}
    return Seen(revision, frozenset(one.article_id for one in family), frozenset(others))


def refresh_related(session: Session, article_id: str, now: datetime, seen: Seen | None = None) -> None:
    """Bring the related lists into order after an article was published, changed or taken away.

    A published one gets its list and its places in the lists of others; what it left behind is refilled. Documents that
    show something else afterwards are assembled again, and so are those before and after it in time. May be called
    twice, late and in any order. `seen` is from a look around before; where the article is another one by now, and
    without it, everything is looked at while others wait.
    """
    hold_content(session)
    touched = naming(session, article_id)
    revision = session.scalar(REVISION, {"article": article_id})
    if revision is not None:
        if seen is not None and seen.revision != revision:
            seen = None
        if seen is None and (likeness := weigh(session, article_id)) is not None:
            store(session, likeness)
        touched |= {article_id, *_enter(session, article_id, seen), *neighbours_of(session, article_id)}
    touched |= _refill(session)
    reassemble(session, touched, now)


def stored_lists(session: Session, article_ids: Collection[str]) -> dict[str, List]:
    """The kept entries of these articles, by article and neighbour."""
    lists: dict[str, List] = {article_id: {} for article_id in article_ids}
    for ids in chunks(sorted(lists)):
        for owner, other, score, why, pin, is_hidden in session.execute(LISTS, {"ids": ids}):
            lists[owner][other] = Neighbour(other, score, tuple(why), pin, is_hidden)
    return lists


def veiled_lists(session: Session, lists: Mapping[str, Iterable[Neighbour]]) -> dict[str, List]:
    """Lists as they are stored: with what is hidden in each because something before it says nearly the same."""
    entries = {owner: list(found) for owner, found in lists.items()}
    sketches = stored_sketches(session, {one.other_id for found in entries.values() for one in found})
    return {owner: {entry.other_id: entry for entry in veiled(found, sketches)} for owner, found in entries.items()}


def write_lists(session: Session, before: Mapping[str, List], after: Mapping[str, List]) -> set[str]:
    """Write the differences between two states of lists; returns the articles that show something else now."""
    gone, come, touched = [], [], set()
    for owner, new in after.items():
        old = before.get(owner, {})
        gone += [(owner, other) for other, entry in old.items() if new.get(other) != entry]
        come += [(owner, entry) for other, entry in new.items() if old.get(other) != entry]
        if shown(old) != shown(new):
            touched.add(owner)
    if gone:
        session.execute(REMOVE, [{"owner": owner, "other": other} for owner, other in gone])
    rows = [
        {
            "article_id": owner, "other_id": entry.other_id, "score": entry.score, "why": list(entry.why),
            "pin": entry.pin, "is_hidden": entry.is_hidden,
        }
        for owner, entry in come
    ]  # fmt: skip
    ADD.run_all(session, rows)
    return touched


def shown(entries: List) -> list[Neighbour]:
    """The entries that readers see, in their order."""
    return sorted((entry for entry in entries.values() if not entry.is_hidden), key=rank)[:SHOWN]


def _enter(session: Session, article_id: str, seen: Seen | None = None) -> set[str]:
    """Bring the list of a published article, those of its translations and all that they enter or leave into order."""
    family = _family(session, article_id)
    ids = {one.article_id for one in family}
    found = seen.others if seen is not None and seen.family == ids else _found(session, family)
    return {owner for one in family for owner in _take_places(session, one, found, _terms(family))}


def _family(session: Session, article_id: str) -> list[Portrait]:
    """An article with its translations, each with all others; nothing for one that readers do not see."""
    family = list(portraits(session, [article_id]).values())
    kin = [one.article_id for mine in family for one in mine.kin]
    return list(portraits(session, [article_id, *kin]).values()) if kin else family


def _found(session: Session, family: Iterable[Portrait]) -> set[str]:
    return {other for one in family for other in candidates(session, one)}


def _terms(family: Iterable[Portrait]) -> set[str]:
    return {term for one in family for term in one.vector}


def _take_places(session: Session, mine: Portrait, found: Collection[str], terms: Collection[str]) -> set[str]:
    own = mine.article_id
    holding = _holding(session, own) | pinning(session, own)
    chosen = choices_of(session, [own])[own]
    faces = _faces(session, mine, {*found, *holding, *_held(session, own), *chosen.pins}, terms)
    choices = choices_of(session, faces)
    offers = {
        other: offer
        for other, face in faces.items()
        if not choices[other].names(own) and (offer := neighbour(face, mine)) is not None
    }
    changing = (holding & faces.keys()) | _beaten(session, offers)
    before = stored_lists(session, [own, *changing])
    after: dict[str, Iterable[Neighbour]] = {own: list_of(mine, faces.values(), chosen)}
    thin = []
    for other in changing:
        offered = _offered(faces[other], mine, choices[other], offers.get(other))
        entries = [*(entry for key, entry in before[other].items() if key != own), *offered]
        kept = [*(entry for entry in entries if entry.pin), *best(entry for entry in entries if not entry.pin)]
        after[other] = kept
        if len(kept) < min(SHOWN, len(before[other])):
            thin.append(other)
    touched = write_lists(session, before, veiled_lists(session, after))
    for ids in chunks(sorted(thin)):
        mark(session, ids, has_lost=True)
    return touched


def _offered(owner: Portrait, mine: Portrait, chosen: Choices, offer: Neighbour | None) -> list[Neighbour]:
    """What an article brings into another one's list: its pin, the entry that was found, or nothing."""
    if mine.article_id in chosen.pins and owner.locale == mine.locale:
        return [pinned(owner, mine, chosen.pins.index(mine.article_id) + 1)]
    return [offer] if offer is not None else []


def _faces(session: Session, mine: Portrait, ids: Collection[str], terms: Collection[str]) -> dict[str, Portrait]:
    """The portraits of others, and of those of their translations that are in the language of this one."""
    others = set(ids) - {mine.article_id}
    faces = portraits(session, others, terms=terms, with_kin=bool(mine.kin))
    near = {other for face in faces.values() if (other := face.in_locale(mine.locale)) is not None}
    missing = near - faces.keys() - {mine.article_id}
    if missing:
        faces |= portraits(session, missing, terms=terms)
    return faces


def _beaten(session: Session, offers: Mapping[str, Neighbour]) -> set[str]:
    """The articles whose lists are not full, or end with an entry that is no better than the one offered."""
    full: dict[str, float] = {}
    for ids in chunks(sorted(offers)):
        full |= dict(session.execute(FULL, {"ids": ids}).all())
    return {other for other, offer in offers.items() if other not in full or offer.score >= full[other]}


def _refill(session: Session) -> set[str]:
    """Bring the lists into order that lost something, and those of articles whose translations changed."""
    touched: set[str] = set()
    for _ in range(MOST_ROUNDS):
        waiting = list(session.scalars(WAITING))
        if not waiting:
            break
        mark(session, waiting, has_lost=False)
        touched |= {*waiting, *(owner for article_id in waiting for owner in _enter(session, article_id))}
    return touched


def mark(session: Session, article_ids: Sequence[str], *, has_lost: bool) -> None:
    """Remember of lists whether they wait to be brought into order, as after they fell below what is shown."""
    statement = update(Document).where(Document.article_id.in_(article_ids)).values(has_lost_related=has_lost)
    change_rows(session, statement)


def _holding(session: Session, article_id: str) -> set[str]:
    """The articles that have this one in their lists."""
    return set(session.scalars(HOLDING, {"article": article_id}))


def _held(session: Session, article_id: str) -> set[str]:
    """The articles in this one's list."""
    return set(session.scalars(HELD, {"article": article_id}))
