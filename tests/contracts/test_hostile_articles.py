"""Scripts in every text of an article, section, tag, person and note, as Markdown and as HTML: what readers get as HTML
is read by two parsers and holds what is on the allow-list; texts are texts, in JSON alone (row S52)."""

import json
import re
from html import unescape
from typing import Any

import html5lib
import lxml.html
import pytest
from flask.testing import FlaskClient

from cms.platform.text.markdown import BodyFormat, render
from cms.platform.text.sanitising import KEPT, KEPT_ANYWHERE, TAGS, sanitise
from tests.newsroom.making import act, draft
from tests.platform.test_sanitising import HOSTILE, MARKDOWN_ONLY

SPECIAL = (
    "<img src=x onerror=alert`1`>", "<svg/onload=alert(1)//", "\"><svg onload=alert(1)>", "'-alert(1)-'",
    "</title><script>", "<a href=\"&#106;avascript:alert(1)\">x</a>", "<a href='java&Tab;script:alert(1)'>x</a>",
    "<a href=vbscript:x>x</a>", "<a href='\x01javascript:alert(1)'>x</a>", "<a href='//evil.example'>x</a>",
    "<a href='/\\evil.example'>x</a>", "<a href='https:evil.example'>x</a>",
    "<a href='data:text/html,<script>1</script>'>x</a>", "<a href=blob:x>x</a>",
    "<a href='https://a.example/' target=_blank onclick=x()>x</a>", "<img srcset='x 1x, javascript:x 2x' src=x>",
    "<img src='https://a.example/x.png' style='x:expression(1)'>", "<p id=__proto__ name=cookie>x</p>",
    "<form id=x><input name=attributes>", "<a id=x><a id=x name=y href='https://a.example'>",
    "<p class='admin'>x</p>", "<table><caption><svg><style></caption><img src onerror=x>",
    "<math><mi><table><mglyph><style><img onerror=x>", "<svg><desc><style><a title='</style><img src onerror=x>'>",
    "<p><svg><foreignobject><p onclick=x>", "<noscript><!--", "<![CDATA[<img src=x onerror=x>]]>",
    "<?xml-stylesheet href='javascript:x'?>", "<!DOCTYPE x [<!ENTITY a 'b'>]>&a;",
    "<x:script xmlns:x='http://www.w3.org/1999/xhtml'>alert(1)</x:script>", "<IMG SRC=X ONERROR=X>",
    "<ＩＭＧ onerror=x>", "<a\x0chref='javascript:x'\x0conclick=x>", "<a/href='javascript:x'/onclick=x>",
    "<img alt='`' src='`' onerror=x>", "<ruby oncopy=x><rp></rt><rp><table><style></ruby>",
    "<q cite='javascript:x'>x</q>", "<ins datetime=x cite=data:x>", "<time datetime='\"><script>'>x</time>",
    "<ol start='1;x' type=a onclick=x><li value='x'>", "<td colspan='9e9'>", "[a]( javascript:alert(1) )",
    "[a](&#x6A;avascript:alert(1))", "[a](javascript&colon;alert(1))", "[a](\\javascript:x)",
    "[a](JAVASCRIPT:alert(1) \"t\")", "[a](<java\tscript:x>)", "[a][b]\n\n[b]: <javascript:x> 'y'",
    "![a](vbscript:x)", "![a\" onerror=\"x](https://a.example/x.png)", "![a](https://a.example/x.png '\"onload=x')",
    "<https://a.example/\"onclick=x>", "<javascript&colon;alert(1)>", "<mailto:a@b.example?body=<script>>",
    "**<svg onload=x>**", "`</code><script>`", "~~~\"><script>\nx\n~~~", "    <script>\n",
    "[^a]: \"><script>\n\n[^a]", "[^<script>]\n\n[^<script>]: x", "|a|\n|-|\n|<svg onload=x>|",
    "<div>\n\n**a** <script>x\n\n</div>", "{{constructor.constructor('x')()}}", "${alert(1)}", "<%= x %>", "#{7*7}",
)  # fmt: skip
SCHEMES = re.compile(r"(?:https?://|mailto:|/(?![/\\])|#)[^\s]*", re.IGNORECASE)


def elements(html: str) -> dict[str, list[tuple[str, dict[str, str]]]]:
    """The elements of a fragment with their attributes, as each of two parsers reads them."""
    tree = html5lib.parseFragment(html, namespaceHTMLElements=False)
    by_rules = [(str(one.tag), {str(name): str(value) for name, value in one.attrib.items()}) for one in tree.iter()]
    other = lxml.html.fragment_fromstring(html, create_parent="div")
    by_libxml = [(str(one.tag), {str(name): str(value) for name, value in one.attrib.items()}) for one in other.iter()]
    return {"html5lib": by_rules[1:], "lxml": by_libxml[1:]}


