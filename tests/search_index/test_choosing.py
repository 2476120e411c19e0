"""Only what may be on a page is scored, and the page is the one that scoring everything would give."""

import random

import pytest

from search_index.bulk import GroupedPool
from search_index.choosing import Choosing
from search_index.damage import IndexUnavailable
from search_index.engine import RELEVANCE, SORTS, Position
from search_index.lists import MOST_WEIGHT, Packed, Postings
from search_index.ordering import place_of
from search_index.query import Query, parse
from search_index.sieving import sieved, whole
from search_index.snapshot import Snapshot
from search_index.synonyms import Thesaurus
from tests.search_index.conftest import FIRST_AT, Shelf, article

WORDS = ("harbour", "harbours", "ferry", "ice", "rail", "strike", "coal", "wind", "城市交通", "公共", "市场")
ASKED = (
    "harbour", "ferry ice", "ferry ice rail strike", '"ferry ice" rail', "ice OR coal wind", "har* ferry", "-ice",
    "城市交通 公共", "城市交通改革", "section:world", "wind title:ice", "ferry -coal after:2026", "of the ice",
)  # fmt: skip


def every_place(snapshot: Snapshot, query: Query, sort: str) -> list[Position]:
    sieves = sieved(snapshot, query)
    if sort != RELEVANCE:
        sieves = whole(sieves)
    choosing = Choosing(sieves, query, sort)
    ranked = (one for number, sieve in enumerate(sieves) for one in choosing._all_of(number, sieve.documents))
    return sorted(place_of(one, sort) for one in ranked)


def test_a_page_after_any_place_is_what_scoring_everything_gives(shelf: Shelf) -> None:
    chance = random.Random(4)
    for revision in (1, 2, 3):
        keys = [f"a{chance.randrange(90)}" for _ in range(60)]
        texts = [" ".join(chance.choices(WORDS, k=chance.choice([2, 5, 30]))) for _ in keys]
        told = zip(keys, texts, strict=True)
        shelf.put(*(article(key, text[:12], text, revision=revision, published_at=FIRST_AT) for key, text in told))
    expand = Thesaurus([(("ice", "frozen wind", "coal"), False)]).expanded
    wrong = []
    with shelf.reader._held() as snapshot:
        for query in (*map(parse, ASKED), *(expand(parse(text)) for text in ASKED)):
            for sort in SORTS:
                truth = every_place(snapshot, query, sort)
                sieves = sieved(snapshot, query)
                choosing = Choosing(sieves if sort == RELEVANCE else whole(sieves), query, sort)
                for most in (1, 6):
                    for at in (None, *range(0, len(truth), 9)):
                        begin, start = (0, None) if at is None else (at + 1, truth[at])
                        if choosing.after(start, most) != truth[begin : begin + most]:
                            wrong.append((query, sort, most, at))
    assert wrong == []


def test_pages_that_are_turned_are_looked_up(shelf: Shelf) -> None:
    shelf.fill(*(article(f"a{number:02}", "Harbour", "ice " * (number % 7)) for number in range(60)))
    first = shelf.page("harbour ice", limit=10)
    with shelf.reader._held() as snapshot:
        [known] = snapshot.kept.values()
        assert len(known.places) == 11
        found, after = [hit.id for hit in first.hits], first.hits[-1].position
        for _ in range(5):
            page = shelf.page("harbour ice", limit=10, after=after)
            found, after = [*found, *(hit.id for hit in page.hits)], page.hits[-1].position
        [known] = snapshot.kept.values()
        assert (len(known.places), known.is_to_the_end, known.count) == (60, True, 60)
        again = shelf.page("harbour ice", limit=10)
        assert (again, [known]) == (first, list(snapshot.kept.values()))
    assert sorted(found) == [f"a{number:02}" for number in range(60)]


def test_a_posting_list_is_read_as_it_was_written() -> None:
    pool = GroupedPool()
    given = [(3, "\u0005"), (2_500, "".join(map(chr, range(300)))), (9_000, "\ud800\U0010ffff")]
    for document, places in given:
        pool.add(("all", b"ice", document, float(len(places)), places.encode("utf-8", "surrogatepass")))
    pool.add(("all", b"wind", 9_000, 70_000.0, b"a" * 70_000))
    pool.add(("id", b"one", 9_000, 1.0, b""))
    read = {term: Postings(packed.content()) for _, term, packed in pool.iter_postings()}
    ice = read[b"ice"]
    assert list(zip(ice.documents, ice.places(), strict=True)) == given
    assert [ice.places_at(ice.find(document)) for document, _ in given] == [places for _, places in given]
    assert [ice.find(document) for document in (0, 4, 9_001)] == [-1, -1, -1]
    assert (list(read[b"wind"].weights), len(read[b"wind"].text)) == ([MOST_WEIGHT], MOST_WEIGHT)
    assert (list(read[b"one"].weights), read[b"one"].text) == ([1], "")


def test_a_posting_list_that_is_not_whole_is_damage() -> None:
    packed = Packed()
    packed.documents.append(1)
    packed.weights.append(1)
    packed.places += b"a"
    content = packed.content()
    for damaged in (b"", content[:-1], content + b"a", b"XX" + content[2:], content[:2] + b"\7" + content[3:]):
        with pytest.raises(IndexUnavailable):
            Postings(damaged)
