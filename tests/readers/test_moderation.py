"""What moderators decide about comments, and what readers do at the same moment: each counts once."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from cms.audit.models import AuditEntry
from cms.events.models import Letter
from cms.platform.actor import Actor
from cms.platform.clock import rfc3339
from cms.platform.db import Database
from cms.platform.errors import Problem
from cms.platform.ids import new_id
from cms.readers.comments.models import Comment
from cms.readers.comments.reacting import like_comment, report_comment
from cms.readers.comments.rules import Report, Terms
from tests.readers.commenting import Square, say, square


@pytest.fixture
def place(app: Flask, database: Database) -> Square:
    """A furnished newsroom with readers around it."""
    return square(app, database)


def decide(client: Any, verb: str, comment_id: str, revision: int, **body: Any) -> Any:
    """One decision over HTTP."""
    headers = {"If-Match": f'"{revision}"'}
    return client.post(f"/api/v1/comments/{comment_id}/{verb}", json=body or None, headers=headers)


def events_of(database: Database, subject: str) -> list[str]:
    with database.reading() as session:
        return list(session.scalars(select(Letter.type).where(Letter.subject == subject).order_by(Letter.number)))


def test_the_first_comment_waits_and_is_let_in(place: Square) -> None:
    article, ann = place.article(), place.reader("Ann")
    held = [place.post(ann, article, f"Comment {number}.").json for number in range(2)]
    assert [one["state"] for one in held] == ["held", "held"]
    moderator = place.desk.client(place.desk.token("moderator", section_path="city/"))
    queue = moderator.get("/api/v1/comments?state=held").json["data"]
    assert [(one["id"], one["held_for"]) for one in queue] == [(one["id"], "first") for one in held]
    assert decide(moderator, "approve", held[0]["id"], 1).json["state"] == "approved"
    assert [one["id"] for one in place.shown(article)] == [held[0]["id"]]
    assert place.post(ann, article, "And at once.").json["state"] == "approved"
    links = place.post(ann, article, "http://a.example http://b.example").json
    assert (links["state"], place.row(links["id"]).held_for) == ("held", "links")


def test_decisions_are_made_on_what_was_read_and_leave_their_traces(place: Square) -> None:
    article, ann = place.article(), place.reader("Ann")
    key = place.say(ann, article, "Before.")
    moderator = place.desk.client(place.desk.token("moderator"))
    read = moderator.get(f"/api/v1/comments/{key}")
    assert read.headers["ETag"] == '"1"'
    assert ann.client.patch(f"/readers/v1/comments/{key}", json={"text": "After."}).status_code == 200
    stale = decide(moderator, "approve", key, 1)
    assert (stale.status_code, stale.json["code"], stale.headers["ETag"]) == (412, "stale", '"2"')
    rejected = decide(moderator, "reject", key, 2, note="NOTE-CANARY rude")
    assert (rejected.json["state"], rejected.json["note"], rejected.json["revision"]) == (
        "rejected", "NOTE-CANARY rude", 3,
    )  # fmt: skip
    assert place.shown(article) == []
    own = ann.client.get("/readers/v1/comments").get_data(as_text=True)
    assert '"state":"rejected"' in own
    for public in (own, ann.client.post("/readers/v1/me/export").get_data(as_text=True)):
        assert "NOTE-CANARY" not in public
    answer = ann.client.patch(f"/readers/v1/comments/{key}", json={"text": "Please?"})
    assert (answer.status_code, answer.json["code"]) == (409, "comment_decided")
    assert decide(moderator, "spam", key, 3).json["note"] == "NOTE-CANARY rude"
    assert '"state":"rejected"' in ann.client.get("/readers/v1/comments").get_data(as_text=True)
    assert decide(moderator, "approve", key, 4, note="").json["note"] == ""
    assert ann.client.delete(f"/readers/v1/comments/{key}").status_code == 204
    gone = decide(moderator, "approve", key, 6)
    assert (gone.status_code, gone.json["code"]) == (409, "comment_deleted")
    assert events_of(place.database, key) == [
        "comment.posted", "comment.edited", "comment.rejected", "comment.marked_as_spam", "comment.approved",
        "comment.deleted",
    ]  # fmt: skip
    with place.database.reading() as session:
        notes = session.scalars(
            select(AuditEntry).where(AuditEntry.subject_id == key).order_by(AuditEntry.number)
        ).all()
    assert [one.action for one in notes] == events_of(place.database, key)
    assert [(one.actor_kind, one.changes) for one in notes[2:4]] == [
        ("service", ["state", "note"]),
        ("service", ["state"]),
    ]


def test_many_are_decided_at_once_each_for_itself(place: Square) -> None:
    article, foreign, ann = place.article(), place.article(section="sport"), place.reader("Ann")
    mine = [place.say(ann, article, f"Comment {number}.") for number in range(3)]
    there, taken_back = place.say(ann, foreign), place.say(ann, article, "Never mind.")
    ann.client.delete(f"/readers/v1/comments/{taken_back}")
    moderator = place.desk.client(place.desk.token("moderator", section_path="city/"))
    wanted = [(mine[0], 1), (mine[1], 7), (there, 1), (new_id(), 1), (taken_back, 2), (mine[2], 1)]
    body: dict[str, Any] = {
        "action": "spam", "note": "A wave.", "comments": [{"id": key, "revision": number} for key, number in wanted],
    }  # fmt: skip
    answer = moderator.post("/api/v1/comments/decisions", json=body)
    assert [(one["id"], one["status"], one.get("code")) for one in answer.json["data"]] == [
        (mine[0], 200, None), (mine[1], 412, "stale"), (there, 404, "not_found"), (wanted[3][0], 404, "not_found"),
        (taken_back, 409, "comment_deleted"), (mine[2], 200, None),
    ]  # fmt: skip
    assert [place.row(key).state for key in (*mine, there)] == ["spam", "approved", "spam", "approved"]
    for wrong in ({"action": "delete"}, {"comments": []}, {"comments": body["comments"][:1] * 2}, {"comments": [{}]}):
        assert moderator.post("/api/v1/comments/decisions", json=body | wrong).status_code == 422
    full = [{"id": new_id(), "revision": 1} for _ in range(101)]
    assert moderator.post("/api/v1/comments/decisions", json=body | {"comments": full}).status_code == 422


def test_lists_hold_what_is_in_ones_place_and_asked_for(place: Square) -> None:
    trams, sport, kazakh = place.article(), place.article(section="sport"), place.article(locale="kk", section="city")
    ann, ben = place.reader("Ann"), place.reader("Ben")
    keys = {name: place.say(ann, article) for name, article in (("trams", trams), ("sport", sport), ("kk", kazakh))}
    ben.client.post(f"/readers/v1/comments/{keys['sport']}/report", json={"reason": "abuse", "note": "Rude."})

    def seen(query: str = "", **limits: str) -> set[str]:
        client = place.desk.client(place.desk.token("moderator", **limits))
        found = {one["id"] for one in client.get(f"/api/v1/comments{query}").json["data"]}
        return {name for name, key in keys.items() if key in found}

    assert seen() == {"trams", "sport", "kk"}
    assert seen(section_path="city/") == {"trams", "kk"}
    assert seen(locale="kk") == {"kk"}
    assert seen(section_path="city/", locale="en") == {"trams"}
    assert seen("?section=city") == {"trams", "kk"}
    assert seen("?locale=KK") == {"kk"}
    assert seen(f"?article={sport}") == {"sport"}
    assert seen(f"?reader={ann.id}") == {"trams", "sport", "kk"}
    assert seen(f"?reader={ben.id}") == seen("?state=held") == set()
    assert seen("?reported=true") == {"sport"}
    moderator = place.desk.client(place.desk.token("moderator"))
    shown = moderator.get(f"/api/v1/comments/{keys['sport']}").json
    assert [(one["reason"], one["note"]) for one in shown["reported"]] == [("abuse", "Rude.")]
    assert ben.id not in str(shown)
    assert [one["id"] for one in moderator.get("/api/v1/comments?limit=1").json["data"]] == [keys["kk"]]


def test_enough_reports_take_a_comment_away_until_somebody_decides(place: Square) -> None:
    article, ann = place.article(), place.reader("Ann")
    key, readers = place.say(ann, article), [place.reader() for _ in range(4)]
    path = f"/readers/v1/comments/{key}/report"
    assert ann.client.post(path, json={"reason": "spam"}).json["code"] == "own_comment"
    for reader in (readers[0], readers[0], readers[1]):
        assert reader.client.post(path, json={"reason": "spam"}).status_code == 204
    assert [one["id"] for one in place.shown(article)] == [key]
    assert readers[2].client.post(path, json={"reason": "abuse"}).status_code == 204
    assert place.shown(article) == []
    assert readers[3].client.post(path, json={"reason": "spam"}).status_code == 404
    row = place.row(key)
    assert (row.state, row.held_for, row.reports, row.revision) == ("held", "reports", 3, 2)
    moderator = place.desk.client(place.desk.token("moderator"))
    assert decide(moderator, "approve", key, 2).json["reports"] == 0
    # What was answered does not count again, nor does a reader who reported before.
    for reader in readers:
        assert reader.client.post(path, json={"reason": "spam"}).status_code == 204
    assert place.row(key).reports == 1


def test_who_is_banned_takes_no_part_and_can_still_go(place: Square) -> None:
    article, ann, ben = place.article(), place.reader("Ann"), place.reader("Ben")
    mine, theirs = place.say(ann, article, "Mine."), place.say(ben, article, "Theirs.")
    chief = place.desk.client(place.desk.token("moderator"))
    limited = place.desk.client(place.desk.token("moderator", section_path="city/"))
    ban = f"/api/v1/readers/{ann.id}/ban"
    assert limited.put(ban, json={}).status_code == limited.get("/api/v1/bans").status_code == 403
    assert chief.put(f"/api/v1/readers/{new_id()}/ban", json={}).status_code == 404
    until = rfc3339(place.clock() + timedelta(hours=1))
    assert chief.put(ban, json={"until": until, "note": "BAN-CANARY"}).status_code == 200
    refused = place.post(ann, article, "Hello?")
    assert (refused.status_code, refused.json["code"], refused.json["until"]) == (403, "banned", until)
    assert "BAN-CANARY" not in refused.get_data(as_text=True)
    for method, path, body in (
        ("PATCH", mine, {"text": "Other."}), ("PUT", f"{theirs}/like", None),
        ("POST", f"{theirs}/report", {"reason": "spam"}),
    ):  # fmt: skip
        options = {"json": body} if body is not None else {}
        answer = ann.client.open(f"/readers/v1/comments/{path}", method=method, **options)
        assert (answer.status_code, answer.json["code"]) == (403, "banned"), path
    assert ann.client.delete(f"/readers/v1/comments/{mine}").status_code == 204
    [told] = chief.get("/api/v1/bans").json["data"]
    assert (told["reader"], told["is_in_force"], told["note"]) == ({"id": ann.id, "name": "Ann"}, True, "BAN-CANARY")
    place.clock.wait(hours=1)
    assert place.post(ann, article, "Back.").status_code == 201
    assert chief.get("/api/v1/bans").json["data"][0]["is_in_force"] is False
    assert chief.put(ban).json["until"] is None
    place.clock.wait(days=9)
    assert place.post(ann, article, "Hello?").json["until"] is None
    assert chief.delete(ban).status_code == 204
    assert place.post(ann, article, "Hello?").status_code == 201
    assert events_of(place.database, ann.id) == ["reader.banned", "reader.banned", "reader.unbanned"]


@pytest.mark.both_databases
def test_at_the_same_moment_each_reader_counts_once(place: Square, database: Database) -> None:
    """Sixteen at once: of one reader one counts, of sixteen all, and threads stay right."""
    article, ann = place.article(), place.reader("Ann")
    key, many = place.say(ann, article), [place.reader() for _ in range(16)]
    terms = Terms(reports_held=16)

    def act(verb: str, account_id: str) -> str:
        actor = Actor(kind="reader", id=account_id)
        try:
            if verb == "say":
                say(database, account_id, article, f"I am {account_id}.", key, at=place.clock())
            else:
                with database.transaction() as session:
                    if verb == "like":
                        like_comment(session, actor, key, place.clock())
                    else:
                        report_comment(session, actor, key, Report("spam"), terms=terms, now=place.clock())
        except Problem as problem:
            return problem.code
        return "done"

    def together(verb: str, accounts: list[str]) -> Counter[str]:
        with ThreadPoolExecutor(16) as pool:
            return Counter(pool.map(lambda one: act(verb, one), accounts))

    one = [many[0].id] * 16
    assert together("like", one) == {"done": 16}
    assert place.row(key).likes == 1
    assert together("like", [reader.id for reader in many]) == {"done": 16}
    assert together("say", [reader.id for reader in many]) == {"done": 16}
    row = place.row(key)
    print(f"16 likes by one and by sixteen: {row.likes}; 16 replies: {row.reply_count}")
    assert (row.likes, row.reply_count) == (16, 16)
    assert together("report", one) == {"done": 16}
    assert place.row(key).reports == 1
    told = together("report", [reader.id for reader in many])
    row = place.row(key)
    print(f"16 reports by one and by sixteen: {row.reports}; {dict(told)}")
    assert (row.reports, row.state, told["done"]) == (16, "held", 16)
    with database.reading() as session:
        likes = session.scalars(select(Letter.type).where(Letter.type == "comment.liked")).all()
        assert (len(likes), session.scalars(select(Comment.revision).where(Comment.id == key)).one()) == (16, 2)
