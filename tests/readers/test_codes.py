"""Codes: derived, bound to their challenge, forgiving about how they are typed and about nothing else."""

import re
from collections import Counter

import pytest

from cms.identity.codes import ALPHABET, CodeError, derive_code, is_same_code, read_code, shown_code
from cms.platform.keys import Keys

KEYS = Keys(b"a key of the tests, 32 characters or more")
HERE = {"purpose": "verify_email", "challenge_id": "0190", "email": "ann@example.org"}


def test_the_same_challenge_gives_the_same_code_everywhere() -> None:
    assert derive_code(KEYS, **HERE) == derive_code(Keys(KEYS.secret), **HERE)


@pytest.mark.parametrize(
    "other", [{"challenge_id": "0191"}, {"email": "bob@example.org"}, {"purpose": "reset_password"}]
)
def test_another_challenge_address_or_purpose_gives_another_code(other: dict[str, str]) -> None:
    assert derive_code(KEYS, **HERE) != derive_code(KEYS, **{**HERE, **other})
    assert derive_code(KEYS, **HERE) != derive_code(Keys(KEYS.secret + b"."), **HERE)


def test_parts_cannot_be_moved_between_address_and_challenge() -> None:
    one = derive_code(KEYS, purpose="reset_password", challenge_id="01", email="23@example.org")
    assert one != derive_code(KEYS, purpose="reset_password", challenge_id="012", email="3@example.org")


def test_codes_have_their_shape_and_use_every_symbol() -> None:
    digits: Counter[str] = Counter()
    symbols: Counter[str] = Counter()
    for number in range(2000):
        code = derive_code(KEYS, **{**HERE, "challenge_id": str(number)})
        reset = derive_code(KEYS, **{**HERE, "challenge_id": str(number), "purpose": "reset_password"})
        assert re.fullmatch(r"\d{6}", code)
        assert len(reset) == 8
        digits.update(code)
        symbols.update(reset)
    assert set(digits) == set("0123456789")
    assert set(symbols) == set(ALPHABET)
    # 12,000 and 16,000 draws: each symbol within six standard deviations of its share.
    assert all(1000 < count < 1400 for count in digits.values())
    assert all(360 < count < 640 for count in symbols.values())


def test_a_letter_shows_codes_in_halves() -> None:
    assert (shown_code("123456"), shown_code("ABCDEFGH")) == ("123 456", "ABCD-EFGH")


@pytest.mark.parametrize(
    "typed", ["120456", "120 456", " 120456 ", "120-456", "1 2 0 4 5 6", "l2O456", "I2o456", "120\u00a0456"]
)
def test_digits_are_read_as_people_type_them(typed: str) -> None:
    assert read_code("verify_email", typed) == "120456"


@pytest.mark.parametrize("typed", ["ABCD-1023", "abcd1023", "abcd IO23", "ABCD–lo23", " a b c d 1 0 2 3 "])
def test_letters_are_read_as_people_type_them(typed: str) -> None:
    assert read_code("reset_password", typed) == "ABCD1023"


@pytest.mark.parametrize(
    "typed",
    ["", " ", "12045", "1204567", "１２０４５６", "١٢٠٤٥٦", "१२०४५६", "12045a", "12.456", "+12045", "1e5000", "12045²",
     "120456\u0301", "0x1234", "true", "null", "120456;"],
)  # fmt: skip
def test_what_no_six_digits_are_is_refused(typed: str) -> None:
    with pytest.raises(CodeError):
        read_code("verify_email", typed)


@pytest.mark.parametrize(
    "typed", ["", "ABCD-102", "ABCD-10234", "ABCD-102U", "ＡＢＣＤ1023", "АBCD1023", "ſBCD1023", "ABCD_1023"]
)
def test_what_no_eight_symbols_are_is_refused(typed: str) -> None:
    with pytest.raises(CodeError):
        read_code("reset_password", typed)


def test_codes_are_compared_whole() -> None:
    assert is_same_code("123456", "123456")
    assert not is_same_code("123456", "123457")
    assert not is_same_code("", "123456")
