"""What readers get of an article: the fields of one revision, with the words that they name by slug."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from cms.content.assembling import hold_content
from cms.content.grouping import Kinship
from cms.content.publishing import PublishedArticle
from cms.content.wording import Wording, source_value, wording_of
from cms.newsroom.models import Article
from cms.newsroom.rules import Standing
from cms.newsroom.translations.queries import kinship_of
from cms.newsroom.translations.rules import digest_of_words
from cms.platform.text.markdown import Rendered
from cms.taxonomy.article_types.queries import type_named
from cms.taxonomy.article_types.rules.checking import ArticleType
from cms.taxonomy.article_types.rules.values import filter_values, searchable_text
from cms.taxonomy.models import Person, Section, Source, Tag
from cms.taxonomy.queries import by_slugs


def for_readers(
    session: Session,
    article: Article,
    content: Mapping[str, Any],
    rendered: Rendered,
    updated_at: datetime,
    standing: Standing | None = None,
) -> PublishedArticle:
    """The published revision of a published article. `content` is what that revision holds, `rendered` its body.

    `standing` is where the article will stand, for one that readers do not see yet.
    """
    # Names are read while no other transaction changes published articles: what renames one comes before or after.
    hold_content(session)
    return as_readers_get(
        article,
        content,
        rendered,
        updated_at,
        standing or article,
        wording_now(session, content),
        kinship_of(session, article),
        type_named(session, content["type"]),
    )


def as_readers_get(
    article: Article,
    content: Mapping[str, Any],
    rendered: Rendered,
    updated_at: datetime,
    standing: Standing | Article,
    wording: Wording,
    kinship: Kinship | None = None,
    kind: ArticleType | None = None,
) -> PublishedArticle:
    """The same put together from what was read before; nothing is read here."""
    assert standing.published_revision is not None
    assert standing.published_at is not None
    assert standing.first_published_at is not None
    return PublishedArticle(
        article_id=article.id,
        number=article.number,
        revision=standing.published_revision,
        locale=content["locale"],
        slug=content["slug"],
        section=wording.section,
        title=content["title"],
        dek=content["dek"],
        summary=tuple(content["summary"]),
        body_html=rendered.html,
        text=rendered.text,
        image_count=rendered.image_count,
        tags=wording.tags,
        authors=wording.authors,
        editor=wording.editor,
        source=wording.source,
        fields=content["fields"],
        published_at=standing.published_at,
        first_published_at=standing.first_published_at,
        updated_at=updated_at,
        corrections=tuple(article.corrections),
        kinship=kinship,
        type=kind.name if kind else content["type"],
        field_values=filter_values(kind.schema, content["fields"]) if kind else (),
        field_text=searchable_text(kind.schema, content["fields"]) if kind else "",
    )


def note_shown(article: Article, content: Mapping[str, Any]) -> None:
    """Remember which words readers are shown, for translations that may lag behind them now."""
    for name, value in shown_values(article.published_revision, content).items():
        setattr(article, name, value)


def shown_values(revision: int | None, content: Mapping[str, Any]) -> dict[str, Any]:
    """The columns that say which words readers are shown."""
    return {"shown_revision": revision, "shown_digest": digest_of_words(content)}


def wording_now(session: Session, content: Mapping[str, Any]) -> Wording:
    """The words that the revision names, as they are now; one that was deleted since is left out."""
    section, editor, source = content["section"], content["editor"], content["source"]
    people = by_slugs(session, Person, {*content["authors"], *([editor] if editor else [])})
    tags = by_slugs(session, Tag, content["tags"])
    sections = by_slugs(session, Section, [section] if section else [])
    sources = by_slugs(session, Source, [source["name"]] if source else [])
    return wording_of(
        content["locale"],
        sections.get(section),
        [tags[slug] for slug in content["tags"] if slug in tags],
        [people[slug] for slug in content["authors"] if slug in people],
        people.get(editor),
        source_value(sources[source["name"]], source["url"]) if source and source["name"] in sources else None,
    )
