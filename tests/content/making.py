"""Published articles for the tests of the content wing."""

from datetime import UTC, datetime, timedelta
from typing import Any

from cms.content.publishing import PersonValue, PublishedArticle, SectionValue, SourceValue, TagValue
from cms.platform.ids import new_id

DAY_ONE = datetime(2026, 11, 1, 8, 0, tzinfo=UTC)


def section(path: str) -> SectionValue:
    """A section from its path, such as `world/europe`."""
    slugs = tuple(path.split("/"))
    return SectionValue(slug=slugs[-1], name=slugs[-1].title(), path=slugs)


def article(number: int, **changes: Any) -> PublishedArticle:
    """An article with plausible values; the ones that matter to a test are given by name."""
    tags = changes.pop("tags", ())
    authors = changes.pop("authors", ("mei-lin",))
    path = changes.pop("section", "world")
    published_at = changes.pop("published_at", DAY_ONE + timedelta(hours=number))
    values: dict[str, Any] = {
        "article_id": new_id(),
        "number": number,
        "revision": 1,
        "locale": "en",
        "slug": f"story-{number}",
        "section": section(path) if path else None,
        "title": f"Story number {number}",
        "dek": "What happened and why",
        "summary": ("First point", "Second point"),
        "body_html": "<p>The harbour opened again.</p>",
        "text": "The harbour opened again.",
        "image_count": 0,
        "tags": tuple(TagValue(slug, slug.title()) for slug in tags),
        "authors": tuple(PersonValue(slug, slug.title()) for slug in authors),
        "editor": PersonValue("jo", "Jo"),
        "source": SourceValue("Agency", "https://agency.example/"),
        "fields": {"b": 1, "aa": {"z": 1, "y": [1, 2]}},
        "published_at": published_at,
        "first_published_at": published_at,
        "updated_at": published_at,
    }
    return PublishedArticle(**{**values, **changes})
