"""Related lists after articles came, changed and went."""

import math
from dataclasses import replace
from datetime import timedelta
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, event

from cms.content import candidates
from cms.content.grouping import Kinship
from cms.content.models import Document
from cms.content.portraits import store, weigh
from cms.content.publishing import PersonValue, PublishedArticle, put_document, withdraw_document
from cms.content.related.models import RelatedChoice
from cms.content.related.rules import LEAST_SCORE, TEXT_PART, Portrait, neighbour, score
from cms.content.relating import Seen, look_around, refresh_related
from cms.content.relating import shown as visible
from cms.content.sweeping import sweep_related
from cms.platform.db import Database
from tests.content.comparing import assert_entries_are_right, compared, published, stored
from tests.content.making import DAY_ONE, article

RAIL = "Engineers test brakes on locomotives before carriages leave the depot."
SEA = "Fishermen mended nets while herring boats waited outside the harbour wall."


def story(number: int, text: str = RAIL, **changes: Any) -> PublishedArticle:
    values = {"title": "", "dek": "", "summary": (), "text": text, **changes}
    return article(number, **values)


def put(database: Database, *stories: PublishedArticle) -> None:
    for one in stories:
        with database.transaction() as session:
            put_document(session, one, DAY_ONE)


def refresh(database: Database, *article_ids: str) -> None:
    for article_id in article_ids:
        with database.transaction() as session:
            refresh_related(session, article_id, DAY_ONE)


def look(database: Database, article_id: str) -> Seen | None:
    """Look around as a worker does before it lets others wait."""
    with database.reading() as session:
        likeness = weigh(session, article_id)
    if likeness is None:
        return None
    with database.transaction() as session:
        store(session, likeness)
    with database.reading() as session:
        return look_around(session, article_id, likeness.revision)


def refresh_seen(database: Database, article_id: str, seen: Seen | None) -> None:
    with database.transaction() as session:
        refresh_related(session, article_id, DAY_ONE, seen)


def withdraw(database: Database, article_id: str) -> None:
    with database.transaction() as session:
        assert withdraw_document(session, article_id, DAY_ONE)


def choose(database: Database, article_id: str, others: list[str], *, is_pin: bool) -> None:
    """Pin these to the article's list, or ban them from it, and nothing else."""
    with database.transaction() as session:
        session.execute(delete(RelatedChoice).where(RelatedChoice.article_id == article_id))
        for number, other in enumerate(others, 1):
            session.add(RelatedChoice(article_id=article_id, other_id=other, pin=number if is_pin else 0))


def shown(database: Database, article_id: str) -> list[dict[str, Any]]:
    with database.reading() as session:
        related: list[dict[str, Any]] = orjson.loads(session.get_one(Document, article_id).body)["related"]
        return related


@pytest.mark.both_databases
def test_an_article_that_enters_is_listed_on_both_sides_with_score_and_reasons(database: Database) -> None:
    one, other, far = story(1, tags=("rail",)), story(2, tags=("rail", "steel")), story(3, SEA, section="sport")
    put(database, one, other, far)
    refresh(database, one.article_id, other.article_id, far.article_id)
    [mention] = shown(database, one.article_id)
    assert mention["id"] == other.article_id
    assert mention["why"] == ["tag:rail", "text", "section", "person:mei-lin"]
    assert 0.8 < mention["score"] <= 1
    assert [entry["id"] for entry in shown(database, other.article_id)] == [one.article_id]
    assert shown(database, far.article_id) == []


@pytest.mark.both_databases
def test_an_unpublished_article_never_appears_and_its_place_is_refilled(database: Database) -> None:
    stories = [story(number, published_at=DAY_ONE + timedelta(days=number)) for number in range(1, 20)]
    put(database, *stories)
    refresh(database, *(one.article_id for one in stories))
    for gone in stories[1:13]:
        withdraw(database, gone.article_id)
        assert gone.article_id not in {entry["id"] for entry in shown(database, stories[0].article_id)}
    for gone in stories[1:13]:
        refresh(database, gone.article_id)
    with database.reading() as session:
        kept, right = stored(session), compared(session)
        assert {key: visible(kept[key]) for key in kept} == {key: visible(right[key]) for key in right}
        assert_entries_are_right(session)
        assert not any(session.get_one(Document, key).has_lost_related for key in published(session))
    assert len(shown(database, stories[0].article_id)) == 5


