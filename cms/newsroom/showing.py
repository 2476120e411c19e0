"""What readers get of an article: the fields of one revision, with the words that they name by slug."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from cms.content.publishing import PersonValue, PublishedArticle, SectionValue, SourceValue, TagValue
from cms.newsroom.models import Article
from cms.platform.text.markdown import Rendered
from cms.taxonomy.models import Person, Section, Tag
from cms.taxonomy.queries import by_slugs


def for_readers(
    session: Session, article: Article, content: Mapping[str, Any], rendered: Rendered, updated_at: datetime
) -> PublishedArticle:
    """The published revision of a published article. `content` is what that revision holds, `rendered` its body."""
    assert article.published_revision is not None
    assert article.published_at is not None
    assert article.first_published_at is not None
    people = by_slugs(session, Person, {*content["authors"], *([content["editor"]] if content["editor"] else [])})
    persons = {slug: PersonValue(slug=slug, name=person.name) for slug, person in people.items()}
    tags = by_slugs(session, Tag, content["tags"])
    return PublishedArticle(
        article_id=article.id,
        number=article.number,
        revision=article.published_revision,
        locale=content["locale"],
        slug=content["slug"],
        section=_section(session, content["section"]),
        title=content["title"],
        dek=content["dek"],
        summary=tuple(content["summary"]),
        body_html=rendered.html,
        text=rendered.text,
        image_count=rendered.image_count,
        tags=tuple(TagValue(slug=slug, name=tags[slug].name) for slug in content["tags"]),
        authors=tuple(persons[slug] for slug in content["authors"]),
        editor=persons[content["editor"]] if content["editor"] else None,
        source=SourceValue(**content["source"]) if content["source"] else None,
        fields=content["fields"],
        published_at=article.published_at,
        first_published_at=article.first_published_at,
        updated_at=updated_at,
    )


def _section(session: Session, slug: str | None) -> SectionValue | None:
    if slug is None:
        return None
    section = by_slugs(session, Section, [slug])[slug]
    return SectionValue(slug=section.slug, name=section.name, path=tuple(section.path.rstrip("/").split("/")))
