"""Pages follow each other without a gap or a repetition, also where scores are equal."""

import json

import pytest

from search_index.query import QueryError
from tests.search_index.conftest import FIRST_AT, Shelf, article


@pytest.mark.parametrize("typed", ["harbour", "harbour ice", "-ice", "section:world"])
@pytest.mark.parametrize("limit", [1, 7, 100])
def test_pages_hold_everything_once_in_order(shelf: Shelf, typed: str, limit: int) -> None:
    shelf.fill(*(article(f"a{number}", "Harbour " * (number % 4 + 1), published_at=FIRST_AT) for number in range(20)))
    shelf.put(*(article(f"b{number}", "Harbour and ice") for number in range(5)))
    everything = [(hit.id, hit.score) for hit in shelf.page(typed).hits]
    paged, after = [], None
    for _ in range(100):
        page = shelf.page(typed, limit=limit, after=after)
        paged += [(hit.id, hit.score) for hit in page.hits]
        if not page.has_more:
            break
        after = json.loads(json.dumps(page.hits[-1].position))
    assert paged == everything
    assert len({key for key, _ in paged}) == len(paged) >= 20


def test_there_is_nothing_behind_the_last_page(shelf: Shelf) -> None:
    shelf.put(article("a", "Harbour"), article("b", "Harbour"))
    page = shelf.page("harbour", limit=2)
    assert not page.has_more
    assert shelf.page("harbour", after=page.hits[-1].position).hits == ()


@pytest.mark.parametrize(
    "after",
    [
        [],
        [1.0],
        [1.0, 2],
        [1.0, 2, 3],
        ["1", 2, "a"],
        [1.0, 2.5, "a"],
        [None, 2, "a"],
        [1, 2, "a", 4],
        "abc",
        [[], 2, "a"],
        [float("nan"), 2, "a"],
    ],
)
def test_a_place_that_is_none_is_refused(shelf: Shelf, after: object) -> None:
    shelf.put(article("a", "Harbour"))
    with pytest.raises(QueryError):
        shelf.page("harbour", after=after)  # type: ignore[arg-type]  # that is the point
