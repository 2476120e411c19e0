"""What may be, of preview links: how long they live, how many there are, what ends them. Plain Python.

A link opens while it was neither withdrawn nor has expired, its article is at work, and whoever made it might make it
again. All of this is asked at each look, so that nothing has to be remembered when a right is taken from somebody.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from cms.platform.counting import Limit

# Who may edit an article may show it to others, and who may not any more has shown it for the last time.
SHARE = "articles:write"
LONGEST_HOURS = 24 * 366
LONGEST_LABEL = 120
LARGEST_REVISION = 2**31 - 1
# Links of one article that open at the same time.
MOST_LINKS = 100
# Views of one link that are told apart; further ones are only counted, so that nobody can fill the table.
MOST_TOLD_APART = 10_000
# An article that was put away is shown to nobody until it is taken out again.
PUT_AWAY = ("archived", "taken_down")
# Acts that end every link of an article for good.
ENDS_LINKS = frozenset({"article.taken_down"})
LOOKS_PER_CLIENT = Limit("previews", 120, 60, is_counted_in="process")

LinkState = Literal["active", "suspended", "expired", "revoked"]
STATES: tuple[LinkState, ...] = ("active", "suspended", "expired", "revoked")


@dataclass(frozen=True)
class SharePreview:
    """Make a link to an article's working copy, or to one `revision` of it, for some time. `label` is for colleagues:
    whom it is for."""

    article_id: str
    lifetime: timedelta
    revision: int | None = None
    label: str = ""


@dataclass(frozen=True)
class Ticket:
    """What a token says: this link to this article, following its working copy or showing one revision, until then."""

    link_id: str
    article_id: str
    revision: int | None
    expires_at: datetime


def state_of(
    *,
    expires_at: datetime,
    revoked_at: datetime | None,
    key_name: str,
    keys: Collection[str],
    may_be_seen: bool,
    now: datetime,
) -> LinkState:
    """What has become of a link. One whose key is not accepted any more has expired: nobody can prove to have it.

    `may_be_seen` says that the article is at work and the maker of the link might make it again.
    """  # fmt: skip
    if revoked_at is not None:
        return "revoked"
    if expires_at <= now or key_name not in keys:
        return "expired"
    return "active" if may_be_seen else "suspended"
