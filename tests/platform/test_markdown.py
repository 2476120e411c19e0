"""Markdown as editors write it, and its plain text."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cms.platform.text.markdown import FOOTNOTE_SIGNS, MOST_BRACKETS, render
from cms.platform.text.sanitising import as_paragraphs

ARTICLE = """
## The harbour

The *first* ferry left at dawn.[^1] ![A ferry](https://a.example/ferry.png "Ferry")
It was full.

| Day | Ferries |
|:----|--------:|
| Mon |       3 |

- one
- two

> A quote

```python
x = 1 < 2
  y
```

[^1]: The [timetable](https://a.example/) says so.
"""


def test_an_article_has_the_elements_that_it_was_written_with() -> None:
    rendered = render(ARTICLE, "markdown")
    for part in (
        "<h2>The harbour</h2>",
        '<sup class="footnote-ref"><a href="#fn1" id="fnref1" rel="noopener">[1]</a></sup>',
        '<img src="https://a.example/ferry.png" alt="A ferry" title="Ferry">',
        '<td align="right">3</td>',
        "<blockquote>",
        '<code class="language-python">x = 1 &lt; 2\n',
        '<li id="fn1" class="footnote-item">',
    ):
        assert part in rendered.html
    assert rendered.image_count == 1


def test_the_text_has_a_line_for_each_block_and_nothing_that_nobody_reads() -> None:
    assert render(ARTICLE, "markdown").text.split("\n") == [
        "The harbour", "The first ferry left at dawn. It was full.", "Day", "Ferries", "Mon", "3", "one", "two",
        "A quote", "x = 1 < 2", "y", "The timetable says so.",
    ]  # fmt: skip


def test_a_line_end_between_chinese_characters_is_no_space() -> None:
    assert render("北京的\n列车 first\ntrain", "markdown").text == "北京的列车 first train"


def test_html_in_markdown_and_html_alone_give_the_same() -> None:
    html = '<div lang="kk">a <b>b</b></div>'
    assert render(html, "markdown").html.strip() == render(html, "html").html == html


def test_entities_are_characters_in_the_text() -> None:
    assert render("a &amp; b &lt;i&gt; &#x5317; `<c>`", "markdown").text == "a & b <i> 北 <c>"


def test_pictures_are_counted_where_they_are_seen() -> None:
    body = "![a](https://a.example/1.png) ![b](local.png) `<img src='https://a.example/2.png'>`"
    assert render(body, "markdown").image_count == 1
    assert render('<img src="https://a.example/1.png" alt="<img src=x>">' * 2, "html").image_count == 2


def test_an_empty_body_is_empty() -> None:
    assert (render("", "markdown").html, render(" \n", "html").text) == ("", "")


@pytest.mark.parametrize(
    "unit", ["[", "![", "[a](", "[^a", "^[", ">", "> ", "- ", "*", "*a_ ", "**a ", "`", "<", "<a ", "<!--", "&", "\\",
             "|", "[]: ", "~~", "((", "1. ", "# ", "\t", "![[", "]("]
)  # fmt: skip
def test_fifty_thousand_of_anything_stay_bounded_and_lose_no_word(unit: str) -> None:
    rendered = render(unit * 50_000 + "\n\nlast word", "markdown")
    assert len(rendered.html) < 12 * (len(unit) * 50_000 + 20)
    assert rendered.text.endswith("last word") or unit in ("<!--", "`")


LARGEST = 490_000
HOSTILE = (
    "- a\n", "1. a\n", "> a\n", "a\n=\n", "a\n", "# a\n", "a|b\n-|-\n", "*a_ ", "**a** ", "_a_ ", "<", "<a\n", "&a",
    "`a` ", "\\a", "- - - a\n", "1.\ta\r\n", "- " * 18 + "aaaaaaaaaaaaa\n", "[a](b) ", "a\n\n", "> a\n\n",
)  # fmt: skip


@pytest.mark.timeout(20)
@pytest.mark.parametrize("unit", HOSTILE, ids=range(len(HOSTILE)))
def test_a_mass_of_what_is_costly_to_parse_comes_out_as_it_was_written(unit: str) -> None:
    body = unit * (LARGEST // len(unit))
    rendered = render(body, "markdown")
    assert rendered.html == as_paragraphs(body)
    assert render(rendered.html, "html") == rendered


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_the_longest_article_that_somebody_wraps_and_emphasises_is_parsed(end: str) -> None:
    line = "The *first* ferry of the day left [the harbour](/harbour) at dawn - full." + end
    body = (line * 5 + end) * (LARGEST // (5 * len(line)))
    html = render(body, "markdown").html
    assert html.count("<em>first</em>") == body.count("*first*") > 6_000


def test_what_is_nested_too_deep_comes_out_as_it_was_written() -> None:
    assert render("> " * 60 + "deep", "markdown").text.endswith("> deep")
    assert "<blockquote>" in render("> " * 10 + "deep", "markdown").html
    assert "<a " not in render("[a](/b) " * (MOST_BRACKETS + 1), "markdown").html


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet=st.sampled_from("ab \n[]()!*_`<>&|-#1.^:\\\"'\t{}~=+\0\ud800é北"), max_size=200))
def test_whatever_is_typed_is_rendered_into_a_fixed_point(body: str) -> None:
    rendered = render(body, "markdown")
    assert render(rendered.html, "html").html == rendered.html
    assert rendered.html.isascii() or rendered.html.encode()


EITHER_WAY = (
    ARTICLE.replace("[^1]", ""), "", "a\0b", "\ud800", "a\r\nb\rc", "# a #\n\nb\n=\n\nc\n-",
    "- a\n- b\n\n  c\n\n3) d", "*a* **b** ***c*** _d_ a_b_c",
    "[a](/b 'c') [d][e] ![f](https://a.example/x.png)\n\n[e]: https://a.example/ \"g\"",
    "|a|b|\n|:-|:-:|\n|1 \\| 2|`3`|\n|4|\n|5|6|7|", "a  \nb\\\nc", "    code\n\n\ttab", "~~~~ py a\nb\n~~~~",
    "> a\nb\n\nc", "<https://a.example/?b=c&d> <desk@a.example>", "&copy; &#35; &unknown; \\* \\a",
    "<div>\n*a*\n</div>\n\n<b>c</b> *d*", "***\n---\n___", "`` a`b ``", "1. a\n   - b\n     > c\n\n2. d",
    "北京**列车**，*a*", "~~a~~ www.a.example", "> " * 60+"a",
)  # fmt: skip


@pytest.mark.parametrize("body", EITHER_WAY, ids=range(len(EITHER_WAY)))
def test_a_footnote_elsewhere_changes_nothing_of_the_rest(body: str) -> None:
    # Where there may be a footnote another library reads the body; nobody may see that.
    plain = render(body, "markdown")
    noted = render(f"{body}\n\n<!-- [^1] -->\n", "markdown")
    assert " ".join(noted.html.split()) == " ".join(plain.html.split()) or noted.text.startswith("> > >")


def test_every_sample_article_is_the_same_to_both_libraries() -> None:
    samples = sorted(Path("cms/launch/sample/articles").rglob("*.md"))
    assert len(samples) > 50
    for sample in samples:
        body = sample.read_text()
        if not any(sign in body for sign in FOOTNOTE_SIGNS):
            noted = render(f"{body}\n\n<!-- [^1] -->\n", "markdown")
            assert noted.html.split() == render(body, "markdown").html.split(), sample
