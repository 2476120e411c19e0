"""What may be, for comments: how they come in, who sees them, for how long they change. Plain Python.

A comment is `approved` (readers see it), `held` (it waits for a moderator), `rejected`, `spam`, or `deleted` by its
author. What is held says why in `held_for`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

from cms.platform.counting import Limit

Mode = Literal["post", "pre", "off"]
State = Literal["approved", "held", "rejected", "spam", "deleted"]
MODES = ("post", "pre", "off")
STATES = ("approved", "held", "rejected", "spam", "deleted")
# Why a comment waits: it is held before it is seen, it is the reader's first, it links a lot, it was reported.
HOLDS = ("", "pre", "first", "links", "reports")
# What holds where nobody said anything, and the id by which the whole site is known.
SITE_MODE: Mode = "post"
SITE = "00000000-0000-0000-0000-000000000000"
MODE_KINDS = ("site", "section", "article")
ORDERS = ("newest", "best")
REPORT_REASONS = ("spam", "abuse", "off_topic", "other")
DECISIONS: Mapping[str, State] = {"approve": "approved", "reject": "rejected", "spam": "spam"}

LONGEST_TEXT = 3000
LONGEST_NOTE = 1000
MOST_AT_ONCE = 100
# How many direct replies a list shows below each comment; the others are listed by `parent`.
REPLIES_SHOWN = 3
SAME_WITHIN = timedelta(minutes=5)

COMMENTS_PER_READER = Limit("comments", 6, 60, setting="limit_comments", is_per_caller=True)
COMMENTS_PER_DAY = Limit("comments-of-a-day", 60, 86_400)
REPORTS_PER_READER = Limit("comment-reports", 20, 3600, is_per_caller=True)


@dataclass(frozen=True)
class NewComment:
    """What a reader says, in reply to another comment or to the article itself."""

    text: str = field(repr=False)
    parent: str | None = None


@dataclass(frozen=True)
class Report:
    """Why a reader finds that a comment should not be there."""

    reason: str
    note: str = field(default="", repr=False)


@dataclass(frozen=True)
class Choice:
    """What a moderator decides of one comment, at the revision that was looked at."""

    comment_id: str
    revision: int


@dataclass(frozen=True)
class Ban:
    """Until when a reader may not comment (None: until somebody says otherwise), and why, for moderators alone."""

    until: datetime | None = None
    note: str = field(default="", repr=False)


@dataclass(frozen=True)
class Terms:
    """What the installation says: which comments are held, and how long one can be edited."""

    holds_first: bool = True
    links_held: int = 2
    reports_held: int = 3
    edit_window: timedelta = timedelta(minutes=15)
    depth: int = 4


@dataclass(frozen=True)
class Standing:
    """Where one article stands: its mode, and what says so: `article`, the slug of a section, or `site`."""

    mode: Mode
    source: str


def ways_up(section_path: str) -> tuple[str, ...]:
    """The paths of a section and of those above it, the nearest first; none for what is in no section."""
    slugs = section_path.split("/")[:-1]
    return tuple("/".join(slugs[:count]) + "/" for count in range(len(slugs), 0, -1))


def standing_of(own: Mode | None, sections: Mapping[str, Mode], section_path: str, site: Mode | None) -> Standing:
    """The mode that is in force: the article's own, else the one of the nearest section that has one, else the site's.

    `sections` holds the modes of sections by their paths.
    """
    if own is not None:
        return Standing(own, "article")
    for path in ways_up(section_path):
        if path in sections:
            return Standing(sections[path], path.split("/")[-2])
    return Standing(site or SITE_MODE, "site")


def hold_of(mode: Mode, terms: Terms, *, is_first: bool, links: int) -> str:
    """Why a new text waits for a moderator; empty where readers see it at once."""
    if mode == "pre":
        return "pre"
    if is_first and terms.holds_first:
        return "first"
    return "links" if terms.links_held and links >= terms.links_held else ""


def can_be_edited(created_at: datetime, terms: Terms, now: datetime) -> bool:
    """Whether its author may still change a comment."""
    return now < created_at + terms.edit_window


def is_banned(until: datetime | None, now: datetime) -> bool:
    """Whether a ban that was spoken is in force; one without an end always is."""
    return until is None or now < until


def is_enough(reports: int, state: str, terms: Terms) -> bool:
    """Whether so many reports take a comment away until a moderator decides."""
    return state == "approved" and 0 < terms.reports_held <= reports
