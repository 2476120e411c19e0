"""What a setting of sizes makes of a picture."""

import pytest

from cms.environment import SettingsError
from cms.media.presets import crop, presets_of, recipe, sizes
from cms.settings import Settings


def test_a_crop_keeps_its_ratio_stays_inside_and_holds_the_point() -> None:
    wrong = []
    for width, height in ((4_000, 3_000), (3_000, 4_000), (1, 1), (2, 900), (901, 7), (1_600, 900)):
        for ratio in ((1, 1), (4, 3), (16, 9), (2, 3), (21, 9)):
            for point in ((0.0, 0.0), (1.0, 1.0), (0.5, 0.5), (0.03, 0.9), (0.81, 0.2)):
                left, top, right, bottom = crop(width, height, ratio, point)
                is_inside = 0 <= left < right <= width and 0 <= top < bottom <= height
                is_large = right - left == width or bottom - top == height
                across, down = right - left, bottom - top
                is_right = abs(across * ratio[1] - down * ratio[0]) <= max(ratio) or 1 in (across, down)
                holds = left - 1 <= point[0] * width <= right + 1 and top - 1 <= point[1] * height <= bottom + 1
                if not (is_inside and is_large and is_right and holds):
                    wrong.append((width, height, ratio, point, (left, top, right, bottom)))
    assert wrong == []


def test_nothing_is_enlarged() -> None:
    presets = presets_of("natural=320,640,1024;wide@16:9=640,1280")
    made = [(size.preset, size.width, size.height) for size in sizes(presets, 700, 500, (0.5, 0.5))]
    assert made == [("natural", 320, 229), ("natural", 640, 457), ("natural", 700, 500), ("wide", 640, 359),
                    ("wide", 700, 393)]  # fmt: skip


def test_what_renditions_are_known_by_follows_presets_content_and_point() -> None:
    one = recipe("natural=320", "a" * 64, [0.5, 0.5])
    assert one == recipe(" natural=320; ", "a" * 64, [0.5, 0.5])
    others = {recipe("natural=321", "a" * 64, [0.5, 0.5]), recipe("natural=320", "b" * 64, [0.5, 0.5]),
              recipe("natural=320", "a" * 64, [0.5, 0.6]), recipe("natural=320", "a" * 64, None)}  # fmt: skip
    assert len(others | {one}) == 5


@pytest.mark.parametrize(
    "text", ["", "natural", "natural=", "natural=0", "natural=99999", "a=10;a=20", "A=10", "a@1=10", "a@0:1=10",
             "a=10,,20", "../a=10", ";".join(f"p{number}=10" for number in range(13)), "a=10,20,30,40,50,60,70,80,90"]
)  # fmt: skip
def test_a_setting_that_names_no_sizes_is_refused(text: str) -> None:
    with pytest.raises(SettingsError, match="COPYDESK_MEDIA_PRESETS"):
        Settings(media_presets=text).check()
