"""Fixtures that every test may use, and the guards that every test must pass.

A test marked `both_databases` runs on SQLite and on PostgreSQL; the others run on SQLite.
"""

import contextlib
import functools
import gc
import importlib
import ipaddress
import logging
import os
import secrets
import shutil
import socket
from collections.abc import Callable, Generator, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import structlog
from argon2 import PasswordHasher
from flask import Flask
from flask.testing import FlaskClient

from cms.app import create_app
from cms.identity import passwords
from cms.identity.tokens import issue_token
from cms.migrations.running import upgrade
from cms.platform import broker_counts
from cms.platform.actor import system
from cms.platform.clock import now
from cms.platform.db import Database
from cms.settings import Settings
from tests import guarding, servers
from tests.lending import TEMPLATE, Lendings

# Where files live in memory, on machines that have it, and what has to be free there.
MEMORY = Path("/dev/shm")
MEMORY_NEEDED_BYTES = 2 << 30
BUCKET_SECRET = "the secret of a bucket 8843"
SECRET = "a secret for the tests 0123456789 abcdefgh"
# A hash of the product's takes 30 ms, and the tests need thousands; those that need its work ask for `full_work`.
PRODUCTS_HASHING = (passwords.HASHER._argon2, passwords.NOBODYS)
passwords.HASHER._argon2 = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1, hash_len=32, salt_len=16)
passwords.NOBODYS = passwords.HASHER._argon2.hash(secrets.token_hex())
# The theorem's checks stand beside its runs; what they compared is to be told as of any other test.
pytest.register_assert_rewrite("tests.properties.running")


def pytest_configure(config: pytest.Config) -> None:
    """Refuse every connection beyond loopback, whoever asks for it."""
    config.addinivalue_line("markers", "both_databases: runs on SQLite and on PostgreSQL")
    config.addinivalue_line("markers", "leaves_work: drains, and may end with open deliveries")

    # The product waits for the disk at each commit, which tests never miss: 3.4 ms on one disk, and 0.01 in memory.
    if os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > MEMORY_NEEDED_BYTES:
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(MEMORY))

    # Asked of the two methods and not of every audit event, which there are millions of: each `id()` is one.
    for name in ("connect", "connect_ex"):
        setattr(socket.socket, name, _only_to_loopback(getattr(socket.socket, name)))
    # A command that a test runs in this process may turn the root logger up, and requests would go to the terminal.
    logging.getLogger("copydesk.access").setLevel(logging.WARNING)
    # Until a command sets logs up, structlog would draw each exception in colours with its source, which takes long.
    plain = structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback)
    structlog.configure(processors=[structlog.processors.add_log_level, plain])


def _only_to_loopback(connect: Callable[[socket.socket, Any], Any]) -> Callable[[socket.socket, Any], Any]:
    @functools.wraps(connect)
    def checked(asking: socket.socket, address: Any) -> Any:
        if isinstance(address, tuple):
            host = str(address[0])
            if host not in ("localhost", "") and not ipaddress.ip_address(host).is_loopback:
                raise AssertionError(f"a test tried to reach {host}")
        return connect(asking, address)

    return checked


@pytest.hookimpl(wrapper=True)
def pytest_collection(session: pytest.Session) -> Generator[None, object, object]:
    """Load the tests without looking through them for garbage: all of it lives as long as the run does."""
    gc.disable()
    try:
        _load_in_turns(session.config)
        return (yield)
    finally:
        gc.collect()
        gc.freeze()
        gc.set_threshold(20_000, 20, 20)
        gc.enable()


def _load_in_turns(config: pytest.Config) -> None:
    """Let each test process begin at another module, so that it reads what the others have compiled meanwhile.

    Compiling assertions into ones that tell their values takes twice as long as all else that is loaded.
    """
    worker: dict[str, Any] | None = getattr(config, "workerinput", None)
    if worker is None:
        return
    given = [Path(name).resolve() for name in config.args]
    folders = [path for path in given if path.is_dir() and path.is_relative_to(config.rootpath)]
    names = sorted(
        ".".join(file.relative_to(config.rootpath).with_suffix("").parts)
        for path in folders
        for file in path.rglob("test_*.py")
    )
    number = int(worker["workerid"].removeprefix("gw"))
    begin = number * len(names) // worker["workercount"]
    for name in names[begin:] + names[:begin]:
        # What cannot be loaded is told where it is collected.
        with contextlib.suppress(Exception):
            importlib.import_module(name)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave the order to chance, but for who shares servers, which stay together, and what is long, which comes first.

    A test process then does without the servers of others, and none works alone on something long in the end.
    """
    items.sort(key=_turn)


def _turn(item: pytest.Item) -> int:
    is_first = (
        item.get_closest_marker("long"),
        item.get_closest_marker("postgresql"),
        "site" in getattr(item, "fixturenames", ()),
        item.get_closest_marker("slow"),
    )
    return next((number for number, holds in enumerate(is_first) if holds), len(is_first))


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a test marked `both_databases` once on each."""
    if "database_kind" in metafunc.fixturenames:
        kinds: list[Any] = ["sqlite"]
        if metafunc.definition.get_closest_marker("both_databases"):
            kinds.append(pytest.param("postgresql", marks=[pytest.mark.postgresql, pytest.mark.slow]))
        metafunc.parametrize("database_kind", kinds, indirect=True)


@pytest.fixture
def full_work(monkeypatch: pytest.MonkeyPatch) -> None:
    """Passwords are hashed with as much work as in the product."""
    argon2, nobodys = PRODUCTS_HASHING
    monkeypatch.setattr(passwords.HASHER, "_argon2", argon2)
    monkeypatch.setattr(passwords, "NOBODYS", nobodys)


