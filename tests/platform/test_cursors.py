"""Cursors: nobody can forge one, and one works only for the list that it came from."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cms.platform.errors import BadRequest
from cms.platform.http.paging import Cursor, decode_cursor, encode_cursor
from cms.platform.keys import Keys

KEYS = Keys(b"k" * 32)
CHARACTERS = string.ascii_letters + string.digits + "-_"

positions = st.lists(st.integers(-(2**53), 2**53) | st.text(st.characters(exclude_categories=["Cs"])), max_size=4).map(
    tuple
)
cursors = st.builds(Cursor, st.sampled_from(["next", "prev"]), positions)


@given(cursors, st.text())
def test_a_cursor_comes_back_as_it_went(cursor: Cursor, listing: str) -> None:
    listing = listing.encode("utf-8", "replace").decode()
    assert decode_cursor(KEYS, listing, encode_cursor(KEYS, listing, cursor)) == cursor


@given(cursors, st.data())
def test_one_changed_character_breaks_it(cursor: Cursor, data: st.DataObject) -> None:
    text = encode_cursor(KEYS, "articles", cursor)
    place = data.draw(st.integers(0, len(text) - 1))
    other = data.draw(st.sampled_from([character for character in CHARACTERS if character != text[place]]))
    with pytest.raises(BadRequest) as refusal:
        decode_cursor(KEYS, "articles", text[:place] + other + text[place + 1 :])
    assert refusal.value.code == "bad_cursor"


def test_a_cursor_of_another_list_or_key_is_refused() -> None:
    text = encode_cursor(KEYS, "articles:en", Cursor("next", (1,)))
    for keys, listing in ((KEYS, "articles:zh-CN"), (Keys(b"x" * 32), "articles:en")):
        with pytest.raises(BadRequest):
            decode_cursor(keys, listing, text)


@pytest.mark.parametrize("text", ["", "x", "====", "é", "a" * 2000, "AAAA", "\u202e", "%00", "../../", "null"])
def test_anything_else_is_refused_and_never_page_one(text: str) -> None:
    with pytest.raises(BadRequest):
        decode_cursor(KEYS, "articles", text)


def test_no_cursor_is_the_beginning() -> None:
    assert decode_cursor(KEYS, "articles", None) is None
