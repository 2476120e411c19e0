"""The article document: put together once per change into bytes, and never again per request.

Of the settings of the process that wrote them the bytes hold the site's name alone; URLs are relative to the site.
Not here: deciding what is published (`publishing.py`), the derived values themselves (`deriving.py`, `relating.py`).
"""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

import orjson
from sqlalchemy import Row, bindparam, select, text
from sqlalchemy.orm import Session

from cms.content.beside import Beside, beside
from cms.content.changes.noting import Noted, note_changes
from cms.content.changes.rules import UPDATED, weight
from cms.content.figures import Shown, with_figures
from cms.content.models import Audience, Document, DocumentCard, RelatedEntry
from cms.content.related.rules import SHOWN, rank
from cms.content.rules import NOT_ON_CARDS, ORDER, AudienceCounts
from cms.content.structured import news_article, work
from cms.media.attachments import Attachment
from cms.media.pictures import Picture, placed_ids, shown_ids
from cms.media.queries import shown_by_id
from cms.platform.clock import rfc3339
from cms.platform.coding import packed
from cms.platform.db import columns_of, site_name_of
from cms.platform.http.representing import etag_of, mark_of

CONTENT_LOCK = 0x636F6E74
IDS_PER_STATEMENT = 400
NOBODY = AudienceCounts()
# Built once, as each change of a document runs it.
ENTRIES, OTHERS = columns_of(RelatedEntry), columns_of(Document)
RELATED = (
    select(
        ENTRIES.c.article_id, ENTRIES.c.other_id, ENTRIES.c.score, ENTRIES.c.why,
        OTHERS.c.content["section"].label("section"), OTHERS.c.locale, OTHERS.c.slug, OTHERS.c.title,
        OTHERS.c.published_at, ENTRIES.c.pin,
    )
    .join(OTHERS, OTHERS.c.article_id == ENTRIES.c.other_id)
    .where(ENTRIES.c.article_id.in_(bindparam("articles", expanding=True)), ~ENTRIES.c.is_hidden)
)  # fmt: skip
ALONE = Beside()
NO_PICTURES: Mapping[str, Shown] = {}
# HTTP tells instants of change in whole seconds, so no two states of a document may share one.
BETWEEN_CHANGES = timedelta(seconds=1)


def hold_content(session: Session) -> None:
    """Let one transaction at a time change published documents, until it ends.

    SQLite has one writer anyway. On PostgreSQL an advisory lock does the same, because a document shows titles of
    others: of two transactions that each read what the other writes, one would assemble an old title. Take it after
    the lock on the article, and change one article per transaction, so that no two wait for each other.
    """
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": CONTENT_LOCK})


def article_url(locale: str, slug: str) -> str:
    """Where the content API shows an article, relative to the site."""
    return f"/content/v1/articles/{quote(locale)}/{quote(slug)}"


@dataclass(frozen=True)
class Assembled:
    """The finished bytes of a document and of its entry in lists, with the ETag of the first, and what caches may
    forget it by."""

    body: bytes
    card: bytes
    etag: str
    cache_keys: str


def assembled(
    content: Mapping[str, Any],
    reading_time: Mapping[str, Any] | None,
    related: list[dict[str, Any]],
    translations: Sequence[Mapping[str, Any]] = (),
    works: Mapping[str, Any] | None = None,
    audience: AudienceCounts = NOBODY,
    neighbours: Beside = ALONE,
    publisher: str = "",
    pictures: Mapping[str, Shown] = NO_PICTURES,
) -> Assembled:
    """The bytes of what a publish wrote down, of what was derived and counted since, and of its translations. `works`
    are those in the words of schema.org, `publisher` is the name of the site."""
    derived = {"reading_time": reading_time, "related": related, "translations": list(translations)}
    derived |= audience.members() | neighbours.members()
    whole = {"corrections": [], **content, **derived, **_pictured(content, pictures)}
    whole["seo"] = {**whole["seo"], "json_ld": news_article(whole, works or {}, publisher)}
    members = {name: _member(name, whole[name]) for name in ORDER}
    body = b"{%b}" % b",".join(members.values())
    on_card = {name: member for name, member in members.items() if name not in NOT_ON_CARDS}
    on_card["images"] = _member("images", whole["images"][:1])
    card = b"{%b}" % b",".join(on_card.values())
    return Assembled(body, card, etag_of(body), _cache_keys(whole, works or {}))


