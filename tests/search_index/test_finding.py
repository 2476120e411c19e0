"""What is found, in which order, and what never is."""

import random
import time
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from search_index.query import QueryError, parse
from tests.search_index.conftest import FIRST_AT, Shelf, article


@pytest.fixture
def newsroom(shelf: Shelf) -> Shelf:
    """A dozen articles in four languages."""
    shelf.put(
        article("ferry", "Ferries sail again", "The harbour opened after eleven days of ice."),
        article("ice", "Ice closes the harbour", "No ferry left; the icebreaker stays.", dek="A hard winter"),
        article("rail", "Rail strike ends", "Trains run again.", tags=(("rail-strike", "Rail strike"),)),
        article("strike", "Miners strike", "No rail here to speak of, but coal.", summary=("A second week",)),
        article("energy", "Coal and wind", "Energy prices fall.", section_path=("business", "energy")),
        article("markets", "Markets", "Shares rise.", section_path=("business",), people=(("jo-f", "Jo Ferreby"),)),
        article("zh", "城市交通改革", "北京市公布了AI芯片和城市的公共交通规划。", locale="zh-CN"),
        article("zh2", "电价下调", "交通部门没有评论。", locale="zh-CN", section_path=("business", "energy")),
        article("ru", "Новости спорта", "Команда выиграла матч.", locale="ru"),
        article("kk", "Қала жаңалықтары", "Жаңа көпір ашылды.", locale="kk"),
        article("ko", "서울시 교통", "새로운 노선.", locale="ko"),
        article("ja", "東京タワーの夜", "観光客が増えた。", locale="ja"),
    )
    return shelf


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("ferry", {"ferry", "ice"}),
        ("FERRIES", {"ferry", "ice"}),
        ("winter", {"ice"}),
        ("second week", {"strike"}),
        ("rail-strike", {"rail", "strike"}),
        ("hard-winter", {"ice"}),
        ("tag:rail", {"rail"}),
        ("author:ferreby", {"markets"}),
        ("author:jo-f", {"markets"}),
        ("ferreby", {"markets"}),
        ("title:harbour", {"ice"}),
        ('"harbour opened"', {"ferry"}),
        ('"opened harbour"', set()),
        ("harb*", {"ferry", "ice"}),
        ("ferries*", {"ferry", "ice"}),
        ("prices*", {"energy"}),
        ("section:business", {"energy", "markets", "zh2"}),
        ("section:energy", {"energy", "zh2"}),
        ("locale:ru", {"ru"}),
        ("section:energy prices", {"energy"}),
        ("交通", {"zh", "zh2"}),
        ("公共交通", {"zh", "zh2"}),
        ("交", {"zh", "zh2"}),
        ("划", {"zh"}),
        ("芯片", {"zh"}),
        ("ai", {"zh"}),
        ('"AI芯片"', {"zh"}),
        ("новость", {"ru"}),
        ("матчи", {"ru"}),
        ("көпір", {"kk"}),
        ("교통", {"ko"}),
        ("タワー", {"ja"}),
        ("観光", {"ja"}),
        ("the", set()),
        ("nothing-of-the-kind", set()),
        ("secret:ferry*", set()),
        ("id:ferry all:ferry", {"ferry", "ice"}),
    ],
)
def test_articles_are_found(newsroom: Shelf, typed: str, found: set[str]) -> None:
    assert set(newsroom.find(typed)) == found


def test_one_question_finds_articles_of_several_languages(newsroom: Shelf) -> None:
    assert set(newsroom.find("ferry 交通 матч")) == {"ferry", "ice", "zh", "zh2", "ru"}


def test_filters_hold_whatever_is_typed(newsroom: Shelf) -> None:
    assert newsroom.find("交通", section="business") == ["zh2"]
    assert newsroom.find("section:world 交通", section="business") == []
    assert newsroom.find("ferry 交通", locale="zh-CN") == newsroom.find("交通", locale="zh-CN") != []
    assert newsroom.find("ferry", locale="de") == []
    assert newsroom.find("ferry", section="") == []


def test_exclusions_take_away_and_alone_mean_all_others(newsroom: Shelf) -> None:
    everything = set(newsroom.reader.indexed())
    assert set(newsroom.find("-ferry")) == everything - {"ferry", "ice"}
    assert newsroom.find("ferry -icebreaker") == ["ferry"]
    assert set(newsroom.find("-交通")) == everything - {"zh", "zh2"}
    assert set(newsroom.find("-section:world -tag:rail")) == {"energy", "markets", "zh2"}
    assert set(newsroom.find('-"公共交通"')) == everything - {"zh"}


def test_what_has_all_words_comes_before_what_has_some(newsroom: Shelf) -> None:
    page = newsroom.page("rail strike coal")
    assert page.hits[0].id == "strike"
    assert page.hits[0].score >= 1 > page.hits[1].score
    assert newsroom.find("城市交通")[0] == "zh"


