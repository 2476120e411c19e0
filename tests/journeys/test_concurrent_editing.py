"""The story of two editors at one article, and of sixteen tools at another, told over HTTP: no change is lost."""

from collections import Counter
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from cms.identity.staff.schemas import Given
from cms.platform.clock import now
from cms.platform.db import Database
from tests.access.desk import PHRASE, Desk
from tests.newsroom.making import draft, patch
from tests.newsroom.test_racing import race

CLIENTS, TURNS = 16, 4


@pytest.mark.both_databases
def test_two_editors_meet_at_one_article_and_both_texts_are_in_it(
    app: Flask, database: Database, administrator: FlaskClient
) -> None:
    desk = Desk(app, database).furnish()
    clock = desk.clock(now())

    def arrive() -> FlaskClient:
        email = desk.colleague(Given("editor")).email
        token = desk.client(None).post("/api/v1/sessions", json={"email": email, "password": PHRASE}).json["token"]
        return desk.client(token)

    ines, bo = arrive(), arrive()
    made = draft(ines, tags=["rails"], section="trams")
    path = f"/api/v1/articles/{made['id']}"

    # Ines says that she is at work; Bo is told who and until when, and reads it on the article too.
    lease = ines.put(f"{path}/lease").json
    told = bo.put(f"{path}/lease")
    assert (told.status_code, told.json["holder"], told.json["expires_at"]) == (
        423, lease["holder"], lease["expires_at"],
    )  # fmt: skip
    assert bo.get(path).json["lease"]["holder"]["name"] == "Ann"

    # Bo saves a dek and a tag all the same; a lease is advice. Ines is told of it, and sends the merge as it is.
    assert patch(bo, made["id"], 1, dek="By ferry it takes an hour.", tags=["rails", "ferries"]).status_code == 200
    stale = patch(ines, made["id"], 1, title="Harbour bridge is open", tags=["bridges", "rails"], revision_note="Late")
    assert (stale.status_code, stale.json["conflicts"], stale.json["is_base_known"]) == (412, [], True)
    merged = ines.patch(path, json=stale.json["merge"], headers={"If-Match": stale.json["etag"]}).json
    assert (merged["title"], merged["dek"], merged["tags"]) == (
        "Harbour bridge is open", "By ferry it takes an hour.", ["rails", "ferries", "bridges"],
    )  # fmt: skip

    # Where both wrote the same field, both texts and the one before are shown, and nothing was written.
    patch(bo, made["id"], 3, body="Bo's text.")
    clash = patch(ines, made["id"], 3, body="Ines's text.").json
    assert clash["conflicts"] == [
        {"pointer": "/body", "base": made["body"], "yours": "Ines's text.", "theirs": "Bo's text."}
    ]
    assert ("body" in clash["merge"], ines.get(path).json["body"]) == (False, "Bo's text.")

    # Ines's train enters a tunnel. Bo takes over by force, in sight of everybody; or waits until the lease has ended.
    assert bo.put(f"{path}/lease", json={"force": True}).status_code == 200
    assert ines.put(f"{path}/lease").status_code == 423
    trail = administrator.get(f"/api/v1/audit?subject_id={made['id']}").json["data"]
    assert "article.lease_forced" in [entry["action"] for entry in trail]
    clock.wait(seconds=121)
    assert ines.put(f"{path}/lease").status_code == 200
    assert ines.delete(f"{path}/lease").status_code == 204


@pytest.mark.slow
@pytest.mark.both_databases
def test_sixteen_clients_that_count_in_one_body_lose_no_count(app: Flask, editor: FlaskClient) -> None:
    made = draft(editor, body="0")
    path = f"/api/v1/articles/{made['id']}"
    answers: Counter[int] = Counter()
    acknowledged: list[Any] = []

    def count(client: FlaskClient, number: int) -> None:
        for turn in range(TURNS):
            while True:
                read = client.get(path)
                if read.status_code == 503:
                    # Sixteen clients may find no connection free for a while; they are told to come again.
                    assert "Retry-After" in read.headers
                    continue
                change = {"body": str(int(read.json["body"]) + 1), "fields": {f"{number}-{turn}": True}}
                answer = client.patch(path, json=change, headers={"If-Match": read.headers["ETag"]})
                answers[answer.status_code] += 1
                if answer.status_code == 200:
                    acknowledged.append((number, turn))
                    break
                assert answer.status_code in (412, 503), answer.json

    race(app, editor, CLIENTS, count)
    after = editor.get(path).json
    print(f"answers: {dict(answers)}")
    assert len(acknowledged) == answers[200] == CLIENTS * TURNS
    assert after["body"] == str(answers[200])
    assert after["fields"] == {f"{number}-{turn}": True for number, turn in acknowledged}
    assert after["revision"] == 1 + answers[200]
