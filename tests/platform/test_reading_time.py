"""Reading times of texts in any script."""

import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from cms.cli import main
from cms.platform.text.reading_time import Rates, RatesError, image_seconds, measure, rates_from

RATES = Rates()


@pytest.mark.parametrize(
    ("text", "locale", "words", "characters", "minutes", "label"),
    [
        ("word " * 238 * 7, "en", 1666, 0, 7, "7 min read"),
        ("", "en", 0, 0, 1, "1 min read"),
        ("列车" * 255, "zh-CN", 0, 510, 2, "阅读约需 2 分钟"),
        ("列車" * 255, "zh-TW", 0, 510, 2, "閱讀約需 2 分鐘"),
        ("iPhone手机" * 255 + " train" * 184, "zh-CN", 439, 510, 4, "阅读约需 4 分钟"),
        ("слово " * 184, "ru", 184, 0, 1, "1 минута чтения"),
        ("слово " * 184 * 3, "ru", 552, 0, 3, "3 минуты чтения"),
        ("слово " * 184 * 11, "ru-KZ", 2024, 0, 11, "11 минут чтения"),
        ("слово " * 184 * 21, "ru", 3864, 0, 21, "21 минута чтения"),
        ("сөз " * 368, "kk", 368, 0, 2, "оқуға 2 минут"),
        ("かな漢字" * 357, "ja", 0, 1428, 4, "4 min"),
        ("한국어" * 500, "ko", 0, 1500, 3, "3 min"),
        ("mot " * 390, "fr-CA", 390, 0, 2, "2 min"),
        ("word " * 368, "xx", 368, 0, 2, "2 min"),
    ],
)
def test_each_script_is_read_at_the_pace_of_its_readers(
    text: str, locale: str, words: int, characters: int, minutes: int, label: str
) -> None:
    assert measure(text, 0, locale, RATES).as_dict() == {
        "minutes": minutes, "words": words, "characters": characters, "images": 0, "label": label,
    }  # fmt: skip


def test_what_is_between_spaces_is_one_word_if_it_says_something() -> None:
    measured = measure("A well-known 3.5 % rise — don't panic … e\u0301te\u0301 \u1112\u1161\u11ab", 0, "en", RATES)
    assert (measured.words, measured.characters) == (7, 1)


def test_pictures_take_less_time_the_more_there_are() -> None:
    assert [image_seconds(count) for count in (0, 1, 2, 9, 10, 11, 110)] == [0, 12, 23, 72, 75, 78, 375]
    assert measure("word " * 238, 3, "en", RATES).minutes == 2
    assert measure("word " * 238, 1, "en", RATES).minutes == 1


WORDS = st.lists(st.sampled_from(["word", "列车", "слово", "かな", "한국", "a,", "—", "7"]), max_size=30)


@settings(max_examples=200, deadline=None)
@given(WORDS, WORDS, st.integers(0, 20), st.sampled_from(["en", "zh-CN", "ja", "ko", "kk", "xx"]))
def test_a_text_takes_what_its_parts_take(one: list[str], other: list[str], images: int, locale: str) -> None:
    whole = measure("\n".join([*one, *other]), images, locale, RATES)
    turned = measure("\n".join([*other, *one]), images, locale, RATES)
    parts = [measure("\n".join(part), 0, locale, RATES).seconds for part in (one, other)]
    assert whole == turned
    assert whole.seconds == pytest.approx(sum(parts) + image_seconds(images))
    assert whole.minutes >= measure("\n".join(one), images, locale, RATES).minutes >= 1
    assert (
        measure("\n".join(one), images + 1, locale, RATES).seconds
        > measure("\n".join(one), images, locale, RATES).seconds
    )


def test_a_newsroom_can_say_how_fast_its_readers_are() -> None:
    rates = rates_from(" en=100wpm, zh=500cpm,zh-tw=250cpm ,kk=92wpm,")
    assert measure("word " * 200, 0, "en-GB", rates).minutes == 2
    assert measure("列" * 1000, 0, "zh-CN", rates).minutes == 2
    assert measure("列" * 1000, 0, "zh-TW", rates).minutes == 4
    assert measure("列" * 1000, 0, "en", rates).minutes == 2
    assert measure("сөз " * 184, 0, "kk", rates).minutes == 2
    assert measure("mot " * 390, 0, "fr", rates).minutes == 2
    assert rates_from("") == Rates()


@pytest.mark.parametrize(
    "setting", ["en", "en=fast", "en=250", "en=250 wpm", "en=0wpm", "en=19wpm", "en=2001cpm", "en=-5wpm", "=5wpm",
                "english=250wpm", "en=250wpm;zh=500cpm", "en=99999wpm", "en=２５０wpm"]
)  # fmt: skip
def test_a_rate_that_cannot_be_read_is_refused_by_name(setting: str) -> None:
    with pytest.raises(RatesError, match=r"COPYDESK_READING_RATES: .*en=250wpm,zh=500cpm"):
        rates_from(setting)


def test_no_command_starts_with_a_rate_that_cannot_be_read() -> None:
    refused = CliRunner().invoke(main, ["token", "--help"], env={"COPYDESK_READING_RATES": "en=fast"})
    assert (refused.exit_code, refused.output.count("\n")) == (1, 1)
    assert "COPYDESK_READING_RATES: 'en=fast' is no rate" in refused.output
    assert CliRunner().invoke(main, ["token", "--help"], env={"COPYDESK_READING_RATES": "en=250wpm"}).exit_code == 0
