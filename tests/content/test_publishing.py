"""Putting documents before readers and taking them away."""

from dataclasses import replace

import orjson
import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from cms.content.deriving import set_reading_times
from cms.content.models import Document, DocumentTag, RelatedEntry
from cms.content.publishing import put_document, withdraw_document
from cms.platform.db import Database
from cms.platform.errors import Conflict
from tests.content.making import DAY_ONE, article

READING_TIME = {"minutes": 1, "words": 4, "characters": 0, "images": 0, "label": "1 min read"}


def shown(session: Session, article_id: str) -> dict:
    document = session.get(Document, article_id)
    assert document is not None
    return orjson.loads(document.body)


@pytest.mark.both_databases
def test_what_is_put_is_what_readers_see(database: Database) -> None:
    story = article(1, tags=("rail", "energy"), section="world/europe", slug="列车", locale="zh-CN")
    with database.transaction() as session:
        put_document(session, story, DAY_ONE)
    with database.reading() as session:
        body = shown(session, story.article_id)
        assert body["title"] == story.title
        assert body["url"] == "/content/v1/articles/zh-CN/%E5%88%97%E8%BD%A6"
        assert [tag["slug"] for tag in body["tags"]] == ["rail", "energy"]
        assert body["section"] == {"slug": "europe", "name": "Europe"}
        assert body["reading_time"] is None
        assert body["related"] == []
        assert set(session.scalars(select(DocumentTag.tag))) == {"rail", "energy"}


@pytest.mark.both_databases
def test_putting_the_same_again_changes_no_byte(database: Database) -> None:
    story = article(1, tags=("rail",))
    with database.transaction() as session:
        put_document(session, story, DAY_ONE)
    with database.transaction() as session:
        before = session.get_one(Document, story.article_id).body
        put_document(session, story, DAY_ONE)
        assert session.get_one(Document, story.article_id).body == before
    with database.transaction() as session:
        assert set_reading_times(session, {story.article_id: (1, READING_TIME)}, DAY_ONE)
    with database.transaction() as session:
        before = session.get_one(Document, story.article_id).etag
        put_document(session, story, DAY_ONE)
        assert session.get_one(Document, story.article_id).etag == before


def test_a_slug_of_another_published_article_is_refused(database: Database) -> None:
    with database.transaction() as session:
        put_document(session, article(1, slug="same"), DAY_ONE)
        put_document(session, article(2, slug="same", locale="kk"), DAY_ONE)
        with pytest.raises(Conflict):
            put_document(session, article(3, slug="same"), DAY_ONE)


def test_the_reading_time_stays_while_the_text_does(database: Database) -> None:
    story = article(1)
    with database.transaction() as session:
        put_document(session, story, DAY_ONE)
        assert set_reading_times(session, {story.article_id: (1, READING_TIME)}, DAY_ONE)
        put_document(session, replace(story, revision=2, title="Better title"), DAY_ONE)
        assert shown(session, story.article_id)["reading_time"] == READING_TIME
        put_document(session, replace(story, revision=3, text="Another text."), DAY_ONE)
        assert shown(session, story.article_id)["reading_time"] is None
        assert not set_reading_times(session, {story.article_id: (2, READING_TIME)}, DAY_ONE)
        assert shown(session, story.article_id)["reading_time"] is None


def link(session: Session, one: str, other: str, score: float) -> None:
    session.add(RelatedEntry(article_id=one, other_id=other, score=score, why=["text"]))


@pytest.mark.both_databases
def test_a_new_title_is_seen_at_once_where_the_article_is_listed(database: Database) -> None:
    one, other = article(1), article(2)
    with database.transaction() as session:
        put_document(session, one, DAY_ONE)
        put_document(session, other, DAY_ONE)
        link(session, one.article_id, other.article_id, 0.5)
        put_document(session, replace(other, title="A new title", revision=2), DAY_ONE)
    with database.reading() as session:
        assert [entry["title"] for entry in shown(session, one.article_id)["related"]] == ["A new title"]


@pytest.mark.both_databases
def test_a_withdrawn_article_leaves_every_list_and_a_spare_takes_its_place(database: Database) -> None:
    stories = [article(number) for number in range(1, 8)]
    first, *others = stories
    with database.transaction() as session:
        for story in stories:
            put_document(session, story, DAY_ONE)
        for place, story in enumerate(others):
            link(session, first.article_id, story.article_id, 0.9 - place / 10)
        put_document(session, replace(others[0], title="Touched", revision=2), DAY_ONE)
    with database.transaction() as session:
        assert withdraw_document(session, others[0].article_id, DAY_ONE)
        assert not withdraw_document(session, others[0].article_id, DAY_ONE)
        related = [entry["id"] for entry in shown(session, first.article_id)["related"]]
        assert related == [story.article_id for story in others[1:6]]
        assert not session.get_one(Document, first.article_id).has_lost_related
        assert withdraw_document(session, others[1].article_id, DAY_ONE)
        session.expire_all()
        assert session.get_one(Document, first.article_id).has_lost_related
        assert session.scalar(select(func.count()).select_from(RelatedEntry)) == 4
