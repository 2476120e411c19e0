"""Reads of published articles that never write: by id, by slug, related, the words of the site, hits of a search."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, NamedTuple
from uuid import UUID

import orjson

from cms.content.related.rules import KEPT
from cms.content.rules import Filter, tombstone_data
from cms.platform.direct_reads import DirectReads, read_instant
from cms.taxonomy.rules import in_locale

READY = "SELECT etag, changed_at, cache_keys, body, packed FROM documents "
BY_ID = READY + "WHERE article_id = ?"
BY_SLUG = READY + "WHERE locale = ? AND slug = ?"
VARIANTS = (
    "SELECT article_id, locale FROM documents WHERE article_id = ? UNION "
    "SELECT o.article_id, o.locale FROM documents d JOIN documents o ON o.group_id = d.group_id WHERE d.article_id = ?"
)
# Of two that had one slug after each other, readers knew the later one last.
TOMBSTONE = "SELECT article_id, taken_down_at, reason FROM tombstones WHERE {0} ORDER BY taken_down_at DESC LIMIT 1"
RELATED = (
    "SELECT c.card, r.score, r.why FROM related_entries r CROSS JOIN documents d CROSS JOIN document_cards c "
    "WHERE r.article_id = ? AND d.article_id = r.other_id AND c.number = d.number AND NOT r.is_hidden "
    "ORDER BY r.pin = 0, r.pin, r.score DESC, r.other_id LIMIT ?"
)
LIVE = (
    "SELECT d.article_id, d.title, d.text, d.section_path, d.locale, c.card FROM documents d "
    "JOIN document_cards c ON c.number = d.number WHERE d.article_id IN ({places})"
)
# A tag or person that only drafts name is nobody's business yet; sections are the structure of the site.
WORDS = {
    "sections": (
        "SELECT t.place, t.slug, t.name, t.names, p.slug FROM sections t LEFT JOIN sections p "
        "ON p.id = t.parent_id WHERE 1 = 1"
    ),
    "tags": (
        "SELECT t.slug, t.slug, t.name, t.names FROM tags t "
        "WHERE EXISTS (SELECT 1 FROM document_tags d WHERE d.tag = t.slug)"
    ),
    "people": (
        "SELECT t.slug, t.slug, t.name, t.names, t.bio, t.bios, t.roles, t.links FROM people t "
        "WHERE (EXISTS (SELECT 1 FROM document_authors d WHERE d.author = t.slug) "
        "OR EXISTS (SELECT 1 FROM document_words w WHERE w.word_id = t.id))"
    ),
}
COUNTED = {kind: f"SELECT count(*) FROM {known.partition(' FROM ')[2]}" for kind, known in WORDS.items()}  # noqa: S608  # of the statements above
COLUMNS = {
    "sections": ("slug", "name", "names", "parent"),
    "tags": ("slug", "name", "names"),
    "people": ("slug", "name", "names", "bio", "bios", "roles", "links"),
}
JSON_COLUMNS = frozenset({"names", "bios", "roles", "links"})
KINDS = {"sections": "section", "tags": "tag", "people": "person"}
ALIAS = "SELECT t.slug FROM word_aliases a JOIN {table} t ON t.id = a.word_id WHERE a.kind = ? AND a.key = ?"


class ReadyDocument(NamedTuple):
    """A document as it goes out; `packed` is the same in gzip, or None until a worker came to it.

    `changed_at` is the driver's own value, which names one instant.
    """

    etag: str
    changed_at: Any
    cache_keys: str
    body: bytes
    packed: bytes | None


def document_by_id(reads: DirectReads, article_id: str) -> ReadyDocument | None:
    """The article with this public id, if readers may see it."""
    return _ready(reads.rows(BY_ID, (stored_id(reads, article_id),)))


def document_by_slug(reads: DirectReads, locale: str, slug: str) -> ReadyDocument | None:
    """The article of a locale with this slug, if readers may see it."""
    return _ready(reads.rows(BY_SLUG, (locale, slug)))


def variant(reads: DirectReads, article_id: str, locales: Sequence[str]) -> tuple[str, ReadyDocument] | None:
    """Of a published article and its published translations the one in the first of these languages that there is."""
    key = stored_id(reads, article_id)
    found = {locale: other for other, locale in reads.rows(VARIANTS, (key, key))}
    for locale in locales:
        document = _ready(reads.rows(BY_ID, (found[locale],))) if locale in found else None
        if document is not None:
            return locale, document
    return None


def tombstone_by_id(reads: DirectReads, article_id: str) -> dict[str, str] | None:
    """What readers are told of an article that was taken down; None for any other."""
    return _tombstone(reads.rows(TOMBSTONE.format("article_id = ?"), (stored_id(reads, article_id),)))


def tombstone_by_slug(reads: DirectReads, locale: str, slug: str) -> dict[str, str] | None:
    """What readers are told at the address of an article that was taken down; None at any other."""
    return _tombstone(reads.rows(TOMBSTONE.format("locale = ? AND slug = ?"), (locale, slug)))


def related_cards(reads: DirectReads, article_id: str, limit: int) -> list[bytes]:
    """The cards of an article's related list with `score` and `why`, in its order, as ready bytes."""
    rows = reads.rows(RELATED, (stored_id(reads, article_id), min(limit, KEPT)))
    cards = []
    for card, score, why in rows:
        reasons = why.encode() if isinstance(why, str) else orjson.dumps(why)
        cards.append(bytes(card)[:-1] + b',"score":' + orjson.dumps(score) + b',"why":' + reasons + b"}")
    return cards


