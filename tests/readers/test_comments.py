"""Comments of readers over HTTP: what is seen, what is not, what can be changed, how long (rows S23, S31, S36)."""

import json
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from cms.app import create_app
from cms.audit.models import AuditEntry
from cms.events.models import Letter
from cms.newsroom.rules import ArticleAct, DeleteArticle
from cms.newsroom.taking_down import take_down_article
from cms.newsroom.trashing import delete_article
from cms.platform.clock import now
from cms.platform.db import Database
from cms.platform.ids import new_id
from cms.readers.comments.models import Comment, CommentLike, CommentReport, ReaderBan
from cms.readers.models import Account
from cms.settings import Settings
from tests.access.desk import OPERATOR, PHRASE
from tests.draining import drain
from tests.readers.commenting import Square, square
from tests.readers.making import Desk as Counting
from tests.readers.test_comment_rules import HOSTILE, NOTHING, STEERING


@pytest.fixture
def place(app: Flask, database: Database) -> Square:
    """A furnished newsroom with readers around it."""
    return square(app, database)


def everything_public(place: Square, *articles: str) -> str:
    """All that anybody can read of these articles and their comments, in one text."""
    client, told = place.desk.client(None), ""
    for article in articles:
        for path in ("", "/comments", "/comments?order=best", "/related"):
            answer = client.get(f"/content/v1/articles/{article}{path}")
            told += answer.get_data(as_text=True) + answer.headers["ETag"]
    return told


def test_a_thread_is_seen_by_everybody_in_both_orders(place: Square) -> None:
    article, ann, ben = place.article(), place.reader("Ann"), place.reader("Ben")
    first = place.say(ann, article, "First. https://example.org/?a=1&b=2")
    second = place.say(ben, article, "Second.")
    reply = place.say(ben, article, "Reply.", first)
    deeper = place.say(ann, article, "Deeper.", reply)
    assert ben.client.put(f"/readers/v1/comments/{first}/like").json == {"likes": 1}
    newest, best = place.shown(article), place.shown(article, "?order=best")
    assert [one["id"] for one in newest] == [second, first]
    assert [one["id"] for one in best] == [first, second]
    top = best[0]
    assert (top["author"], top["likes"], top["reply_count"], top["depth"]) == ({"name": "Ann"}, 1, 1, 1)
    assert top["html"].startswith('<p>First. <a href="https://example.org/?a=1&amp;b=2" rel="nofollow ugc noopener">')
    assert [one["id"] for one in top["replies"]] == [reply]
    assert [one["id"] for one in top["replies"][0]["replies"]] == [deeper]
    assert place.shown(article, f"?parent={first}")[0]["replies"][0]["depth"] == 3
    liked = ben.client.get(f"/readers/v1/comments/likes?article={article}").json["data"]
    assert liked == [first]
    assert ben.client.delete(f"/readers/v1/comments/{first}/like").json == {"likes": 0}
    assert ben.client.delete(f"/readers/v1/comments/{first}/like").status_code == 404


def test_pages_are_whole_in_every_order_and_in_both_directions(place: Square) -> None:
    article, ann = place.article(), place.reader("Ann")
    ids = [place.say(ann, article, f"Comment {number}.") for number in range(7)]
    replies = [place.say(ann, article, f"Reply {number}.", ids[0]) for number in range(5)]
    client = place.desk.client(None)
    for query, expected in (("", ids[::-1]), ("&order=best", ids[::-1]), (f"&parent={ids[0]}", replies)):
        path, seen, pages = f"/content/v1/articles/{article}/comments?limit=3{query}", [], []
        cursor = ""
        while cursor is not None:
            page = client.get(path + (f"&cursor={cursor}" if cursor else "")).json
            seen += [one["id"] for one in page["data"]]
            pages.append(page)
            cursor = page["page"]["next_cursor"]
        assert seen == expected, query
        back = client.get(f"{path}&cursor={pages[-1]['page']['prev_cursor']}").json
        assert [one["id"] for one in back["data"]] == [one["id"] for one in pages[-2]["data"]]
        foreign = client.get(
            f"/content/v1/articles/{place.article()}/comments?cursor={pages[0]['page']['next_cursor']}"
        )
        assert (foreign.status_code, foreign.json["code"]) == (400, "bad_cursor")
    shown = place.shown(article)[-1]
    assert (shown["id"], shown["reply_count"], [one["id"] for one in shown["replies"]]) == (ids[0], 5, replies[:3])


