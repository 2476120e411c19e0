"""What related lists show beside the score: texts that say nearly the same, translations, sections that age fast."""

from dataclasses import replace
from datetime import timedelta

import pytest

from cms.content.grouping import Kinship, regroup
from cms.content.models import Document
from cms.content.publishing import PublishedArticle, put_document, withdraw_document
from cms.content.relating import refresh_related
from cms.content.relating import shown as visible
from cms.content.sweeping import sweep_related
from cms.launch.sample.generate import generated
from cms.platform.db import Database
from cms.platform.text.sketches import ALIKE_FROM, pairs_alike, resemblance, sketch
from cms.taxonomy.models import Section
from tests.content.comparing import assert_entries_are_right, compared, published, stored
from tests.content.making import DAY_ONE, article
from tests.content.test_relating import RAIL, WIRE, choose, put, refresh, shown, story, withdraw

GROUPS = ("01890a5d-ac96-774b-bcce-b302099a8050", "01890a5d-ac96-774b-bcce-b302099a8051")


def ids(database: Database, article_id: str) -> list[str]:
    return [entry["id"] for entry in shown(database, article_id)]


def section(slug: str, half_life: int | None, above: str = "") -> Section:
    path = f"{above}{slug}/"
    return Section(
        id=f"01890a5d-ac96-774b-bcce-{abs(hash(path)) % 10**12:012d}", slug=slug, name=slug, path=path, place=path,
        related_half_life_days=half_life, created_at=DAY_ONE,
    )  # fmt: skip


@pytest.mark.both_databases
def test_of_texts_that_say_nearly_the_same_one_is_shown_and_the_next_when_that_one_goes(database: Database) -> None:
    mine = story(1, "The ferry to the island waits at the quay after the storm. " + RAIL)
    first = story(2, WIRE, title="Ferry waits")
    second = story(3, f"{WIRE}, the harbour office said", published_at=first.published_at + timedelta(days=9))
    other = story(4, "A barge brings bread and medicine to the island before the storm comes back")
    stories = [mine, first, second, other]
    put(database, *stories)
    refresh(database, *(one.article_id for one in stories))
    assert set(ids(database, mine.article_id)) == {first.article_id, other.article_id}
    # Each is what the other has most in common with.
    assert second.article_id == ids(database, first.article_id)[0]
    assert first.article_id == ids(database, second.article_id)[0]
    withdraw(database, first.article_id)
    refresh(database, first.article_id)
    assert set(ids(database, mine.article_id)) == {second.article_id, other.article_id}
    # An editor who pins one means it, and what was found gives way.
    put(database, first)
    choose(database, mine.article_id, [second.article_id], is_pin=True)
    refresh(database, first.article_id, mine.article_id)
    assert ids(database, mine.article_id)[0] == second.article_id
    assert first.article_id not in ids(database, mine.article_id)
    with database.reading() as session:
        assert stored(session) == compared(session)
    assert shown(database, mine.article_id)[0]["why"][0] == "pinned"


def test_sketches_tell_a_copy_from_another_report_and_keep_silent_about_a_line() -> None:
    texts = [one.body for one in generated(12, words=300)]
    copies = [text + " The desk added this one sentence." for text in texts]
    sketches = [sketch(text) for text in [*texts, *copies]]
    alike = pairs_alike(sketches)
    for number in range(len(texts)):
        assert alike[number] == {number + len(texts)}
        assert alike[number + len(texts)] == {number}
    for one, own in enumerate(sketches):
        assert {n for n, other in enumerate(sketches) if n != one and resemblance(own, other) >= ALIKE_FROM} == alike[
            one
        ]
    assert sketch(RAIL) == () and resemblance(sketch(RAIL), sketch(RAIL)) == 0
    chinese = "港口的起重机在风暴过后重新开始工作，渡轮公司说面包和药品将在傍晚之前送到岛上，乘客请在码头等候消息。" * 2
    assert resemblance(sketch(chinese), sketch(chinese.replace("傍晚", "中午"))) >= ALIKE_FROM


