"""HTML that anybody may write, made into HTML that every page may show.

One allow-list for all of it: what is not named here does not come through. The result is a fixed point: sanitising it
again changes nothing, so what a browser parses is what was checked.
"""

import re
from html import escape

import nh3

# Of a hostile text, parsing costs the square of what stands open. These limits are far above what a page holds.
MOST_TAGS = 20_000
DEEPEST = 500
MOST_REPEATED = 200_000
LONGEST_TAG = 20_000
MOST_PARAGRAPHS = 10_000
ROUNDS = 6


def words(text: str) -> frozenset[str]:
    """The words of a line, as a set."""
    return frozenset(text.split())


TAGS = words(
    "a abbr b blockquote br caption cite code col colgroup dd del dfn div dl dt em figcaption figure h1 h2 h3 h4 "
    "h5 h6 hr i img ins kbd li mark ol p pre q rp rt ruby s samp section small strong sub sup table tbody td "
    "tfoot th thead time tr u ul var wbr"
)
REMOVED_WITH_CONTENT = words(
    "applet audio canvas embed frame frameset iframe math noembed noframes noscript object plaintext script "
    "select style svg template textarea title video xmp"
)
WEB = re.compile(r"https?://[^\s\x00-\x20\\]+", re.IGNORECASE)
# One of our files by the id of its asset, which stands for its address until it is shown.
ASSET = r"(?-i:asset:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})"
PICTURE = re.compile(rf"{WEB.pattern}|{ASSET}", re.IGNORECASE)
# A path of this site, but nothing that a browser takes for another host: `//host`, `/\host`.
LINK = re.compile(
    r"https?://[^\s\x00-\x20\\]+|mailto:[^\s\x00-\x20]+|/(?![/\\])[^\s\x00-\x20\\]*|#[^\s\x00-\x20]*|" + ASSET,
    re.IGNORECASE,
)
FOOTNOTE = re.compile(r"fn(?:ref)?[0-9]{1,6}(?::[0-9]{1,6})?")
LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8}){0,3}")
DIRECTION = re.compile(r"ltr|rtl|auto")
ALIGNMENT = re.compile(r"left|right|center")
SMALL_NUMBER = re.compile(r"[0-9]{1,4}")
ANY = re.compile(r".*", re.DOTALL)
CODE_CLASS = re.compile(r"language-[A-Za-z0-9_+#.-]{1,40}")

# What an attribute must look like as a whole to be kept.
KEPT = {
    "a": {"href": LINK, "title": ANY, "id": FOOTNOTE, "class": re.compile(r"footnote-backref")},
    "abbr": {"title": ANY},
    "code": {"class": CODE_CLASS},
    "col": {"span": SMALL_NUMBER},
    "colgroup": {"span": SMALL_NUMBER},
    "hr": {"class": re.compile(r"footnotes-sep")},
    "img": {"src": PICTURE, "alt": ANY, "title": ANY, "width": SMALL_NUMBER, "height": SMALL_NUMBER},
    "li": {"id": FOOTNOTE, "class": re.compile(r"footnote-item"), "value": SMALL_NUMBER},
    "ol": {"class": re.compile(r"footnotes-list"), "start": SMALL_NUMBER},
    "section": {"class": re.compile(r"footnotes")},
    "sup": {"class": re.compile(r"footnote-ref")},
    "td": {"align": ALIGNMENT, "colspan": SMALL_NUMBER, "rowspan": SMALL_NUMBER},
    "th": {"align": ALIGNMENT, "colspan": SMALL_NUMBER, "rowspan": SMALL_NUMBER},
    "time": {"datetime": re.compile(r"[0-9TZ:.+-]{4,40}")},
}
KEPT_ANYWHERE = {"lang": LANGUAGE, "dir": DIRECTION}

OPENING = re.compile(r"<[A-Za-z]")
CLOSING = re.compile(r"</[A-Za-z]")
STANDING_ALONE = re.compile(r"<(?:br|col|hr|img|wbr|p|li|dt|dd|tr|td|th)\b", re.IGNORECASE)
# Elements that a parser opens again in every following block until they are closed; `a` ends the one before.
REPEATED = re.compile(r"<(?:b|big|code|em|font|i|nobr|s|small|strike|strong|tt|u)[\s/]", re.IGNORECASE)
LONG_TAG = re.compile(rf"<[A-Za-z][^>]{{{LONGEST_TAG}}}")
IMAGE_WITHOUT_SOURCE = re.compile(r'<img(?! src=| [a-z]+="[^"]*" src=)(?: (?!src=)[a-z]+="[^"]*")*>')
SURROGATE = re.compile("[\ud800-\udfff]")
BLANK_LINES = re.compile(r"\n\s*\n")


def sanitise(html: str) -> str:
    """HTML with the elements, attributes and addresses of the allow-list alone; hostile masses come out as plain text.

    Links get `rel="noopener"`, since pages that show them may open them in a new window.
    """
    return as_paragraphs(SURROGATE.sub("\ufffd", html)) if is_too_complex(html) else sanitised(html)


def sanitised(html: str) -> str:
    """The same of HTML that is known not to be too complex."""
    html = SURROGATE.sub("\ufffd", html)
    for _ in range(ROUNDS):
        cleaned = _once(html)
        if cleaned == html:
            return cleaned
        html = cleaned
    return as_paragraphs(html)


def is_too_complex(html: str) -> bool:
    """Whether parsing could cost far more than the text is long."""
    opened = len(OPENING.findall(html))
    if opened > MOST_TAGS or opened * len(REPEATED.findall(html)) > MOST_REPEATED:
        return True
    if opened - len(CLOSING.findall(html)) - len(STANDING_ALONE.findall(html)) > DEEPEST:
        return True
    return LONG_TAG.search(html) is not None


def as_paragraphs(text: str) -> str:
    """A text as paragraphs in which every character stands for itself; as one where there would be very many."""
    blocks = [block.strip() for block in BLANK_LINES.split(text.replace("\0", "\ufffd"))]
    if len(blocks) > MOST_PARAGRAPHS:
        blocks = ["\n".join(blocks)]
    # Line ends as the parser would make them, so that the result is a fixed point too.
    return (
        "\n".join(f"<p>{escape(block, quote=False)}</p>" for block in blocks if block)
        .replace("\r\n", "\n")
        .replace("\r", "\n")
    )


def _once(html: str) -> str:
    return IMAGE_WITHOUT_SOURCE.sub("", CLEANER.clean(html))


def _kept(tag: str, attribute: str, value: str) -> str | None:
    if attribute == "rel":
        return value  # The sanitiser's own; what the author wrote there it has dropped already.
    pattern = KEPT.get(tag, {}).get(attribute) or KEPT_ANYWHERE.get(attribute)
    return value if pattern is not None and pattern.fullmatch(value) else None


CLEANER = nh3.Cleaner(
    tags=set(TAGS),
    clean_content_tags=set(REMOVED_WITH_CONTENT),
    attributes={"*": set(KEPT_ANYWHERE), **{tag: set(kept) for tag, kept in KEPT.items()}},
    attribute_filter=_kept,
    strip_comments=True,
    link_rel="noopener",
    url_schemes={"http", "https", "mailto", "asset"},
)
