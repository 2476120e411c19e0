"""Published articles for the tests of the content wing."""

from datetime import UTC, datetime, timedelta
from typing import Any

from cms.content.assembling import reassemble
from cms.content.burying import put_tombstone
from cms.content.publishing import PersonValue, PublishedArticle, SectionValue, SourceValue, TagValue, put_document
from cms.platform.db import Database
from cms.platform.ids import new_id

DAY_ONE = datetime(2026, 11, 1, 8, 0, tzinfo=UTC)
# When the stories are published, and the one that was taken down.
AT = datetime(2026, 11, 2, 7, 30, tzinfo=UTC)
GONE = "01890a5d-ac96-774b-bcce-b302099a8058"


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


def put_stories(database: Database) -> list[PublishedArticle]:
    """A small site in two languages, with one article that was taken down; gives what is published."""
    put = [
        article(1, tags=("rail",), section="world/europe"),
        article(2, locale="zh-CN", slug="列车-出发"),
        article(3, locale="zh-CN", slug="liche", body_html="<p>Again. </p>" * 200),
        *(article(number, section="city", locale="en") for number in range(10, 33)),
    ]
    with database.transaction() as session:
        for story in put:
            put_document(session, story, AT)
        # A worker has been at all of them but one.
        reassemble(session, [story.article_id for story in put[1:]], AT)
        put_tombstone(session, GONE, "en", "gone", "A court said so.", AT)
    return put