@pytest.mark.both_databases
def test_a_change_of_text_tags_section_or_time_changes_both_sides(database: Database) -> None:
    one, other = story(1, tags=("rail",)), story(2, tags=("rail",))
    put(database, one, other)
    refresh(database, one.article_id, other.article_id)
    for change in (
        {"tags": ()},
        {"section": None},
        {"published_at": DAY_ONE - timedelta(days=300)},
        {"text": RAIL + " " + SEA},
        {"authors": (PersonValue("jo", "Jo"),)},
        {"locale": "kk"},
        {"locale": "en", "text": RAIL},
    ):
        other = replace(other, revision=other.revision + 1, **change)  # type: ignore[arg-type]  # by the field's name
        put(database, other)
        refresh(database, other.article_id)
        with database.reading() as session:
            assert stored(session) == compared(session)
            assert_entries_are_right(session)
    assert shown(database, one.article_id)[0]["why"] == ["text"]


@pytest.mark.both_databases
def test_refreshing_again_changes_no_byte(database: Database) -> None:
    stories = [story(number, f"{RAIL} word{number}") for number in range(1, 10)]
    put(database, *stories)
    refresh(database, *(one.article_id for one in stories))
    with database.reading() as session:
        before = [(session.get_one(Document, one.article_id).etag, stored(session)) for one in stories]
    refresh(
        database,
        *(one.article_id for one in reversed(stories)),
        stories[0].article_id,
        "0" * 8 + "-0000" * 3 + "-" + "0" * 12,
    )
    with database.reading() as session:
        assert [(session.get_one(Document, one.article_id).etag, stored(session)) for one in stories] == before