@dataclass(frozen=True)
class LiveArticle:
    """What a search result shows of an article that readers may see now."""

    title: str
    text: str
    section_path: str
    locale: str
    card: bytes


def live_articles(reads: DirectReads, article_ids: Sequence[str]) -> dict[str, LiveArticle]:
    """Those of these articles that readers may see now, by id."""
    if not article_ids:
        return {}
    statement = LIVE.format(places=", ".join("?" * len(article_ids)))
    rows = reads.rows(statement, [stored_id(reads, article_id) for article_id in article_ids])
    return {
        str(UUID(str(key))): LiveArticle(title, text, section_path, locale, bytes(card))
        for key, title, text, section_path, locale, card in rows
    }


@dataclass(frozen=True)
class Entry:
    """A section, tag or person as lists show it, and where it stands in its list."""

    place: str
    data: dict[str, Any]


def words(
    reads: DirectReads, kind: str, limit: int, after: str | None, *, is_backwards: bool, locale: str | None
) -> list[Entry]:
    """Sections, tags or people in order, from a place on, with their names in a locale."""
    column = "t.place" if kind == "sections" else "t.slug"
    sign, way = ("<", "DESC") if is_backwards else (">", "ASC")
    narrowed = f" AND {column} {sign} ?" if after is not None else ""
    values = [*([after] if after is not None else []), limit]
    rows = reads.rows(f"{WORDS[kind]}{narrowed} ORDER BY {column} {way} LIMIT ?", values)
    return [_entry(kind, row, locale) for row in rows]


def words_count(reads: DirectReads, kind: str) -> int:
    """How many sections, tags or people readers may know of."""
    return int(reads.rows(COUNTED[kind])[0][0])


def word(reads: DirectReads, kind: str, slug: str, locale: str | None) -> Entry | None:
    """One section, tag or person that readers may know of, by its slug or an older one."""
    for key in (slug, renamed(reads, kind, slug)):
        rows = reads.rows(f"{WORDS[kind]} AND t.slug = ?", (key,)) if key is not None else []
        if rows:
            return _entry(kind, rows[0], locale)
    return None


def renamed(reads: DirectReads, kind: str, slug: str) -> str | None:
    """The present slug of what was found by this one before; None when nothing was."""
    rows = reads.rows(ALIAS.format(table=kind), (KINDS[kind], slug))
    return rows[0][0] if rows else None


def as_named_now(reads: DirectReads, asked: Filter) -> Filter:
    """A narrowing with present slugs in place of older ones."""
    section, author = asked.section, asked.author
    return replace(
        asked,
        section=(renamed(reads, "sections", section) or section) if section else None,
        tags=tuple(sorted({renamed(reads, "tags", tag) or tag for tag in asked.tags})),
        author=(renamed(reads, "people", author) or author) if author else None,
    )


def _entry(kind: str, row: tuple[Any, ...], locale: str | None) -> Entry:
    data = {
        name: orjson.loads(value) if name in JSON_COLUMNS and isinstance(value, str | bytes) else value
        for name, value in zip(COLUMNS[kind], row[1:], strict=True)
    }
    for plain, by_locale in (("name", "names"), ("bio", "bios")):
        if by_locale in data:
            texts = data.pop(by_locale)
            data[plain] = in_locale(data[plain], texts, locale) if locale else data[plain]
    return Entry(row[0], data)


def stored_id(reads: DirectReads, article_id: str) -> str:
    """A public id as the database keeps it: PostgreSQL as `uuid`, SQLite as 32 digits."""
    return article_id.replace("-", "") if reads.is_sqlite else article_id


@lru_cache(maxsize=4096)
def changed_second(stored: Any) -> int:
    """The first whole second at which an instant, as the driver gives it, was over. Units: seconds since 1970."""
    return math.ceil(read_instant(stored).timestamp())


def _tombstone(rows: list[tuple[Any, ...]]) -> dict[str, str] | None:
    if not rows:
        return None
    article_id, taken_down_at, reason = rows[0]
    return tombstone_data(str(UUID(str(article_id))), read_instant(taken_down_at), reason)


def _ready(rows: list[tuple[Any, ...]]) -> ReadyDocument | None:
    return ReadyDocument(*rows[0]) if rows else None
