"""Who is told of an article, by which letter, and who is not: at least once on the wire, once in effect."""

import random
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select, update
from sqlalchemy.exc import IntegrityError

from cms.content.deriving import index_documents
from cms.events.catalogue import ArticlePublished
from cms.events.outbox import record
from cms.mail.models import OutgoingLetter, Suppression
from cms.newsroom.models import Article
from cms.newsroom.preparing import prepare_body
from cms.newsroom.publishing import publish_article, unpublish_article
from cms.newsroom.rules import PublishArticle, UnpublishArticle
from cms.platform.actor import system
from cms.platform.clock import now
from cms.platform.db import Database
from cms.platform.ids import new_id
from cms.platform.keys import load_keys
from cms.readers.comments.banning import ban_reader
from cms.readers.comments.rules import Ban
from cms.readers.follows.digests import make_due_digests
from cms.readers.follows.models import Digest, DigestPlan, Follow, FollowedQuery, FollowMatch, FollowReason
from cms.readers.follows.queries import readers_to_tell, words_followed
from cms.readers.follows.rules import is_news, next_digest_at, period_of
from cms.readers.follows.telling import Habits, tell
from cms.readers.follows.waiting import queries_asking_for
from cms.readers.models import Account
from cms.settings import Settings
from search_index.matching import page_of
from search_index.writer import Writer
from tests.access.desk import PHRASE
from tests.draining import ALL, Drain
from tests.readers.following import Newsroom, newsroom, statements, text_of, unsubscribe_path
from workers.handlers import follows as following_handler
from workers.work import Work

EDITOR = system("test")
DAY = timedelta(days=1)


@pytest.fixture
def room(app: Flask, database: Database, settings: Settings) -> Iterator[Newsroom]:
    with newsroom(app, database, settings) as running:
        yield running


@pytest.mark.both_databases
def test_one_letter_for_an_article_and_a_reader_however_many_follows_match_and_however_often_tasks_come(
    room: Newsroom,
) -> None:
    readers = {name: room.reader() for name in ("all", "parent", "tag", "author", "query", "daily", "off", "nothing")}
    for kind, what in (("section", "trams"), ("section", "city"), ("tag", "rails"), ("query", "harbour line")):
        readers["all"].follow(kind, what)
    readers["all"].follow("author", "ines-okafor", "daily")
    readers["parent"].follow("section", "city")
    readers["tag"].follow("tag", "rails")
    readers["author"].follow("author", "ines-okafor")
    readers["query"].follow("query", "LINES harbours -sport")
    readers["daily"].follow("section", "trams", "daily")
    readers["off"].follow("section", "trams", "off")
    for kind, what in (("section", "sport"), ("query", "harbour sport"), ("query", '"line harbour"')):
        readers["nothing"].follow(kind, what)
    told = Counter(readers[name].email for name in ("all", "parent", "tag", "author", "query"))
    words = {"tags": ["rails"], "authors": ["ines-okafor"]}
    article = room.desk.article(published=True, title="Harbour line opens", **words).article
    came = Counter(room.drain(ALL, chance=random.Random(5)))
    # A task that is broken off after the server took the letter sends it again with its Message-ID; no other doubles.
    assert set(came) == set(told)
    with room.database.reading() as session:
        letters = list(session.scalars(select(OutgoingLetter)))
        assert Counter(letter.recipient for letter in letters) == told
        assert session.scalar(select(func.count()).select_from(FollowMatch)) == len(told) + 1
        # Everything that asked for it at once is kept, and nothing twice.
        reasons = select(FollowMatch.account_id).join(FollowReason, FollowReason.match_id == FollowMatch.id)
        assert Counter(session.scalars(reasons)) == Counter(
            {one.id: 4 if name == "all" else 1 for name, one in readers.items() if name not in ("off", "nothing")}
        )
    # Everything that publishes again: nobody hears of it.
    with room.database.transaction() as session:
        for _ in range(2):
            record(session, ArticlePublished(article.id, article.revision, False), actor=EDITOR, now=now())
    assert room.drain() == []
    assert room.due_at(readers["daily"]) is not None and room.due_at(readers["all"]) is None


