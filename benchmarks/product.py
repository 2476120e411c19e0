"""The product for benchmarks: a home that is filled without waiting for workers, and `copydesk up` upon it."""

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Table, func, select, text

from cms.content.deriving import all_index_documents
from cms.content.publishing import PersonValue, PublishedArticle, SectionValue, SourceValue, TagValue, put_document
from cms.content.sweeping import sweep_related
from cms.events.deliveries import close
from cms.events.list_events import RelatedSweepDue
from cms.events.models import Delivery
from cms.events.outbox import record
from cms.launch.sample.generate import generated
from cms.launch.sample.reading import SampleArticle
from cms.migrations.running import upgrade
from cms.migrations.tables import metadata
from cms.platform.actor import system
from cms.platform.clock import now
from cms.platform.db import Database
from cms.platform.ids import new_id
from cms.platform.text.markdown import render
from cms.settings import Settings
from search_index.generations import rebuild

COPYDESK = Path(sys.executable).with_name("copydesk")
READY_SECONDS = 60.0
COPIED_AT_ONCE = 5_000


@dataclass(frozen=True)
class Product:
    """A running product on loopback."""

    environment: dict[str, str]
    port: int
    process: subprocess.Popen[bytes]

    def token(self) -> str:
        """A fresh editor's token."""
        command = [COPYDESK, "token", "issue", "--role", "editor", "--quiet"]
        return subprocess.run(command, env=self.environment, capture_output=True, text=True, check=True).stdout.strip()

    def ask(self, method: str, path: str, token: str = "", body: Any = None, *, if_match: str = "") -> Any:
        """One request; None for a 404. Raises: HTTPError for any other refusal."""
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", method=method)
        if token:
            request.add_header("Authorization", f"Bearer {token}")
        if if_match:
            request.add_header("If-Match", if_match)
        data = None
        if body is not None:
            request.add_header("Content-Type", "application/json")
            data = json.dumps(body).encode()
        try:
            with urllib.request.urlopen(request, data, timeout=10) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            if error.code == 404:
                return None
            raise


def prepare(settings: Settings, articles: int) -> None:
    """Fill a home with published articles, their index and their related lists, as if workers had kept up."""
    settings.home.mkdir(mode=0o700, parents=True, exist_ok=True)
    database = Database(settings.database, is_durable=False)
    upgrade(database)
    batch: list[SampleArticle] = []
    number = 0
    for number, article in enumerate(generated(articles, words=500, locales=("en",)), 1):
        batch.append(article)
        if len(batch) == 200:
            _put(database, batch, number - len(batch))
            batch = []
    _put(database, batch, number - len(batch))
    sweep_related(database, now())
    with database.transaction() as session:
        # Said to be done, as it is: a product that is started here must not do it once more while it is measured.
        record(session, RelatedSweepDue(subject=new_id()), actor=system("benchmark"), now=now())
        [owed] = session.scalars(select(Delivery)).all()
        close(session, owed, now())
    rebuild(settings.index_home, lambda: all_index_documents(database), lambda _indexed: ((), ()))
    database.dispose()


def copy_home(source: Settings, target: Settings) -> None:
    """Give another home, whose database is PostgreSQL, what a prepared one holds. Its user must be a superuser, because
    rows come in an order that foreign keys would not allow."""
    shutil.copytree(source.index_home, target.index_home)
    theirs, ours = (Database(one.database, is_durable=False) for one in (source, target))
    upgrade(ours)
    with theirs.reading() as reading, ours.writer.begin() as writing:
        writing.exec_driver_sql("SET session_replication_role = replica")
        for table in metadata().sorted_tables:
            writing.execute(table.delete())
            rows = reading.connection().execution_options(yield_per=COPIED_AT_ONCE).execute(select(table))
            for portion in rows.mappings().partitions():
                writing.execute(table.insert(), [dict(row) for row in portion])
            _number_on(writing, table)
    with ours.writer.connect() as connection:
        connection.execution_options(isolation_level="AUTOCOMMIT").exec_driver_sql("ANALYZE")
    theirs.dispose()
    ours.dispose()


def _number_on(connection: Connection, table: Table) -> None:
    """Let new rows be numbered after those that came."""
    for column in table.primary_key:
        question = text("SELECT pg_get_serial_sequence(:table, :column)")
        if name := connection.scalar(question, {"table": table.name, "column": column.name}):
            last = select(func.coalesce(func.max(column), 0) + 1).scalar_subquery()
            connection.execute(select(func.setval(name, last)))


def _put(database: Database, articles: list[SampleArticle], before: int) -> None:
    with database.transaction() as session:
        for number, article in enumerate(articles, before + 1):
            put_document(session, published(article, number), article.published_at)


def published(article: SampleArticle, number: int) -> PublishedArticle:
    """What readers get of a sample article."""
    body = render(article.body, "markdown")
    return PublishedArticle(
        article_id=new_id(),
        number=number + 1_000_000,
        revision=1,
        locale=article.locale,
        slug=article.slug,
        section=SectionValue(article.section, article.section.title(), (article.section,)),
        title=article.title,
        dek=article.dek,
        summary=article.summary,
        body_html=body.html,
        text=body.text,
        image_count=body.image_count,
        tags=tuple(TagValue(slug, slug) for slug in article.tags),
        authors=tuple(PersonValue(slug, slug) for slug in article.authors),
        editor=PersonValue(article.editor, article.editor),
        source=SourceValue(article.source_name, article.source_url),
        fields={},
        published_at=article.published_at,
        first_published_at=article.published_at,
        updated_at=article.published_at,
    )


@contextlib.contextmanager
def started(home: Path, *, wait: bool = True, **more: str) -> Iterator[Product]:
    """`copydesk up --no-sample` on a home, ended with everything that it started. `more` is of its environment."""
    port = free_port()
    environment = {name: value for name, value in os.environ.items() if not name.startswith("COPYDESK_")}
    environment |= {"COPYDESK_HOME": str(home), "COPYDESK_PORT": str(port), "COPYDESK_LOG_LEVEL": "warning"}
    environment |= {"COPYDESK_MAILBOX_PORT": str(free_port()), "COPYDESK_MAILBOX_SMTP_PORT": str(free_port())}
    # What is measured is the product; how much of it one client may have is a matter of its settings.
    environment |= {"COPYDESK_LIMIT_WRITES": "0", "COPYDESK_LIMIT_SEARCH": "0"}
    environment |= {name: value for name, value in more.items() if value}
    with (home / "up.log").open("wb") as log:
        process = subprocess.Popen(
            [COPYDESK, "up", "--no-sample"], env=environment, stdout=log, stderr=log, start_new_session=True
        )
    product = Product(environment, port, process)
    try:
        if wait:
            wait_ready(product)
        yield product
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(40)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait(5)


def wait_ready(product: Product) -> None:
    """Wait until the product says that it can serve. Raises: RuntimeError when it does not, or ends."""
    until = time.monotonic() + READY_SECONDS
    while time.monotonic() < until and product.process.poll() is None:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{product.port}/readyz", timeout=2):
                return
        except OSError:
            time.sleep(0.02)
    raise RuntimeError("the product does not become ready")


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