def _member(name: str, value: Any) -> bytes:
    # PostgreSQL's jsonb forgets the order of members; without one of our own the same article would change its bytes.
    # Entries of related articles are written in their own.
    option = None if name == "related" else orjson.OPT_SORT_KEYS
    return b'"%b":%b' % (name.encode(), orjson.dumps(value, option=option))


def reassemble(
    session: Session, article_ids: Collection[str], now: datetime, *, unpacked: Collection[str] = ()
) -> None:
    """Write the bytes of these documents again from what the tables hold now; those that stay equal are not touched.

    `unpacked` are left for a worker to compress, which comes to every article that was just published. Apps that follow
    are told of what became of the article itself.
    """
    for ids in chunks(sorted(set(article_ids))):
        related, neighbours = related_shown(session, ids), beside(session, ids)
        statement = select(Document, Audience).outerjoin(Audience, Audience.article_id == Document.article_id)
        statement = statement.where(Document.article_id.in_(ids)).execution_options(populate_existing=True)
        rows = session.execute(statement).all()
        publisher = site_name_of(session)
        variants = variants_of(session, {document.group_id for document, _ in rows if document.group_id is not None})
        cards: dict[int, tuple[Document, bytes]] = {}
        noted: list[Noted] = []
        named = {one for document, _ in rows for one in shown_ids(document.content["body"]["html"])}
        pictures = shown_by_id(session, named)
        for document, audience in rows:
            others = [one for one in variants[document.group_id] if one.article_id != document.article_id]
            near = neighbours[document.article_id]
            ready = _ready(
                document, related[document.article_id], others, counts_in(audience), near, publisher, pictures
            )
            document.previous_id, document.next_id = near.previous_id, near.next_id
            if ready.body != document.body:
                noted += _noted(document, ready.body)
                document.body, document.packed, document.etag = ready.body, None, ready.etag
                document.changed_at = max(now, document.changed_at + BETWEEN_CHANGES)
                document.cache_keys = ready.cache_keys
                cards[document.number] = (document, ready.card)
            if document.packed is None and document.article_id not in unpacked:
                document.packed = packed(document.body)
        session.flush()
        _put_cards(session, cards)
        note_changes(session, noted, now)
    session.flush()


def counts_in(row: Audience | Row[Any] | None) -> AudienceCounts:
    """What a row says of an article's readers; nobody, where there is none."""
    return NOBODY if row is None else AudienceCounts(row.bookmarks, row.comments, row.takes_comments)


def related_shown(session: Session, article_ids: Collection[str]) -> dict[str, list[dict[str, Any]]]:
    """The related entries that each of these documents shows, in their order."""
    session.flush()
    lists: dict[str, list[Any]] = defaultdict(list)
    for entry in session.execute(RELATED, {"articles": list(article_ids)}):
        lists[entry.article_id].append(entry)
    for entries in lists.values():
        entries.sort(key=rank)
    return defaultdict(list, {key: [_mention(entry) for entry in rows[:SHOWN]] for key, rows in lists.items()})


def variants_of(session: Session, group_ids: Collection[str]) -> dict[str | None, list[Any]]:
    """The published articles of these groups, by group, in the order of their languages."""
    variants: dict[str | None, list[Any]] = defaultdict(list)
    if group_ids:
        statement = select(
            Document.group_id, Document.article_id, Document.translated_from_id, Document.locale, Document.slug,
            Document.title, Document.is_stale,
        ).where(Document.group_id.in_(group_ids))  # fmt: skip
        for variant in session.execute(statement.order_by(Document.locale, Document.article_id)):
            variants[variant.group_id].append(variant)
    return variants


