"""What comes out of the sanitiser, seen by a second parser."""

import re
from urllib.parse import urlsplit

import html5lib
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cms.platform.text.markdown import render
from cms.platform.text.sanitising import KEPT, KEPT_ANYWHERE, MOST_TAGS, TAGS, sanitise

HOSTILE = (
    "<script>alert(1)</script>",
    "<ScRiPt src=//evil.example/x.js></sCrIpT>",
    "<scr<script>ipt>alert(1)</scr</script>ipt>",
    "<img src=x onerror=alert(1)>",
    "<img src='https://a.example/x.png' onerror='alert(1)'>",
    "<img/src=`x`onerror=alert(1)>",
    "<img src=javascript:alert(1)>",
    "<img src='data:image/svg+xml;base64,PHN2Zy8+'>",
    '<img src="//evil.example/pixel.png">',
    "<svg onload=alert(1)>",
    "<svg><script>alert(1)</script></svg>",
    "<svg><a xlink:href='javascript:alert(1)'><text>x</text></a></svg>",
    "<svg><animate onbegin=alert(1) attributeName=x dur=1s>",
    "<svg></p><style><a id='</style><img src=1 onerror=alert(1)>'>",
    "<math><mtext><table><mglyph><style><!--</style><img title='--&gt;&lt;img src=1 onerror=alert(1)&gt;'>",
    "<math href='javascript:alert(1)'>x</math>",
    "<form><math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>",
    "<iframe src='javascript:alert(1)'></iframe>",
    "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'></noscript>",
    "<noembed><img src=x onerror=alert(1)></noembed>",
    "<textarea><img title='</textarea><img src=x onerror=alert(1)>'></textarea>",
    "<title><a title='</title><img src=x onerror=alert(1)>'></title>",
    "<xmp><p title='</xmp><img src=x onerror=alert(1)>'></xmp>",
    "<plaintext><img src=x onerror=alert(1)>",
    "<template><script>alert(1)</script></template>",
    "<select><style></select><img src=x onerror=alert(1)></style></select>",
    "<style>@import 'javascript:alert(1)';</style>",
    "<p style='background:url(javascript:alert(1))'>x</p>",
    "<div style='position:fixed;inset:0'>x</div>",
    "<link rel=stylesheet href='//evil.example/x.css'>",
    "<meta http-equiv=refresh content='0;url=javascript:alert(1)'>",
    "<base href='javascript:alert(1)//'>",
    "<object data='javascript:alert(1)'></object>",
    "<embed src='javascript:alert(1)'>",
    "<form action='javascript:alert(1)'><button formaction='javascript:alert(1)'>x</button></form>",
    "<input autofocus onfocus=alert(1)>",
    "<details open ontoggle=alert(1)>x</details>",
    "<video><source onerror=alert(1)></video>",
    "<audio src=x onerror=alert(1)></audio>",
    "<body onload=alert(1)>",
    "<marquee onstart=alert(1)>x</marquee>",
    "<a href='javascript:alert(1)'>x</a>",
    "<a href='JaVaScRiPt:alert(1)'>x</a>",
    "<a href=' javascript:alert(1)'>x</a>",
    "<a href='java\tscript:alert(1)'>x</a>",
    "<a href='java\nscript:alert(1)'>x</a>",
    "<a href='&#106;avascript:alert(1)'>x</a>",
    "<a href='javascript&colon;alert(1)'>x</a>",
    "<a href='\x01javascript:alert(1)'>x</a>",
    "<a href='vbscript:msgbox(1)'>x</a>",
    "<a href='data:text/html,<script>alert(1)</script>'>x</a>",
    "<a href='//evil.example/'>x</a>",
    "<a href='/\\evil.example/'>x</a>",
    "<a href='/\t/evil.example/'>x</a>",
    "<a href='https:\\\\evil.example'>x</a>",
    "<a href='https://a.example' target=_blank onclick=alert(1) ping='https://evil.example'>x</a>",
    "<a id=document name=cookie class='admin fn1' href='#fn1'>x</a>",
    "<img id=fn1 name=body src='https://a.example/x.png'>",
    "<sup id='fn1' class='footnote-ref evil'>x</sup>",
    "<!--><img src=x onerror=alert(1)>-->",
    "<!-- --!><img src=x onerror=alert(1)>",
    "<![CDATA[<img src=x onerror=alert(1)>]]>",
    "<?xml-stylesheet href='javascript:alert(1)'?>",
    "<x:script xmlns:x='http://www.w3.org/1999/xhtml'>alert(1)</x:script>",
    "<a href=\"https://a.example/?q=\"onmouseover=alert(1)>x</a>",
    "<p title='\"><img src=x onerror=alert(1)>'>x</p>",
    "<abbr title='\"><img src=x onerror=alert(1)>'>x</abbr>",
    "<table><td background='javascript:alert(1)'>x</table>",
    "<table><a href='javascript:alert(1)'><tr><td>x",
    "<pre>\n\n\n<b>x</pre>",
    "<p><table><p>x</p></table>",
    "<a><a><table><a>",
    "\x00<scr\x00ipt>alert(1)</scr\x00ipt>",
    "<math><annotation-xml encoding='text/html'><img src=x onerror=alert(1)></annotation-xml></math>",
)  # fmt: skip
MARKDOWN_ONLY = (
    "[x](javascript:alert(1))",
    "[x](<javascript:alert(1)>)",
    "[x](java&#115;cript:alert(1))",
    "[x]: javascript:alert(1)\n\n[x]",
    "![x](javascript:alert(1))",
    "![x](data:image/png;base64,AAAA)",
    "<javascript:alert(1)>",
    "[x](https://a.example 'onmouseover=alert(1)\"')",
    "```<img src=x onerror=alert(1)>\nx\n```",
    "[^1]\n\n[^1]: <script>alert(1)</script>",
    '|<img src=x onerror=alert(1)>|\n|-|\n|"><script>|',
    '![a](https://a.example/x.png "\'><script>alert(1)</script>")',
    "<div>\n\n[x](javascript:alert(1))\n\n</div>",
)


