"""Published articles for benchmarks of reads: 3 kB of text each, an hour between two, most in one section."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from cms.content.assembling import reassemble
from cms.content.publishing import PersonValue, PublishedArticle, SectionValue, SourceValue, TagValue, put_document
from cms.migrations.running import upgrade
from cms.platform.clock import now
from cms.platform.db import Database
from cms.platform.ids import new_id
from cms.settings import Settings

SENTENCE = "The harbour opened again after eleven days of ice, and the first ferry left at dawn. "
BEGINNING = datetime(2025, 7, 1, tzinfo=UTC)
AT_ONCE = 100
SLUG = "the-harbour-opens-{0}"


def put_stories(settings: Settings, numbers: Sequence[int], sentences: int = 36) -> list[PublishedArticle]:
    """Publish these, with what a worker would add soon after: the bytes compressed, what came before and after.

    Nine of ten are in the section `world`, the tenth in `city`; each third has the tag `winter`.
    """
    settings.home.mkdir(mode=0o700, parents=True, exist_ok=True)
    database = Database(settings.database, is_durable=False)
    upgrade(database)
    stories = [story(number, sentences) for number in numbers]
    for start in range(0, len(stories), AT_ONCE):
        portion = stories[start : start + AT_ONCE]
        with database.transaction() as session:
            for one in portion:
                put_document(session, one, one.published_at)
        with database.transaction() as session:
            reassemble(session, [one.article_id for one in portion], now())
    database.dispose()
    return stories


def story(number: int, sentences: int = 36) -> PublishedArticle:
    """The article of a number."""
    at = BEGINNING + timedelta(hours=number)
    text = SENTENCE * sentences
    section = "world" if number % 10 else "city"
    tags = ("harbour", "winter") if number % 3 == 0 else ("harbour",)
    return PublishedArticle(
        article_id=new_id(),
        number=number,
        revision=1,
        locale="en",
        slug=SLUG.format(number),
        section=SectionValue(section, section.title(), (section,)),
        title=f"The harbour opens again, part {number}",
        dek="The first ferry in eleven days left at dawn.",
        summary=("The ice is gone.", "Prices are expected to fall."),
        body_html=f"<p>{text}</p>",
        text=text,
        image_count=0,
        tags=tuple(TagValue(tag, tag.title()) for tag in tags),
        authors=(PersonValue("aigul", "Aigul"),),
        editor=PersonValue("jo", "Jo"),
        source=SourceValue("Agency", "https://agency.example/"),
        fields={},
        published_at=at,
        first_published_at=at,
        updated_at=at,
    )