def test_words_in_a_row_come_first(shelf: Shelf) -> None:
    filler = "wind and weather " * 5
    shelf.put(
        article("apart", "One", f"climate {filler} change", published_at=FIRST_AT),
        article("row", "Two", f"{filler} climate change", published_at=FIRST_AT),
        article("turned", "Three", f"change climate {filler}", published_at=FIRST_AT),
    )
    assert shelf.find("climate change")[0] == "row"
    assert shelf.find('"climate change"') == ["row"]


def test_a_phrase_does_not_reach_from_one_part_into_the_next(shelf: Shelf) -> None:
    shelf.put(article("one", "Rail", "strike", summary=("coal", "mine")))
    assert shelf.find('"rail strike"') == shelf.find('"coal mine"') == []
    assert shelf.find("rail strike coal mine") == ["one"]


def test_a_word_in_the_title_counts_more_and_among_equals_the_newer_comes_first(shelf: Shelf) -> None:
    shelf.put(
        article("body", "News today", "harbour news", published_at=FIRST_AT),
        article("title", "Harbour news", "news today", published_at=FIRST_AT),
        article("old", "Quiet day", "nothing else", published_at=FIRST_AT),
        article("new", "Quiet day", "nothing else", published_at=FIRST_AT + timedelta(days=3)),
    )
    assert shelf.find("harbour") == ["title", "body"]
    assert shelf.find("quiet") == ["new", "old"]


def test_an_empty_index_finds_nothing_and_says_so_calmly(shelf: Shelf) -> None:
    assert shelf.find("ferry") == shelf.find("-ferry") == []
    assert shelf.reader.count() == 0
    assert shelf.reader.indexed() == {}


@pytest.mark.parametrize(
    "words", ["交通", "改革", "公布", "布了", "规划", "市公布", "公共交通规", "芯片和城市", "共", "了"]
)
def test_every_piece_of_a_chinese_text_finds_it(newsroom: Shelf, words: str) -> None:
    assert "zh" in newsroom.find(words)
    assert "zh" in newsroom.find(f'"{words}"')


def test_what_has_a_piece_of_chinese_is_exactly_what_scores_one_and_more(shelf: Shelf) -> None:
    chance = random.Random(5)
    texts = {f"a{number}": "".join(chance.choices("城市交通北京房价的，A b", k=60)) for number in range(40)}
    shelf.fill(*(article(key, "Title", text) for key, text in texts.items()))
    for length in (1, 2, 3, 4, 5, 7):
        for _ in range(15):
            piece = "".join(chance.choices("城市交通北京房价的", k=length))
            if length > 3:
                text = chance.choice(list(texts.values())).translate(str.maketrans("", "", "，A b"))
                piece = text[:length]
            truth = {key for key, text in texts.items() if piece in text}
            hits = shelf.page(piece).hits
            assert {hit.id for hit in hits if hit.score >= 1} == truth
            assert set(shelf.find(f'"{piece}"')) == truth


HOSTILE = [
    "*",
    "*" * 256,
    "*a*b*c*",
    "?" * 200,
    "a" * 256,
    "-",
    "--",
    "-" * 256,
    "-*",
    '"',
    '"' * 255,
    '""',
    '"-"',
    "(" * 256,
    "((a) AND",
    "[a TO z]",
    "{a TO z}",
    "all:*",
    "id:*",
    "section:*",
    "locale:*",
    "title:*",
    "tag:",
    "tag:tag:tag:rail",
    "-section:",
    "author:\x00",
    "\x00",
    "\ud800",
    "\udfff*",
    "a\u0000b",
    "ＡＮＤ ＯＲ ＮＯＴ",
    "AND OR NOT",
    "rail~99999",
    "rail^1e400",
    "1e400 NaN inf",
    "' OR 1=1 --",
    "%27%20OR",
    "../../etc/passwd",
    "https://example.org/?q=a&b=*",
    "\u202e" * 100,
    "\u0301" * 256,
    "𝕱𝖊𝖗𝖗𝖞",
    "🚢" * 200,
    " ".join("的一是在有中大国和城市公人生年月"),
    "ab* abc* abcd* " * 15,
    "城" * 256,
    "\t\n\r rail",
    "ß" * 256,
    "ﷺ" * 256,
]


@pytest.mark.parametrize("typed", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_texts_are_answered(newsroom: Shelf, typed: str) -> None:
    began = time.process_time()
    found = newsroom.find(typed)
    print(f"{typed[:20]!r}: {len(found)} found, {(time.process_time() - began) * 1000:.1f} ms")
    assert set(found) <= set(newsroom.reader.indexed())


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(max_size=256) | st.text(alphabet='ferry rail交通"*-:tag', max_size=100))
def test_any_text_is_answered(newsroom: Shelf, typed: str) -> None:
    try:
        parse(typed)
    except QueryError:
        return
    hits = newsroom.page(typed, limit=50).hits
    assert [hit.position for hit in hits] == sorted(
        (hit.position for hit in hits), key=lambda place: (-place[0], -place[1], place[2])
    )
    assert len({hit.id for hit in hits}) == len(hits)
