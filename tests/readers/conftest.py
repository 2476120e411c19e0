"""Fixtures of the readers' tests."""

from collections.abc import Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient

from cms.platform.db import Database
from cms.settings import Settings
from tests.readers.following import Newsroom, newsroom
from tests.readers.making import Desk


@pytest.fixture
def desk(app: Flask, client: FlaskClient) -> Desk:
    """The readers' routes with a clock that stands still."""
    return Desk(app, client)


@pytest.fixture
def room(app: Flask, database: Database, settings: Settings) -> Iterator[Newsroom]:
    """A newsroom whose readers follow it, with a mail server that they read."""
    with newsroom(app, database, settings) as running:
        yield running
