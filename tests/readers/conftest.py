"""Fixtures of the readers' tests."""

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.readers.making import Desk


@pytest.fixture
def desk(app: Flask, client: FlaskClient) -> Desk:
    """The readers' routes with a clock that stands still."""
    return Desk(app, client)
