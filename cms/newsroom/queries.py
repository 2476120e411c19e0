"""Reads of the working side: articles with the fields that editors write, pages of them, revisions. Nothing here
writes."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import BindParameter, ColumnElement, Select, and_, bindparam, func, literal, or_, select, true
from sqlalchemy.orm import Session, defer, raiseload

from cms.content.models import Document, DocumentWord
from cms.identity.rules import Place
from cms.newsroom.models import Article, ArticleAuthor, ArticleTag, Revision
from cms.newsroom.rules import BodyFormat
from cms.newsroom.translations.queries import is_behind, lacks
from cms.platform.clock import rfc3339
from cms.platform.db import Table, columns_of
from cms.platform.direct_reads import DirectReads
from cms.platform.keyset import one_page
from cms.platform.prepared import PreparedRead
from cms.taxonomy.models import Person, Section, Source, Tag, WordAlias
from cms.taxonomy.queries import now_called

PLAIN = ("type", "title", "locale", "slug", "dek", "summary", "body", "body_format", "fields")
OWN = (
    "id", "number", "state", "revision", "published_revision", "created_at", "updated_at", "published_at",
    "first_published_at", "taken_down_at", "rejection_note", "corrections",
)  # fmt: skip
NOT_IN_LISTS = ("body", "body_format", "fields")
MOST_WORDS = 10
# Acts that put a revision before readers, and those that take the article away from them.
SHOWN_BY = ("published", "corrected")
HIDDEN_BY = ("unpublished", "taken_down", "archived", "deleted")
LARGEST_REVISION = 2**31 - 1

# Every save and every publish runs these, so they are built once.
ARTICLE: BindParameter[str] = bindparam("article")
LIVING_ONE = select(Article).where(Article.id == ARTICLE, Article.deleted_at.is_(None))
_ARTICLES, _REVISIONS, _SECTIONS = columns_of(Article).c, columns_of(Revision).c, columns_of(Section).c
_DOCUMENTS, _DOCUMENT_WORDS = columns_of(Document).c, columns_of(DocumentWord).c
TEXT = PreparedRead(
    select(
        _ARTICLES.id, _ARTICLES.revision, _ARTICLES.published_revision, _ARTICLES.section_id, _ARTICLES.locale,
        _ARTICLES.body, _ARTICLES.body_format,
    ).where(_ARTICLES.id == ARTICLE, _ARTICLES.deleted_at.is_(None))
)  # fmt: skip
PATH = PreparedRead(select(_SECTIONS.path).where(_SECTIONS.id == bindparam("section")))
MAKER = PreparedRead(
    select(_REVISIONS.actor_kind, _REVISIONS.actor_id).where(_REVISIONS.article_id == ARTICLE, _REVISIONS.revision == 1)
)
# A section that was moved is where it is, also for an article that shows its old path for another second.
SHOWN_AT = PreparedRead(
    select(func.coalesce(_SECTIONS.path, _DOCUMENTS.section_path).label("path"), _DOCUMENTS.locale)
    .outerjoin_from(
        columns_of(Document),
        columns_of(DocumentWord),
        and_(_DOCUMENT_WORDS.article_id == _DOCUMENTS.article_id, _DOCUMENT_WORDS.role == "section"),
    )
    .outerjoin(columns_of(Section), _SECTIONS.id == _DOCUMENT_WORDS.word_id)
    .where(_DOCUMENTS.article_id == ARTICLE)
)


def _by_ids(kind: type[Table], name: str) -> PreparedRead:
    columns = columns_of(kind).c
    return PreparedRead(select(columns.id, columns[name]).where(columns.id.in_(bindparam("ids", expanding=True))))


def _in_order(link: type[Table], word_id: str, kind: type[Table]) -> PreparedRead:
    links, words = columns_of(link), columns_of(kind)
    return PreparedRead(
        select(links.c.article_id, words.c.slug)
        .join_from(links, words, words.c.id == links.c[word_id])
        .where(links.c.article_id.in_(bindparam("articles", expanding=True)))
        .order_by(links.c.article_id, links.c.position)
    )


SECTION_SLUGS, PERSON_SLUGS = _by_ids(Section, "slug"), _by_ids(Person, "slug")
SOURCE_NAMES = _by_ids(Source, "name")
TAG_SLUGS, AUTHOR_SLUGS = _in_order(ArticleTag, "tag_id", Tag), _in_order(ArticleAuthor, "person_id", Person)


@dataclass(frozen=True)
class ArticleText:
    """The body of a working copy, and what is asked to find out who may act on the article."""

    id: str
    revision: int
    published_revision: int | None
    section_id: str | None
    locale: str
    body: str
    body_format: BodyFormat


@dataclass(frozen=True)
class Narrowing:
    """What a list of articles is narrowed to. A section means its subtree; `q` means words of the title, and with
    `is_in_text` of the dek and the body too.

    `translation` is `stale`, or `missing:` and a language.
    `places` are those that the asker may read in; without any there is nothing to see.
    """

    places: frozenset[Place]
    state: str | None = None
    section: str | None = None
    type: str | None = None
    q: str | None = None
    translation: str | None = None
    is_in_text: bool = False

    @property
    def name(self) -> str:
        """What binds cursors to this list."""
        places = sorted((place.section_path, place.locale) for place in self.places)
        named = f"{self.state}|{self.section}|{self.type}|{self.q}|{self.translation}"
        return f"newsroom|articles|{named}|{places}" + ("|text" if self.is_in_text else "")


def article_by_id(session: Session, article_id: str) -> Article | None:
    """The article with this public id, unless it was deleted."""
    return session.scalar(LIVING_ONE, {"article": article_id})


def text_of(reads: DirectReads, article_id: str) -> ArticleText | None:
    """The body of this article's working copy, unless it was deleted."""
    row = TEXT.first(reads, article=article_id)
    return None if row is None else ArticleText(*row)


