"""Where readers find an article's page: the site's own pattern, filled in, also in documents. Plain Python."""

import hashlib
import re
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import quote

import orjson

from cms.settings import Settings

# The beginning of an assembled document; no member of it holds a quote.
BEGINNING = re.compile(
    rb'\{"id":"([0-9a-f-]{36})","number":([0-9]+),"type":"[^"]*","locale":"([^"]+)","slug":"([^"]+)","url":("[^"]+")'
)

# The pictures of the JSON-LD; within texts each quote has a backslash before it.
PICTURES = b'"image":["'
ASSET_KEY = "asset-"
# Whoever wrote it, in the words of schema.org.
PERSON = re.compile(rb'"url":"/content/v1/people/([^"/]+)"')


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
    browsers and for search engines (`share`, `seo`) name the page, when it goes out. `people` is the pattern of
    people's pages, with `{slug}`. `site` is where the public reaches Copydesk; search engines take no
    relative address of a picture.
    """

    pattern: str
    people: str = ""
    site: str = ""

    @classmethod
    def of(cls, settings: Settings) -> "Pages":
        """The pages that the settings name."""
        return cls(settings.article_page_url, settings.person_pattern, settings.public_url)

    @property
    def are_elsewhere(self) -> bool:
        """Whether any page has an address of its own."""
        return bool(self.pattern or self.people)

    def changes(self, cache_keys: str) -> bool:
        """Whether a document that caches forget by these keys may go out with other addresses."""
        return self.are_elsewhere or (bool(self.site) and ASSET_KEY in cache_keys)

    def shown(self, body: bytes, etag: str) -> tuple[bytes, str]:
        """A document with the address of its page and those of its pictures, and the ETag of that."""
        before, seo, rest = body.rpartition(b'"seo":{') if self.site else (b"", b"", body)
        told, found, rest = rest.partition(PICTURES)
        if seo and found:
            listed, end, rest = rest.partition(b'"]')
            site = orjson.dumps(self.site)[:-1]
            body = b"".join((before, seo, told, found[:-1], (b'"' + listed).replace(b'"/', site + b"/"), end, rest))
            etag = f'{etag[:-1]}-{_mark(self.site)}"'
        return self._with_page(body, etag)

    def _with_page(self, body: bytes, etag: str) -> tuple[bytes, str]:
        began = BEGINNING.match(body) if self.are_elsewhere else None
        if began is None:
            return body, etag
        article_id, number, locale, slug = (part.decode() for part in began.groups()[:4])
        place = AddressedArticle(article_id, int(number), locale, slug)
        page = orjson.dumps(page_address(self.pattern, place)) if self.pattern else began[5]
        before, shared, rest = body.rpartition(b'"share":{"url":' + began[5])
        if not shared:
            return body, etag
        # Within texts each quote has a backslash before it, so these members are found and nothing that looks so.
        rest = rest.replace(b'"canonical_url":' + began[5], b'"canonical_url":' + page, 1)
        for name in (b'"url":', b'"@id":'):
            rest = rest.replace(name + began[5], name + page)
        if self.people:
            rest = PERSON.sub(lambda found: b'"url":' + _person(self.people, found[1]), rest)
        return before + shared.replace(began[5], page) + rest, f'{etag[:-1]}-{_mark(self.pattern, self.people)}"'


@lru_cache(maxsize=4)
def _mark(*patterns: str) -> str:
    return hashlib.blake2b("\n".join(patterns).encode(), digest_size=4).hexdigest()


@lru_cache(maxsize=1024)
def _person(pattern: str, slug: bytes) -> bytes:
    # The slug stands in the document as an address has it.
    return orjson.dumps(pattern.replace("{slug}", slug.decode()))
