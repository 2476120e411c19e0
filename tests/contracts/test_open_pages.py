"""Row S100: pages of the installation are open or closed as the settings say, hold no secret, and cost next to none."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest
from flask.testing import FlaskClient

from cms.app import create_app
from cms.environment import SettingsError
from cms.operations.api.health import CHECK
from cms.operations.health import HealthCheck
from cms.operations.keeping import Kept
from cms.platform.db import Database
from cms.settings import Settings

PAGES = {
    "docs": ("/", "/docs"),
    "openapi": ("/openapi.json",),
    "metrics": ("/metrics",),
}


@contextmanager
def closing(settings: Settings, *names: str) -> Iterator[FlaskClient]:
    app = create_app(replace(settings, closed_pages=names))
    yield app.test_client()
    app.extensions["copydesk"].database.dispose()
    app.extensions["copydesk"].index.close()


@pytest.fixture
def settings(settings: Settings) -> Settings:
    settings.home.mkdir()
    return settings


def test_a_page_is_there_unless_the_settings_close_it(settings: Settings, client: FlaskClient) -> None:
    for name, paths in PAGES.items():
        with closing(settings, name) as closed:
            for page, others in PAGES.items():
                for path in others:
                    for method in ("GET", "HEAD"):
                        answer = closed.open(path, method=method)
                        assert answer.status_code == (404 if page == name else 200), (name, path)
            assert all(closed.get(path).status_code == 200 for path in ("/livez", "/readyz", "/docs/problems"))
            gone, nothing = closed.get(paths[0]), closed.get("/none")
            assert gone.json["code"] == nothing.json["code"] == "not_found" and gone.mimetype == nothing.mimetype
        assert all(client.get(path).status_code == 200 for path in paths)


@pytest.mark.parametrize("value", ["all", "metrics,doc", "/metrics", "METRICS", "livez"])
def test_a_page_that_cannot_be_closed_is_refused_at_the_start(value: str) -> None:
    with pytest.raises(SettingsError, match="COPYDESK_CLOSED_PAGES"):
        Settings.from_environment({"COPYDESK_CLOSED_PAGES": value})


def test_a_closed_health_says_whether_and_not_what(settings: Settings, client: FlaskClient) -> None:
    # No index was ever made, so search is not well.
    assert client.get("/readyz").json == {"status": "degraded", "degraded": ["search"]}
    with closing(settings, "health") as closed:
        assert closed.get("/readyz").json == {"status": "degraded", "degraded": []}
    away = replace(settings, database_url=f"sqlite+pysqlite:///{settings.home}/nowhere/copydesk.db")
    with closing(away, "health") as closed:
        answer = closed.get("/readyz")
        assert (answer.status_code, answer.json) == (503, {"status": "unavailable", "degraded": []})


def test_health_is_asked_once_a_second_and_writes_and_sends_nothing(
    settings: Settings, database: Database, client: FlaskClient
) -> None:
    asked: list[Any] = []
    ticks = [100.0]
    parts = client.application.extensions["copydesk"]
    check = HealthCheck(settings, parts.database, parts.index)

    def look(instant: Any) -> Any:
        asked.append(instant)
        return check.now(instant)

    client.application.extensions[CHECK] = Kept(look, ticks=lambda: ticks[0])
    client.get("/readyz")
    before = contents(settings)
    for _ in range(300):
        assert client.get("/readyz").status_code == client.get("/livez").status_code == 200
    assert len(asked) == 1
    ticks[0] += 1.0
    client.get("/readyz")
    assert len(asked) == 2
    assert contents(settings) == before


def contents(settings: Settings) -> dict[str, str]:
    """Every file of the home and the database, by its digest; what counts requests is not among them."""
    places = [*settings.home.rglob("*"), settings.home.parent / "copydesk.db"]
    return {
        str(path): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in places
        if path.is_file() and "metrics" not in path.parts
    }


def test_no_open_page_holds_a_secret_or_a_place_on_this_machine(
    settings: Settings, client: FlaskClient, administrator: FlaskClient
) -> None:
    token = administrator.environ_base["HTTP_AUTHORIZATION"].removeprefix("Bearer ")
    hidden = (settings.secret_key, token, str(settings.home), settings.database_url, "redis://", "Traceback")
    for path in (*(one for paths in PAGES.values() for one in paths), "/livez", "/readyz", "/docs/problems"):
        text = client.get(path).get_data(as_text=True)
        assert [one for one in hidden if one and one in text] == [], path