def types_in_use(session: Session) -> dict[str, int]:
    """How many articles there are of each type, deleted ones included: they may come back."""
    return dict(session.execute(select(Article.type, func.count()).group_by(Article.type)).all())


def live_revisions(session: Session) -> dict[str, int]:
    """The revision that readers are meant to see of each published article, by id."""
    statement = select(Article.id, Article.published_revision).where(Article.state == "published")
    return {article_id: number for article_id, number in session.execute(statement) if number is not None}


def living() -> Select[Article]:
    """Articles that were not deleted."""
    return select(Article).where(Article.deleted_at.is_(None))


def trashed(
    session: Session, asked: Narrowing, *, limit: int, after: Sequence[Any] | None, is_backwards: bool
) -> list[Article]:
    """One page of deleted articles, the ones deleted last first."""
    place = (datetime.fromisoformat(after[0]), after[1]) if after else None
    return one_page(
        session,
        _narrowed(_in_trash(), asked),
        [Article.deleted_at, Article.number],
        place,
        limit=limit,
        is_falling=True,
        is_backwards=is_backwards,
    )


def count_of_trashed(session: Session, asked: Narrowing) -> int:
    """How many deleted articles there are."""
    return session.scalar(_narrowed(_in_trash(), asked).with_only_columns(func.count())) or 0


def deleted_until(session: Session, until: datetime, limit: int) -> list[str]:
    """Articles that were put into the trash up to an instant, the oldest first."""
    statement = select(Article.id).where(Article.deleted_at <= until).order_by(Article.deleted_at).limit(limit)
    return list(session.scalars(statement))


def place_at(session: Session | DirectReads, section_id: str | None, locale: str) -> Place:
    """A section, or none, and a language as a place, for the question who may touch what is there."""
    section = PATH.first(session, section=section_id) if section_id else None
    return Place(section.path if section else "", locale)


def is_in_any(places: Iterable[Place]) -> ColumnElement[bool]:
    """The condition that an article is in one of these places; without any, none is."""
    conditions = [_is_in(place) for place in places]
    return or_(*conditions) if conditions else ~true()


def readable_ids(places: Iterable[Place]) -> Select[str]:
    """The ids of all articles in these places, deleted ones too."""
    return select(Article.id).where(is_in_any(places))


