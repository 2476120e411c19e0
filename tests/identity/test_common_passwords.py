"""Row S15: what a guesser composes is refused, and phrases of one's own are not."""

import pytest

from cms.identity.common_passwords import SHORTEST_ENTRY, covered
from cms.identity.passwords import password_problem

COMPOSED = (
    "thisismypassword", "manchesterunited", "thequickbrownfox", "1q2w3e4r5t6y7u8i", "a1b2c3d4e5f6g7h8",
    "iloveyouforever1", "qwerty123qwerty456", "changemeplease12", "This Is My Password!", "ManchesterUnited99",
    "The-Quick-Brown-Fox", "q1w2e3r4t5y6u7i8", "1a2b3c4d5e6f7g8h", "I l0ve y0u f0rever", "TrustNoOneEver2024",
    "123summerholiday123", "dragon77princess", "ChocolateCookies1!", "letmeinplease2026", "basketballplayer",
    "maytheforcebewithyou", "microsoftwindows10", "1q2w3e4r5t6y7u8i9o0p", "jenniferjessica1", "любовь-наташа2024",
    "realmadrid-barcelona", "NeverGiveUpNever!", "myPassword12345678", "Sunflower_Butterfly",
)  # fmt: skip
OF_ONES_OWN = (
    "lamps along the old quay", "eleven herons and a tugboat", "nine brass bells at dawn",
    "we waited nine years for a tram", "my dog ate the red wheelbarrow", "three onions under a hat",
    "grandfather's clock strikes odd",
    "the tiger left its umbrella", "a river is not a bank", "coffee at the ferry, cold again", "x7$kQp!2vR9#mLz",
    "summer rain on tin roofs",
    "purple gravel sings at noon", "no football before the soup", "seventeen kites, one string",
    "old keys open odd drawers",
    "monday smells of wet paint", "love letters to a lighthouse", "the password hides in the piano stool",
    "her winter coat has six pockets", "скамейка у старой пристани", "ескі айлақтағы орындық",
    "кот спит на рояле весь день",
    "我们在旧码头上看见了三只白色的鸟儿", "tram 9 turns left at the bakery", "quick brown herons avoid the lazy fox",
)  # fmt: skip


@pytest.mark.parametrize("password", COMPOSED)
def test_what_a_guesser_composes_is_refused(password: str) -> None:
    problem = password_problem(password, (), "/password")
    assert problem is not None and problem.code == "common", password


@pytest.mark.parametrize("password", OF_ONES_OWN)
def test_a_phrase_of_ones_own_stays_accepted(password: str) -> None:
    assert password_problem(password, ("Copydesk", "ann", "example.org"), "/password") is None


def test_the_list_covers_thousands_of_passwords_and_each_of_them_is_refused() -> None:
    entries = list(covered())
    print(f"{len(entries)} entries of at least {SHORTEST_ENTRY} characters")
    assert len(entries) == len(set(entries)) > 20_000
    assert all(len(entry) >= SHORTEST_ENTRY for entry in entries)
    for entry in entries[::23]:
        for spelled in (entry, entry.title() + "1", "12" + entry + "2026!"):
            assert password_problem(spelled, (), "/password") is not None, spelled