@pytest.fixture(scope="session")
def need() -> Callable[[bool, str], None]:
    """Skip when a part is missing on this machine; fail instead where COPYDESK_REQUIRE=all."""

    def check(is_there: bool, what: str) -> None:
        if not is_there:
            if os.environ.get("COPYDESK_REQUIRE") == "all":
                pytest.fail(f"{what} is missing, and COPYDESK_REQUIRE=all")
            pytest.skip(f"{what} is missing")

    return check


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[servers.PostgreSQL]:
    """One server per test process, with a migrated template database."""
    with servers.postgresql() as server:
        server.execute(f"CREATE DATABASE {TEMPLATE}")
        database = Database(_driver_url(server.url(TEMPLATE)), is_durable=True)
        upgrade(database)
        database.dispose()
        yield server


@pytest.fixture(scope="session")
def postgresql_databases(postgresql_server: servers.PostgreSQL) -> Lendings:
    """The databases of this test process that tests borrow one after the other."""
    return Lendings(postgresql_server)


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file to copy."""
    path = tmp_path_factory.mktemp("template") / "template.db"
    database = Database(f"sqlite+pysqlite:///{path}", is_durable=True)
    upgrade(database)
    with database.writer.connect() as connection:
        connection.exec_driver_sql("COMMIT")
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.exec_driver_sql("BEGIN")
    database.dispose()
    return path


@pytest.fixture
def database_kind(request: pytest.FixtureRequest) -> str:
    """`sqlite` or `postgresql`."""
    return str(request.param)


@pytest.fixture
def database_url(database_kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of an empty, migrated database of this test's own."""
    if database_kind == "sqlite":
        path = tmp_path / "copydesk.db"
        shutil.copy(request.getfixturevalue("sqlite_template"), path)
        yield f"sqlite+pysqlite:///{path}"
        return
    databases: Lendings = request.getfixturevalue("postgresql_databases")
    name = databases.lend()
    yield databases.server.url(name)
    databases.take_back(name)


@pytest.fixture
def settings(tmp_path: Path, database_url: str) -> Settings:
    """Settings of one test: a home of its own, and no broker unless the test asks for one."""
    return Settings(
        home=tmp_path / "home",
        database_url=database_url,
        redis_url="redis://127.0.0.1:1/0",
        secret_key=SECRET,
        allow_unsafe_database=True,
        log_level="warning",
        # Without a broker each write would cost one more commit; the tests of limits set their own.
        limit_writes="0",
    )


@pytest.fixture
def database(settings: Settings, request: pytest.FixtureRequest) -> Iterator[Database]:
    """The test's database. What was drained once must be so at the end, unless the test is marked `leaves_work`."""
    database = Database(settings.database, is_durable=True, site_name=settings.site_name)
    yield database
    try:
        if request.node.get_closest_marker("leaves_work") is None:
            guarding.refuse_undelivered(database)
    finally:
        database.dispose()


@pytest.fixture
def app(settings: Settings) -> Iterator[Flask]:
    """The application on the test's database."""
    app = create_app(settings)
    yield app
    app.extensions["copydesk"].database.dispose()
    app.extensions["copydesk"].index.close()


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """An anonymous client."""
    return app.test_client()


@pytest.fixture
def client_as(app: Flask, database: Database) -> Callable[[str], FlaskClient]:
    """A function that gives a client with a token of a role: viewer, author, editor, administrator."""

    def make(role: str) -> FlaskClient:
        with database.transaction() as session:
            token = issue_token(session, system("test"), name=role, role=role, lifetime=timedelta(hours=1), now=now())
        client = app.test_client()
        client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {token}"
        return client

    return make


@pytest.fixture
def editor(client_as: Callable[[str], FlaskClient]) -> FlaskClient:
    """A client with an editor's token."""
    return client_as("editor")


@pytest.fixture
def administrator(client_as: Callable[[str], FlaskClient]) -> FlaskClient:
    """A client with an administrator's token."""
    return client_as("administrator")


@pytest.fixture(scope="session")
def shared_broker() -> Iterator[servers.Broker]:
    """One Valkey per test process."""
    with servers.valkey() as broker:
        yield broker


@pytest.fixture
def broker(shared_broker: servers.Broker, monkeypatch: pytest.MonkeyPatch) -> servers.Broker:
    """A running broker, emptied for this test; on a busy machine it may answer late, and limits wait for it."""
    monkeypatch.setattr(broker_counts, "TIMEOUT_SECONDS", 10.0)
    shared_broker.empty()
    return shared_broker


@pytest.fixture(scope="session")
def shared_buckets() -> Iterator[servers.Buckets]:
    """One S3 server per test process."""
    with servers.buckets() as running:
        yield running


@pytest.fixture
def buckets(shared_buckets: servers.Buckets) -> Iterator[servers.Buckets]:
    """A running S3 server without a fault."""
    shared_buckets.order()
    yield shared_buckets
    shared_buckets.order()


@pytest.fixture
def in_bucket(buckets: servers.Buckets, settings: Settings) -> Settings:
    """The settings of this test with its files in a bucket of its own."""
    name = f"pictures-{secrets.token_hex(6)}"
    buckets.make(name)
    return replace(
        settings,
        media_store=f"s3://{name}/media",
        media_store_endpoint=buckets.endpoint,
        media_store_key="copydesk",
        media_store_secret=BUCKET_SECRET,
    )


def _driver_url(url: str) -> str:
    return Settings(database_url=url).database