def test_a_word_of_every_article_is_not_asked_for_and_hides_no_rare_one(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    common = [story(number, f"brakes locomotives carriages topic{number}") for number in range(1, 25)]
    one, other = story(60, "brakes saltmarsh"), story(61, "locomotives saltmarsh")
    put(database, *common, one, other)
    refresh(database, *(some.article_id for some in common))
    monkeypatch.setattr(candidates, "MOST_POSTINGS", 20)
    refresh(database, one.article_id, other.article_id)
    with database.reading() as session:
        assert_entries_are_right(session)
        assert list(stored(session)[other.article_id]) == [one.article_id]


@pytest.mark.both_databases
def test_what_an_article_may_be_related_to_is_looked_for_while_nobody_waits(database: Database) -> None:
    stories = [story(number, published_at=DAY_ONE + timedelta(days=20 * number)) for number in range(1, 25)]
    put(database, *stories)
    refresh(database, *(one.article_id for one in stories[:-1]))
    asked: list[tuple[str, int]] = []

    def hear(_connection: Any, _cursor: Any, statement: str, values: Any, *_rest: Any) -> None:
        asked.append((statement, len(values)))

    seen = look(database, stories[-1].article_id)
    event.listen(database.writer, "before_cursor_execute", hear)
    refresh_seen(database, stories[-1].article_id, seen)
    while_held, asked = asked, []
    refresh(database, stories[-1].article_id)
    event.remove(database.writer, "before_cursor_execute", hear)
    assert any("likeness" in statement for statement, _ in asked)
    assert not any("likeness" in statement for statement, _ in while_held)
    assert max(number for _, number in while_held) < max(number for _, number in asked)
    assert len(while_held) < len(asked)
    with database.reading() as session:
        assert stored(session) == compared(session)
    # What was seen of another revision holds no more.
    changed = replace(stories[-1], revision=2, text=SEA)
    put(database, changed)
    refresh_seen(database, changed.article_id, seen)
    with database.reading() as session:
        kept, right = stored(session), compared(session)
        assert {key: visible(kept[key]) for key in kept} == {key: visible(right[key]) for key in right}
        assert kept[changed.article_id] == {}


# A text of two agencies in almost the same words: a list shows one of them.
WIRE = (
    "The ferry to the island did not leave this morning because its engine had taken in sand during the storm, and the "
    "company says that a barge from the mainland will bring bread, medicine and mail before the evening, while those "
    "who must travel are asked to wait at the quay for news"
)
STEPS = st.lists(
    st.tuples(
        st.sampled_from(["put", "put", "put", "withdraw", "look", "refresh", "choose"]),
        st.integers(0, 9),
        st.sets(st.sampled_from(["rail", "sea", "steel"]), max_size=2),
        st.lists(st.sampled_from(["herring", "harbour", "brakes", "carriages", "depot"]), min_size=1, max_size=4),
        st.booleans(),
    ),
    min_size=5,
    max_size=40,
)


def grouped(number: int, is_translated: bool) -> Kinship | None:
    """Articles 1 to 5 are English ones; those from 6 on can be translations of them."""
    return Kinship(f"01890a5d-ac96-774b-bcce-b302099a80{number % 5:02d}") if is_translated else None


@pytest.mark.slow
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS, order=st.randoms(use_true_random=False))
def test_whatever_happens_in_whatever_order_the_lists_of_a_few_articles_are_exact(
    database: Database, steps: list[Any], order: Any
) -> None:
    with database.transaction() as session:
        for article_id in published(session):
            withdraw_document(session, article_id, DAY_ONE)
        session.execute(delete(RelatedChoice))
    known: dict[int, PublishedArticle] = {}
    live: set[int] = set()
    # What is owed, each with what a worker saw when it looked, if one did: much may happen before it goes on.
    owed: list[tuple[str, Seen | None]] = []
    for act, number, tags, words, is_so in steps:
        if act == "put":
            fresh = story(
                number + 1, " ".join([*words, WIRE if number % 3 == 0 else ""]), tags=tuple(sorted(tags)),
                locale="en" if number < 5 else "kk", kinship=grouped(number, is_so),
            )  # fmt: skip
            old = known.get(number)
            known[number] = replace(fresh, article_id=old.article_id, revision=old.revision + 1) if old else fresh
            put(database, known[number])
            live.add(number)
            owed.append((known[number].article_id, None))
        elif act == "withdraw" and number in live:
            withdraw(database, known[number].article_id)
            live.discard(number)
            owed.append((known[number].article_id, None))
        elif act == "choose" and number in known:
            others = sorted(key for key in known if key != number and (key < 5) == (number < 5))
            choose(database, known[number].article_id, [known[key].article_id for key in others[:2]], is_pin=is_so)
            owed.append((known[number].article_id, None))
        elif act == "look" and owed:
            place = order.randrange(len(owed))
            owed[place] = (owed[place][0], look(database, owed[place][0]))
        elif act == "refresh" and owed:
            refresh_seen(database, *owed.pop(order.randrange(len(owed))))
    order.shuffle(owed)
    is_lost = order.random() < 0.3
    if is_lost:
        # Of what was owed nothing more comes; the sweep knows it all by itself.
        sweep_related(database, DAY_ONE)
    else:
        for article_id, seen in (*owed, *owed[:3]):
            refresh_seen(database, article_id, seen)
    with database.reading() as session:
        assert set(published(session)) == {known[number].article_id for number in live}
        exact = compared(session)
        assert stored(session) == exact
        for article_id in published(session):
            body = orjson.loads(session.get_one(Document, article_id).body)
            assert [entry["id"] for entry in body["related"]] == [one.other_id for one in visible(exact[article_id])]


def test_two_articles_that_share_a_common_word_and_no_subject_do_not_list_each_other() -> None:
    def portrait(name: str, weight: float) -> Portrait:
        return Portrait(name, "en", "", DAY_ONE, frozenset(), {"went": weight, name: math.sqrt(1 - weight**2)})

    just = math.sqrt(LEAST_SCORE / TEXT_PART) + 0.001
    one, other = portrait("one", just - 0.01), portrait("other", just - 0.01)
    assert score(one, other) > 0
    assert neighbour(one, other) is neighbour(other, one) is None
    entry = neighbour(portrait("one", just), portrait("other", just))
    assert entry is not None and entry.score >= LEAST_SCORE