def section_slugs(session: Session, rows: Iterable[Article]) -> dict[str | None, str]:
    """The slugs of these articles' sections, by the sections' ids."""
    return _by_id(session, SECTION_SLUGS, (article.section_id for article in rows))


def shown_at(session: Session | DirectReads, article_id: str) -> Place | None:
    """Where readers find an article, which is where it was when it was published; None for one that they do not."""
    found = SHOWN_AT.first(session, article=article_id)
    return None if found is None else Place(found.path, found.locale)


def whereabouts(session: Session, article_id: str) -> Place | None:
    """Where an article is, or was when it was deleted, and where a section is; None for what is neither."""
    article = session.scalar(select(Article).where(Article.id == article_id))
    if article is not None:
        return place_at(session, article.section_id, article.locale)
    path = session.scalar(select(Section.path).where(Section.id == article_id))
    return None if path is None else Place(path)


def was_made_by(session: Session | DirectReads, article_id: str, kind: str, actor_id: str) -> bool:
    """Whether an article's first revision is this actor's: that is what makes it one's own."""
    return MAKER.first(session, article=article_id) == (kind, actor_id)


def articles(
    session: Session, asked: Narrowing, *, limit: int, after: Sequence[Any] | None, is_backwards: bool
) -> list[Article]:
    """One page of articles, the ones changed last first."""
    place = (datetime.fromisoformat(after[0]), after[1]) if after else None
    return one_page(
        session,
        _narrowed(living(), asked),
        [Article.updated_at, Article.number],
        place,
        limit=limit,
        is_falling=True,
        is_backwards=is_backwards,
    )


def place_of(article: Article) -> tuple[str, int]:
    """Where an article stands in the list."""
    return rfc3339(article.updated_at), article.number


def count_of(session: Session, asked: Narrowing) -> int:
    """How many articles a list holds."""
    statement = _narrowed(living(), asked).with_only_columns(func.count())
    return session.scalar(statement) or 0


def content_of(session: Session, article: Article) -> dict[str, Any]:
    """The fields that editors write, names by slug."""
    return contents(session, [article])[article.id]


def contents(session: Session, rows: Sequence[Article]) -> dict[str, dict[str, Any]]:
    """The fields that editors write, for each of these articles by id; as many statements for a hundred as for one."""
    ids = [article.id for article in rows]
    sections = _by_id(session, SECTION_SLUGS, (article.section_id for article in rows))
    editors = _by_id(session, PERSON_SLUGS, (article.editor_id for article in rows))
    sources = _by_id(session, SOURCE_NAMES, (article.source_id for article in rows))
    tags = _slugs_in_order(session, TAG_SLUGS, ids)
    authors = _slugs_in_order(session, AUTHOR_SLUGS, ids)
    return {
        article.id: {
            **{name: getattr(article, name) for name in PLAIN},
            "section": sections.get(article.section_id),
            "tags": tags[article.id],
            "authors": authors[article.id],
            "editor": editors.get(article.editor_id),
            "source": {"name": sources[article.source_id], "url": article.source_url} if article.source_id else None,
        }
        for article in rows
    }


