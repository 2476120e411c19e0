"""What was found is marked, and an excerpt is never anything but escaped text and marks."""

import re
from html import escape, unescape

import html5lib
import pytest
from hypothesis import given
from hypothesis import strategies as st

from search_index.highlighting import ELLIPSIS, highlight
from search_index.query import QueryError, parse


@pytest.mark.parametrize(
    ("typed", "text", "shown"),
    [
        ("ferry", "Ferries sail.", "<mark>Ferries</mark> sail."),
        ("cafe", "Le café!", "Le <mark>café</mark>!"),
        ("交通", "城市交通改革", "城市<mark>交通</mark>改革"),
        ("城市交通", "城市交通改革", "<mark>城市交通</mark>改革"),
        ("交", "城市交通", "城市<mark>交</mark>通"),
        ("har*", "Harbour & <b>", "<mark>Harbour</mark> &amp; &lt;b&gt;"),
        ("b", "<b>b</b>", "&lt;<mark>b</mark>&gt;<mark>b</mark>&lt;/<mark>b</mark>&gt;"),
        ("amp lt", "&amp; &lt;", "&amp;<mark>amp</mark>; &amp;<mark>lt</mark>;"),
        ("title:rail strike", "Rail strike", "<mark>Rail</mark> <mark>strike</mark>"),
        ("-ferry rail", "Ferry, rail", "Ferry, <mark>rail</mark>"),
        ("новостей", "Новости", "<mark>Новости</mark>"),
        ("mark", "<mark>mark</mark>", "&lt;<mark>mark</mark>&gt;<mark>mark</mark>&lt;/<mark>mark</mark>&gt;"),
        ("nothing", 'A "quote"', "A &quot;quote&quot;"),
        ("nothing", "", ""),
    ],
)
def test_words_are_marked_in_every_form(typed: str, text: str, shown: str) -> None:
    assert highlight(parse(typed), text, max_characters=100) == shown


def test_the_excerpt_is_where_most_of_the_words_are() -> None:
    text = "ferry " + "and nothing " * 60 + "the ferry left the harbour in the ice " + "and nothing " * 60
    shown = highlight(parse("ferry harbour ice"), text, max_characters=120)
    assert "<mark>ferry</mark> left the <mark>harbour</mark>" in shown
    assert shown.startswith(ELLIPSIS)
    assert shown.endswith(ELLIPSIS)
    assert len(unescape(re.sub("</?mark>", "", shown))) <= 120


def test_words_are_not_cut_where_a_space_is_near() -> None:
    shown = highlight(parse("absent"), "harbour " * 40, max_characters=100)
    assert set(shown.strip(ELLIPSIS).split()) == {"harbour"}


@given(
    st.text(max_size=40) | st.text(alphabet="ab &<交通*", min_size=1, max_size=20),
    st.text(max_size=400) | st.text(alphabet="ab &<>\"'交通 \n<mark>", max_size=400),
    st.integers(1, 300),
)
def test_without_its_marks_an_excerpt_is_escaped_text(typed: str, text: str, most: int) -> None:
    try:
        query = parse(typed)
    except QueryError:
        return
    shown = highlight(query, text, max_characters=most)
    plain = shown.replace("<mark>", "").replace("</mark>", "")
    assert len(shown) - len(plain) == 13 * shown.count("<mark>")
    whole = re.sub(r"\s+", " ", text).strip()
    visible = unescape_exactly(plain)
    assert escape(visible) == plain
    if visible != whole:
        visible = visible.removeprefix(ELLIPSIS) if not whole.startswith(visible.removesuffix(ELLIPSIS)) else visible
        assert visible.removesuffix(ELLIPSIS) in whole or visible in whole
    assert len(unescape_exactly(plain)) <= max(most, 3)


@given(st.text(alphabet="ab<>&;'\" 交通mark/", max_size=200))
def test_a_second_parser_sees_marks_and_text_and_nothing_else(text: str) -> None:
    shown = highlight(parse("ab a b 交通 mark*"), text, max_characters=80)
    fragment = html5lib.parseFragment(shown, namespaceHTMLElements=False)
    assert {element.tag for element in fragment.iter()} <= {"DOCUMENT_FRAGMENT", "mark"}
    assert all(len(mark) == 0 for mark in fragment.findall("mark"))


def unescape_exactly(text: str) -> str:
    """Undo `html.escape` and nothing else: `html.unescape` knows two thousand names more."""
    for name, character in (("&lt;", "<"), ("&gt;", ">"), ("&quot;", '"'), ("&#x27;", "'"), ("&amp;", "&")):
        text = text.replace(name, character)
    return text
