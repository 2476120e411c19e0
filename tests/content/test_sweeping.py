"""The sweep of related lists, compared with comparing everything."""

import threading
from collections import Counter
from dataclasses import replace

import pytest
from sqlalchemy import delete, select, update

from cms.content.models import Document, DocumentTerm, RelatedEntry, TermFrequency
from cms.content.portraits import coarse, stored_vectors, strongest, words_of
from cms.content.publishing import PublishedArticle, put_document, withdraw_document
from cms.content.relating import refresh_related
from cms.content.sweeping import Sweep, sweep_related
from cms.launch.sample.generate import generated
from cms.platform.db import Database
from cms.platform.text.terms import count_terms
from tests.content.comparing import assert_entries_are_right, compared, published, stored
from tests.content.making import DAY_ONE, article


def stories(count: int) -> list[PublishedArticle]:
    return [
        article(
            number, locale=sample.locale, slug=sample.slug, title=sample.title, dek=sample.dek, summary=sample.summary,
            text=sample.body, published_at=sample.published_at, tags=sample.tags, section=sample.section,
        )
        for number, sample in enumerate(generated(count, words=120), 1)
    ]  # fmt: skip


def put(database: Database, articles: list[PublishedArticle]) -> None:
    with database.transaction() as session:
        for one in articles:
            put_document(session, one, DAY_ONE)


@pytest.mark.both_databases
def test_a_sweep_makes_every_list_what_comparing_everything_gives(database: Database) -> None:
    put(database, stories(80))
    first = sweep_related(database, DAY_ONE)
    with database.reading() as session:
        assert (first.articles, first.vectors_changed) == (80, 80)
        exact = compared(session)
        assert stored(session) == exact
        assert first.lists_changed == sum(bool(entries) for entries in exact.values())
        assert max(len(entries) for entries in exact.values()) == 15
        before = {key: session.get_one(Document, key).etag for key in published(session)}
    assert sweep_related(database, DAY_ONE) == Sweep(80, 0, 0, 0)
    with database.reading() as session:
        assert {key: session.get_one(Document, key).etag for key in published(session)} == before


@pytest.mark.both_databases
def test_what_was_damaged_is_repaired(database: Database) -> None:
    put(database, stories(40))
    sweep_related(database, DAY_ONE)
    with database.transaction() as session:
        ids = sorted(published(session))
        session.execute(delete(RelatedEntry).where(RelatedEntry.article_id.in_(ids[:5])))
        session.execute(update(RelatedEntry).where(RelatedEntry.article_id.in_(ids[5:8])).values(score=0.987654))
        session.execute(update(RelatedEntry).where(RelatedEntry.article_id.in_(ids[8:9])).values(why=["tag:wrong"]))
        session.execute(delete(DocumentTerm).where(DocumentTerm.article_id.in_(ids[10:12])))
        session.execute(delete(TermFrequency).where(TermFrequency.term >= "m"))
        session.execute(update(Document).where(Document.article_id == ids[13]).values(has_lost_related=True))
    sweep = sweep_related(database, DAY_ONE)
    with database.reading() as session:
        assert stored(session) == compared(session)
        assert not session.get_one(Document, ids[13]).has_lost_related
        assert sweep.vectors_changed >= 2
        assert sweep.lists_changed >= 8
    assert sweep_related(database, DAY_ONE) == Sweep(40, 0, 0, 0)


def test_the_vocabulary_counts_each_language_on_a_coarse_grid(database: Database) -> None:
    put(database, stories(30))
    sweep_related(database, DAY_ONE)
    with database.reading() as session:
        rows = session.execute(select(TermFrequency.language, TermFrequency.term, TermFrequency.documents))
        fitted = {(language, term): number for language, term, number in rows}
        documents = session.scalars(select(Document)).all()
        counts: Counter[tuple[str, str]] = Counter()
        for document in documents:
            language = document.locale[:2]
            counts[language, ""] += 1
            words = words_of(document.title, document.content, document.text)
            counts.update((language, term) for term in count_terms(words, language))
        assert fitted == {key: coarse(number) for key, number in counts.items() if number >= 2}
        vectors = stored_vectors(session, published(session))
        for document in documents:
            language = document.locale[:2]
            found = {term: number for (own, term), number in fitted.items() if own == language}
            words = words_of(document.title, document.content, document.text)
            right = strongest(count_terms(words, language), found, found[""])
            assert vectors[document.article_id] == right


def test_an_empty_site_is_swept(database: Database) -> None:
    assert sweep_related(database, DAY_ONE) == Sweep(0, 0, 0, 0)
    put(database, stories(4))
    sweep_related(database, DAY_ONE)
    with database.transaction() as session:
        for article_id in published(session):
            withdraw_document(session, article_id, DAY_ONE)
    assert sweep_related(database, DAY_ONE).frequencies_changed > 0
    with database.reading() as session:
        assert session.scalars(select(TermFrequency)).all() == []


@pytest.mark.slow
@pytest.mark.both_databases
def test_articles_that_come_change_and_go_while_it_runs_are_kept_right(database: Database) -> None:
    first, later = stories(36)[:30], stories(36)[30:]
    put(database, first)
    sweep_related(database, DAY_ONE)
    is_over = threading.Event()

    def publish() -> None:
        for number, one in enumerate(later):
            for act in ("put", "change", "withdraw"):
                with database.transaction() as session:
                    if act == "put":
                        put_document(session, one, DAY_ONE)
                    elif act == "change":
                        old = first[number]
                        put_document(session, replace(old, revision=2, text=one.text, tags=one.tags), DAY_ONE)
                    elif number % 2:
                        withdraw_document(session, one.article_id, DAY_ONE)
                for article_id in (one.article_id, first[number].article_id):
                    with database.transaction() as session:
                        refresh_related(session, article_id, DAY_ONE)
        is_over.set()

    publisher = threading.Thread(target=publish)
    publisher.start()
    sweeps = 0
    while not is_over.is_set():
        sweep_related(database, DAY_ONE)
        sweeps += 1
    publisher.join()
    print(f"{sweeps} sweeps while articles changed")
    with database.reading() as session:
        assert len(published(session)) == 33
        assert_entries_are_right(session)
    sweep_related(database, DAY_ONE)
    with database.reading() as session:
        assert stored(session) == compared(session)
