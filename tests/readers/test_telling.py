"""Who is told of an article, by which letter, and who is not: at least once on the wire, once in effect."""

import random
from collections import Counter
from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select, update

from cms.content.deriving import index_documents
from cms.events.catalogue import ArticlePublished
from cms.events.outbox import record
from cms.mail.models import OutgoingLetter, Suppression
from cms.platform.clock import now
from cms.platform.ids import new_id
from cms.readers.comments.banning import ban_reader
from cms.readers.comments.rules import Ban
from cms.readers.follows.models import Follow, FollowedQuery, FollowMatch, FollowReason
from cms.readers.follows.queries import readers_to_tell, words_followed
from cms.readers.follows.rules import is_news
from cms.readers.follows.telling import Habits, tell
from cms.readers.follows.waiting import queries_asking_for
from cms.readers.models import Account
from search_index.matching import page_of
from tests.access.desk import PHRASE
from tests.draining import ALL
from tests.readers.following import (
    EDITOR,
    Newsroom,
    letters_in,
    published,
    statements,
    tell_without_sending,
    text_of,
    unpublished,
    unsubscribe_path,
)

DAY = timedelta(days=1)


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