@pytest.mark.both_databases
def test_articles_are_as_related_as_their_translations_are(database: Database) -> None:
    one, other = story(1, RAIL, kinship=Kinship(GROUPS[0])), story(2, RAIL, kinship=Kinship(GROUPS[1]))
    theirs = {"locale": "kk", "section": None, "authors": ()}
    one_kk = story(3, "Паровоз пен вагон", kinship=Kinship(GROUPS[0], one.article_id), **theirs)
    other_kk = story(4, "Машина мен жол", kinship=Kinship(GROUPS[1], other.article_id), **theirs)
    put(database, one, other, one_kk)
    refresh(database, one.article_id, other.article_id, one_kk.article_id)
    assert shown(database, one_kk.article_id) == []
    put(database, other_kk)
    refresh(database, other_kk.article_id)
    for mine, found in ((one_kk, other_kk), (other_kk, one_kk)):
        [mention] = shown(database, mine.article_id)
        assert mention["id"] == found.article_id
        assert mention["why"] == ["text", "section", "person:mei-lin", "translation:en"]
        assert mention["score"] == shown(database, one.article_id)[0]["score"]
    with database.reading() as session:
        assert stored(session) == compared(session)
    # Taken out of its group, or without the translation, it is what it says in its own language.
    with database.transaction() as session:
        regroup(session, {other.article_id: None}, DAY_ONE)
    refresh(database, other.article_id)
    assert shown(database, one_kk.article_id) == shown(database, other_kk.article_id) == []
    with database.transaction() as session:
        regroup(session, {other.article_id: Kinship(GROUPS[1])}, DAY_ONE)
    refresh(database, other.article_id)
    assert ids(database, one_kk.article_id) == [other_kk.article_id]
    withdraw(database, one.article_id)
    refresh(database, one.article_id)
    assert shown(database, one_kk.article_id) == shown(database, other_kk.article_id) == []
    with database.reading() as session:
        assert stored(session) == compared(session)
        assert not any(session.get_one(Document, key).has_lost_related for key in published(session))


def test_a_section_says_how_fast_its_articles_age_and_what_is_below_it_follows(database: Database) -> None:
    def pair(path: str, number: int) -> list[PublishedArticle]:
        words = f"{RAIL} {path.replace('/', ' ')} word{number}"
        later = DAY_ONE + timedelta(days=30)
        return [
            story(number, words, section=path, authors=()),
            story(number + 1, words, section=path, authors=(), published_at=later),
        ]

    with database.transaction() as session:
        session.add_all([section("sport", 3), section("chess", None, "sport/"), section("science", None)])
    pairs = [pair("sport", 1), pair("sport/chess", 11), pair("science", 21)]
    stories = [one for both in pairs for one in both]
    put(database, *stories)
    refresh(database, *(one.article_id for one in stories))
    with database.reading() as session:
        assert_entries_are_right(session)
        lists = stored(session)
    found = [lists[one.article_id][other.article_id].score for one, other in pairs]
    thirty_days = [0.5 + 0.5 * 2 ** (-(30 * 24 - 1) / 24 / days) for days in (3, 3, 90)]
    # All three share as much, and the words of their section a little.
    assert found[0] / thirty_days[0] == pytest.approx(found[2] / thirty_days[2], abs=0.05)
    assert found[1] / thirty_days[1] == pytest.approx(found[2] / thirty_days[2], abs=0.05)
    assert found[0] < 0.7 * found[2] and found[1] < 0.7 * found[2]


@pytest.mark.both_databases
def test_a_sweep_finds_what_translations_copies_and_choices_make_of_every_list(database: Database) -> None:
    samples = list(generated(36, words=120))
    stories = [
        article(
            number, locale=sample.locale, slug=sample.slug, title=sample.title, dek=sample.dek, summary=sample.summary,
            text=sample.body, published_at=sample.published_at, tags=sample.tags, section=sample.section,
            authors=sample.authors,
            # Every English one and the Chinese one after it are translations, every third pair aside.
            kinship=Kinship(f"01890a5d-ac96-774b-bcce-b302099a{(number - 1) // 2:04d}") if number % 3 else None,
        )
        for number, sample in enumerate(samples, 1)
    ]  # fmt: skip
    stories += [
        replace(article(100 + n), text=stories[n].text + " Again.", tags=stories[n].tags, locale=stories[n].locale)
        for n in range(6)
    ]
    with database.transaction() as session:
        for one in stories:
            put_document(session, one, DAY_ONE)
    choose(database, stories[0].article_id, [stories[2].article_id, stories[4].article_id], is_pin=True)
    choose(database, stories[1].article_id, [one.article_id for one in stories[3:12:2]], is_pin=False)
    first = sweep_related(database, DAY_ONE)
    with database.reading() as session:
        exact = compared(session)
        assert stored(session) == exact
        entries = [entry for found in exact.values() for entry in found.values()]
    assert any(entry.is_hidden for entry in entries) and sum(bool(entry.pin) for entry in entries) == 2
    assert any("translation:en" in entry.why for entry in entries)
    assert first.lists_changed > 30
    again = sweep_related(database, DAY_ONE)
    assert (again.vectors_changed, again.lists_changed) == (0, 0)
    # What is refreshed after the sweep stays as exact as it was.
    with database.transaction() as session:
        withdraw_document(session, stories[5].article_id, DAY_ONE)
    for article_id in (stories[5].article_id, stories[0].article_id):
        with database.transaction() as session:
            refresh_related(session, article_id, DAY_ONE)
    with database.reading() as session:
        exact, kept = compared(session), stored(session)
        assert {key: visible(kept[key]) for key in kept} == {key: visible(exact[key]) for key in exact}