def test_readers_hear_of_what_is_new_and_not_of_what_is_brought_in_or_shown_again(room: Newsroom) -> None:
    reader = room.reader()
    reader.follow("section", "city")
    # Gone before anybody was told, it is told of when it is there again; and then never more.
    article = room.desk.article(published=True).article
    assert unpublished(room, article.id) and room.drain() == []
    for _ in range(2):
        published(room, article.id)
        letters = room.drain()
        unpublished(room, article.id)
        room.drain()
        assert letters == ([reader.email] if _ == 0 else [])
    # Brought in from elsewhere with its old date; and seen by readers long before it was shown again.
    published(room, room.desk.article().article.id, published_at=now() - 7 * DAY)
    assert room.drain() == []
    week_ago = now() - 7 * DAY
    assert is_news(now() - timedelta(hours=2), now(), now())
    assert not is_news(week_ago, now(), now())
    # Long put off by a fault, it is told of all the same; after a week nobody wants to know.
    assert is_news(week_ago, week_ago, week_ago + 6 * DAY) and not is_news(week_ago, week_ago, week_ago + 8 * DAY)


def test_whoever_follows_later_or_reads_another_language_hears_nothing(room: Newsroom) -> None:
    russian, english, late = room.reader(), room.reader("kk"), room.reader()
    russian.follow("section", "trams", locale="ru")
    english.follow("section", "trams", locale="en")
    room.desk.article(published=True, title="<b>Line</b> & more")
    late.follow("section", "trams")
    room.drain()
    room.seen = 0
    [letter] = room.fresh()
    assert letter["To"] == english.email and letter["Content-Language"] == "kk"
    assert "&lt;b&gt;Line&lt;/b&gt; &amp; more" in text_of(letter, "html") and "<b>Line" not in text_of(letter, "html")


def test_a_merged_tag_and_a_moved_section_are_followed_on(room: Newsroom, administrator: FlaskClient) -> None:
    reader, other = room.reader(), room.reader()
    assert administrator.post("/api/v1/tags", json={"name": "Railways"}).status_code == 201
    reader.follow("tag", "railways")
    other.follow("section", "sport")
    tag = administrator.get("/api/v1/tags/railways")
    merged = administrator.post(
        "/api/v1/tags/railways/merge", json={"into": "rails"}, headers={"If-Match": tag.headers["ETag"]}
    )
    assert merged.status_code == 200, merged.json
    trams = administrator.get("/api/v1/sections/trams").headers["ETag"]
    moved = administrator.patch("/api/v1/sections/trams", json={"parent": "sport"}, headers={"If-Match": trams})
    assert moved.status_code == 200, moved.json
    room.drain()
    room.desk.article(published=True, tags=["rails"])
    assert sorted(room.drain()) == sorted([reader.email, other.email])
    [listed] = reader.client.get("/readers/v1/follows").json["data"]
    assert (listed["slug"], listed["name"]) == ("rails", "Rails")


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


def test_a_letter_names_all_that_asked_for_it_and_its_link_ends_the_oldest_that_is_left(room: Newsroom) -> None:
    reader = room.reader()
    section, tag = reader.follow("section", "city"), reader.follow("tag", "rails")
    room.desk.article(published=True, title="Harbour", tags=["rails"])
    tell_without_sending(room)
    assert room.drain() == [reader.email]
    room.seen = 0
    [letter] = room.fresh()
    assert "because you follow “City · Rails”" in text_of(letter)
    assert "Get no more letters about “City”" in text_of(letter)
    assert room.desk.app.test_client().post(unsubscribe_path(letter, room.settings)).status_code == 200
    listed = {row["id"]: row["frequency"] for row in reader.client.get("/readers/v1/follows").json["data"]}
    assert listed == {section: "off", tag: "instant"}
    # The other one still tells; where the first was ended before the letter went, the next one is named.
    room.desk.article(published=True, title="Quay", tags=["rails"])
    assert room.drain() == [reader.email]
    room.seen = 1
    assert "because you follow “Rails”" in text_of(room.fresh()[0])


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


def test_an_address_that_takes_no_letters_one_that_was_left_and_who_is_banned_get_none(room: Newsroom) -> None:
    bounced, moved, daily, banned, forgiven = (room.reader() for _ in range(5))
    bounced.follow("section", "city")
    moved.follow("section", "city")
    banned.follow("section", "city")
    forgiven.follow("section", "city")
    daily.follow("section", "city", "daily")
    with room.database.transaction() as session:
        ban_reader(session, EDITOR, banned.id, Ban(), now())
        ban_reader(session, EDITOR, forgiven.id, Ban(until=now() - DAY), now() - 2 * DAY)
        for reader in (bounced, daily):
            session.add(
                Suppression(
                    id=new_id(), address=reader.email, answer="recipient: 550", letter_id=new_id(), created_at=now()
                )
            )
    room.desk.article(published=True)
    tell_without_sending(room)
    with room.database.transaction() as session:
        session.get_one(
            Account, next(one.number for one in session.scalars(select(Account)) if one.id == moved.id)
        ).email = "elsewhere@example.org"
    assert room.drain() == [forgiven.email] and room.sweep(timedelta()) == 0
    assert {(one.recipient, one.state) for one in letters_in(room)} == {
        (moved.email, "expired"), (forgiven.email, "sent"),
    }  # fmt: skip


