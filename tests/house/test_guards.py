"""The guards of the tests themselves: a guard that never fires is none."""

from pathlib import Path

import pytest

from cms.events.catalogue import ArticleUnpublished
from cms.events.outbox import record
from cms.platform.actor import system
from cms.platform.clock import now
from cms.platform.db import Database
from cms.platform.ids import new_id
from cms.settings import Settings
from tests import guarding
from tests.draining import drain

MAKEFILE = Path(__file__).parents[2] / "Makefile"


def unpublish(database: Database) -> None:
    with database.transaction() as session:
        record(session, ArticleUnpublished(subject=new_id(), revision=3), actor=system("test"), now=now())


def test_a_journey_that_ends_with_open_deliveries_fails(settings: Settings, database: Database) -> None:
    unpublish(database)
    guarding.refuse_undelivered(database)
    drain(settings, database)
    unpublish(database)
    with pytest.raises(AssertionError, match="ended with open deliveries"):
        guarding.refuse_undelivered(database)
    drain(settings, database)
    guarding.refuse_undelivered(database)


def test_make_test_prints_what_it_had_to_skip() -> None:
    recipe = MAKEFILE.read_text("utf-8").split("\ntest: ")[1].splitlines()[1]
    assert "pytest -rs" in recipe