def test_a_list_takes_as_many_statements_for_many_as_for_few(place: Square) -> None:
    few, many = place.article(), place.article()
    readers = [place.reader(f"Reader {number}") for number in range(8)]
    for article, count in ((few, 1), (many, 8)):
        for reader in readers[:count]:
            top = place.say(reader, article, "Top.")
            for other in readers[:count][:3]:
                place.say(other, article, "Below.", place.say(other, article, "Under.", top))
    counted = Counting(place.desk.app, place.desk.client(None))
    moderator = place.desk.client(place.desk.token("moderator"))
    assert moderator.get("/api/v1/comments").status_code == 200
    for ask in (lambda key: place.shown(key), lambda key: moderator.get(f"/api/v1/comments?article={key}")):
        sizes = []
        for article in (few, many):
            with counted.statements() as sent:
                ask(article)
            sizes.append(len(sent))
        assert sizes[0] == sizes[1], sent


def test_what_waits_is_never_public(place: Square, settings: Settings) -> None:
    """A state that is not approved shows nowhere: not in lists, counts, ETags, nor by an id (row S36)."""
    article, ann, ben = place.article(), place.reader("Ann"), place.reader("Ben")
    place.say(ben, article, "Seen.")
    drain(settings, place.database)
    before = everything_public(place, article)
    held = place.post(ann, article, "CANARY waits")
    assert (held.status_code, held.json["state"]) == (201, "held")
    drain(settings, place.database)
    key = held.json["id"]
    assert everything_public(place, article) == before
    assert place.desk.client(None).get(f"/content/v1/articles/{article}/comments?parent={key}").status_code == 404
    for method, path in (("PUT", "like"), ("POST", "report")):
        options = {"json": {"reason": "spam"}} if method == "POST" else {}
        answer = ben.client.open(f"/readers/v1/comments/{key}/{path}", method=method, **options)
        assert answer.status_code == 404
    assert place.post(ben, article, "To nothing.", parent=key).status_code == 422
    own = ann.client.get("/readers/v1/comments?count=exact").json
    assert ([one["id"] for one in own["data"]], own["meta"]["count"]) == ([key], 1)
    assert ben.client.get("/readers/v1/comments").json["data"][0]["text"] == "Seen."


def test_who_wrote_it_is_a_name_and_nothing_else(place: Square) -> None:
    """Neither address, network, account nor device of an author is in a public answer (row S36)."""
    article, ann = place.article(), place.reader("Ann")
    ann.client.environ_base["REMOTE_ADDR"] = "198.51.100.77"
    place.say(ann, article, "Mine.", place.say(ann, article, "Mine too."))
    told = everything_public(place, article)
    with place.database.reading() as session:
        account = session.scalars(select(Account).where(Account.id == ann.id)).one()
    for canary in (ann.id, account.email, "198.51.100.77", "192.0.2.1", "a browser"):
        assert canary not in told