def test_who_deletes_the_account_takes_follows_and_their_letters_along(room: Newsroom) -> None:
    leaving, staying = room.reader(), room.reader()
    for reader in (leaving, staying):
        reader.follow("query", "harbour")
    leaving.follow("query", "quay", "daily")
    room.desk.article(published=True, title="Harbour quay")
    tell_without_sending(room)
    exported = leaving.client.post("/readers/v1/me/export").json
    assert [one["query"] for one in exported["follows"]] == ["quay", "harbour"]
    assert [one["frequency"] for one in exported["told"]] == ["instant"]
    assert leaving.client.post("/readers/v1/me/delete", json={"password": PHRASE}).status_code == 204
    assert room.drain() == [staying.email]
    with room.database.reading() as session:
        assert [one.text for one in session.scalars(select(FollowedQuery))] == ["harbour"]
        for table in (Follow, FollowMatch):
            assert {one.account_id for one in session.scalars(select(table))} == {staying.id}


def test_equal_queries_are_compared_once_and_only_those_that_may_fit(room: Newsroom) -> None:
    readers = [room.reader() for _ in range(3)]
    for reader, text in zip(readers, ("harbour line", "LINE Harbours", "line  harbour"), strict=True):
        reader.follow("query", text)
    for number in range(20):
        readers[0].follow("query", f"steamship{number} harbour")
    readers[1].follow("query", "harb* -ferry")
    with room.database.reading() as session:
        assert session.scalar(select(func.count()).select_from(FollowedQuery)) == 22
    article = room.desk.article(published=True, title="Harbour line").article
    with room.database.reading() as session:
        page = page_of(index_documents(session, [article.id])[article.id])
        asking = queries_asking_for(session, page)
    # One for all three, one that has no anchor; the twenty have one that this article does not hold.
    assert (asking.compared, len(asking.keys)) == (2, 2)
    with room.database.transaction() as session:
        session.execute(update(FollowedQuery).values(analysis="of another version", anchor="all:nothing"))
    with room.database.reading() as session:
        again = queries_asking_for(session, page)
    assert (again.compared, again.keys) == (22, asking.keys)
    assert Counter(room.drain()) == Counter(reader.email for reader in readers)


def test_a_reader_is_told_by_as_few_statements_as_the_readers_are_many(room: Newsroom) -> None:
    counted = []
    for count in (3, 9):
        for _ in range(count):
            room.reader().follow("tag", "rails", "daily")
        article = room.desk.article(published=True, tags=["rails"]).article
        with statements(room.database) as sent:
            with room.database.reading() as session:
                readers = readers_to_tell(
                    session, article.id, sorted(words_followed(session, article.id)), locale="en", frequency="daily",
                    since=now(), now=now(), after="", limit=200,
                )  # fmt: skip
            with room.database.transaction() as session:
                told = tell(
                    session, EDITOR, article.id, readers, frequency="daily", habits=Habits.of(room.settings), now=now()
                )
        counted.append((told, len([one for one in sent if "UPDATE" not in one])))
    assert [told for told, _ in counted] == [3, 12] and counted[0][1] == counted[1][1]
    room.drain()


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


def published(room: Newsroom, article_id: str, **options: Any) -> None:
    """Show an article to readers."""
    with room.database.reading() as session:
        revision = session.scalars(select(Article.revision).where(Article.id == article_id)).one()
    prepared = prepare_body(room.database, EDITOR, article_id, revision)
    with room.database.transaction() as session:
        publish_article(session, EDITOR, PublishArticle(article_id, revision, **options), prepared, now())


def unpublished(room: Newsroom, article_id: str) -> bool:
    """Take an article away from readers."""
    with room.database.transaction() as session:
        revision = session.scalars(select(Article.revision).where(Article.id == article_id)).one()
        return unpublish_article(session, EDITOR, UnpublishArticle(article_id, revision), now()).article.revision > 0


def letters_in(room: Newsroom) -> list[OutgoingLetter]:
    """What was written, the oldest first."""
    with room.database.reading() as session:
        return list(session.scalars(select(OutgoingLetter).order_by(OutgoingLetter.number)))


def tell_without_sending(room: Newsroom) -> None:
    """Do what is owed until letters are written, and leave them."""
    index = Writer(room.settings.index_home)
    work = Work(settings=room.settings, database=room.database, keys=load_keys(room.settings), index=index)
    try:
        Drain(work).step()
    finally:
        index.close()