def check(html: str, what: Any) -> None:
    for parser, found in elements(html).items():
        for tag, attributes in found:
            assert tag in TAGS, (parser, what, tag)
            for name, value in attributes.items():
                allowed = {**KEPT.get(tag, {}), **KEPT_ANYWHERE}
                assert name in allowed or (tag, name, value) == ("a", "rel", "noopener"), (parser, what, tag, name)
                if name in ("href", "src"):
                    assert SCHEMES.fullmatch(value), (parser, what, value)
    assert sanitise(html) == html, what


def hostile() -> list[str]:
    """Every text that is tried."""
    return list(dict.fromkeys((*SPECIAL, *HOSTILE, *MARKDOWN_ONLY)))


def sendable(text: str) -> str:
    return text.replace("\x00", "").encode("utf-8", "ignore").decode()


def test_there_are_many() -> None:
    assert len(set(SPECIAL)) == len(SPECIAL) >= 40


@pytest.mark.slow
@pytest.mark.parametrize("body_format", ["markdown", "html"])
def test_no_body_gives_readers_more_than_the_allow_list_has(
    administrator: FlaskClient, client: FlaskClient, body_format: BodyFormat
) -> None:
    # Several in one article, each in a block of its own and all in each other's way.
    texts = [sendable(text) for text in hostile()]
    for text in texts:
        check(render(text, body_format).html, text)
        check(render(f"Harbour {text} bridge", body_format).html, text)
    for bodies in (*(texts[start : start + 7] for start in range(0, len(texts), 7)), texts, texts[::-1]):
        made = draft(administrator, body="\n\n".join(["Harbour", *bodies]), body_format=body_format, title="Harbour")
        assert act(administrator, "publish", made["id"], 1).status_code == 200
        document = client.get(f"/content/v1/articles/{made['id']}").json
        check(document["body"]["html"], bodies)


@pytest.mark.slow
def test_every_other_text_is_a_text(administrator: FlaskClient, client: FlaskClient) -> None:
    texts = [re.sub(r"[\x00-\x20]+", " ", sendable(text)).strip()[:90].strip() for text in SPECIAL]
    for number in range(0, len(texts), 3):
        one, two, three = (texts[number : number + 3] * 3)[:3]
        slug = f"word-{number}"
        named = (("sections", {"name": f"{number} {one}"}), ("tags", {"name": f"{number} {two}"}),
                 ("people", {"name": f"{number} {three}", "bio": one}))  # fmt: skip
        for kind, given in named:
            answer = administrator.post(f"/api/v1/{kind}", json={**given, "slug": slug})
            assert (answer.status_code, answer.json.get("name")) == (201, given["name"]), answer.json
        shown = {"title": f"{one} x", "dek": two, "summary": [three], "fields": {"note": two}}
        made = draft(administrator, **shown, section=slug, tags=[slug], authors=[slug], revision_note=three)
        assert act(administrator, "publish", made["id"], 1).status_code == 200
        assert act(administrator, "correct", made["id"], 2, json={"note": one}).status_code == 200
        document = client.get(f"/content/v1/articles/{made['id']}")
        assert {name: document.json[name] for name in shown} == shown
        assert document.json["corrections"][0]["note"] == one
        assert re.fullmatch(r"[^\s<>\"'&/\\`]+", document.json["slug"])
        check(document.json["body"]["html"], one)
        # Never a page: no browser reads it as HTML, whatever stands in it.
        listed = (client.get(f"/content/v1/{path}") for path in (f"articles?tag={slug}", "sections", f"people/{slug}"))
        for answer in (document, *listed):
            assert (answer.status_code, answer.mimetype) == (200, "application/json")
            assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_no_refusal_is_a_page(client: FlaskClient, administrator: FlaskClient) -> None:
    for text in hostile():
        text = sendable(text)
        for answer in (
            client.get("/content/v1/articles", query_string={text: text}),
            client.get("/content/v1/search", query_string={"q": text, text: "1"}),
            administrator.post("/api/v1/articles", json={text: text}),
        ):
            assert answer.status_code in (400, 422), (text, answer.status_code)
            assert answer.mimetype == "application/problem+json"
            assert answer.headers["X-Content-Type-Options"] == "nosniff"
            assert json.loads(answer.data)["request_id"]
            assert unescape(answer.headers["Content-Security-Policy"]).startswith("default-src 'none'")
