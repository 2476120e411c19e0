"""Where readers find an article's page: the site's own pattern, filled in, also in documents. Plain Python."""

import hashlib
import re
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import quote

import orjson

# The beginning of an assembled document; no member of it holds a quote.
BEGINNING = re.compile(
    rb'\{"id":"([0-9a-f-]{36})","number":([0-9]+),"type":"[^"]*","locale":"([^"]+)","slug":"([^"]+)","url":("[^"]+")'
)


@dataclass(frozen=True)
class AddressedArticle:
    """What an address of an article can be made of."""

    id: str
    number: int
    locale: str
    slug: str


def page_address(pattern: str, article: AddressedArticle) -> str:
    """The address of an article's page. Only the pattern, which is a setting, says where it leads.

    Each part is quoted whole, so that a slug can be no host, no further path and no parameter.
    """
    address = pattern
    for name in ("id", "number", "locale", "slug"):
        address = address.replace(f"{{{name}}}", quote(str(getattr(article, name)), safe=""))
    return address


@dataclass(frozen=True)
class Pages:
    """Where the site has its pages, as documents say it; without a pattern they stay as they were put together.

    A document is put together once and holds addresses relative to the site. Only the two that are for people's
    browsers and for search engines (`share`, `seo`) name the page, when it goes out.
    """

    pattern: str

    def shown(self, body: bytes, etag: str) -> tuple[bytes, str]:
        """A document with the address of its page, and the ETag of that."""
        began = BEGINNING.match(body) if self.pattern else None
        if began is None:
            return body, etag
        article_id, number, locale, slug = (part.decode() for part in began.groups()[:4])
        page = orjson.dumps(page_address(self.pattern, AddressedArticle(article_id, int(number), locale, slug)))
        before, shared, rest = body.rpartition(b'"share":{"url":' + began[5])
        if not shared:
            return body, etag
        # Within texts each quote has a backslash before it, so these members are found and nothing that looks so.
        rest = rest.replace(b'"canonical_url":' + began[5], b'"canonical_url":' + page, 1)
        for name in (b'"url":', b'"@id":'):
            rest = rest.replace(name + began[5], name + page)
        return before + shared.replace(began[5], page) + rest, f'{etag[:-1]}-{_mark(self.pattern)}"'


@lru_cache(maxsize=4)
def _mark(pattern: str) -> str:
    return hashlib.blake2b(pattern.encode(), digest_size=4).hexdigest()
