"""Bookmarks: one entry for many requests, devices that agree, others' shelves, what was forgotten, what it costs."""

import random
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Event, Thread
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, insert, select, update

from cms.events.models import Letter
from cms.platform.clock import now
from cms.platform.db import Database
from cms.platform.ids import new_id
from cms.readers.bookmarks.models import Bookmark, Folder, Shelf
from cms.readers.bookmarks.rules import LONGEST_NAME, MOST_BOOKMARKS, MOST_FOLDERS, REMOVALS_KEPT, REMOVALS_KEPT_FOR
from cms.settings import Settings
from tests.draining import drain
from tests.newsroom.making import act, draft
from tests.readers.making import Desk
from tests.readers.shelves import Device, Reader, published, reader
from workers.due import tidy_shelves

RUNS = 4
STEPS = 30


def rows(database: Database, table: Any, owner: Reader) -> int:
    with database.reading() as session:
        return session.scalar(select(func.count()).select_from(table).where(table.account_id == owner.id)) or 0


@pytest.mark.both_databases
def test_sixteen_at_once_make_one_entry_and_its_removal_happens_once(
    app: Flask, editor: FlaskClient, database: Database, settings: Settings
) -> None:
    [article] = published(editor, "Pears")
    mei = reader(app, database)
    twins = [Reader(mei.id, app.test_client(use_cookies=False)) for _ in range(16)]
    for twin in twins:
        twin.client.environ_base |= mei.client.environ_base
    with ThreadPoolExecutor(16) as pool:
        put = sorted(pool.map(lambda twin: twin.keep(article).status_code, twins))
        assert put == [200] * 15 + [201]
        assert rows(database, Bookmark, mei) == 1
        assert [*pool.map(lambda twin: twin.drop(article).status_code, twins)] == [204] * 16
    with database.reading() as session:
        told = session.scalar(select(func.count()).where(Letter.type == "article.audience_changed"))
    assert told == 2
    drain(settings, database)
    assert mei.listed() == []


@pytest.mark.both_databases
def test_a_device_that_asks_all_the_while_misses_nothing_of_what_others_do(
    app: Flask, editor: FlaskClient, database: Database
) -> None:
    articles = published(editor, *(f"Story {number}" for number in range(5)))
    mei = reader(app, database)
    device, is_over = Device(mei), Event()

    def act_on(article: str) -> None:
        own = Reader(mei.id, app.test_client(use_cookies=False))
        own.client.environ_base |= mei.client.environ_base
        for _ in range(2):
            assert own.keep(article).status_code == 201
            assert own.drop(article).status_code == 204
        assert own.keep(article).status_code == 201

    def watch() -> None:
        while not is_over.is_set():
            device.sync(limit=2)

    watcher = Thread(target=watch)
    watcher.start()
    with ThreadPoolExecutor(4) as pool:
        assert [*pool.map(act_on, articles)] == [None] * len(articles)
    is_over.set()
    watcher.join()
    device.sync()
    assert set(device.known) == set(articles) == set(mei.listed())


@pytest.mark.slow
def test_devices_agree_with_the_shelf_after_any_order_of_acts_with_answers_lost(
    app: Flask, editor: FlaskClient, database: Database
) -> None:
    articles = published(editor, *(f"Story {number}" for number in range(6)))
    revisions = dict.fromkeys(articles, 2)
    for seed in range(RUNS):
        chance, mei = random.Random(seed), reader(app, database)
        devices, folders = [Device(mei), Device(mei)], [mei.folder("One"), mei.folder("Two")]
        wanted: dict[str, str | None] = {}
        for _ in range(STEPS):
            device, article = chance.choice(devices), chance.choice(articles)
            kind = chance.choice(("keep", "keep", "file", "drop", "sync", "lost", "folder", "hide"))
            if kind in ("keep", "file"):
                folder = chance.choice([*folders, None])
                status = (mei.keep(article, folder=folder) if kind == "file" else mei.keep(article)).status_code
                # The answer may be lost, and then the device sends it again.
                if chance.random() < 0.3:
                    again = mei.keep(article, folder=folder) if kind == "file" else mei.keep(article)
                    assert again.status_code == (200 if status < 300 else status)
                if status < 300:
                    wanted[article] = folder if kind == "file" else wanted.get(article)
            elif kind == "drop":
                for _ in range(chance.choice((1, 2))):
                    assert mei.drop(article).status_code == 204
                wanted.pop(article, None)
            elif kind == "sync":
                device.sync(limit=chance.choice((1, 3, 100)))
            elif kind == "lost":
                # An answer that never came: the device asks again from where it was.
                mei.changes(device.cursor, limit=2)
            elif kind == "folder" and chance.random() < 0.3:
                old = folders.pop(0)
                assert mei.client.delete(f"/readers/v1/bookmarks/folders/{old}").status_code == 204
                wanted = {one: None if folder == old else folder for one, folder in wanted.items()}
                folders.append(mei.folder(f"Folder {new_id()}"))
            elif kind == "hide":
                verb = "unpublish" if editor.get(f"/content/v1/articles/{article}").status_code == 200 else "publish"
                assert act(editor, verb, article, revisions[article]).status_code == 200
                revisions[article] += 1
        # A third device that begins only now.
        devices.append(Device(mei))
        seen = {one for one in wanted if editor.get(f"/content/v1/articles/{one}").status_code == 200}
        for device in devices:
            device.sync(limit=2)
            assert device.known == {
                one: (folder, "published" if one in seen else "unavailable") for one, folder in wanted.items()
            }, seed
        assert set(mei.listed()) == seen


