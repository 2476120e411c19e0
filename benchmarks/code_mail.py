"""How long after a code was accepted its letter is at the mail server, while the search queue holds 10,000 tasks.

The product is started whole, by `copydesk up`, with a mail server of the benchmark's own. Search deliveries of
published articles are put into the outbox until 10,000 wait, and so many are kept there. Then readers ask for codes,
ten a second, whether or not those before were answered.
"""

import contextlib
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from sqlalchemy import func, insert, select

from benchmarks.product import Product, free_port, prepare, started
from benchmarks.report import Row, percentile
from cms.content.models import Document
from cms.events.models import Delivery, Letter
from cms.platform.clock import now
from cms.platform.db import Database
from cms.platform.ids import new_id
from cms.settings import Settings

ARTICLES = 500
WAITING = 10_000
SPARE = 500
CODES = 300
PER_SECOND = 10
LIMIT_SECONDS = 30.0
LOOKED_AT_EVERY_SECONDS = 1.0
PUT_AT_ONCE = 1_000
PROMISED_P50, PROMISED_P99 = 1.0, 5.0
REPETITIONS = f"{CODES} codes, {PER_SECOND} a second, once, with the whole product running."


@dataclass
class PostOffice:
    """A mail server that takes everything at once and notes when."""

    arrived: dict[str, list[float]] = field(default_factory=dict)

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802  # aiosmtpd's name
        """Note to whom a letter came, and when its last dot was there."""
        self.arrived.setdefault(envelope.rcpt_tos[0], []).append(time.perf_counter())
        return "250 OK"


@dataclass
class Backlog:
    """Deliveries of the search queue, kept at their number; `least` is the smallest number that was seen."""

    database: Database
    articles: Sequence[str]
    least: int = WAITING + SPARE
    is_over: threading.Event = field(default_factory=threading.Event)

    def fill(self) -> int:
        """Put in what is missing; gives how many waited."""
        is_waiting = (Delivery.subscription == "search", Delivery.state == "open")
        with self.database.reading() as session:
            waiting = session.scalar(select(func.count()).select_from(Delivery).where(*is_waiting)) or 0
        for start in range(waiting, WAITING + SPARE, PUT_AT_ONCE):
            self._put(min(PUT_AT_ONCE, WAITING + SPARE - start))
        return waiting

    def keep(self) -> None:
        """Fill up again and again, until it is over."""
        while not self.is_over.wait(LOOKED_AT_EVERY_SECONDS):
            self.least = min(self.least, self.fill())

    def _put(self, count: int) -> None:
        at = now()
        letters, deliveries = [], []
        for number in range(count):
            subject, letter_id = self.articles[number % len(self.articles)], new_id()
            letters.append(
                {"id": letter_id, "type": "article.published", "version": 1, "subject": subject,
                 "data": {"revision": 1, "is_first": False}, "occurred_at": at, "actor_kind": "system",
                 "actor_id": "benchmark", "request_id": ""}
            )  # fmt: skip
            deliveries.append({"letter_id": letter_id, "subscription": "search", "subject": subject, "due_at": at})
        with self.database.transaction() as session:
            session.execute(insert(Letter), letters)
            session.execute(insert(Delivery), deliveries)


def run() -> dict[str, Any]:
    """Units: seconds from the 202 to the last dot of the letter at the mail server."""
    office = PostOffice()
    port = free_port()
    controller = Controller(office, hostname="127.0.0.1", port=port)
    controller.start()
    try:
        with tempfile.TemporaryDirectory() as folder:
            home = Path(folder)
            settings = Settings(home=home)
            prepare(settings, ARTICLES)
            more = {"COPYDESK_SMTP_URL": f"smtp://127.0.0.1:{port}", "COPYDESK_LIMIT_CODES": "99999/60"}
            with started(home, **more) as product, _backlog(settings) as backlog:
                accepted = _ask_for_codes(product)
                _wait_for(office, len(accepted))
                backlog.least = min(backlog.least, backlog.fill())
    finally:
        controller.stop()
    waits = [office.arrived[email][0] - at for email, at in accepted.items() if email in office.arrived]
    return {
        "codes": len(accepted),
        "per_second": PER_SECOND,
        "waiting_least": backlog.least,
        "lost": len(accepted) - len(waits),
        "doubled": sum(count - 1 for count in Counter({one: len(at) for one, at in office.arrived.items()}).values()),
        "handed_s": {
            name: round(percentile(waits, share), 3) for name, share in (("p50", 0.5), ("p99", 0.99), ("max", 1.0))
        },
    }


def rows(figures: dict[str, Any]) -> list[Row]:
    """The promise of letters with codes, and that none was lost or doubled."""
    handed = figures["handed_s"]
    wrong = figures["lost"] + figures["doubled"]
    return [
        Row(
            f"code accepted → at the mail server, {figures['per_second']} a second, {figures['waiting_least']:,} tasks "
            "of search waiting or more",
            f"p50 ≤ {PROMISED_P50:.0f} s, p99 ≤ {PROMISED_P99:.0f} s, 10,000 waiting",
            f"p50 {handed['p50']:.2f} s, p99 {handed['p99']:.2f} s, longest {handed['max']:.2f} s",
            handed["p50"] <= PROMISED_P50 and handed["p99"] <= PROMISED_P99 and figures["waiting_least"] >= WAITING,
        ),
        Row("lost or doubled", "0", f"{wrong} of {figures['codes']}", wrong == 0),
    ]


@contextlib.contextmanager
def _backlog(settings: Settings) -> Iterator[Backlog]:
    database = Database(settings.database, is_durable=False)
    with database.reading() as session:
        articles = session.scalars(select(Document.article_id)).all()
    backlog = Backlog(database, articles)
    backlog.fill()
    keeper = threading.Thread(target=backlog.keep, name="backlog", daemon=True)
    keeper.start()
    try:
        yield backlog
    finally:
        backlog.is_over.set()
        keeper.join()
        database.dispose()


def _ask_for_codes(product: Product) -> dict[str, float]:
    """Ask at fixed instants, however long the answers take; gives when each was accepted."""
    began, accepted = time.perf_counter(), {}

    def ask(number: int) -> None:
        time.sleep(max(0.0, began + number / PER_SECOND - time.perf_counter()))
        email = f"reader{number}@example.org"
        product.ask("POST", "/readers/v1/codes", body={"purpose": "verify_email", "email": email})
        accepted[email] = time.perf_counter()

    with ThreadPoolExecutor(PER_SECOND * 2) as threads:
        list(threads.map(ask, range(CODES)))
    return accepted


def _wait_for(office: PostOffice, count: int) -> None:
    until = time.perf_counter() + LIMIT_SECONDS
    while len(office.arrived) < count and time.perf_counter() < until:
        time.sleep(0.05)