def test_articles_that_readers_do_not_see_take_no_comments_and_show_none(place: Square) -> None:
    ann, editor = place.reader("Ann"), place.desk.client(place.desk.token("editor"))
    draft = str(place.desk.article().article.id)
    away, down, trashed, off = (place.article() for _ in range(4))
    kept = {article: place.say(ann, article) for article in (away, down, trashed, off)}
    assert editor.post(f"/api/v1/articles/{away}/unpublish", headers={"If-Match": '"2"'}).status_code == 200
    with place.database.transaction() as session:
        take_down_article(session, OPERATOR, ArticleAct(down, 2, "A court said so."), now())
        delete_article(session, OPERATOR, DeleteArticle(trashed, 2), now())
    assert editor.put(f"/api/v1/articles/{off}/comment-mode", json={"mode": "off"}).json["in_force"] == "off"
    public = place.desk.client(None)
    for article, status in ((draft, 404), (away, 404), (down, 410), (trashed, 404), (new_id(), 404), ("none", 404)):
        place.clock.wait(seconds=61)
        assert place.post(ann, article, "Hello?").status_code == status, article
        if article != "none":
            assert public.get(f"/content/v1/articles/{article}/comments").status_code == status
        if article in kept:
            for method, path, body in (
                ("PATCH", "", {"text": "Other."}), ("PUT", "/like", None), ("POST", "/report", {"reason": "spam"}),
            ):  # fmt: skip
                who = ann if method == "PATCH" else place.reader()
                options = {"json": body} if body is not None else {}
                answer = who.client.open(f"/readers/v1/comments/{kept[article]}{path}", method=method, **options)
                assert answer.status_code == status, (article, path)
    assert place.post(ann, off, "Hello?").json["code"] == "comments_off"
    edited = ann.client.patch(f"/readers/v1/comments/{kept[off]}", json={"text": "Other."})
    assert (edited.status_code, edited.json["code"]) == (409, "comments_off")
    # What was said stays to be read, and what one said can always be taken back.
    assert [one["id"] for one in place.shown(off)] == [kept[off]]
    assert [ann.client.delete(f"/readers/v1/comments/{key}").status_code for key in kept.values()] == [204] * 4
    assert editor.get(f"/api/v1/comments?article={away}").json["data"] == []


def test_replies_stay_within_their_article_and_their_depth(place: Square) -> None:
    article, other, ann = place.article(), place.article(), place.reader("Ann")
    there = place.say(ann, other)
    parent, refused = place.say(ann, article, "Level 1."), []
    for level in range(2, 5):
        parent = place.say(ann, article, f"Level {level}.", parent)
    for wanted in (there, parent, new_id(), article):
        answer = place.post(ann, article, "Reply.", parent=wanted)
        refused.append((answer.status_code, answer.json["errors"][0]["pointer"], answer.json["errors"][0]["code"]))
    assert refused == [
        (422, "/parent", "unknown"), (422, "/parent", "too_deep"), (422, "/parent", "unknown"),
        (422, "/parent", "unknown"),
    ]  # fmt: skip


def test_one_changes_ones_own_for_a_while_and_takes_it_back_at_any_time(place: Square) -> None:
    article, ann, ben = place.article(), place.reader("Ann"), place.reader("Ben")
    key = place.say(ann, article, "Before.")
    reply = place.say(ben, article, "An answer.", key)
    path = f"/readers/v1/comments/{key}"
    assert ben.client.patch(path, json={"text": "Not mine."}).status_code == 404
    assert ben.client.delete(path).status_code == 404
    place.clock.wait(minutes=14)
    edited = ann.client.patch(path, json={"text": "After."})
    assert (edited.status_code, edited.json["state"], edited.json["edited_at"] is None) == (200, "approved", False)
    assert ann.client.patch(path, json={"text": "http://a.example http://b.example"}).json["state"] == "held"
    shown = place.shown(article)[0]
    assert (shown["state"], shown["text"], shown["author"], shown["replies"][0]["id"]) == ("removed", None, None, reply)
    place.clock.wait(minutes=1)
    late = ann.client.patch(path, json={"text": "Too late."})
    assert (late.status_code, late.json["code"]) == (403, "edit_window_over")
    assert ann.client.delete(path).status_code == 204
    assert [one["state"] for one in place.shown(article)] == ["deleted"]
    assert place.row(key).text == ""
    assert ann.client.delete(path).status_code == ann.client.patch(path, json={"text": "x"}).status_code == 404
    # A stub is there for what is below it, and goes with it.
    assert ben.client.delete(f"/readers/v1/comments/{reply}").status_code == 204
    assert place.shown(article) == []


