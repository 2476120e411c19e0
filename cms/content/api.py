"""The content API: published articles and nothing else, for everybody, by GET and HEAD.

Documents and cards are ready bytes in the database; a view reads them by key and sends them on.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, NoReturn
from urllib.parse import quote
from uuid import UUID

import orjson
from flask import Blueprint, Response, request

from cms.content import listing, queries
from cms.content.addressing import Pages
from cms.content.answering import document_representation, list_keys, page_representation
from cms.content.asking import ArchiveQueryShape, ListQueryShape, MonthListShape, PastShape, VariantQueryShape
from cms.content.changes.answering import past_answer
from cms.content.changes.queries import seen_by_id, seen_by_slug
from cms.content.embargo.api import early_answer, early_list
from cms.content.embargo.queries import embargoed_by_id, embargoed_by_slug
from cms.content.embargo.queries import tombstone_by_id as early_tombstone_by_id
from cms.content.embargo.queries import tombstone_by_slug as early_tombstone_by_slug
from cms.content.filtering import field_filters
from cms.content.projecting import projected
from cms.content.redirects.api import moved_answer
from cms.content.redirects.queries import resolve
from cms.content.redirects.rules import article_path, site_path
from cms.content.redirects.schemas import ResolvedShape
from cms.content.rules import ON_CARDS, ORDER, Choice, wanted_locales
from cms.content.schemas import (
    ArticleDocumentShape,
    CardListShape,
    NameShape,
    PersonEntryShape,
    PersonListShape,
    RelatedListShape,
    RelatedQueryShape,
    SectionEntryShape,
    SectionListShape,
    TagListShape,
    WordQueryShape,
    WordsQueryShape,
)
from cms.content.whole import NDJSON, archive_answer, export_answer
from cms.platform.errors import Gone, NotFound
from cms.platform.http.answers import public_answer
from cms.platform.http.endpoint import endpoint
from cms.platform.http.paging import Cursor, decode_cursor, query_beside_cursor
from cms.platform.http.representing import Representation, etag_of
from cms.platform.http.services import services
from cms.platform.text.locales import canonical_locale

content = Blueprint("content", __name__, url_prefix="/content/v1")

OLD_SLUGS = "A slug that it had before, or that was merged into it, leads here too; `slug` is the present one."


@content.get("/articles/<uuid:article_id>")
@endpoint(
    summary="Read an article by id",
    answers={200: ArticleDocumentShape, 304: None},
    query=VariantQueryShape,
    refuses=(404, 410),
    description="With `locale` it is the published translation in that language, or in the first one of the site's "
    "fallbacks for it that there is, and 404 when there is none. With `as_of` it is what readers saw at that "
    "instant, as far back as `COPYDESK_CHANGES_KEPT_DAYS`; what was taken down since stays 410 in the past too.",
)
def article_by_id(article_id: UUID, query: dict[str, Any]) -> Response:
    """The whole article page in one answer; 410 with a tombstone for what was taken down."""
    reads = services().database.direct
    if query["as_of"] is not None:
        past = past_answer(lambda session: seen_by_id(session, str(article_id), query["as_of"]), query)
        return past or _missing(queries.tombstone_by_id(reads, str(article_id)))
    if query["locale"] is not None:
        return _variant(str(article_id), query["locale"], query["choice"])
    document = queries.document_by_id(reads, str(article_id))
    if document:
        return _document(document, query["choice"])
    early = early_answer(
        lambda session, where: embargoed_by_id(session, str(article_id), where),
        lambda session, where: early_tombstone_by_id(session, str(article_id), where),
    )
    return early or _missing(queries.tombstone_by_id(reads, str(article_id)))


@content.get("/articles/<locale>/<slug>")
@endpoint(
    summary="Read an article by locale and slug",
    answers={200: ArticleDocumentShape, 301: ResolvedShape, 304: None},
    query=PastShape,
    refuses=(404, 410),
    description="A slug that the article had before answers 301 with its present address in `Location`, or 410 with "
    "the tombstone where it was taken down. With `as_of` it is what readers found here at that instant.",
)
def article_by_slug(locale: str, slug: str, query: dict[str, Any]) -> Response:
    """The whole article page in one answer; 410 with a tombstone for what was taken down."""
    reads, place = services().database.direct, (canonical_locale(locale) or locale, slug)
    if query["as_of"] is not None:
        past = past_answer(lambda session: seen_by_slug(session, *place, query["as_of"]), query)
        return past or _missing(queries.tombstone_by_slug(reads, *place))
    document = queries.document_by_slug(reads, *place)
    if document is not None:
        return _document(document, query["choice"])
    early = early_answer(
        lambda session, where: embargoed_by_slug(session, *place, where),
        lambda session, where: early_tombstone_by_slug(session, *place, where),
    )
    if early is not None:
        return early
    path = site_path(article_path(*place))
    found = resolve(reads, path) if path is not None else None
    tombstone = queries.tombstone_by_slug(reads, *place)
    if tombstone is None and found is not None and found.kind == "gone":
        tombstone = queries.tombstone_by_id(reads, str(found.article_id))
    return moved_answer(found) or _missing(tombstone)


@content.get("/articles")
@endpoint(
    summary="List articles, newest first", answers={200: CardListShape, 304: None}, query=ListQueryShape,
    refuses=(401, 403),
    description="For everybody; 401 and 403 are for those who ask for what is under embargo and may not know of it.",
)  # fmt: skip
def list_articles(query: dict[str, Any]) -> Response:
    """Cards of published articles; stable under articles that come and go while somebody pages."""
    if query["embargoed"]:
        return early_list(query)
    reads, choice = services().database.direct, query["choice"]
    source = listing.CARDS if choice is None else listing.DOCUMENTS
    if query["ids"]:
        chosen = _chosen(listing.by_ids(reads, query["ids"], source), choice)
        return _page("articles|ids", chosen, len(query["ids"]), None, None, None, "articles")
    asked = replace(query["asked"], fields=field_filters(reads, query["type"], query["own_fields"] or ()))
    name = asked.name
    cursor = _cursor(name, query["cursor"])
    after = cursor.position if cursor else None
    is_backwards = cursor is not None and cursor.direction == "prev"
    page = listing.newest(reads, asked, query["limit"], after, is_backwards=is_backwards, source=source)
    if not page.joined and (asked.section or asked.tags or asked.author):
        # A client may still ask by a slug that the section, tag or author had before.
        narrowed = queries.as_named_now(reads, asked)
        if narrowed != asked:
            asked = narrowed
            page = listing.newest(reads, asked, query["limit"], after, is_backwards=is_backwards, source=source)
    count = listing.count(reads, asked) if query["count"] else None
    entries = page.joined if choice is None else listing.BETWEEN.join(_chosen(page.cards, choice))
    marks = page.marks if choice is None else ""
    return _page(name, entries, query["limit"], page.following, page.preceding, count, list_keys(asked), marks)


@content.get("/archives")
@endpoint(
    summary="List the months in which articles were published",
    answers={200: MonthListShape, 304: None},
    query=ArchiveQueryShape,
    description="All of them in one answer. The articles of a month: `/content/v1/articles?year=…&month=…`.",
)
def list_months(query: dict[str, Any]) -> Response:
    """The months of all articles, or of those of a section, tag, author or language."""
    return archive_answer(query)


@content.get("/export")
@endpoint(
    summary="Copy all published articles",
    answers={200: ArticleDocumentShape},
    query=WordQueryShape,
    media_type=NDJSON,
    description="One document a line (NDJSON), all as they were at one instant, in the order of their numbers. Two "
    "copies at most are made by a process at once; others are sent away with 503 and `Retry-After`.",
)
def export(query: dict[str, Any]) -> Response:
    """Everything that readers may see, or everything in one language."""
    return export_answer(query["locale"])


@content.get("/articles/<uuid:article_id>/related")
@endpoint(
    summary="List what is related to an article", answers={200: RelatedListShape, 304: None}, query=RelatedQueryShape,
    refuses=(404, 410),
)  # fmt: skip
def list_related(query: dict[str, Any], article_id: UUID) -> Response:
    """Cards of the nearest articles, with score and reasons."""
    reads = services().database.direct
    cards = queries.related_cards(reads, str(article_id), query["limit"])
    if not cards and queries.document_by_id(reads, str(article_id)) is None:
        return _missing(queries.tombstone_by_id(reads, str(article_id)))
    return _page("related", cards, query["limit"], None, None, None, f"articles article-{article_id}")


@content.get("/sections")
@endpoint(summary="List sections", answers={200: SectionListShape, 304: None}, query=WordsQueryShape)
def list_sections(query: dict[str, Any]) -> Response:
    """The sections of the site, each after the one above it."""
    return _words("sections", query)


@content.get("/tags")
@endpoint(summary="List tags", answers={200: TagListShape, 304: None}, query=WordsQueryShape)
def list_tags(query: dict[str, Any]) -> Response:
    """The tags that published articles carry."""
    return _words("tags", query)


@content.get("/people")
@endpoint(summary="List people", answers={200: PersonListShape, 304: None}, query=WordsQueryShape)
def list_people(query: dict[str, Any]) -> Response:
    """The authors of published articles."""
    return _words("people", query)


@content.get("/sections/<slug>")
@endpoint(
    summary="Read a section", answers={200: SectionEntryShape, 304: None}, query=WordQueryShape, refuses=(404,),
    description=OLD_SLUGS,
)  # fmt: skip
def read_section(slug: str, query: dict[str, Any]) -> Response:
    """One section."""
    return _word("sections", slug, query)


@content.get("/tags/<slug>")
@endpoint(
    summary="Read a tag", answers={200: NameShape, 304: None}, query=WordQueryShape, refuses=(404,),
    description=OLD_SLUGS,
)  # fmt: skip
def read_tag(slug: str, query: dict[str, Any]) -> Response:
    """One tag that published articles carry."""
    return _word("tags", slug, query)


@content.get("/people/<slug>")
@endpoint(
    summary="Read a person", answers={200: PersonEntryShape, 304: None}, query=WordQueryShape, refuses=(404,),
    description=OLD_SLUGS,
)  # fmt: skip
def read_person(slug: str, query: dict[str, Any]) -> Response:
    """One person that published articles name."""
    return _word("people", slug, query)


def _variant(article_id: str, locale: str, choice: Choice | None) -> Response:
    reads = services().database.direct
    found = queries.variant(reads, article_id, wanted_locales(services().settings.locale_fallbacks, locale))
    if found is None:
        return _missing(queries.tombstone_by_id(reads, article_id))
    return _document(found[1], choice, {"Content-Language": found[0]})


def _missing(tombstone: Mapping[str, str] | None) -> NoReturn:
    if tombstone is not None:
        raise Gone("This article was taken down.", extra={"tombstone": tombstone})
    raise NotFound("There is no published article here.")


def _document(
    document: queries.ReadyDocument, choice: Choice | None, headers: Mapping[str, str] | None = None
) -> Response:
    pages = Pages.of(services().settings)
    whole = document_representation(document, pages)
    if choice is not None:
        body = projected(bytes(whole.body), choice, ORDER)
        whole = Representation(body, etag_of(body), whole.cache_keys, changed=whole.changed)
    return public_answer(whole, headers=headers)


def _chosen(entries: Sequence[bytes], choice: Choice | None) -> Sequence[bytes]:
    """Entries of a list as they are, or what was chosen of their documents."""
    if choice is None:
        return entries
    pages = Pages.of(services().settings)
    return [projected(pages.shown(entry, "")[0], choice, ON_CARDS) for entry in entries]


def _word(kind: str, slug: str, query: Mapping[str, Any]) -> Response:
    entry = queries.word(services().database.direct, kind, slug, query["locale"])
    if entry is None:
        raise NotFound("Nothing that readers see has this slug, or had it before.")
    return public_answer(
        orjson.dumps(entry.data), cache_keys=f"{kind} {queries.KINDS[kind]}-{quote(entry.data['slug'])}"
    )


def _words(kind: str, query: Mapping[str, Any]) -> Response:
    limit, cursor = query["limit"], _cursor(kind, query["cursor"])
    is_backwards = cursor is not None and cursor.direction == "prev"
    after = cursor.position[0] if cursor else None
    reads = services().database.direct
    rows = queries.words(reads, kind, limit + 1, after, is_backwards=is_backwards, locale=query["locale"])
    is_more, rows = len(rows) > limit, rows[:limit]
    if is_backwards:
        rows.reverse()
    following = (rows[-1].place,) if rows and (is_more or is_backwards) else None
    preceding = (rows[0].place,) if rows and (is_more if is_backwards else cursor is not None) else None
    count = queries.words_count(reads, kind) if query["count"] else None
    return _page(kind, [orjson.dumps(row.data) for row in rows], limit, following, preceding, count, kind)


def _cursor(name: str, text: str | None) -> Cursor | None:
    return decode_cursor(services().keys, f"content|{name}", text)


def _page(
    name: str,
    entries: bytes | Sequence[bytes],
    limit: int,
    following: Sequence[Any] | None,
    preceding: Sequence[Any] | None,
    count: int | None,
    cache_keys: str = "",
    marks: str = "",
) -> Response:
    parts = services()
    page, headers = page_representation(
        parts.keys, name, entries if isinstance(entries, bytes) else listing.BETWEEN.join(entries), limit,
        following, preceding, marks=marks, count=count, cache_keys=cache_keys,
        address=f"{parts.settings.public_url}{request.path}", query=query_beside_cursor(),
    )  # fmt: skip
    return public_answer(page, headers=dict(headers))
