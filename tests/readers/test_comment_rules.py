"""The rules of comments as plain values: modes along the tree, holds, windows; and text that readers write, as HTML."""

import re
from datetime import UTC, datetime, timedelta

import html5lib
import pytest
from lxml import html as lxml_html

from cms.platform.text.linked import REL, has_control, is_blank, linked_html, links_in, tidy
from cms.readers.comments.rules import (
    Mode,
    Terms,
    can_be_edited,
    hold_of,
    is_banned,
    is_enough,
    standing_of,
    ways_up,
)

AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def test_the_nearest_that_says_a_mode_says_it() -> None:
    sections: dict[str, Mode] = {"city/": "pre", "city/trams/": "off"}
    assert standing_of(None, {}, "city/trams/", None) == standing_of(None, {}, "", None)
    for own, path, site, expected in (
        (None, "city/trams/", None, ("off", "trams")),
        (None, "city/parks/old/", None, ("pre", "city")),
        (None, "sport/", None, ("post", "site")),
        (None, "sport/", "off", ("off", "site")),
        (None, "", "pre", ("pre", "site")),
        ("post", "city/trams/", "off", ("post", "article")),
        (None, "cityscape/", None, ("post", "site")),
    ):
        standing = standing_of(own, sections, path, site)  # type: ignore[arg-type]  # a plain table
        assert (standing.mode, standing.source) == expected, (own, path, site)
    assert ways_up("a/b/c/") == ("a/b/c/", "a/b/", "a/")


def test_what_waits_says_why() -> None:
    terms = Terms()
    assert hold_of("pre", terms, is_first=True, links=9) == "pre"
    assert hold_of("post", terms, is_first=True, links=9) == "first"
    assert hold_of("post", terms, is_first=False, links=2) == "links"
    assert hold_of("post", terms, is_first=False, links=1) == ""
    never = Terms(holds_first=False, links_held=0)
    assert hold_of("post", never, is_first=True, links=99) == ""


def test_windows_bans_and_reports_have_edges() -> None:
    terms = Terms()
    assert can_be_edited(AT, terms, AT + timedelta(minutes=15, microseconds=-1))
    assert not can_be_edited(AT, terms, AT + timedelta(minutes=15))
    assert is_banned(None, AT)
    assert is_banned(AT + timedelta(seconds=1), AT)
    assert not is_banned(AT, AT)
    assert not is_enough(2, "approved", terms)
    assert is_enough(3, "approved", terms)
    assert not is_enough(9, "held", terms)
    assert not is_enough(9, "approved", Terms(reports_held=0))


LINKED = (
    ("see https://example.org/a.", ["https://example.org/a"]),
    ("(http://example.org/a_(b))", ["http://example.org/a_(b)"]),
    ("[https://example.org/x]", ["https://example.org/x"]),
    ("HTTPS://EXAMPLE.ORG/Q?a=1&b=2!", ["HTTPS://EXAMPLE.ORG/Q?a=1&b=2"]),
    ("见https://example.org/路。好", ["https://example.org/路"]),
    ("Қараңыз: https://example.org/қала, иә", ["https://example.org/қала"]),
    ("https://example.org:8443/x#y", ["https://example.org:8443/x#y"]),
    ("two http://a.example http://b.example", ["http://a.example", "http://b.example"]),
    ("https://user@evil.example/", []),
    ("https://bank.example@evil.example/", []),
    ("https://example.org:99999/", []),
    ("https://[::1/", []),
    ("https://", []),
    ("http:///path", []),
    ("https://example.org/" + "x" * 2000, []),
    ("https://a.example/\u200bhidden", ["https://a.example/"]),
    ("www.example.org", []),
)


def test_only_safe_addresses_are_links() -> None:
    for text, expected in LINKED:
        told = re.findall(r'<a href="([^"]*)"', linked_html(text))
        assert [one.replace("&amp;", "&") for one in told] == expected, text
        assert links_in(text) == len(expected)


