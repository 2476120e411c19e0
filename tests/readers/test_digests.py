"""Digests: what a day's letter tells of, when it goes, and that it goes once whatever breaks off."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from cms.platform.clock import now
from cms.platform.ids import new_id
from cms.readers.follows.digests import make_due_digests
from cms.readers.follows.models import Digest, DigestPlan
from cms.readers.follows.rules import next_digest_at, period_of
from cms.readers.follows.telling import Habits
from tests.readers.following import (
    EDITOR,
    Newsroom,
    letters_in,
    text_of,
    unpublished,
)
from workers.handlers import follows as following_handler

DAY = timedelta(days=1)


@pytest.mark.both_databases
def test_a_digest_tells_of_a_day_once_leaves_out_what_is_gone_and_is_never_empty(room: Newsroom) -> None:
    reader, other = room.reader(), room.reader("ru")
    reader.follow("section", "city", "daily")
    other.follow("tag", "rails", "daily")
    kept = [room.desk.article(published=True, title=f"Line {number}").article for number in range(3)]
    gone = room.desk.article(published=True, title="Nobody sees this", tags=["rails"]).article
    assert room.drain() == [] and room.sweep() == 0
    due = room.due_at(reader)
    assert due is not None and due.hour == 7 and now() < due <= now() + DAY
    unpublished(room, gone.id)
    # Nobody looked for days: one digest, however often anybody looks; and none for who has nothing to read.
    assert [room.sweep(6 * DAY), room.sweep(), room.sweep(timedelta())] == [1, 0, 0]
    assert room.drain() == [reader.email]
    room.seen = 0
    [letter] = room.fresh()
    text = text_of(letter)
    assert "(3)" in text and "Nobody sees" not in text
    assert all(f"/content/v1/articles/en/{article.slug}" in text for article in kept)
    # The day has had its digest: what comes now waits for the next one.
    with room.database.transaction() as session:
        session.get_one(DigestPlan, reader.id).last_period = now().date()
    room.desk.article(published=True)
    room.drain()
    after = room.due_at(reader)
    assert after is not None and after.date() == now().date() + DAY and room.due_at(other) is None


def test_a_digest_says_why_each_article_is_there_and_keeps_what_is_followed_by_another_way(
    room: Newsroom, monkeypatch: pytest.MonkeyPatch
) -> None:
    # However few are asked for at a time, all that ask for an article are written down.
    monkeypatch.setattr(following_handler, "TARGETS_AT_ONCE", 1)
    reader = room.reader("ru")
    section = reader.follow("section", "city", "daily")
    reader.follow("tag", "rails", "daily")
    reader.follow("query", "harbour line", "daily")
    reader.follow("author", "ines-okafor", "off")
    both = room.desk.article(published=True, title="Harbour line", tags=["rails"], authors=["ines-okafor"]).article
    one = room.desk.article(published=True, title="Quay").article
    assert room.drain() == [] and room.sweep(timedelta()) == 1
    told = reader.client.post("/readers/v1/me/export").json["told"]
    assert [(row["article_id"], len(row["follows"])) for row in told] == [(both.id, 3), (one.id, 1)]
    # The oldest of the three ends: what nothing else asks for is left out, the other stays and says why.
    assert reader.client.delete(f"/readers/v1/follows/{section}").status_code == 204
    assert room.drain() == [reader.email]
    room.seen = 0
    [letter] = room.fresh()
    text = text_of(letter)
    assert "Вы подписаны: Rails · harbour line" in text and "Quay" not in text and "(1)" in text
    assert "Вы подписаны: Rails · harbour line</small>" in text_of(letter, "html")


def test_a_digest_that_was_made_goes_without_what_was_taken_away_meanwhile(room: Newsroom) -> None:
    reader = room.reader()
    follow = reader.follow("section", "city", "daily")
    articles = [room.desk.article(published=True).article for _ in range(2)]
    room.drain()
    assert room.sweep(timedelta()) == 1
    unpublished(room, articles[0].id)
    assert room.drain() == [reader.email]
    room.seen = 0
    assert articles[0].slug not in text_of(room.fresh()[0])
    # Whoever ends it before it goes gets none.
    room.desk.article(published=True)
    room.drain()
    assert [room.sweep(), room.sweep(-DAY), room.sweep(DAY)] == [0, 0, 1]
    assert reader.client.delete(f"/readers/v1/follows/{follow}").status_code == 204
    assert room.drain() == []
    assert [one.state for one in letters_in(room)] == ["sent", "expired"]


@pytest.mark.both_databases
def test_digests_that_are_made_at_once_by_several_are_one(room: Newsroom) -> None:
    readers = [room.reader() for _ in range(4)]
    for reader in readers:
        reader.follow("section", "city", "daily")
    room.desk.article(published=True)
    room.drain()
    with room.database.transaction() as session:
        session.execute(update(DigestPlan).values(due_at=now()))
    with ThreadPoolExecutor(4) as pool:
        made = list(pool.map(lambda _: room.sweep(), range(4)))
    assert sum(made) == 4, made
    assert Counter(room.drain()) == Counter(reader.email for reader in readers)


def test_a_digest_broken_off_before_its_commit_is_made_again_and_one_after_it_is_not(room: Newsroom) -> None:
    reader = room.reader()
    reader.follow("section", "city", "daily")
    room.desk.article(published=True)
    room.drain()
    with room.database.transaction() as session:
        session.execute(update(DigestPlan).values(due_at=now()))
    due = room.due_at(reader)
    with pytest.raises(ZeroDivisionError), room.database.transaction() as session:
        make_due_digests(session, EDITOR, Habits.of(room.settings), now())
        raise ZeroDivisionError
    assert room.due_at(reader) == due and letters_in(room) == []
    assert [room.sweep() for _ in range(2)] == [1, 0]
    # The unique key of reader and day holds also where somebody would forget the plan.
    with room.database.reading() as session:
        [digest] = session.scalars(select(Digest))
    with pytest.raises(IntegrityError), room.database.transaction() as session:
        session.add(Digest(id=new_id(), account_id=reader.id, period=digest.period, made_at=now()))
    assert room.drain() == [reader.email]


def test_the_next_digest_is_at_the_hour_that_clocks_show_on_a_day_that_had_none() -> None:
    at = datetime(2026, 3, 28, 12, 0, tzinfo=UTC)
    cases = [
        # (now, hour, zone, last period) → when
        (at, 7, "UTC", None, datetime(2026, 3, 29, 7, tzinfo=UTC)),
        (at, 13, "UTC", None, datetime(2026, 3, 28, 13, tzinfo=UTC)),
        (at, 12, "UTC", None, datetime(2026, 3, 29, 12, tzinfo=UTC)),
        (at, 13, "UTC", date(2026, 3, 28), datetime(2026, 3, 29, 13, tzinfo=UTC)),
        (at, 7, "Asia/Almaty", None, datetime(2026, 3, 29, 2, tzinfo=UTC)),
        (at, 18, "Asia/Almaty", None, datetime(2026, 3, 28, 13, tzinfo=UTC)),
        # Clocks skip two o'clock in Berlin that night, and show it twice in October.
        (at, 2, "Europe/Berlin", None, datetime(2026, 3, 29, 1, tzinfo=UTC)),
        (datetime(2026, 10, 24, 12, tzinfo=UTC), 2, "Europe/Berlin", None, datetime(2026, 10, 25, 0, tzinfo=UTC)),
        (datetime(2026, 10, 25, 0, 30, tzinfo=UTC), 2, "Europe/Berlin", None, datetime(2026, 10, 26, 1, tzinfo=UTC)),
        # Somebody moves half round the world: never two on one day of the clocks.
        (at, 7, "Pacific/Kiritimati", date(2026, 3, 29), datetime(2026, 3, 29, 17, tzinfo=UTC)),
        (at, 7, "Pacific/Pago_Pago", date(2026, 3, 29), datetime(2026, 3, 30, 18, tzinfo=UTC)),
    ]
    wrong = [case for case in cases if next_digest_at(*case[:4]) != case[4]]
    assert wrong == []
    assert period_of(datetime(2026, 3, 28, 17, tzinfo=UTC), "Pacific/Kiritimati") == date(2026, 3, 29)
