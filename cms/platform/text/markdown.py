"""What editors write, made into what readers get: safe HTML, its plain text and a count of its images.

Markdown is CommonMark with tables and footnotes. HTML, within Markdown or alone, goes through the same sanitiser.
Source: CommonMark as cmark-gfm reads it and, where a body may have footnotes, as markdown-it-py does (ADR 13).
"""

import re
from dataclasses import dataclass
from html import unescape
from typing import Any, Literal

import cmarkgfm
from cmarkgfm.cmark import Options
from markdown_it import MarkdownIt
from mdit_py_plugins.footnote import footnote_plugin

from cms.platform.text.sanitising import SURROGATE, as_paragraphs, is_too_complex, sanitise, sanitised, words

BodyFormat = Literal["markdown", "html"]
# Brackets may begin links, and each is looked for a partner; blocks beyond the deepest level would be left out.
MOST_BRACKETS = 10_000
DEEPEST_BLOCK = 40
# What may be Markdown costs the parser some ten microseconds each, and a line of its own several times as much. Prose
# of 500 kB, wrapped at 70 characters, with something emphasised in every line, stays below this.
MOST_WORK = 100_000
WORK_PER_LINE = 6
MARKS = ("*", "_", "<", ">", "&", "`", "\\", "|", "~", "[", "\t", "- ", "+ ", ". ", ") ")

# `[^1]` or `^[a note]`: what may be a footnote, or looks like one.
FOOTNOTE_SIGNS = ("[^", "^[")
NESTING = re.compile(r"<(/?)(?:blockquote|ul|ol|li)\b", re.IGNORECASE)

# Sanitised HTML is so regular that these expressions read it exactly: values in double quotes, every "<" a tag.
PIECE = re.compile(r'<(/?)([a-z][a-z0-9]*)((?: [a-z]+="[^"]*")*)>|([^<]+)')
BLOCKS = words(
    "blockquote br caption dd div dl dt figcaption figure h1 h2 h3 h4 h5 h6 hr li ol p pre section table tbody td "
    "tfoot th thead tr ul"
)
FOOTNOTE_MARKS = frozenset({("sup", ' class="footnote-ref"'), ("a", ' class="footnote-backref"')})
SPACES = re.compile(r"[ \t\r\n\f]+")
# Single spaces stay as they are, and most texts have no others: an expression that looks at each takes its time.
GAPS = re.compile(r"[\t\r\f][ \t\r\f]*| [ \t\r\f]+")
WIDE = ("  ", "\t", "\r", "\f")
# A line end between two characters that are written without spaces is no space.
UNSPACED = r"[\u3000-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff00-\uff60\U00020000-\U0003ffff]"
WRAPPED = re.compile(rf"(?<={UNSPACED})[ \t]*\r?\n[ \t]*(?={UNSPACED})")


@dataclass(frozen=True)
class Rendered:
    """A body as readers get it. `text` has one line per block and no alternative texts."""

    html: str
    text: str
    image_count: int


def render(body: str, body_format: BodyFormat) -> Rendered:
    """Render a body. Never fails: what nobody could parse in bounded time comes out as paragraphs of plain text."""
    html = sanitised(_from_markdown(body)) if body_format == "markdown" else sanitise(body)
    images = sum(tag == "img" for _, tag, _, _ in pieces(html)) if "<img" in html else 0
    return Rendered(html=html, text=plain_text(html), image_count=images)


def work_of(body: str) -> int:
    """How much work a Markdown text could make, without doing it. Formula: marks + 6 · lines that are not blank."""
    lines = sum(not line.isspace() for line in body.splitlines() if line)
    return sum(map(body.count, MARKS)) + WORK_PER_LINE * lines


def _from_markdown(body: str) -> str:
    if body.count("[") > MOST_BRACKETS or work_of(body) > MOST_WORK:
        return as_paragraphs(body)
    may_have_notes = any(sign in body for sign in FOOTNOTE_SIGNS)
    html = _with_footnotes(body) if may_have_notes else _without_footnotes(body)
    return as_paragraphs(body) if html is None or is_too_complex(html) else html


def _without_footnotes(body: str) -> str | None:
    """HTML by the library in C, thirty times as fast; None for what is nested too deep."""
    html: str = cmarkgfm.markdown_to_html_with_extensions(
        SURROGATE.sub("\ufffd", body), options=Options.CMARK_OPT_UNSAFE, extensions=["table"]
    )
    depth = 0
    for match in NESTING.finditer(html):
        depth += -1 if match[1] else 1
        if depth >= DEEPEST_BLOCK - 1:
            return None
    return html


def _with_footnotes(body: str) -> str | None:
    """HTML by the library in Python, with the footnotes that it knows; None for what is nested too deep."""
    try:
        environment: dict[str, Any] = {}
        tokens = MARKDOWN.parse(body, environment)
        if any(token.level >= DEEPEST_BLOCK - 1 for token in tokens):
            return None
        return str(MARKDOWN.renderer.render(tokens, MARKDOWN.options, environment))
    except RecursionError:
        return None


def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"maxNesting": DEEPEST_BLOCK}).enable("table").use(footnote_plugin)
    for cell in ("th_open", "td_open"):
        parser.add_render_rule(cell, _render_cell)
    return parser


def _render_cell(renderer: Any, tokens: Any, position: int, options: Any, _env: Any) -> str:
    # The parser aligns cells by style, which no allow-list should let through; the attribute says the same.
    style = tokens[position].attrs.pop("style", None)
    if style:
        tokens[position].attrs["align"] = str(style).rpartition(":")[2]
    return str(renderer.renderToken(tokens, position, options, _env))


MARKDOWN = _parser()


def pieces(html: str) -> list[tuple[str, str, str, str]]:
    """Tags and texts in turn: closing slash, tag, attributes, text."""
    return PIECE.findall(html)


def plain_text(html: str) -> str:
    """Sanitised HTML as text with one line per block and no alternative texts."""
    parts: list[str] = []
    skipped = ""
    is_preformatted = False
    for slash, tag, attributes, text in pieces(html):
        if skipped:
            if slash and tag == skipped:
                skipped = ""
        elif text:
            parts.append(_flowing(unescape(text)) if not is_preformatted else unescape(text))
        elif attributes and any(tag == mark and found in attributes for mark, found in FOOTNOTE_MARKS):
            skipped = tag
        elif tag in BLOCKS:
            parts.append("\n")
            is_preformatted = not slash if tag == "pre" else is_preformatted
    flowed = "".join(parts)
    if any(gap in flowed for gap in WIDE):
        flowed = GAPS.sub(" ", flowed)
    lines = (line.strip(" ") for line in flowed.split("\n"))
    return "\n".join([line for line in lines if line]).strip()


def _flowing(text: str) -> str:
    # Without a line end there is nothing that `GAPS` does not do for the whole text.
    return SPACES.sub(" ", WRAPPED.sub("", text)) if "\n" in text else text
