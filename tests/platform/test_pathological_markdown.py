"""Markdown that is made to cost much: the work is bounded by the length of the text, counted and not timed, and so is
the memory (row S53)."""

import re
import sys
import tracemalloc
from collections.abc import Callable
from typing import Any

import pytest

from cms.platform.text.markdown import render
from tests.platform.test_sanitising import check

# Each makes about so many repetitions of what some parser went back over, looked for in vain, or recursed into.
PATHOLOGICAL: dict[str, Callable[[int], str]] = {
    "strong in emphasis": lambda n: "*a **a " * n + "b" + " a** a*" * n,
    "emphasis that closes nothing": lambda n: "a_ " * n,
    "emphasis that opens nothing": lambda n: "_a " * n,
    "stars of both kinds": lambda n: "*" * n + "a" + "_" * n,
    "stars by threes": lambda n: "***a " * n,
    "mixed runs": lambda n: "*_*_**__" * n,
    "links that close nothing": lambda n: "a]" * n,
    "links that open nothing": lambda n: "[a" * n,
    "openers of both kinds": lambda n: "*a_ " * n,
    "openers with brackets": lambda n: "[ *a" * n,
    "brackets in brackets": lambda n: "[" * n + "a" + "]" * n,
    "pictures in pictures": lambda n: "![" * n + "a" + "](b)" * n,
    "links in links": lambda n: "[a](" * n + "b" + ")" * n,
    "addresses that never end": lambda n: "[a](<b" * n,
    "titles that never end": lambda n: '[a](b "c' * n,
    "addresses in brackets": lambda n: "[a](" + "(" * n + "b" + ")" * n + ")",
    "references that are missing": lambda n: "[a][b]" * n,
    "references that are there": lambda n: "[a]: b\n\n" + "[a] " * n,
    "definitions": lambda n: "".join(f"[{number}]: b\n" for number in range(n)),
    "one definition many times": lambda n: "[a]: b\n" * n,
    "references to long definitions": lambda n: f"[a]: {'b' * n}\n\n" + "[a]" * n,
    "labels that are long": lambda n: "[" + "a" * n + "]: b\n\n[" + "a" * n + "]",
    "quotes in quotes": lambda n: "> " * n + "a",
    "quotes that are left": lambda n: "> a\nb\n" * n,
    "lists in lists": lambda n: "".join("  " * level + "- a\n" for level in range(min(n, 300))),
    "lists on a line": lambda n: "- " * n + "a",
    "numbered lists": lambda n: "".join(f"{number}. a\n" for number in range(n)),
    "lists with gaps": lambda n: "- a\n\n\n" * n,
    "code that never ends": lambda n: "`" * n + "a",
    "code of every length": lambda n: "".join("e" + "`" * length for length in range(1, min(n, 600))),
    "fences that never end": lambda n: "```\n~~~\n" * n,
    "fences of every length": lambda n: "".join("`" * length + "\n" for length in range(3, min(n, 400))),
    "HTML that never ends": lambda n: "<!-- a" * n,
    "declarations": lambda n: "<!A " * n,
    "instructions": lambda n: "<?a " * n,
    "sections of data": lambda n: "<![CDATA[ " * n,
    "tags with attributes": lambda n: "<a b='c' " * n,
    "tags that never end": lambda n: "<a" + " b" * n,
    "mail addresses": lambda n: "<" + "a." * n + "@b>",
    "addresses by themselves": lambda n: "<a:" * n,
    "entities": lambda n: "&" * n + "a;",
    "numbered entities": lambda n: "&#" + "1" * n + ";",
    "backslashes": lambda n: "\\" * n + "a",
    "tables with many columns": lambda n: "|" + "a|" * min(n, 800) + "\n|" + "-|" * min(n, 800) + "\n" + "|\n" * n,
    "tables that are none": lambda n: "a|b\n-|\n" * n,
    "headings below": lambda n: "a\n" * n + "===",
    "headings that close": lambda n: "# a " + "#" * n + "b",
    "rules": lambda n: "* " * n + "a",
    "tabs": lambda n: "\t" * n + "a",
    "spaces": lambda n: "a" + " " * n + "\n" + " " * n + "b",
    "line ends": lambda n: "\n" * n + "a",
    "zero bytes": lambda n: "\0" * n + "a",
    "footnotes in footnotes": lambda n: "".join(f"[^{one}]: a[^{one + 1}]\n\n" for one in range(n)) + "[^0]",
    "footnotes that name themselves": lambda n: "[^a]\n\n[^a]: " + "[^a] " * n,
    "footnotes in a row": lambda n: "^[" * n + "a" + "]" * n,
    "a footnote many times": lambda n: "[^a] " * n + "\n\n[^a]: b",
}
MEBIBYTE = 1 << 20


def work(body: str) -> int:
    """How many Python functions are called for a body: the same on every machine, however fast it is."""
    called = 0

    def count(_frame: Any, event: str, _argument: Any) -> None:
        nonlocal called
        called += event == "call"

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        render(body, "markdown")
    finally:
        sys.setprofile(before)
    return called


def test_there_are_many() -> None:
    assert len(PATHOLOGICAL) >= 40


@pytest.mark.slow
@pytest.mark.parametrize("kind", PATHOLOGICAL)
def test_four_times_the_text_is_about_four_times_the_work(kind: str) -> None:
    make = PATHOLOGICAL[kind]
    small, large = make(100), make(400)
    # Four times the text; a cost that grows with its square would be sixteen times the work.
    assert work(large) < 7 * work(small) * len(large) / (4 * len(small)) + 3_000, (work(small), work(large))


@pytest.mark.slow
@pytest.mark.timeout(60)
@pytest.mark.parametrize("kind", PATHOLOGICAL)
def test_fifty_thousand_of_it_are_safe_and_fit_into_memory(kind: str) -> None:
    body = PATHOLOGICAL[kind](50_000)[:150_000]
    tracemalloc.start()
    try:
        rendered = render(body, "markdown")
        _, highest = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert highest < 64 * MEBIBYTE, highest
    assert len(rendered.html) < 40 * len(body) + 1_000
    assert not re.search(r"<(?:script|style|iframe|!)", rendered.html)
    if len(rendered.html) < 100_000:
        check(rendered.html)
