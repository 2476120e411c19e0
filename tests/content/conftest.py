"""A small published site, for tests of what readers get."""

import pytest

from cms.content.publishing import PublishedArticle
from cms.platform.db import Database
from tests.content.making import put_stories


@pytest.fixture
def stories(database: Database) -> list[PublishedArticle]:
    """What readers may see."""
    return put_stories(database)
