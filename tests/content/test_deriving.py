"""What the workers are given of published articles."""

import pytest

from cms.content.deriving import (
    READ_AT_ONCE,
    all_index_documents,
    index_documents,
    published_revisions,
    reading_time_inputs,
)
from cms.content.publishing import put_document, withdraw_document
from cms.platform.db import Database
from cms.platform.ids import new_id
from search_index.document import IndexDocument
from tests.content.making import DAY_ONE, article


@pytest.mark.both_databases
def test_the_index_is_given_what_readers_see(database: Database) -> None:
    story = article(3, tags=("rail", "energy"), section="world/europe", authors=("mei-lin", "jo"), revision=4)
    bare = article(4, section=None, editor=None, source=None, authors=())
    with database.transaction() as session:
        put_document(session, story, DAY_ONE)
        put_document(session, bare, DAY_ONE)
    with database.reading() as session:
        found = index_documents(session, [story.article_id, bare.article_id, new_id()])
        assert found.keys() == {story.article_id, bare.article_id}
        assert found[story.article_id] == IndexDocument(
            id=story.article_id,
            revision=4,
            locale="en",
            title=story.title,
            dek=story.dek,
            summary=("First point", "Second point"),
            text=story.text,
            section_path=("world", "europe"),
            section_name="Europe",
            tags=(("rail", "Rail"), ("energy", "Energy")),
            people=(("mei-lin", "Mei-Lin"), ("jo", "Jo")),
            published_at=story.published_at,
            authors=tuple(person.slug for person in story.authors),
        )
        assert (found[bare.article_id].section_path, found[bare.article_id].section_name) == ((), "")
        assert found[bare.article_id].people == ()
        assert index_documents(session, []) == {}
        assert published_revisions(session) == {story.article_id: 4, bare.article_id: 1}
        assert reading_time_inputs(session, [story.article_id]) == {story.article_id: (4, story.text, 0, "en")}
    with database.transaction() as session:
        withdraw_document(session, story.article_id, DAY_ONE)
    with database.reading() as session:
        assert index_documents(session, [story.article_id]) == {}
        assert published_revisions(session) == {bare.article_id: 1}
        assert reading_time_inputs(session, [story.article_id]) == {}


def test_all_articles_are_read_in_portions_each_once(database: Database) -> None:
    stories = [article(number) for number in range(1, READ_AT_ONCE + 3)]
    with database.transaction() as session:
        for story in stories:
            put_document(session, story, DAY_ONE)
    read = [document.id for document in all_index_documents(database)]
    assert sorted(read) == sorted(story.article_id for story in stories)
    assert len(read) == len(set(read))