def translations_in(
    article_id: str, source_id: str | None, others: Sequence[Any]
) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """The published translations of an article as its document lists them, and in the words of schema.org."""
    translations = [
        {"locale": one.locale, "url": article_url(one.locale, one.slug), "is_stale": one.is_stale} for one in others
    ]
    works = {
        "workTranslation": [_work(one) for one in others if one.translated_from_id == article_id],
        "translationOfWork": next((_work(one) for one in others if one.article_id == source_id), None),
    }
    return translations, works


def chunks(ids: list[str]) -> Iterator[list[str]]:
    """Ids in portions that fit into one statement."""
    for start in range(0, len(ids), IDS_PER_STATEMENT):
        yield ids[start : start + IDS_PER_STATEMENT]


def _mention(entry: Any) -> dict[str, Any]:
    return {
        "id": entry.other_id,
        "url": article_url(entry.locale, entry.slug),
        "section": dict(sorted(entry.section.items())) if entry.section else None,
        "title": entry.title,
        "published_at": rfc3339(entry.published_at),
        "score": entry.score,
        "why": entry.why,
    }


def _ready(
    document: Document, related: list[dict[str, Any]], others: Sequence[Any], audience: AudienceCounts, near: Beside,
    publisher: str, pictures: Mapping[str, Shown],
) -> Assembled:  # fmt: skip
    translations, works = translations_in(document.article_id, document.translated_from_id, others)
    return assembled(
        document.content, document.reading_time, related, translations, works, audience, near, publisher, pictures
    )


def _pictured(content: Mapping[str, Any], pictures: Mapping[str, Shown]) -> dict[str, Any]:
    """The body with its pictures and other files, and what is told of each."""
    html, locale = content["body"]["html"], content["locale"]
    placed = [pictures[one] for one in placed_ids(html) if one in pictures]
    named = [pictures[one] for one in shown_ids(html) if one in pictures]
    return {
        "body": {"html": with_figures(html, pictures, locale)},
        "images": [one.as_member(locale) for one in placed if isinstance(one, Picture)],
        "attachments": [one.as_member(locale) for one in named if isinstance(one, Attachment)],
    }


def _noted(document: Document, after: bytes) -> list[Noted]:
    """The change that apps are told of, if it is one; with the version that it ends."""
    means = weight(document.body, after)
    if means == "nothing":
        return []
    former = (document.packed or document.body) if means == "version" else None
    return [Noted(document.article_id, UPDATED, document.locale, document.slug, former=former)]


def _put_cards(session: Session, cards: Mapping[int, tuple[Document, bytes]]) -> None:
    if not cards:
        return
    rows = session.scalars(select(DocumentCard).where(DocumentCard.number.in_(cards)))
    known = {row.number: row for row in rows}
    for number, (document, card) in cards.items():
        row = known.get(number)
        if row is None:
            row = DocumentCard(number=number)
            session.add(row)
        row.locale, row.type, row.card, row.mark = document.locale, document.type, card, mark_of(card)


def _work(variant: Any) -> dict[str, Any]:
    return work(variant.article_id, article_url(variant.locale, variant.slug), variant.title, variant.locale)


def _cache_keys(members: Mapping[str, Any], works: Mapping[str, Any]) -> str:
    """What a cache may forget a document by: itself, its words, the files and articles that it shows."""
    section, editor = members["section"], members["editor"]
    shown = [*members["related"], members["previous"], members["next"]]
    kin = [*works.get("workTranslation", ()), works.get("translationOfWork")]
    keys = [f"article-{members['id']}", f"locale-{members['locale']}"]
    keys += [f"section-{section['slug']}"] if section else []
    keys += [f"tag-{tag['slug']}" for tag in members["tags"]]
    keys += [f"person-{person['slug']}" for person in [*members["authors"], *([editor] if editor else [])]]
    keys += [f"asset-{one['id']}" for one in (*members["images"], *members["attachments"])]
    keys += [f"article-{one['id']}" for one in shown if one] + [f"article-{one['identifier']}" for one in kin if one]
    return " ".join(quote(key) for key in dict.fromkeys(keys))
