"""A reader's own follows over HTTP, and the end of letters by their link."""

import uuid
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Any

from flask import Flask
from sqlalchemy import func, select, update

from cms.audit.models import AuditEntry
from cms.events.models import Letter
from cms.platform.ids import new_id
from cms.platform.keys import Keys, load_keys
from cms.readers.follows.models import Follow, FollowedQuery
from cms.readers.follows.rules import MOST_FOLLOWS, MOST_QUERIES
from cms.readers.follows.tokens import ALL_DAILY, CHARACTERS, Ending, read_token, unsubscribe_token
from tests.conftest import SECRET
from tests.readers.following import Newsroom, statements

PATH = "/readers/v1/follows"


def test_a_reader_follows_lists_changes_and_ends_it(room: Newsroom) -> None:
    reader, other = room.reader("zh-CN"), room.reader()
    made = reader.client.post(PATH, json={"kind": "section", "slug": "trams"})
    assert made.status_code == 201
    assert {name: value for name, value in made.json.items() if name not in ("id", "created_at")} == {
        "kind": "section", "slug": "trams", "name": "Trams", "query": None, "locale": None, "frequency": "daily",
    }  # fmt: skip
    path = f"{PATH}/{made.json['id']}"
    again = reader.client.post(PATH, json={"kind": "section", "slug": "trams", "frequency": "instant"})
    assert (again.status_code, again.json) == (200, {**made.json, "frequency": "instant"})
    reader.follow("section", "trams", locale="ru")
    query = reader.follow("query", ' "rail strike"  -sport ', "off")
    listed = reader.client.get(PATH)
    assert [(one["kind"], one["locale"], one["frequency"]) for one in listed.json["data"]] == [
        ("query", None, "off"), ("section", "ru", "instant"), ("section", None, "instant"),
    ]  # fmt: skip
    assert listed.json["data"][0]["query"] == '"rail strike"  -sport'
    assert "no-store" in listed.headers["Cache-Control"]
    assert other.client.get(PATH).json == {"data": []}
    for foreign in (path, f"{PATH}/{new_id()}", f"{PATH}/none"):
        assert other.client.patch(foreign, json={"frequency": "off"}).status_code == 404
        assert other.client.delete(foreign).status_code == 404
    assert reader.client.patch(path, json={"frequency": "off"}).json["frequency"] == "off"
    assert reader.client.delete(f"{PATH}/{query}").status_code == 204
    assert reader.client.delete(f"{PATH}/{query}").status_code == 404
    with room.database.reading() as session:
        assert session.scalar(select(func.count()).select_from(FollowedQuery)) == 0
        trail = list(session.scalars(select(AuditEntry).where(AuditEntry.subject_kind == "follow")))
        events = list(session.scalars(select(Letter).where(Letter.type.startswith("follow."))))
    acts = ["follow.added", "follow.changed", "follow.added", "follow.added", "follow.changed", "follow.removed"]
    assert [entry.action for entry in trail] == [event.type for event in events] == acts
    # Who follows what stands in the reader's own rows alone.
    assert "trams" not in str([entry.changes for entry in trail]) + str([event.data for event in events])


def test_what_cannot_be_followed_is_refused_at_its_field(room: Newsroom) -> None:
    reader, wrong = room.reader(), []
    cases: list[tuple[dict[str, Any], str]] = [
        ({}, "/kind"), ({"kind": "editor", "slug": "x"}, "/kind"), ({"kind": "section"}, "/slug"),
        ({"kind": "section", "slug": "nowhere"}, "/slug"), ({"kind": "tag", "slug": "trams"}, "/slug"),
        ({"kind": "author", "slug": "x" * 121}, "/slug"), ({"kind": "author", "slug": " "}, "/slug"),
        ({"kind": "section", "slug": "trams", "query": "x"}, "/query"), ({"kind": "query", "query": " "}, "/query"),
        ({"kind": "query", "slug": "trams", "query": "rail"}, "/slug"), ({"kind": "query", "query": "-rail"}, "/query"),
        ({"kind": "query", "query": "the of"}, "/query"), ({"kind": "query", "query": "x" * 257}, "/query"),
        ({"kind": "query", "query": "rail\nstrike"}, "/query"), ({"kind": "query", "query": "rail\u2028"}, "/query"),
        ({"kind": "query", "query": "rail\x00"}, "/query"), ({"kind": "query", "query": 5}, "/query"),
        ({"kind": "tag", "slug": "rails", "frequency": "weekly"}, "/frequency"),
        ({"kind": "tag", "slug": "rails", "locale": "no such"}, "/locale"),
        ({"kind": "tag", "slug": "rails", "account_id": new_id()}, "/account_id"),
    ]  # fmt: skip
    for body, pointer in cases:
        answer = reader.client.post(PATH, json=body)
        if answer.status_code != 422 or pointer not in [error["pointer"] for error in answer.json["errors"]]:
            wrong.append((body, answer.status_code, answer.json))
    for body in ({"hour": 24}, {"hour": "7"}, {"hour": True}, {"time_zone": "Mars/Olympus"}, {"time_zone": "localtime"},
                 {"time_zone": "../etc/passwd"}, {"next_at": None}):  # fmt: skip
        if reader.client.patch("/readers/v1/me/digest", json=body).status_code != 422:
            wrong.append((body, 0, None))
    assert wrong == [] and reader.client.get(PATH).json == {"data": []}


