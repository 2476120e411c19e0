"""What readers do with an article is counted anew each time, so doubled, late and reordered tasks give the same."""

import random
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import update

from cms.events.catalogue import ArticleAudienceChanged
from cms.events.outbox import record
from cms.platform.actor import system
from cms.platform.clock import now
from cms.platform.db import Database
from cms.platform.ids import new_id
from cms.readers.bookmarks.models import Bookmark
from cms.readers.models import Account
from cms.settings import Settings
from tests.draining import ALL, drain
from tests.newsroom.making import act, draft


def keep(database: Database, article_id: str, *, changed: int = 1) -> str:
    """Somebody new keeps an article."""
    account = Account(
        id=new_id(), email=f"{new_id()}@example.org", display_name="", locale="en", created_at=now(), verified_at=now()
    )
    with database.transaction() as session:
        session.add(account)
        session.flush()
        session.add(
            Bookmark(
                account_id=account.id, article_id=article_id, placed=1, changed=changed, availability="published",
                added_at=now(),
            )
        )  # fmt: skip
        record(session, ArticleAudienceChanged(subject=article_id), actor=system("test"), now=now())
    return account.id


def drop(database: Database, account_id: str, article_id: str) -> None:
    with database.transaction() as session:
        session.execute(update(Bookmark).where(Bookmark.account_id == account_id).values(removed_at=now()))
        record(session, ArticleAudienceChanged(subject=article_id), actor=system("test"), now=now())


@pytest.mark.both_databases
def test_counts_are_right_under_every_fault_and_outlive_the_document(
    editor: FlaskClient, settings: Settings, database: Database
) -> None:
    one, other = (draft(editor, title=title)["id"] for title in ("Pears", "Plums"))
    for article_id in (one, other):
        assert act(editor, "publish", article_id, 1).status_code == 200
    drain(settings, database)

    def shown(article_id: str) -> Any:
        return editor.get(f"/content/v1/articles/{article_id}")

    before = shown(one)
    assert before.json["bookmarks"] == {"count": 0}
    keepers = [keep(database, one) for _ in range(12)]
    for account_id in keepers[:5]:
        drop(database, account_id, one)
    keep(database, other)
    drain(settings, database, faults=ALL, chance=random.Random(7))
    after = shown(one)
    assert (after.json["bookmarks"], shown(other).json["bookmarks"]) == ({"count": 7}, {"count": 1})
    assert after.headers["ETag"] != before.headers["ETag"]
    assert after.json["revision"] == before.json["revision"]
    listed = editor.get("/content/v1/articles").json["data"]
    assert not any("bookmarks" in card for card in listed)

    # Away and back: the count is there at once, also one that changed meanwhile.
    assert act(editor, "unpublish", one, 2).status_code == 200
    drop(database, keepers[-1], one)
    drain(settings, database)
    assert shown(one).status_code == 404
    assert act(editor, "publish", one, 3).status_code == 200
    assert shown(one).json["bookmarks"] == {"count": 6}
    drain(settings, database)
    assert shown(one).json["bookmarks"] == {"count": 6}
