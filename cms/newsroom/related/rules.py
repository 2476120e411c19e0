"""What editors may decide of a related list. Plain Python. What is shown of it: `cms.content.related`."""

from collections.abc import Sequence
from dataclasses import dataclass

from cms.platform.errors import FieldError

MOST_PINS = 15
MOST_BANS = 100
# What an audit note names.
FIELDS = ("pins", "bans")


@dataclass(frozen=True)
class Arrangement:
    """What stands first in an article's list, in this order, and what never stands there: ids of articles."""

    pins: tuple[str, ...] = ()
    bans: tuple[str, ...] = ()

    def named(self) -> list[tuple[str, str]]:
        """Every article that it names, after the JSON pointer of its place."""
        pins = [(f"/pins/{index}", article_id) for index, article_id in enumerate(self.pins)]
        return pins + [(f"/bans/{index}", article_id) for index, article_id in enumerate(self.bans)]


def arrangement_errors(article_id: str, named: Sequence[tuple[str, str]]) -> list[FieldError]:
    """What cannot be: an article beside itself, or twice, as pinned and banned at once."""
    errors, seen = [], set()
    for pointer, other in named:
        if other == article_id:
            errors.append(FieldError(pointer, "itself", "An article does not stand in its own list."))
        elif other in seen:
            errors.append(FieldError(pointer, "twice", "This article is pinned or banned already."))
        seen.add(other)
    return errors


def changed_fields(before: Arrangement, after: Arrangement) -> list[str]:
    """The names of what differs; bans have no order."""
    changes = ["pins"] if before.pins != after.pins else []
    return changes + (["bans"] if set(before.bans) != set(after.bans) else [])
