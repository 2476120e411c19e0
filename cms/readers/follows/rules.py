"""What may be, for follows: kinds and frequencies, how many, what is news, when a digest goes. Plain Python."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from cms.platform.counting import Limit

KINDS = ("section", "tag", "author", "query")
# A letter for each article; one letter a day; none, and the follow is only listed.
FREQUENCIES = ("instant", "daily", "off")
MOST_FOLLOWS = 100
# Each of them may have to be compared with each article that is published.
MOST_QUERIES = 25
MOST_IN_DIGEST = 30
# As long as the search takes queries, and their keys.
LONGEST_QUERY = 256
LONGEST_ANCHOR = 200

# What was published longer ago is brought in from elsewhere, or shown again: no news.
NEWS_FOR = timedelta(days=1)
# What could not be told of for so long is told of no more: every reader saw it.
TOLD_WITHIN = timedelta(days=7)
LETTER_LIFE = timedelta(days=1)
# What was told of whom is forgotten after that: long after anything could tell of it again.
MATCHES_KEPT = timedelta(days=30)

# The programs of large mail providers ask from few addresses for all their users.
UNSUBSCRIBES_PER_CLIENT = Limit("unsubscribes", 600, 60)


def is_news(first_published_at: datetime, occurred_at: datetime, now: datetime) -> bool:
    """Whether readers are told of an article that was shown to them at `occurred_at`."""
    return occurred_at - first_published_at <= NEWS_FOR and now - first_published_at <= TOLD_WITHIN


def next_digest_at(now: datetime, hour: int, zone: str, last_period: date | None) -> datetime:
    """When the next digest goes: at the full hour by the clocks of a zone, on a day that has had none.

    An hour that the clocks skip is the one after it; of one that they show twice, the first counts.
    """
    place = ZoneInfo(zone)
    day = now.astimezone(place).date()
    if last_period is not None and last_period >= day:
        day = last_period + timedelta(days=1)
    at = _at(day, hour, place)
    return at if at > now else _at(day + timedelta(days=1), hour, place)


def period_of(due_at: datetime, zone: str) -> date:
    """The day that a digest is of: by the clocks of the reader's zone, when it was due."""
    return due_at.astimezone(ZoneInfo(zone)).date()


def _at(day: date, hour: int, place: ZoneInfo) -> datetime:
    return datetime(day.year, day.month, day.day, hour, tzinfo=place).astimezone(UTC)