def test_the_same_said_twice_in_a_row_is_said_once(place: Square) -> None:
    article, ann = place.article(), place.reader("Ann")
    first = place.post(ann, article, "So it is.")
    again = place.post(ann, article, " So it is.\r\n")
    assert (again.status_code, again.json["code"], again.json["comment_id"]) == (
        409, "duplicate_comment", first.json["id"],
    )  # fmt: skip
    assert place.post(place.reader(), article, "So it is.").status_code == 201
    place.clock.wait(minutes=6)
    assert place.post(ann, article, "So it is.").status_code == 201
    headers = {"Idempotency-Key": "one-1"}
    path = f"/readers/v1/articles/{article}/comments"
    answers = [ann.client.post(path, json={"text": "Once."}, headers=headers) for _ in range(2)]
    assert answers[0].json == answers[1].json
    assert answers[1].headers["Idempotency-Replayed"] == "true"


EXTRA = (
    "skipEmailVerification", "verified", "role", "is_admin", "id", "created_at", "password_hash", "status", "state",
    "author", "author_id", "account_id", "article", "article_id", "held_for", "likes", "reports", "is_shown", "note",
    "depth", "thread_id", "revision", "html", "number", "edited_at", "deleted_at", "decided_by", "__proto__",
    "constructor", "Text", "text ", "parent_id", "parents", "mode", "approved", "spam", "moderated", "email", "ip",
    "body", "",
)  # fmt: skip


def test_what_a_client_may_not_say_is_refused_and_nothing_is_kept(place: Square) -> None:
    """Extra members, wrong types, texts that steer or say nothing: 422 at their place, and no row (row S23)."""
    article, wrong = place.article(), []
    cases: list[tuple[dict[str, Any], str]] = [({"text": "Hi.", name: True}, f"/{name}") for name in EXTRA]
    cases += [({"text": text}, "/text") for text in (None, 7, True, [], {}, ["Hi."], "x" * 3001, *NOTHING)]
    cases += [({"text": f"a{one}b"}, "/text") for one in STEERING if one not in "\x00"]
    cases += [({"text": "Hi.", "parent": one}, "/parent") for one in ("", "1", 1, True, [], {"id": 1}, "x" * 200)]
    assert len(cases) > 120
    reader = place.reader()
    for body, pointer in cases:
        answer = reader.client.post(f"/readers/v1/articles/{article}/comments", json=body)
        if answer.status_code != 422 or pointer not in [one["pointer"] for one in answer.json["errors"]]:
            wrong.append((body, answer.status_code, answer.json))
    assert wrong == []
    with place.database.reading() as session:
        assert session.scalars(select(Comment)).all() == []


def test_hostile_texts_come_back_as_they_were_written(place: Square) -> None:
    article, reader, wrong = place.article(), place.reader(), []
    for text in HOSTILE:
        place.clock.wait(seconds=11)
        answer = place.post(reader, article, text)
        kept = answer.json.get("text")
        if (answer.status_code, kept) != (201, text) and not (answer.status_code == 422 and "\ufeff" in text):
            wrong.append((text, answer.status_code, answer.json))
    assert wrong == []


def test_readers_are_limited_by_the_minute_and_by_the_day(settings: Settings, database: Database) -> None:
    place = square(create_app(settings), database)
    article, ann = place.article(), place.reader("Ann")
    statuses = [place.post(ann, article, f"Comment {number}.").status_code for number in range(7)]
    assert statuses == [201] * 6 + [429]
    place.desk.app.extensions["copydesk"].database.dispose()
    wide = square(create_app(replace(settings, limit_comments="1000/60")), database, is_furnished=True)
    ben = wide.reader("Ben")
    other = wide.article(title="Another line opens", slug="another-line")
    statuses = [wide.post(ben, other, f"Comment {number}.").status_code for number in range(61)]
    assert statuses == [201] * 60 + [429]
    refused = wide.post(ben, other, "One more.")
    assert 0 < int(refused.headers["Retry-After"]) <= 24 * 60
    for one in (place, wide):
        one.desk.app.extensions["copydesk"].database.dispose()
        one.desk.app.extensions["copydesk"].index.close()


