"""The trail that the tests of this folder share."""

import pytest

from cms.platform.db import Database
from cms.settings import Settings
from tests.audit.trail import Trail


@pytest.fixture
def trail(settings: Settings, database: Database) -> Trail:
    """An empty audit trail with its sealer."""
    return Trail(settings, database)
