"""A query that waits for a document asks for exactly what the index would find whole."""

import random
from collections.abc import Iterator
from itertools import pairwise

import pytest

from cms.launch.sample.reading import sample
from search_index.document import IndexDocument
from search_index.matching import Page, asks_for_something, is_asked_for, key_of, keys_of, meaning_of, page_of
from search_index.query import parse
from tests.search_index.conftest import Shelf, article

BY_HAND = (
    "rail", "RAIL strike", '"rail strike"', "strike rail", "-rail strike", "ferr*", "energ* -price", "section:world",
    "section:WORLD rail", "locale:zh-CN", "locale:en -section:world", "tag:rail", "tag:rail-strike", "author:chen",
    "title:energy", 'title:"energy prices"', "交通", "公共交通", "能", "能源 价格", "железная", "қала", "the",
    "of the rail", "rail-strike", "-tag:energy energy", "author:nobody", "section:nowhere", "zz*", "naïve café", "2026",
    "𝕣𝕒𝕚𝕝", "“rail strike”", "-交通 能源", "title:能源", "prices*", "happy*", "con*",
    "\u202erail", "rail\u2028strike", "-rail",
)  # fmt: skip


@pytest.fixture(scope="module")
def documents() -> list[IndexDocument]:
    """The sample newsroom, as the index is told of it."""
    newsroom = sample()
    people = {one.slug: one.name for one in newsroom.people}
    tags = {one.slug: one.name for one in newsroom.tags}
    parents = {one.slug: one.parent for one in newsroom.sections}
    return [
        article(
            f"{number:03}", one.title, one.body, dek=one.dek, summary=tuple(one.summary), locale=one.locale,
            section_path=((parents[one.section] or one.section), one.section), section_name=one.section,
            tags=tuple((slug, tags[slug]) for slug in one.tags),
            people=tuple((slug, people[slug]) for slug in one.authors),
        )
        for number, one in enumerate(newsroom.articles)
    ]  # fmt: skip


def drawn(documents: list[IndexDocument], chance: random.Random) -> Iterator[str]:
    """What somebody may ask who knows the articles: their words, alone and side by side, begun, quoted and excluded."""
    for document in documents[::2]:
        words = [word for word in document.text.split() if word.strip('"-*:')]
        one, other = chance.sample(words, 2)
        left, right = chance.choice(list(pairwise(words)))
        yield f"{one} {other}"
        yield f'"{left} {right}"'
        yield f"{one[:4]}* -{other}"
        yield f"title:{chance.choice(document.title.split())} section:{document.section_path[-1]}"
        yield f"tag:{chance.choice(document.tags)[0]} {left}-{right}" if document.tags else f"-section:world {one}"


def test_the_index_and_the_match_of_one_document_agree_on_the_sample_newsroom(
    shelf: Shelf, documents: list[IndexDocument]
) -> None:
    shelf.put(*documents)
    pages = {document.id: page_of(document) for document in documents}
    keys = {name: frozenset(keys_of(page)) for name, page in pages.items()}
    asked = [*BY_HAND, *drawn(documents, random.Random(7))]
    differing, found_any, compared = [], 0, 0
    for text in asked:
        query = parse(text)
        whole = {hit.id for hit in shelf.page(text, limit=len(documents)).hits if hit.score >= 1}
        mine = {name for name, page in pages.items() if is_asked_for(query, page)} if not query.is_empty else set()
        key = key_of(query)
        compared += sum(not key or key in held for held in keys.values())
        lost = [name for name in mine if key and key not in keys[name]]
        if whole != mine or lost:
            differing.append((text, whole ^ mine, lost))
        found_any += bool(whole)
    assert differing == []
    assert found_any > len(asked) / 2
    print(f"{len(asked)} queries, {len(documents)} articles: {compared} of {len(asked) * len(documents)} compared")
    assert compared < len(asked) * len(documents) / 3


def test_equal_queries_mean_the_same_in_other_words_and_another_order() -> None:
    same = ("rail strike", "STRIKE  rail", "strikes rails", "rail strike rail")
    assert len({meaning_of(parse(text)) for text in same}) == 1
    others = ("rail", '"rail strike"', "rail -strike", "title:rail strike", "rail strike section:world")
    assert len({meaning_of(parse(text)) for text in (*others, same[0])}) == len(others) + 1


def test_a_query_that_only_says_what_it_does_not_want_asks_for_nothing() -> None:
    assert [asks_for_something(parse(text)) for text in ("-rail", "the", "-tag:rail", "locale:en", "rail -coal")] == [
        False, False, False, True, True,
    ]  # fmt: skip


def test_a_key_is_something_that_the_query_cannot_do_without() -> None:
    page: Page = page_of(article("one", "Ferries sail", "in the harbour", section_path=("world", "asia")))
    held = set(keys_of(page))
    for text in ("harbour sail", "section:asia ferr*", "title:ferries", "locale:en"):
        assert key_of(parse(text)) in held
    assert key_of(parse("ferr* -coal")) == ""
    assert key_of(parse("locale:en ferries")) == "all:ferri"
    assert len(key_of(parse("section:" + "ﷺ" * 200))) == 200
