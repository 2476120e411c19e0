"""Putting sample and generated articles into the database through the verbs that an editor's request goes through.

What is there already is left alone, so loading again, or going on after an interruption, does no harm.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from cms.audit.models import AuditEntry
from cms.audit.recording import note
from cms.launch.sample.reading import Sample, SampleArticle, SampleDraft
from cms.newsroom.correcting import correct_article
from cms.newsroom.drafting import create_article
from cms.newsroom.models import Article
from cms.newsroom.preparing import PreparedBody
from cms.newsroom.publishing import publish_article
from cms.newsroom.rules import ArticleAct, NewArticle, PublishArticle
from cms.newsroom.translations.rules import LinkTranslation
from cms.newsroom.translations.translating import link_translation
from cms.platform.actor import system
from cms.platform.db import Database
from cms.platform.errors import Conflict
from cms.platform.text.markdown import render
from cms.taxonomy.adding import add_person, add_section, add_source, add_tag
from cms.taxonomy.models import Person, Section, Source, Tag
from cms.taxonomy.rules import NewPerson, NewSection, NewSource, NewTag

ACTOR = system("sample")
# How many articles are looked up at once.
BATCH = 400
NO_PICTURES: Mapping[str, str] = {}
PICTURE = re.compile(r"!\[[^\]]*\]\(asset:([a-z0-9-]+)[^)]*\)\n*")


@dataclass(frozen=True)
class Loaded:
    """How many articles were put in, and how many were there."""

    new: int
    known: int


def is_fresh(database: Database, newsroom: Sample) -> bool:
    """Whether the database holds no articles but those of the sample newsroom: none, or a part of it so far."""
    own = {(article.locale, article.slug) for article in (*newsroom.articles, *newsroom.planned)}
    with database.reading() as session:
        found = session.execute(select(Article.locale, Article.slug).limit(len(own) + 1))
        return all((locale, slug) in own for locale, slug in found)


def load_words(database: Database, newsroom: Sample, now: datetime) -> None:
    """Put in the sections, tags, people and sources that are not there."""
    with database.transaction() as session:
        for section in _missing(session, Section.slug, newsroom.sections):
            new = NewSection(name=section.name, slug=section.slug, parent=section.parent, names=section.names)
            add_section(session, ACTOR, new, now)
        for tag in _missing(session, Tag.slug, newsroom.tags):
            add_tag(session, ACTOR, NewTag(name=tag.name, slug=tag.slug, names=tag.names), now)
        for person in _missing(session, Person.slug, newsroom.people):
            add_person(session, ACTOR, NewPerson(name=person.name, slug=person.slug, bio=person.bio), now)
        names = set(session.scalars(select(Source.name)))
        for source in newsroom.sources:
            if source.name not in names:
                add_source(session, ACTOR, NewSource(name=source.name, url=source.url), now)


def load_articles(
    database: Database,
    articles: Iterable[SampleArticle],
    newest: datetime,
    clock: Callable[[], datetime],
    pictures: Mapping[str, str] = NO_PICTURES,
) -> Loaded:
    """Publish articles under the dates that they bear, each in a transaction of its own.

    `newest` is the latest of those dates. Where the clock has not come so far, all are moved back by as much.
    `pictures` are the assets by the slugs that texts name; what is none of them is left out.
    """
    new = known = 0
    shift = max(timedelta(0), newest - clock())
    for batch in _batches(articles):
        there = _slugs(database, batch)
        for written in batch:
            article = replace(written, body=with_assets(written.body, pictures))
            if (article.locale, article.slug) not in there and _publish(
                database, article, article.published_at - shift, clock()
            ):
                new += 1
            else:
                known += 1
    return Loaded(new, known)


def with_assets(body: str, ids: Mapping[str, str]) -> str:
    """A text whose pictures are named by their ids; those that are not there are left out."""
    return PICTURE.sub(lambda found: found[0].replace(found[1], ids[found[1]], 1) if found[1] in ids else "", body)


def new_article(article: SampleDraft) -> NewArticle:
    """An article as the verbs take it."""
    return NewArticle(
        title=article.title,
        locale=article.locale,
        dek=article.dek,
        summary=article.summary,
        body=article.body,
        section=article.section,
        tags=article.tags,
        authors=article.authors,
        editor=article.editor,
        source=NewSource(name=article.source_name, url=article.source_url),
        slug=article.slug,
    )


def is_noted(database: Database, kind: str) -> bool:
    """Whether a loading of this kind came to its end before."""
    with database.reading() as session:
        noted = select(AuditEntry.number).where(
            AuditEntry.subject_kind == "sample", AuditEntry.subject_id == kind, AuditEntry.action == "sample.loaded"
        )
        return session.scalars(noted.limit(1)).first() is not None


def note_loading(database: Database, loaded: Loaded, kind: str, now: datetime) -> None:
    """Leave an entry of a loading as a whole, beside those of each article. `kind`: sample or generated."""
    with database.transaction() as session:
        note(
            session,
            actor=ACTOR,
            action="sample.loaded",
            subject_kind="sample",
            subject_id=kind,
            now=now,
            changes=["articles"] if loaded.new else [],
        )


def _publish(database: Database, article: SampleArticle, published_at: datetime, now: datetime) -> bool:
    command = new_article(article)
    rendered = render(article.body, command.body_format)
    try:
        with database.transaction() as session:
            made = create_article(session, ACTOR, command, now).article
            if article.translation_of:
                _link(session, made, article.translation_of, now)
            prepared = PreparedBody(made.revision, rendered)
            publish_article(session, ACTOR, PublishArticle(made.id, made.revision, published_at), prepared, now)
            if article.correction:
                act = ArticleAct(made.id, made.revision, article.correction)
                correct_article(session, ACTOR, act, PreparedBody(made.revision, rendered), now)
    except Conflict:
        # Another start loads at the same time and was first.
        return False
    return True


def _link(session: Session, made: Article, source: str, now: datetime) -> None:
    """Let an article be a translation of one that was loaded before, unless somebody took that one away since."""
    locale, slug = source.split("/")
    statement = select(Article.id).where(Article.locale == locale, Article.slug == slug, Article.deleted_at.is_(None))
    source_id = session.scalar(statement)
    if source_id is not None:
        link_translation(session, ACTOR, LinkTranslation(made.id, made.revision, source_id), now)


def _missing(session: Session, slug: Any, wanted: Sequence[Any]) -> list[Any]:
    there = set(session.scalars(select(slug)))
    return [word for word in wanted if word.slug not in there]


def _slugs(database: Database, batch: Sequence[SampleArticle]) -> set[tuple[str, str]]:
    with database.reading() as session:
        statement = select(Article.locale, Article.slug).where(Article.slug.in_({article.slug for article in batch}))
        return {(locale, slug) for locale, slug in session.execute(statement)}


def _batches(articles: Iterable[SampleArticle]) -> Iterable[list[SampleArticle]]:
    batch: list[SampleArticle] = []
    for article in articles:
        batch.append(article)
        if len(batch) == BATCH:
            yield batch
            batch = []
    if batch:
        yield batch