def test_a_reader_follows_so_many_and_no_more(room: Newsroom, app: Flask) -> None:
    reader = room.reader()
    for number in range(MOST_QUERIES):
        reader.follow("query", f"word{number}", "off")
    answer = reader.client.post(PATH, json={"kind": "query", "query": "one more"})
    assert (answer.status_code, answer.json["code"]) == (409, "too_many_follows")
    with room.database.transaction() as session:
        [one, *_] = session.scalars(select(Follow))
        values = {name: getattr(one, name) for name in ("account_id", "query", "locale", "frequency", "created_at")}
        session.add_all(
            Follow(**values, id=new_id(), kind="tag", target=new_id()) for _ in range(MOST_FOLLOWS - MOST_QUERIES)
        )
    answer = reader.client.post(PATH, json={"kind": "section", "slug": "trams"})
    assert (answer.status_code, answer.json["code"]) == (409, "too_many_follows")
    # What is followed already can still be set.
    assert reader.client.post(PATH, json={"kind": "query", "query": "WORD0"}).status_code == 200
    counts = []
    for count in (MOST_FOLLOWS, 2):
        with room.database.transaction() as session:
            numbers = select(Follow.number).order_by(Follow.number).limit(count)
            session.execute(update(Follow).where(Follow.number.not_in(numbers)).values(account_id=room.reader().id))
        with statements(app.extensions["copydesk"].database) as sent:
            assert len(reader.client.get(PATH).json["data"]) == count
        counts.append(len(sent))
    assert counts[0] <= counts[1] + 3 <= 12, counts


def test_the_digest_goes_when_the_reader_says_and_else_when_the_site_does(room: Newsroom) -> None:
    reader, path = room.reader(), "/readers/v1/me/digest"
    assert reader.client.get(path).json == {"hour": 7, "time_zone": "UTC", "next_at": None}
    reader.follow("section", "city", "daily")
    room.desk.article(published=True)
    room.drain()
    before = room.due_at(reader)
    chosen = reader.client.patch(path, json={"hour": 21, "time_zone": "Asia/Almaty"}).json
    after = room.due_at(reader)
    assert (chosen["hour"], chosen["time_zone"]) == (21, "Asia/Almaty")
    assert before is not None and after is not None and (before.hour, after.hour) == (7, 16)
    assert reader.client.patch(path, json={"hour": None}).json["hour"] == 7
    assert reader.client.get(path).json["time_zone"] == "Asia/Almaty"


def test_a_link_ends_letters_without_a_sign_in_twice_alike_and_opening_it_does_nothing(
    room: Newsroom, app: Flask
) -> None:
    reader, anybody = room.reader("ru"), app.test_client()
    keys = app.extensions["copydesk"].keys
    one, daily = reader.follow("section", "trams"), reader.follow("tag", "rails", "daily")
    other_daily = reader.follow("query", "<b>harbour</b>", "daily")

    def frequencies() -> dict[str, str]:
        return {row["id"]: row["frequency"] for row in reader.client.get(PATH).json["data"]}

    path = f"/readers/v1/unsubscribe/{unsubscribe_token(keys, Ending(reader.id, one))}"
    shown = [anybody.get(path) for _ in range(2)]
    assert [answer.status_code for answer in shown] == [200, 200] and shown[0].data == shown[1].data
    assert anybody.head(path).status_code == 200
    text = shown[0].get_data(as_text=True)
    assert '<form method="post">' in text and "«Trams»" in text and 'lang="ru"' in text
    assert "no-store" in shown[0].headers["Cache-Control"] and "'none'" in shown[0].headers["Content-Security-Policy"]
    assert frequencies()[one] == "instant"
    # As a mail program does, and as the button does.
    form = {"data": "List-Unsubscribe=One-Click", "content_type": "application/x-www-form-urlencoded"}
    bodies: list[dict[str, Any]] = [form, form, {}, {"data": {"a": "b"}, "content_type": "multipart/form-data"}]
    done = [anybody.post(path, **body) for body in bodies]
    assert {(answer.status_code, answer.data) for answer in done} == {(200, done[0].data)}
    assert anybody.post(path, json={"frequency": "instant"}).status_code == 422
    assert anybody.post(path, data="x", content_type="text/plain").status_code == 415
    assert "<form" not in done[0].get_data(as_text=True)
    assert frequencies() == {one: "off", daily: "daily", other_daily: "daily"}
    path = f"/readers/v1/unsubscribe/{unsubscribe_token(keys, Ending(reader.id, ALL_DAILY))}"
    assert "&lt;b&gt;harbour&lt;/b&gt;" in anybody.get(path).get_data(as_text=True)
    assert anybody.post(path, **form).status_code == 200
    assert set(frequencies().values()) == {"off"}
    reader.client.delete(f"{PATH}/{one}")
    with room.database.reading() as session:
        trail = session.scalars(select(AuditEntry).where(AuditEntry.action == "follow.changed")).all()
    assert [(entry.actor_kind, entry.actor_id, entry.credential) for entry in trail] == [
        ("reader", reader.id, "unsubscribe-token")
    ] * 3
    # What is not there any more sends no letters either.
    assert anybody.post(path, **form).status_code == anybody.get(path).status_code == 200


