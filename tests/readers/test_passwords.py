"""Row S15: which passwords are refused, with the reason, and how an accepted one is kept."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from argon2 import PasswordHasher
from argon2.exceptions import VerifyMismatchError

from cms.identity import passwords
from cms.identity.passwords import HASHES, Hasher, normal_password, password_problem
from cms.platform.errors import Unavailable
from tests.readers.making import Desk

CONTEXT = ("Copydesk", "annlindqvist", "harbourpost.example")
REFUSED = {
    "too_short": ("", "fourteen chars", "短" * 14),
    "too_long": ("one more than it may be " * 11, "三个字节" * 65),
    "repeats": ("aaaaaaaaaaaaaaaaaaaa", "abcabcabcabcabcabc", "abababababababab", "passwordpassword",
                "11112222111122221111", "copydeskcopydesk", "我爱你我爱你我爱你我爱你我爱你"),
    "common": ("password1234567", "Password!!!!!!!!", "P@ssw0rdP4ssw0rd!", "passwordletmein1", "qwertyuiopasdfgh",
               "123456789012345", "0987654321098765", "1qaz2wsx3edc4rfv", "zxcvbnmasdfghjkl", "iloveyouprincess",
               "administrator123", "welcomewelcome12", "correct horse battery staple", "CorrectHorseBatteryStaple",
               "letmein letmein 2024", "superman batman 1999", "footballbaseball", "monkeydragon123456",
               "qwertzuiopasdfgh", "йцукенгшщзхъфыва", "пароль123456789012", "!@#$%^&*()_+{}|", "password password 1",
               "abcdefghijklmnop", "ponmlkjihgfedcba", "trustno1trustno1!", "sunshine12345678"),
    "context": ("Copydesk-copydesk-1", "Copydesk2026!!!!", "annlindqvist1234", "annlindqvist.2024",
                "harbourpost.example", "annlindqvist@harbourpost", "copydesk password", "C0pyd3sk-password"),
}  # fmt: skip
ACCEPTED = (
    "lamps along the old quay", "fifteen chars..", "we waited nine years for a tram", "x7$kQp!2vR9#mLz",
    "🦊 sleeps under a bridge 🌙", "我们在旧码头上看见了三只白色的鸟儿", "скамейка у старой пристани",
    "ескі айлақтағы орындық",
    "the copydesk never sleeps, says ann", "a" * 3 + "bcd" + "z" * 3 + " harbour lights",
    "o" * 10 + "riginal thoughts here",
    " leading and trailing spaces ", "quotes ' \" ; -- and < > tags", "tabs\tand\nlines are fine too",
    "z" + "k9$ Wq" * 42,
)  # fmt: skip


@pytest.mark.parametrize("reason", REFUSED)
def test_a_guessable_password_is_refused_with_its_reason(reason: str) -> None:
    for password in REFUSED[reason]:
        problem = password_problem(normal_password(password), CONTEXT, "/password")
        assert problem is not None, password
        assert (problem.code, problem.pointer) == (reason, "/password"), password
        assert len(password) < 4 or password not in problem.detail


@pytest.mark.parametrize("password", ACCEPTED)
def test_a_phrase_of_ones_own_is_accepted(password: str) -> None:
    assert password_problem(normal_password(password), CONTEXT, "/password") is None


def test_the_longest_password_is_accepted_and_counts_to_its_last_character() -> None:
    longest = "".join(chr(0x4E00 + number) for number in range(256))
    assert password_problem(longest, CONTEXT, "/p") is None
    assert password_problem(longest + "x", CONTEXT, "/p") is not None
    kept = Hasher().hash(longest)
    assert PasswordHasher().verify(kept, longest)
    with pytest.raises(VerifyMismatchError):
        PasswordHasher().verify(kept, longest[:-1] + "x")


def test_two_keyboards_give_the_same_password() -> None:
    assert normal_password("cafe\u0301 by the old harbour") == normal_password("caf\u00e9 by the old harbour")
    assert normal_password("ﬁnger") != normal_password("finger")


def test_what_is_kept_says_how_it_was_made() -> None:
    assert Hasher().hash("lamps along the old quay").startswith("$argon2id$v=19$m=19456,t=2,p=1$")


@pytest.mark.usefixtures("full_work")
def test_a_password_is_compared_whole_and_nobodys_takes_the_same_work() -> None:
    hasher = Hasher()
    long = "w" * 3 + "hat 72 bytes hide from some: " + "lamps and herons " * 4
    kept = hasher.hash(long + "!")
    assert hasher.is_right(kept, long + "!")
    before = HASHES._value.get()
    for wrong in (long, long + "?", (long + "!").upper(), "", long + "!\0"):
        assert not hasher.is_right(kept, wrong)
        assert not hasher.is_right(None, wrong)
    assert not hasher.is_right("no hash at all", long)
    assert HASHES._value.get() - before == 11
    assert not hasher.is_outdated(passwords.NOBODYS)
    assert hasher.is_outdated(PasswordHasher(time_cost=1, memory_cost=8192).hash("herons"))


def test_too_many_at_once_are_sent_away_and_the_others_served() -> None:
    hasher, barrier = Hasher(at_once=2, waiting=4), threading.Barrier(12)

    def hash_once(_: int) -> bool:
        barrier.wait()
        try:
            return bool(hasher.hash("lamps along the old quay"))
        except Unavailable as problem:
            assert problem.headers["Retry-After"]
            return False

    with ThreadPoolExecutor(12) as threads:
        served = list(threads.map(hash_once, range(12)))
    assert 6 <= sum(served) < 12
    assert hasher.hash("the places are free again")


def test_the_route_refuses_with_the_reason_and_sends_nothing(desk: Desk) -> None:
    for number, (reason, password) in enumerate(
        [
            ("too_short", "k9 herons"),
            ("common", "password1234567"),
            ("context", "annlindqvist1234"),
            ("repeats", "ab" * 9),
        ]
    ):
        body = {"email": "annlindqvist@example.org", "password": password, "locale": "en"}
        answer = desk.post("/accounts", body, f"203.0.113.{number + 1}")
        assert answer.status_code == 422
        assert answer.json["errors"][0]["code"] == reason
        assert answer.json["errors"][0]["pointer"] == "/password"
        assert password not in answer.text
    assert desk.letters() == []
