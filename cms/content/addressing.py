"""Where readers find an article's page: the site's own pattern, filled in. Plain Python."""

from dataclasses import dataclass
from urllib.parse import quote


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
