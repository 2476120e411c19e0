"""What a release is, and what may be done with one. Plain Python."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from cms.platform.errors import Conflict

ReleaseState = Literal["open", "scheduled", "released", "missed"]
RELEASE_STATES: tuple[ReleaseState, ...] = ("open", "scheduled", "released", "missed")
LONGEST_TITLE = 300
MOST_ARTICLES = 100


@dataclass(frozen=True)
class NewRelease:
    """A release to make."""

    title: str
    article_ids: tuple[str, ...] = ()


@dataclass(frozen=True)
class ChangeRelease:
    """A change of one version of a release: another title, articles that come, articles that go."""

    release_id: str
    version: int
    title: str | None = None
    add: tuple[str, ...] = ()
    remove: tuple[str, ...] = ()


@dataclass(frozen=True)
class ScheduleRelease:
    """One version of a release to publish at an instant."""

    release_id: str
    version: int
    release_at: datetime
    timezone: str = "UTC"


def refuse_over(state: str) -> None:
    """Refuse to change what readers have already. Raises: Conflict (`already_released`)."""
    if state == "released":
        raise Conflict("This release is over: readers have its articles.", code="already_released")
