"""What is wrong with this installation and how to mend it.

Only looks and changes nothing, but for a small file that is put into a bucket and removed again.
"""

import http.client
import os
import shutil
import smtplib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from sqlalchemy import select, text
from sqlalchemy.exc import DatabaseError, OperationalError

from cms.audit.heads import HeadError, read_head
from cms.audit.keyring import AuditKeys
from cms.audit.queries import last_link, oldest_unsealed_at
from cms.content.deriving import published_revisions
from cms.mail.sending import MailServer
from cms.media.choosing import chosen_store
from cms.media.models import Asset
from cms.media.storing import ORIGINALS, StoreAway
from cms.newsroom.queries import live_revisions
from cms.operations.dumps import is_sqlite, sqlite_path
from cms.operations.queries import open_work
from cms.platform.bell import Bell
from cms.platform.db import Database, refuse_unsafe_server
from cms.platform.errors import Unavailable
from cms.platform.keys import existing_keys
from cms.platform.migration_step import current_step, head_step
from cms.settings import Settings
from search_index.damage import IndexUnavailable
from search_index.shelf import Shelf

LAG = timedelta(seconds=60)
PROBE_SECONDS = 3
LEAST_FREE_BYTES = 500 * 1024 * 1024


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at. `mend` is empty when all is well."""

    part: str
    detail: str
    mend: str = ""

    @property
    def is_well(self) -> bool:
        """Whether there is nothing to mend."""
        return not self.mend


Check = Callable[[Settings, Database, datetime], Iterator[Finding]]


def examine(settings: Settings, now: datetime) -> list[Finding]:
    """Look at every part; a part that cannot be looked at is a finding too."""
    findings = list(_home(settings))
    # To open a database of SQLite that is not there would make one.
    if is_sqlite(settings) and not sqlite_path(settings).exists():
        mend = "run copydesk up, or set COPYDESK_HOME to the right folder"
        findings.append(Finding("database", f"there is none at {sqlite_path(settings)}", mend))
    else:
        findings.extend(_whole_database(settings, now))
    findings.extend(_store(settings))
    findings.extend(_api(settings))
    findings.extend(_broker(settings))
    findings.extend(_mail(settings))
    return findings


def _home(settings: Settings) -> Iterator[Finding]:
    home = settings.home.absolute()
    if not home.is_dir():
        yield Finding("home", f"{home} does not exist", "run copydesk up, or set COPYDESK_HOME to the right folder")
        return
    if not os.access(home, os.W_OK):
        yield Finding("home", f"{home} cannot be written", "give this user the right to write there")
        return
    free = shutil.disk_usage(home).free
    if free < LEAST_FREE_BYTES:
        yield Finding(
            "disk", f"{free // 1_048_576} MiB are free", "make room: writes are refused when the disk is full"
        )
    elif free < settings.media_reserve_bytes:
        kept = f"{free // 1_048_576} MiB are free, less than COPYDESK_MEDIA_RESERVE_BYTES keeps for texts"
        yield Finding("disk", kept, "make room: pictures and other files are refused, and renditions wait")
    else:
        yield Finding("disk", f"{free // 1_048_576} MiB are free")
    try:
        existing_keys(settings)
    except OSError as error:
        yield Finding("keys", str(error), "restore keys/secret from a backup; a new one ends open codes and cursors")
    else:
        yield Finding("keys", "there, and long enough")


def _whole_database(settings: Settings, now: datetime) -> Iterator[Finding]:
    database = Database(settings.database, is_durable=True)
    try:
        with database.reading() as session:
            session.execute(text("SELECT 1"))
    except OperationalError as error:
        detail = f"does not answer: {type(error).__name__}"
        yield Finding("database", detail, "start it, or check COPYDESK_DATABASE_URL")
    except DatabaseError as error:
        yield _damaged(str(error.orig))
    else:
        for check in (_database, _work, _audit, _documents, _index, _files):
            yield from check(settings, database, now)
    finally:
        database.dispose()


def _database(settings: Settings, database: Database, _now: datetime) -> Iterator[Finding]:
    with database.reading() as session:
        step, head = current_step(session.connection()), head_step()
        if step != head:
            yield Finding(
                "migrations", f"the tables stand at {step}, this program needs {head}", "run copydesk migrate"
            )
        else:
            yield Finding("migrations", f"at {head}")
        if database.is_sqlite:
            damage = session.scalar(text("PRAGMA quick_check"))
            if damage != "ok":
                yield _damaged(str(damage))
            else:
                yield Finding("database", "SQLite, undamaged")
            return
    try:
        refuse_unsafe_server(database)
    except Unavailable as problem:
        mend = "" if settings.allow_unsafe_database else "turn it on in postgresql.conf"
        yield Finding("database", problem.detail, mend)
    else:
        yield Finding("database", "PostgreSQL, durable")


def _damaged(how: str) -> Finding:
    return Finding("database", f"damaged: {how}", "stop Copydesk and run copydesk restore with a backup")


def _work(_settings: Settings, database: Database, now: datetime) -> Iterator[Finding]:
    if not _is_migrated(database):
        return
    with database.reading() as session:
        work = open_work(session)
    for subscription, state, count, oldest in work:
        if state == "dead":
            yield Finding(
                "dead letters",
                f"{count} deliveries of {subscription} failed for good",
                "read GET /api/v1/deliveries, mend the cause, then POST …/retry or …/discard",
            )
        elif now - oldest > LAG:
            yield Finding(
                "workers",
                f"{count} deliveries of {subscription} wait, the oldest since {oldest:%Y-%m-%d %H:%M:%S} UTC",
                "see that copydesk relay and copydesk worker run, and that they reach the broker",
            )
    if not work:
        yield Finding("workers", "nothing waits")


def _audit(settings: Settings, database: Database, now: datetime) -> Iterator[Finding]:
    if not _is_migrated(database):
        return
    with database.reading() as session:
        since, end = oldest_unsealed_at(session), last_link(session)
    if since is not None and now - since > LAG:
        waiting = f"entries wait for their seal since {since:%Y-%m-%d %H:%M:%S} UTC"
        yield Finding("audit trail", waiting, "see that copydesk relay runs and can write its home")
        return
    try:
        head = read_head(settings.home, AuditKeys(settings.home, existing_keys(settings)))
    except (HeadError, OSError) as error:
        yield Finding("audit trail", str(error), "run copydesk audit verify")
        return
    if head is not None and head.link.seal_number > end.seal_number:
        counted = f"ends at seal {end.seal_number}, and its signed head counts {head.link.seal_number}"
        yield Finding("audit trail", counted, "run copydesk audit verify")
    else:
        yield Finding("audit trail", f"{end.seal_number} entries sealed; copydesk audit verify looks at each")


def _documents(_settings: Settings, database: Database, _now: datetime) -> Iterator[Finding]:
    if not _is_migrated(database):
        return
    with database.reading() as session:
        wanted, shown = live_revisions(session), published_revisions(session)
    wrong = {key for key in wanted.keys() | shown.keys() if wanted.get(key) != shown.get(key)}
    if wrong:
        yield Finding("documents", f"{len(wrong)} differ from what was published", "run copydesk rebuild")
    else:
        yield Finding("documents", f"{len(shown)}, each of its published revision")


def _index(settings: Settings, database: Database, _now: datetime) -> Iterator[Finding]:
    if not _is_migrated(database):
        return
    with database.reading() as session:
        published = published_revisions(session)
    reader = Shelf(settings.index_home).reader()
    try:
        reader.verify()
        indexed = reader.indexed()
    except IndexUnavailable as error:
        yield Finding("search index", str(error), "run copydesk reindex")
        return
    finally:
        reader.close()
    wrong = {key for key in published.keys() | indexed.keys() if published.get(key) != indexed.get(key)}
    if wrong:
        mend = "wait a second while publishes go on, or run copydesk reindex"
        yield Finding("search index", f"{len(wrong)} of {len(published)} articles differ from the database", mend)
    else:
        yield Finding("search index", f"{len(indexed)} articles, each at its published revision")


def _store(settings: Settings) -> Iterator[Finding]:
    store = chosen_store(settings)
    try:
        store.check()
    except StoreAway as away:
        mend = "give this user the right to write there"
        if "s3://" in store.name:
            mend = "check COPYDESK_MEDIA_STORE, …_ENDPOINT, …_REGION and …_KEY, and what the key may do in the bucket"
        yield Finding("files", away.reason, mend)
    else:
        yield Finding("files", f"{store.name} can be read and written")


def _files(settings: Settings, database: Database, _now: datetime) -> Iterator[Finding]:
    """Look for the oldest and the newest file: both are elsewhere when a setting was changed and nothing moved."""
    if not _is_migrated(database):
        return
    store = chosen_store(settings)
    with database.reading() as session:
        ends = [session.scalar(select(Asset.sha256).order_by(by).limit(1)) for by in (Asset.number, -Asset.number)]
    try:
        missing = [sha256 for sha256 in ends if sha256 is not None and not store.has(ORIGINALS, sha256)]
    except StoreAway:
        # Said by the look at the store itself.
        return
    if missing:
        detail = f"{missing[0]} is not in {store.name}"
        mend = "name in COPYDESK_MEDIA_STORE_BEFORE where files were before, or run copydesk media verify"
        yield Finding("files", detail, mend)


def _api(settings: Settings) -> Iterator[Finding]:
    place = settings.local_url
    asker = http.client.HTTPConnection(urlsplit(place).netloc, timeout=PROBE_SECONDS)
    try:
        asker.request("GET", "/readyz")
        status = asker.getresponse().status
    except (OSError, http.client.HTTPException) as error:
        mend = "run copydesk up or copydesk api, or check COPYDESK_HOST and COPYDESK_PORT"
        yield Finding("api", f"{place} does not answer: {error}", mend)
    else:
        mend = "" if status == http.client.OK else "mend what else is named here; /readyz says which part it waits for"
        yield Finding("api", f"{place} answers /readyz with {status}", mend)
    finally:
        asker.close()


def _broker(settings: Settings) -> Iterator[Finding]:
    bell = Bell(settings.bell_url)
    try:
        if bell.is_connected():
            yield Finding("broker", "answers")
        else:
            yield Finding(
                "broker",
                "does not answer; nothing is lost, but nothing follows from a publish until it does",
                "run copydesk up, or check COPYDESK_REDIS_URL",
            )
    finally:
        bell.close()


def _mail(settings: Settings) -> Iterator[Finding]:
    try:
        server = MailServer.from_url(settings.mail_server)
    except ValueError as error:
        yield Finding("mail", str(error), "correct COPYDESK_SMTP_URL")
        return
    place = f"{server.host}:{server.port}"
    kind = smtplib.SMTP_SSL if server.scheme == "smtps" else smtplib.SMTP
    try:
        with kind(server.host, server.port, timeout=3) as connection:
            connection.noop()
    except (OSError, smtplib.SMTPException) as error:
        yield Finding("mail", f"{place} does not answer: {error}", "start it, or check COPYDESK_SMTP_URL")
    else:
        yield Finding("mail", f"{place} answers")


def _is_migrated(database: Database) -> bool:
    with database.reading() as session:
        return current_step(session.connection()) == head_step()