HOSTILE = (
    "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "<svg/onload=alert(1)>", "javascript:alert(1)",
    "JaVaScRiPt:alert(1)", "data:text/html,<script>alert(1)</script>", "vbscript:msgbox(1)", "file:///etc/passwd",
    "[x](javascript:alert(1))", "<a href='javascript:alert(1)'>x</a>", "https://x.example/\"onmouseover=alert(1)",
    "https://x.example/'onmouseover=alert(1)", "https://x.example/><script>alert(1)</script>",
    "https://x.example/<img src=x>", "&lt;script&gt;", "&#x3c;script&#x3e;", "&amp;lt;b&amp;gt;", "<!--", "-->", "]]>",
    "<![CDATA[<script>]]>", "</p><script>", "</a><b>", "<math><mi//xlink:href=\"data:x,<script>\">",
    "<iframe srcdoc='<script>'>", "<style>*{}</style>", "<base href=//evil.example>", "<meta http-equiv=refresh>",
    "https://x.example/`onclick`", "https://x.example/\\evil", "{{7*7}}", "${7*7}", "<%= 7*7 %>", "#{7*7}",
    "https://x.example/%22%3E%3Cscript%3E", "<p>https://x.example/</p>", "https://x.example/?q=<b>", "<a>",
    "<A HREF=x>",
    "https://x.example/&quot;onfocus=1", "javascript://x.example/%0aalert(1)", "ftp://x.example/", "//evil.example",
    "mailto:a@example.org", "tel:112", "<b>bold</b>", "**bold** _it_ `code`", "# heading", "> quote\n- list",
    "<details open ontoggle=alert(1)>", "<form action=x><button>", "\ufeff<script>", "<scr\nipt>", "<\tscript>",
)  # fmt: skip


def test_nothing_that_a_reader_writes_is_markup() -> None:
    """Two parsers see `p`, `br` and `a` and nothing else, and the text is the one that was written (row S52)."""
    for text in HOSTILE:
        rendered = linked_html(text)
        trees = (
            html5lib.parseFragment(rendered, treebuilder="lxml", namespaceHTMLElements=False),
            lxml_html.fragments_fromstring(rendered) if rendered else [],
        )
        for tree in trees:
            for top in tree:
                for node in top.iter():
                    assert node.tag in ("p", "br", "a"), (text, rendered)
                    if node.tag == "a":
                        assert set(node.attrib) == {"href", "rel"}, (text, rendered)
                        assert node.attrib["rel"] == REL
                        assert node.attrib["href"].lower().startswith(("http://", "https://")), (text, rendered)
                    else:
                        assert not node.attrib, (text, rendered)
        plain = "".join("".join(top.itertext()) for top in trees[1])
        assert plain.replace("\n", "") == tidy(text).replace("\n", ""), text


@pytest.mark.parametrize(
    "unit", ["https://a.example/))))", "(https://a.example", "https://a.example/.", "<", "\n \n", "a\n"]
)
def test_the_longest_text_is_rendered_in_one_go(unit: str) -> None:
    text = (unit * 3000)[:3000]
    assert len(linked_html(text)) < 60 * len(text)


STEERING = (
    *(chr(one) for one in range(32) if chr(one) not in "\t\n\r"),
    *(chr(one) for one in range(0x7F, 0xA0)),
    "\u2028", "\u2029",
    *(chr(one) for one in range(0x202A, 0x202F)), *(chr(one) for one in range(0x2066, 0x206A)), "\ufff9", "\ufffb",
    "\ufeff",
)  # fmt: skip
NOTHING = (
    "",
    " ",
    "\n\t\n",
    "\u00a0",
    "\u3000",
    "\u200b\u200d",
    "\u2800",
    "\u3164",
    "\u115f\u1160",
    "\u0301",
    "\u2060",
)


def test_what_steers_is_no_text_and_what_is_not_seen_says_nothing() -> None:
    assert len(STEERING) > 70
    assert [one for one in STEERING if not has_control(f"a{one}b")] == []
    assert [one for one in NOTHING if not is_blank(one)] == []
    for kept in ("a\tb\nc", "👩‍👩‍👧", "می‌خواهم", "שלום", "e\u0301", "列车", "."):
        assert not has_control(kept)
        assert not is_blank(kept)
    assert tidy(" a \r\n\r\n\n\n b\rc  ") == "a\n\n b\nc"
