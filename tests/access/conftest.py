"""A furnished desk for the tests of access."""

import pytest
from flask import Flask

from cms.platform.db import Database
from tests.access.desk import Desk


@pytest.fixture
def desk(app: Flask, database: Database) -> Desk:
    """A newsroom of this test's own."""
    return Desk(app, database).furnish()