def test_no_link_is_made_by_anybody_else(room: Newsroom, app: Flask) -> None:
    reader, other, anybody = room.reader(), room.reader(), app.test_client()
    follow = reader.follow("section", "trams")
    keys = app.extensions["copydesk"].keys
    right = unsubscribe_token(keys, Ending(reader.id, follow))
    data = urlsafe_b64decode(right + "==")

    def coded(changed: bytes) -> str:
        return urlsafe_b64encode(changed).decode().rstrip("=")

    swapped = uuid.UUID(other.id).bytes + data[16:]
    last = chr(ord(right[-1]) + 1)
    forged = [
        "", "x", "None", right[:-1], right + "A", right + "==", right[:-1] + last, right.upper(), right.lower(),
        coded(swapped), coded(data[:16] + uuid.UUID(ALL_DAILY).bytes + data[32:]), coded(data[:63]), coded(data[:32]),
        coded(data + b"\x00"), coded(bytes(64)), coded(b"\xff" * 64), "A" * CHARACTERS, "-" * CHARACTERS, "é" * 43,
        right[:40] + "%" + right[41:], right[:40] + "." + right[41:], right.replace("-", "+").replace("_", "/") + "!",
        unsubscribe_token(Keys(b"another secret that is long enough to be one"), Ending(reader.id, follow)),
        *(coded(data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]) for at in range(0, 64, 3)),
    ]  # fmt: skip
    assert len(set(forged)) >= 40
    read = [text for text in forged if read_token(keys, text) is not None]
    answered = [
        text for text in forged[1:] if anybody.post(f"/readers/v1/unsubscribe/{text}").status_code not in (404, 405)
    ]
    assert read == answered == [] and read_token(keys, right) == Ending(reader.id, follow)


def test_a_link_outlives_one_rotation_of_the_key_and_not_the_second() -> None:
    old, new, newest = (
        SECRET.encode(),
        b"the secret after a rotation 0123456789",
        b"the secret after another 0123456789",
    )
    ending = Ending(new_id(), new_id())
    token = unsubscribe_token(Keys(old), ending)
    assert read_token(Keys(new, old), token) == ending
    assert read_token(Keys(newest, new), token) is None
    assert unsubscribe_token(Keys(new, old), ending) != token


def test_letters_are_agreed_to_with_the_first_follow_that_sends_them_and_withdrawn_with_the_last(
    room: Newsroom,
) -> None:
    """Consent is on record wherever it is given or withdrawn: by a follow, by the link of a letter, on the account."""
    reader = room.reader()

    def kept() -> list[tuple[str, str, bool]]:
        rows = reader.client.get("/readers/v1/me/consents").json["data"]
        return [(one["document"], one["given_by"], one["withdrawn_at"] is None) for one in rows]

    given, ended = (("follow-letters", "follow", is_open) for is_open in (True, False))
    quiet = reader.follow("section", "sport", "off")
    assert kept() == []
    first, second = reader.follow("section", "city", "daily"), reader.follow("tag", "rails")
    assert kept() == [given]
    assert reader.client.delete(f"/readers/v1/follows/{first}").status_code == 204
    assert kept() == [given]
    assert reader.client.patch(f"/readers/v1/follows/{second}", json={"frequency": "off"}).status_code == 200
    assert kept() == [ended]
    assert reader.client.patch(f"/readers/v1/follows/{quiet}", json={"frequency": "daily"}).status_code == 200
    assert kept() == [given, ended]
    token = unsubscribe_token(load_keys(room.settings), Ending(reader.id, ALL_DAILY))
    assert room.desk.app.test_client().post(f"/readers/v1/unsubscribe/{token}").status_code == 200
    assert kept() == [ended, ended]
    # Withdrawing it on the account ends the letters themselves.
    for follow in (second, quiet):
        reader.client.patch(f"/readers/v1/follows/{follow}", json={"frequency": "instant"})
    assert reader.client.delete("/readers/v1/me/consents/follow-letters").status_code == 204
    assert reader.client.delete("/readers/v1/me/consents/follow-letters").status_code == 404
    assert {one["frequency"] for one in reader.client.get("/readers/v1/follows").json["data"]} == {"off"}
    assert kept() == [ended] * 3