def test_whoever_was_away_for_more_removals_than_are_kept_begins_anew(
    app: Flask, editor: FlaskClient, database: Database
) -> None:
    [article] = published(editor, "Pears")
    mei = reader(app, database)
    old, fresh = Device(mei), Device(mei)
    old.sync()
    mei.keep(article)
    at, numbers = now() - timedelta(days=1), range(100, 100 + REMOVALS_KEPT)
    with database.transaction() as session:
        values = {"account_id": mei.id, "availability": "published", "added_at": at, "removed_at": at}
        gone = [{**values, "article_id": new_id(), "placed": number, "changed": number} for number in numbers]
        session.execute(insert(Bookmark), gone)
        session.execute(update(Shelf).where(Shelf.account_id == mei.id).values(sequence=numbers[-1]))
    fresh.sync(limit=50)
    assert mei.drop(article).status_code == 204
    assert rows(database, Bookmark, mei) == REMOVALS_KEPT
    refused = mei.changes(old.cursor)
    assert (refused.status_code, refused.json["code"]) == (410, "sync_too_old")
    fresh.sync()
    old = Device(mei)
    old.sync(limit=3)
    assert old.known == fresh.known == {}
    # One that begins now pages through what is kept, however much was forgotten before.
    mei.keep(article)
    begun = mei.changes("", limit=1).json
    mei.drop(article)
    assert mei.changes(begun["page"]["next_cursor"]).status_code == 200
    # Old ones go too, however few they are.
    with database.transaction() as session:
        long_ago = now() - REMOVALS_KEPT_FOR - timedelta(days=1)
        session.execute(update(Bookmark).where(Bookmark.changed < 600).values(removed_at=long_ago))
    with database.reading() as session:
        old_ones = session.scalar(select(func.count()).where(Bookmark.removed_at < long_ago + timedelta(hours=1)))
    assert tidy_shelves(database, now()) == old_ones > 400
    assert rows(database, Bookmark, mei) == REMOVALS_KEPT - old_ones
    assert tidy_shelves(database, now()) == 0
    assert mei.changes(begun["page"]["next_cursor"]).status_code == 200


def test_no_shelf_grows_without_end(app: Flask, editor: FlaskClient, database: Database) -> None:
    one, other, hidden = published(editor, "Pears", "Plums", "Quince")
    mei = reader(app, database)
    assert mei.keep(one).status_code == mei.keep(hidden).status_code == 201
    assert act(editor, "unpublish", hidden, 2).status_code == 200
    values = {"account_id": mei.id, "availability": "unavailable", "added_at": now()}
    with database.transaction() as session:
        for number in range(10, 8 + MOST_BOOKMARKS):
            session.add(Bookmark(**values, article_id=new_id(), placed=number, changed=number))
        folders = [{"id": new_id(), "account_id": mei.id, "name": "x", "key": str(n), "created_at": now()} for n in
                   range(MOST_FOLDERS)]  # fmt: skip
        session.execute(insert(Folder), folders)
        session.execute(update(Shelf).values(sequence=9 + MOST_BOOKMARKS))
    full = mei.keep(other)
    assert (full.status_code, full.json["code"]) == (409, "shelf_full")
    assert [mei.keep(article).status_code for article in (one, hidden)] == [200, 200]
    more = mei.client.post("/readers/v1/bookmarks/folders", json={"name": "One more"})
    assert (more.status_code, more.json["code"]) == (409, "shelf_full")
    assert mei.drop(one).status_code == 204
    assert mei.keep(other).status_code == 201


# Row S31: ids of others, of other things, of nothing, and what is no id.
def strangers(own: dict[str, str]) -> list[str]:
    return [
        *own.values(), new_id(), new_id().upper(), "0" * 32, "00000000-0000-0000-0000-000000000000",
        "ffffffff-ffff-ffff-ffff-ffffffffffff", "0", "1", "-1", "1e9", "9" * 40, "null", "None", "undefined", "true",
        "me", "*", "%2a", "..", "%2e%2e", "%2e%2e%2fme", "..%2fme", ".", "a", "x" * 300, "%00", "%0a", "%ff", "%c3%28",
        "'", "%27%20OR%201=1--", "1;DROP%20TABLE%20reader_folders", "{id}", "%7b%7d", "[]", "$ne", "%24where",
        "folders", "state", new_id()[:-1], new_id() + "0", new_id().replace("-", ""), "{" + new_id() + "}",
        "urn:uuid:" + new_id(), new_id() + "%20", "%20" + new_id(), "٣", "１",
    ]  # fmt: skip


