"""Fixtures of the tests of identity."""

import pytest
from flask import Flask

from tests.identity.making import Office


@pytest.fixture
def office(app: Flask) -> Office:
    """The staff's routes with a clock that stands still."""
    return Office(app)
