"""Fixtures of the newsroom's tests."""

from dataclasses import replace

import pytest
from flask import Flask

from tests.newsroom.appointing import Clock


@pytest.fixture
def clock(app: Flask) -> Clock:
    """The clock of the routes."""
    clock = Clock()
    app.extensions["copydesk"] = replace(app.extensions["copydesk"], clock=clock)
    return clock
