"""An article is published at its instant by the relay's own round, found by readers, and taken away again."""

import time
from collections.abc import Iterator
from datetime import timedelta

import pytest
from flask.testing import FlaskClient

from cms.platform.clock import now, rfc3339
from cms.platform.db import Database
from cms.settings import Settings
from tests.draining import drain
from tests.newsroom.making import draft
from workers.due import Chores

MOST_ROUNDS = 2_000


@pytest.fixture
def chores(settings: Settings, database: Database) -> Iterator[Chores]:
    """What the relay does besides sending, on the real clock."""
    chores = Chores(settings, database)
    yield chores
    chores.close()


def do_until(chores: Chores, client: FlaskClient, path: str, count: int) -> None:
    """The rounds of a relay, until a list holds so many."""
    for _ in range(MOST_ROUNDS):
        chores.do_due()
        if len(client.get(path).json["data"]) == count:
            return
        time.sleep(0.05)
    raise AssertionError(f"{path} never held {count}")


@pytest.mark.slow
def test_a_night_of_scheduled_articles(
    editor: FlaskClient, client: FlaskClient, chores: Chores, settings: Settings, database: Database
) -> None:
    made = [draft(editor, title=f"Morning paper {number}")["id"] for number in range(20)]
    at, end = now() + timedelta(seconds=2), now() + timedelta(seconds=3.5)
    for article_id in made:
        body = {"publish_at": rfc3339(at), "unpublish_at": rfc3339(end), "timezone": "Asia/Almaty"}
        assert editor.put(f"/api/v1/articles/{article_id}/schedule", json=body).status_code == 200
    assert len(editor.get("/api/v1/schedules?limit=100").json["data"]) == 40
    assert client.get("/content/v1/articles").json["data"] == []
    do_until(chores, client, "/content/v1/articles", 20)
    drain(settings, database)
    assert client.get("/content/v1/search?q=morning").json["data"]
    do_until(chores, client, "/content/v1/articles", 0)
    drain(settings, database)
    assert client.get("/content/v1/search?q=morning").json["data"] == []
    done = editor.get("/api/v1/schedules?limit=100&state=done").json["data"]
    late = sorted(entry["late_seconds"] for entry in done)
    print(f"due to public: p50 {late[len(late) // 2]:.2f} s, p99 {late[int(len(late) * 0.99)]:.2f} s of {len(late)}")
    assert len(late) == 40
    told = client.get("/metrics").get_data(as_text=True)
    assert 'copydesk_schedule_lateness_seconds_bucket{le="+Inf"} 40.0' in told
    assert "copydesk_schedule_overdue_seconds 0.0" in told