def as_called_now(session: Session, content: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a revision with present slugs for words that had others when it was saved; each word once."""
    section, editor = content["section"], content["editor"]
    sections = now_called(session, Section, [section] if section else [])
    people = now_called(session, Person, {*content["authors"], *([editor] if editor else [])})
    tags = now_called(session, Tag, content["tags"])
    return {
        **content,
        "section": sections.get(section, section),
        "tags": list(dict.fromkeys(tags.get(slug, slug) for slug in content["tags"])),
        "authors": list(dict.fromkeys(people.get(slug, slug) for slug in content["authors"])),
        "editor": people.get(editor, editor),
    }


def article_data(article: Article, content: Mapping[str, Any]) -> dict[str, Any]:
    """An article in the shape of `ArticleShape`."""
    return {
        **{name: getattr(article, name) for name in OWN},
        "has_unpublished_changes": article.published_revision not in (None, article.revision),
        **content,
    }


def entry_data(article: Article, content: Mapping[str, Any]) -> dict[str, Any]:
    """An article in the shape of `ArticleEntryShape`."""
    whole = article_data(article, content)
    return {name: value for name, value in whole.items() if name not in NOT_IN_LISTS}


def revision(session: Session, article_id: str, number: int) -> Revision | None:
    """One saved state."""
    if not 1 <= number <= LARGEST_REVISION:
        return None
    return session.get(Revision, (article_id, number))


def last_shown(session: Session, article_id: str) -> Revision | None:
    """The newest revision that readers ever saw."""
    statement = select(Revision).where(Revision.article_id == article_id, Revision.action.in_(SHOWN_BY))
    return session.scalar(statement.order_by(Revision.revision.desc()).limit(1))


def last_note(session: Session, article_id: str, action: str) -> str:
    """What was said of the newest act of a kind; empty where there was none."""
    statement = select(Revision.note).where(Revision.article_id == article_id, Revision.action == action)
    return session.scalar(statement.order_by(Revision.revision.desc()).limit(1)) or ""


def revisions(
    session: Session, article_id: str, *, limit: int, after: Sequence[Any] | None, is_backwards: bool
) -> list[Revision]:
    """One page of saved states, newest first, without what they hold."""
    statement = select(Revision).where(Revision.article_id == article_id)
    statement = statement.options(raiseload(Revision.kept_text), defer(Revision.packed, raiseload=True))
    return one_page(
        session, statement, [Revision.revision], after, limit=limit, is_falling=True, is_backwards=is_backwards
    )


def count_of_revisions(session: Session, article_id: str) -> int:
    """How many saved states there are."""
    return session.scalar(select(func.count()).where(Revision.article_id == article_id)) or 0


def _in_trash() -> Select[Article]:
    return select(Article).where(Article.deleted_at.is_not(None))


def _narrowed(statement: Select[Any], asked: Narrowing) -> Select[Any]:
    statement = statement.where(is_in_any(asked.places))
    if asked.state is not None:
        statement = statement.where(Article.state == asked.state)
    if asked.type is not None:
        statement = statement.where(Article.type == asked.type)
    if asked.section is not None:
        statement = statement.where(
            _is_below(select(Section.path).where(_is_called(asked.section)).limit(1).scalar_subquery())
        )
    if asked.translation == "stale":
        statement = statement.where(is_behind())
    elif asked.translation is not None:
        statement = statement.where(lacks(asked.translation.removeprefix("missing:")))
    for word in (asked.q or "").split()[:MOST_WORDS]:
        # SQLite folds only ASCII by itself; the usual spellings of a word cover the other scripts with cases.
        spellings = sorted({word, word.lower(), word.upper(), word.capitalize()})
        columns = (Article.title, Article.dek, Article.body) if asked.is_in_text else (Article.title,)
        said = (column.icontains(one, autoescape=True) for column in columns for one in spellings)
        statement = statement.where(or_(*said))
    return statement


def _is_in(place: Place) -> ColumnElement[bool]:
    conditions: list[ColumnElement[bool]] = [true()]
    if place.section_path:
        conditions.append(_is_below(literal(place.section_path)))
    if place.locale:
        conditions.append(Article.locale == place.locale)
    return and_(*conditions)


def _is_called(slug: str) -> ColumnElement[bool]:
    former = select(WordAlias.word_id).where(WordAlias.kind == "section", WordAlias.key == slug)
    return or_(Section.slug == slug, Section.id.in_(former))


def _is_below(top: Any) -> ColumnElement[bool]:
    return Article.section_id.in_(select(Section.id).where(func.substr(Section.path, 1, func.length(top)) == top))


def _by_id(session: Session, statement: PreparedRead, ids: Iterable[str | None]) -> dict[str | None, Any]:
    wanted = [one for one in dict.fromkeys(ids) if one is not None]
    return dict(statement.rows(session, ids=wanted)) if wanted else {}


def _slugs_in_order(session: Session, statement: PreparedRead, article_ids: list[str]) -> dict[str, list[str]]:
    slugs: dict[str, list[str]] = defaultdict(list)
    for article_id, slug in statement.rows(session, articles=article_ids):
        slugs[article_id].append(slug)
    return slugs
