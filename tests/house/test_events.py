"""Every event is heard or listed as unheard, and the page about events is current."""

from pathlib import Path

import pytest

from cms.events.catalogue import CATALOGUE
from cms.events.subscriptions import SUBSCRIPTIONS, UNHEARD
from docs.generate import PAGES

DOCS = Path(__file__).parents[2] / "docs"


def test_every_event_is_heard_or_listed_as_unheard() -> None:
    heard = {name for subscription in SUBSCRIPTIONS for name in subscription.hears}
    assert heard | UNHEARD == set(CATALOGUE)
    assert heard & UNHEARD == set()


def test_every_event_says_what_became_true() -> None:
    assert [event.__name__ for event in CATALOGUE.values() if not event.__doc__] == []


@pytest.mark.parametrize("name", sorted(PAGES))
def test_generated_pages_are_current(name: str) -> None:
    assert (DOCS / name).read_text("utf-8") == PAGES[name](), "run: python -m docs.generate"