def test_nothing_of_another_reader_is_seen_or_changed_and_nothing_hidden_is_kept(
    app: Flask, editor: FlaskClient, database: Database
) -> None:
    """Rows S31 and S37."""
    [shown] = published(editor, "Pears")
    never = draft(editor, title="Plums")["id"]
    mei, eve = reader(app, database), reader(app, database)
    folder, session_id = mei.folder("Later"), new_id()
    assert mei.keep(shown, folder=folder).status_code == 201
    foreign = {"folder": folder, "account": mei.id, "article": shown, "draft": never, "session": session_id}
    wrong: list[Any] = []
    cases = strangers(foreign)
    assert len(cases) >= 40
    for text in cases:
        path = f"/readers/v1/bookmarks/folders/{text}"
        for method in ("PATCH", "DELETE"):
            answer = eve.client.open(path, method=method, json={"name": "Mine"} if method == "PATCH" else None)
            if answer.status_code not in (404, 405):
                wrong.append((method, path, answer.status_code))
        if text not in (shown, "folders"):
            path = f"/readers/v1/bookmarks/{text}"
            answers = {"PUT": eve.client.put(path), "HEAD": eve.client.head(path)}
            wrong += [(method, path, one.status_code) for method, one in answers.items()
                      if one.status_code not in (404, 405)]  # fmt: skip
        answer = eve.client.get("/readers/v1/bookmarks", query_string={"folder": text})
        if answer.status_code not in (400, 404):
            wrong.append(("GET", text, answer.status_code))
        answer = eve.keep(shown, folder=text)
        if answer.status_code != 422:
            wrong.append(("PUT", text, answer.status_code))
    assert wrong == []
    # A draft is as unknown as nothing, a page of another's list is none of ours, and the state says nothing of either.
    unknown, hidden = eve.keep(new_id()).json, eve.keep(never).json
    assert {name: unknown[name] for name in ("status", "code", "detail")} == {
        name: hidden[name] for name in ("status", "code", "detail")
    }
    cursor = mei.changes().json["page"]["next_cursor"]
    assert eve.changes(cursor).status_code == 400
    assert eve.client.get(f"/readers/v1/articles/{shown}/state").json["is_bookmarked"] is False
    assert (eve.listed(), mei.listed(f"?folder={folder}")) == ([], [shown])
    assert mei.client.get("/readers/v1/bookmarks/folders").json["data"][0]["name"] == "Later"
    # Not published any more, it is nothing to others, and what it was to its reader.
    assert act(editor, "unpublish", shown, 2).status_code == 200
    assert eve.keep(shown).status_code == 404
    assert (mei.listed(), mei.keep(shown).status_code) == ([], 200)


def test_names_of_folders_are_compared_as_people_read_them(app: Flask, database: Database) -> None:
    mei, path = reader(app, database), "/readers/v1/bookmarks/folders"
    first = mei.folder("Café  Ärger")
    for twin in ("café ärger", "CAFÉ ÄRGER", "Cafe\u0301 A\u0308rger", " Café Ärger "):
        taken = mei.client.post(path, json={"name": twin})
        assert (taken.status_code, taken.json["code"], taken.json["folder_id"]) == (409, "name_taken", first), twin
    assert mei.client.patch(f"{path}/{first}", json={"name": "CAFÉ Ärger"}).json["name"] == "CAFÉ Ärger"
    second = mei.folder("Вечером")
    assert mei.client.patch(f"{path}/{second}", json={"name": "café ärger"}).status_code == 409
    refused = [None, 7, [], {}, True, "", "   ", "a\nb", "a\0b", "x" * (LONGEST_NAME + 1), "\ufdfa" * 40, "\u2028"]
    assert {mei.client.post(path, json={"name": name}).status_code for name in refused} == {422}
    assert mei.client.post(path, json={"name": "Fine", "owner": mei.id}).status_code == 422
    assert [one["name"] for one in mei.client.get(path).json["data"]] == ["CAFÉ Ärger", "Вечером"]


def test_a_page_costs_the_same_for_few_and_for_many(
    app: Flask, client: FlaskClient, editor: FlaskClient, database: Database
) -> None:
    articles = published(editor, *(f"Story {number}" for number in range(8)))
    desk, spent = Desk(app, client, now()), []
    for count in (2, 8):
        mei = reader(app, database)
        folder = mei.folder("Later")
        for article in articles[:count]:
            assert mei.keep(article, folder=folder).status_code == 201
        mei.changes()
        paths = ("", "?since=", f"?folder={folder}&count=exact", "/folders")
        costs = []
        for path in paths:
            with desk.statements() as sent:
                assert mei.client.get(f"/readers/v1/bookmarks{path}").status_code == 200
            costs.append(len(sent))
        with desk.statements() as sent:
            assert mei.client.delete(f"/readers/v1/bookmarks/folders/{folder}").status_code == 204
        spent.append((*costs, len(sent)))
    print("statements for a page, changes, a folder's page, folders, the end of a folder:", spent)
    assert spent[0] == spent[1]