def test_a_reader_who_is_gone_leaves_stubs_and_takes_everything_else(place: Square, settings: Settings) -> None:
    article, ann, ben = place.article(), place.reader("Ann CANARY"), place.reader("Ben")
    mine = place.say(ann, article, "CANARY of mine.")
    theirs = place.say(ben, article, "Not so.", mine)
    alone = place.say(ann, article, "CANARY alone.")
    ann.client.put(f"/readers/v1/comments/{theirs}/like")
    ann.client.post(f"/readers/v1/comments/{theirs}/report", json={"reason": "other", "note": "CANARY note"})
    moderator = place.desk.client(place.desk.token("moderator"))
    noted = moderator.post(
        f"/api/v1/comments/{alone}/approve", json={"note": "CANARY said"}, headers={"If-Match": '"1"'}
    )
    assert noted.status_code == 200
    moderator.put(f"/api/v1/readers/{ann.id}/ban", json={"note": "CANARY ban"})
    kept = ann.client.post("/readers/v1/me/export").json
    assert [one["text"] for one in kept["comments"]] == ["CANARY of mine.", "CANARY alone."]
    assert [(one["comment"], one.get("reason")) for one in (*kept["likes"], *kept["reports"])] == [
        (theirs, None), (theirs, "other"),
    ]  # fmt: skip
    assert "CANARY said" not in json.dumps(kept)
    drain(settings, place.database)
    assert place.desk.client(None).get(f"/content/v1/articles/{article}").json["comments"]["count"] == 3
    assert ann.client.post("/readers/v1/me/delete", json={"password": PHRASE}).status_code == 204
    [stub] = place.shown(article)
    assert (stub["id"], stub["state"], stub["text"], stub["author"]) == (mine, "deleted", None, None)
    assert stub["replies"][0]["likes"] == 0
    drain(settings, place.database)
    assert place.desk.client(None).get(f"/content/v1/articles/{article}").json["comments"]["count"] == 1
    with place.database.reading() as session:
        told = [
            str({column.name: getattr(row, column.name) for column in table.__table__.columns})
            for table in (Comment, CommentLike, CommentReport, ReaderBan, Letter, AuditEntry, Account)
            for row in session.scalars(select(table))
        ]
        assert not [one for one in told if "CANARY" in one]
        assert session.scalars(select(Comment.account_id).where(Comment.id.in_([mine, alone]))).all() == [None, None]


def test_counts_on_the_document_follow_and_its_revision_does_not(
    place: Square, settings: Settings, client: FlaskClient
) -> None:
    article, ann = place.article(), place.reader("Ann")
    drain(settings, place.database)
    before = client.get(f"/content/v1/articles/{article}")
    assert before.json["comments"] == {"is_enabled": True, "count": 0}
    key = place.say(ann, article)
    drain(settings, place.database)
    after = client.get(f"/content/v1/articles/{article}")
    assert after.json["comments"] == {"is_enabled": True, "count": 1}
    assert after.headers["ETag"] != before.headers["ETag"]
    assert after.json["revision"] == before.json["revision"]
    chief = place.desk.client(place.desk.token("editor-in-chief"))
    for path, mode, is_enabled in (
        ("comment-mode", "off", False), ("sections/city/comment-mode", "pre", True),
        ("sections/trams/comment-mode", "off", False), (f"articles/{article}/comment-mode", "post", True),
        (f"articles/{article}/comment-mode", None, False), ("sections/trams/comment-mode", None, True),
    ):  # fmt: skip
        assert chief.put(f"/api/v1/{path}", json={"mode": mode}).json["mode"] == mode
        drain(settings, place.database)
        shown = client.get(f"/content/v1/articles/{article}").json["comments"]
        assert shown == {"is_enabled": is_enabled, "count": 1}, (path, mode)
    # A fresh article in a quiet place says so once its publish was worked off.
    assert chief.put("/api/v1/sections/sport/comment-mode", json={"mode": "off"}).status_code == 200
    quiet = place.article(section="sport")
    drain(settings, place.database)
    assert client.get(f"/content/v1/articles/{quiet}").json["comments"]["is_enabled"] is False
    assert place.post(ann, article, "And now?").json["state"] == "held"
    ann.client.delete(f"/readers/v1/comments/{key}")
    drain(settings, place.database)
    assert client.get(f"/content/v1/articles/{article}").json["comments"]["count"] == 0
