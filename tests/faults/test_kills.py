"""kill -9 of worker, relay, broker and API in turn while 200 articles are being published.

Every id that was acknowledged must end live, indexed, related and with a reading time, and no effect may happen twice.
"""

import random
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from cms.content.models import Document, RelatedEntry
from cms.events.models import Delivery
from cms.launch.sample.generate import generated
from cms.newsroom.models import Article, Revision
from cms.platform.db import Database
from cms.settings import Settings
from search_index.reader import IndexUnavailable, Reader
from tests.newsroom.making import OWED
from tests.product import Product, product
from tests.servers import Broker, wait_until

ARTICLES = 200
KILLS = 24
BETWEEN_KILLS = 7
ROOM_AT_FIRST = 10
ROOM_BY_A_KILL = 8
SEED = 20_261
VICTIMS = ("worker", "relay", "broker", "api", "worker-search")
CONVERGE_SECONDS = 60


def publish_all(
    running: Product, token: str, acknowledged: dict[str, int], room: threading.Semaphore, over: threading.Event
) -> None:
    """Create and publish every article, trying again whenever nothing answers; note what was acknowledged.

    Each kill makes room for a few more, so that none comes when all has been published already.
    """
    try:
        for number, article in enumerate(generated(ARTICLES, seed=SEED, words=120, locales=("en",))):
            assert room.acquire(timeout=90), "no kill made room for one more article"
            body = {"title": article.title, "locale": "en", "body": article.body, "tags": list(article.tags)}
            created = keep_asking(running, token, "/api/v1/articles", body, Idempotency_Key=f"create-{number}")
            path = f"/api/v1/articles/{created['id']}/publish"
            published = keep_asking(running, token, path, None, If_Match='"1"', Idempotency_Key=f"publish-{number}")
            acknowledged[created["id"]] = published["revision"]
    finally:
        over.set()


def keep_asking(running: Product, token: str, path: str, body: Any, **headers: str) -> Any:
    """Send a POST until it is answered; the Idempotency-Key makes the repeats harmless."""
    until = time.monotonic() + 90
    while time.monotonic() < until:
        status, data, _ = running.ask("POST", path, body, token=token, **headers)
        if status in (200, 201):
            return data
        assert status in (0, 409, 503), (status, data)
        time.sleep(0.1)
    raise AssertionError(f"POST {path} was never answered")


def wait_for_more(acknowledged: dict[str, int], count: int, over: threading.Event) -> None:
    """Wait until so many more articles were acknowledged, so that the kills are spread over the publishing."""
    wanted, until = len(acknowledged) + count, time.monotonic() + 15
    while len(acknowledged) < wanted and time.monotonic() < until and not over.is_set():
        time.sleep(0.01)


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_nothing_acknowledged_is_lost_and_nothing_happens_twice(tmp_path: Path, broker: Broker) -> None:
    chance = random.Random(SEED)
    parts = ("api", "relay", "worker", "worker-search")
    with product(tmp_path / "home", *parts, redis_url=broker.url) as running:
        token = running.copydesk("token", "issue", "--role", "editor", "--quiet").strip()
        acknowledged: dict[str, int] = {}
        over = threading.Event()
        room = threading.Semaphore(ROOM_AT_FIRST)
        publisher = threading.Thread(target=publish_all, args=(running, token, acknowledged, room, over))
        publisher.start()
        kills: Counter[str] = Counter()
        amid = 0
        while sum(kills.values()) < KILLS:
            victim = VICTIMS[sum(kills.values()) % len(VICTIMS)]
            wait_for_more(acknowledged, BETWEEN_KILLS, over)
            time.sleep(chance.uniform(0.0, 0.05))
            if victim == "broker":
                broker.kill()
                broker.start()
            else:
                running.kill(victim)
                running.start(victim)
            kills[victim] += 1
            amid += len(acknowledged) < ARTICLES
            room.release(ROOM_BY_A_KILL)
            print(f"kill {sum(kills.values())}: {victim}, {len(acknowledged)} acknowledged")
        last = time.monotonic()
        publisher.join(120)
        assert over.is_set()
        assert len(acknowledged) == ARTICLES
        assert amid >= 20
        database = Database(Settings(home=tmp_path / "home").database, is_durable=False)
        wait_until(lambda: is_converged(database, acknowledged, tmp_path), seconds=CONVERGE_SECONDS, what="convergence")
        print(f"seed {SEED}, kills {dict(kills)}, converged {time.monotonic() - last:.1f} s after the last restart")
        counts = count_effects(database)
        print(counts)
        # A draft that was made twice, or saved twice, would be seen here although it was published once.
        assert counts["articles"] == counts["drafts"] == counts["documents"] == ARTICLES
        assert revisions_by_article(database) == {key: ["created", "published"] for key in acknowledged}
        assert counts["open"] == counts["dead"] == 0
        assert counts["deliveries"] == ARTICLES * len(OWED)
        database.dispose()


def is_converged(database: Database, acknowledged: dict[str, int], folder: Path) -> bool:
    """Whether every acknowledged article is live, indexed once, related, and has a reading time."""
    with database.reading() as session:
        if session.scalar(select(func.count()).select_from(Delivery).where(Delivery.state == "open")):
            return False
        rows = session.execute(select(Document.article_id, Document.revision, Document.reading_time)).all()
        related = set(session.scalars(select(RelatedEntry.article_id).distinct()))
    if {row.article_id: row.revision for row in rows} != acknowledged or any(row.reading_time is None for row in rows):
        return False
    reader = Reader(folder / "home" / "index")
    try:
        return reader.indexed() == acknowledged and reader.count() == len(acknowledged) and related >= set(acknowledged)
    except IndexUnavailable:
        return False
    finally:
        reader.close()


def count_effects(database: Database) -> dict[str, int]:
    """How many of each there are in the database."""
    # A sweep of the related lists is ordered while the archive grows; it is no consequence of a publish.
    of_publishes = Delivery.subscription != "related_sweep"
    with database.reading() as session:
        states = Counter(session.scalars(select(Delivery.state).where(of_publishes)))
        drafts = session.scalar(select(func.count()).select_from(Article)) or 0
        documents = session.scalar(select(func.count()).select_from(Document)) or 0
        subjects = session.scalar(select(func.count(Delivery.subject.distinct())).where(of_publishes)) or 0
    return {
        "articles": subjects,
        "drafts": drafts,
        "documents": documents,
        "deliveries": states.total(),
        "open": states["open"],
        "dead": states["dead"],
    }


def revisions_by_article(database: Database) -> dict[str, list[str]]:
    """What was done to each article, in its order."""
    found: dict[str, list[str]] = {}
    with database.reading() as session:
        for row in session.execute(select(Revision.article_id, Revision.action).order_by(Revision.revision)):
            found.setdefault(row.article_id, []).append(row.action)
    return found