def seen(html: str) -> list[tuple[str, dict[str, str]]]:
    """The elements of a fragment with their attributes, as html5lib reads them."""
    tree = html5lib.parseFragment(html, namespaceHTMLElements=False)
    return [(str(node.tag), {str(name): str(value) for name, value in node.attrib.items()}) for node in tree.iter()][1:]


def check(html: str) -> None:
    for tag, attributes in seen(html):
        assert tag in TAGS
        for name, value in attributes.items():
            assert name in {**KEPT.get(tag, {}), **KEPT_ANYWHERE} or (tag, name, value) == ("a", "rel", "noopener")
            if name in ("href", "src"):
                address = urlsplit(value)
                assert address.scheme in ("http", "https", "mailto", "")
                assert address.scheme or (name == "href" and not re.match(r"[/\\\s]{2}", value))
            if name == "id":
                assert re.fullmatch(r"fn(ref)?\d+(:\d+)?", value)
    assert "<!--" not in html
    assert sanitise(html) == html


@pytest.mark.parametrize("body_format", ["html", "markdown"])
def test_nothing_that_acts_comes_through(body_format: str) -> None:
    bodies = HOSTILE if body_format == "html" else (*HOSTILE, *MARKDOWN_ONLY)
    assert len(bodies) >= 40
    for body in bodies:
        for around in ("{}", "before {} after", "<p>{}</p>", "<table><tr><td>{}", "<a href='https://a.example'>{}"):
            check(render(around.format(body), body_format).html)  # type: ignore[arg-type]  # the two formats above


def test_what_a_newsroom_writes_comes_through() -> None:
    whole = (
        '<h2 lang="kk">A</h2><p>b <a href="https://a.example/x?y=1&amp;z=2" rel="noopener">c</a> '
        '<a href="mailto:desk@a.example" rel="noopener">d</a> <a href="/content/v1/articles" rel="noopener">e</a> '
        '<em>f</em> <code class="language-py">g</code></p>'
        '<figure><img src="https://a.example/x.png" alt="h" width="3"><figcaption>i</figcaption></figure>'
        '<table><tbody><tr><td align="right" colspan="2">1</td></tr></tbody></table>'
        '<ol start="3"><li>j</li></ol><blockquote dir="rtl"><p>k</p></blockquote>'
    )
    assert sanitise(whole) == whole


def test_a_picture_without_a_safe_address_is_no_picture() -> None:
    assert sanitise('a<img alt="x" src="ftp://a.example/x">b<img src="https://a.example/x" alt="&gt;">') == (
        'ab<img src="https://a.example/x" alt="&gt;">'
    )


PARTS = st.sampled_from(
    ["<b>", "</b>", "<p>", "</p>", "<table>", "<td>", "</table>", "<a href='https://a'>", "</a>", "<pre>", "\n", "x",
     "<svg>", "<math>", "<style>", "</style>", "<!--", "-->", "<img src=https://a>", "<ul>", "<li>", "<select>", "&lt;",
     "<noscript>", "<i id=fn1>", "<div>", "</div>", "\0", "\r", "\ud800", '"', "'", ">", "<"]
)  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(st.lists(PARTS, max_size=25).map("".join))
def test_sanitising_twice_is_sanitising_once(html: str) -> None:
    check(sanitise(html))


@pytest.mark.parametrize(
    "html",
    [
        pytest.param("<div>" * 1_000, id="deep"),
        pytest.param("<div><!--</div>-->" * (MOST_TAGS + 1), id="deep behind comments"),
        pytest.param("".join(f"<p><b a={number}>x" for number in range(20_000)), id="formatting without end"),
        pytest.param("<b " + " ".join(f"a{number}" for number in range(100_000)) + ">x", id="attributes"),
        pytest.param("<p>x</p>" * (MOST_TAGS + 1), id="tags"),
    ],
)
def test_masses_of_markup_come_out_as_text_in_proportion(html: str) -> None:
    rendered = render(html, "html")
    assert len(rendered.html) < 10 * len(html)
    assert rendered.html.startswith("<p>&lt;")
    assert rendered.text.startswith(html[:10])
