"""Other forms of sanitised HTML, for apps that draw text themselves: blocks, Markdown, plain text.

Made from what readers may see and never from what an editor typed, so no comment or hidden part of a source gets out.
Not here: making the HTML (`markdown.py`).
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from html import escape, unescape
from typing import Any

from cms.platform.text.markdown import BLOCKS, pieces, plain_text

VOID = frozenset({"br", "col", "hr", "img", "source", "track", "wbr"})
TYPES = {
    "p": "paragraph", "ul": "list", "ol": "list", "blockquote": "quote", "pre": "code", "figure": "figure",
    "table": "table", "hr": "rule", "section": "footnotes",
}  # fmt: skip
HEADING = re.compile(r"h([1-6])")
ATTRIBUTE = re.compile(r' ([a-z]+)="([^"]*)"')
SPECIAL = re.compile(r"([\\`*_\[\]<>#|~&!+-]|(?<=\d)[.)])")
AROUND = {"em": "*", "i": "*", "strong": "**", "b": "**"}
FENCE = re.compile(r"`{3,}")
TICKS = re.compile(r"`+")


@dataclass
class Node:
    """An element, or a text where `tag` is empty."""

    tag: str
    attributes: str = ""
    text: str = ""
    children: list["Node"] = field(default_factory=list)

    def of(self, name: str) -> str:
        """The value of an attribute."""
        return next((unescape(value) for key, value in ATTRIBUTE.findall(self.attributes) if key == name), "")

    def html(self) -> str:
        """The element as it was."""
        if not self.tag:
            return self.text
        inner = "".join(child.html() for child in self.children)
        return f"<{self.tag}{self.attributes}>" + ("" if self.tag in VOID else f"{inner}</{self.tag}>")


def blocks(html: str) -> list[dict[str, Any]]:
    """The blocks of a text in order. Shape: {"type", "html", "text"}, with `level`, `is_ordered` or `language`."""
    return [_block(node) for node in _top(html)]


def markdown(html: str) -> str:
    """A text as CommonMark; what that has no words for stays HTML, which it takes."""
    return "\n\n".join(_written(node) for node in _top(html)) + "\n" if html.strip() else ""


FORMS: dict[str, Callable[[str], Any]] = {
    "html": lambda html: html,
    "markdown": markdown,
    "text": plain_text,
    "blocks": blocks,
}


def _top(html: str) -> list[Node]:
    """The outermost blocks; what stands between them is a paragraph."""
    root = Node("root")
    stack = [root]
    for slash, tag, attributes, text in pieces(html):
        if text:
            stack[-1].children.append(Node("", text=text))
        elif slash:
            if len(stack) > 1 and stack[-1].tag == tag:
                stack.pop()
        else:
            node = Node(tag, attributes)
            stack[-1].children.append(node)
            if tag not in VOID:
                stack.append(node)
    found: list[Node] = []
    loose: list[Node] = []
    for node in [*root.children, Node("hr")]:
        if node.tag in BLOCKS and node.tag != "br":
            if "".join(one.html() for one in loose).strip():
                found.append(Node("p", children=loose))
            loose = []
            found.append(node)
        else:
            loose.append(node)
    return found[:-1]


def _block(node: Node) -> dict[str, Any]:
    html = node.html()
    heading = HEADING.fullmatch(node.tag)
    kind = "heading" if heading else TYPES.get(node.tag, "other")
    told: dict[str, Any] = {"type": kind, "html": html, "text": plain_text(html)}
    if heading:
        told["level"] = int(heading[1])
    elif kind == "list":
        told["is_ordered"] = node.tag == "ol"
    elif kind == "code":
        told["language"] = _language(node)
    return told


def _written(node: Node) -> str:
    heading = HEADING.fullmatch(node.tag)
    if heading:
        return f"{'#' * int(heading[1])} {_inline(node).replace(chr(10), ' ').strip()}"
    if node.tag == "p":
        return _inline(node).strip()
    if node.tag == "hr":
        return "---"
    if node.tag == "pre":
        code = unescape("".join(re.sub(r"<[^>]*>", "", child.html()) for child in node.children)).rstrip("\n")
        fence = "`" * max([3, *(len(one) + 1 for one in FENCE.findall(code))])
        return f"{fence}{_language(node)}\n{code}\n{fence}"
    if node.tag == "blockquote":
        return "\n".join(f"> {line}".rstrip() for line in _inside(node).split("\n"))
    if node.tag in ("ul", "ol"):
        return _listed(node)
    # A line without anything would end a block of HTML.
    return re.sub(r"\n\s*\n", "\n", node.html()).strip()


def _listed(node: Node) -> str:
    lines = []
    first = int(node.of("start") or 1)
    for number, item in enumerate((child for child in node.children if child.tag == "li"), first):
        mark = f"{number}. " if node.tag == "ol" else "- "
        inside = _inside(item).split("\n")
        lines += [(mark if place == 0 else " " * len(mark)) + line for place, line in enumerate(inside)]
    return "\n".join(line.rstrip() for line in lines)


def _inside(node: Node) -> str:
    return "\n\n".join(_written(child) for child in _top("".join(child.html() for child in node.children)))


def _inline(node: Node) -> str:
    parts = []
    for child in node.children:
        if not child.tag:
            parts.append(SPECIAL.sub(r"\\\1", re.sub(r"\s+", " ", unescape(child.text))))
        elif child.tag in AROUND:
            inner, mark = _inline(child), AROUND[child.tag]
            # Marks hold only when they stand at a word.
            parts.append(f"{mark}{inner}{mark}" if inner == inner.strip() and inner else child.html())
        elif child.tag == "code" and not child.attributes:
            code = unescape("".join(one.html() for one in child.children))
            ticks = "`" * (max((len(one) for one in TICKS.findall(code)), default=0) + 1)
            parts.append(f"{ticks} {code} {ticks}" if "`" in code else f"{ticks}{code}{ticks}")
        elif child.tag == "a" and child.of("href") and not child.of("id"):
            parts.append(f"[{_inline(child)}](<{_address(child.of('href'))}>)")
        elif child.tag == "img":
            alternative = SPECIAL.sub(r"\\\1", re.sub(r"\s+", " ", child.of("alt")))
            parts.append(f"![{alternative}](<{_address(child.of('src'))}>)")
        elif child.tag == "br":
            parts.append("\\\n")
        elif child.tag in VOID:
            parts.append(child.html())
        else:
            parts.append(f"<{child.tag}{child.attributes}>{_inline(child)}</{child.tag}>")
    return "".join(parts)


def _address(text: str) -> str:
    return escape(text, quote=False).replace("\n", "%0A")


def _language(node: Node) -> str:
    code = next((child for child in node.children if child.tag == "code"), None)
    return code.of("class").removeprefix("language-") if code is not None else ""
