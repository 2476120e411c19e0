"""What an address to share is made of, and how often it may be made. Plain Python."""

import re
from dataclasses import dataclass
from urllib.parse import urlencode

from cms.content.addressing import AddressedArticle, page_address
from cms.platform.counting import Limit

# Neither letters that look alike nor vowels, so that no code is misread and none is a word.
ALPHABET = "23456789bcdfghjkmnpqrstvwxz"
CODE_LENGTH = 8
CODE = re.compile(f"[{ALPHABET}]{{{CODE_LENGTH}}}")
# What campaigns are called, and nothing that could be a piece of an address.
TRACKED = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
# Different campaigns of one article. Beyond, the plain short link is given, so that nobody can fill the table.
MOST_LINKS = 500
LINKS_SHOWN = 100

SHARES_PER_CLIENT = Limit("shares", 60, 60, is_counted_in="broker")
# Uses of one network beyond these are redirected and not counted, so that no one client makes the numbers.
HITS_PER_CLIENT = Limit("short-links", 60, 60, is_counted_in="process")


@dataclass(frozen=True)
class Tracking:
    """By what a campaign is told, as the site's own statistics read it; empty where nothing was asked for."""

    source: str = ""
    medium: str = ""
    campaign: str = ""

    def parameters(self) -> dict[str, str]:
        """The parameters of the address, those that are empty left out."""
        named = {"utm_source": self.source, "utm_medium": self.medium, "utm_campaign": self.campaign}
        return {name: value for name, value in named.items() if value}


PLAIN = Tracking()


def tracked_address(pattern: str, article: AddressedArticle, tracking: Tracking) -> str:
    """The address of an article's page with what tells a campaign apart."""
    address, parameters = page_address(pattern, article), tracking.parameters()
    if not parameters:
        return address
    return f"{address}{'&' if '?' in pattern else '?'}{urlencode(parameters)}"
