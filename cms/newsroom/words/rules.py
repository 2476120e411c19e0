"""What it takes to delete or merge a word of the taxonomy. Plain Python."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from cms.platform.errors import Conflict, FieldError

SHOWN_USERS = 20


@dataclass(frozen=True)
class RemoveWord:
    """A word to delete, by its slug (a source: id) and revision; `into` is the word that its users get instead."""

    key: str
    revision: int
    into: str | None = None
    # Where the caller named the other word, for the refusal of one that cannot be.
    pointer: str = "?reassign_to"


@dataclass(frozen=True)
class Usage:
    """Who uses a word: how many articles, the first of them, the sections below it, how many grants are limited to it,
    and the front lists that belong to it or are filled from it.

    Articles in the trash and what readers see of published ones count too. Of the first articles only those are told
    that the caller may read.
    """

    articles: int = 0
    first: Sequence[dict[str, Any]] = ()
    sections: Sequence[str] = ()
    grants: int = 0
    lists: Sequence[dict[str, Any]] = ()

    @property
    def as_dict(self) -> dict[str, Any]:
        """For the refusal."""
        return {
            "articles": {"count": self.articles, "first": list(self.first)},
            "sections": list(self.sections),
            "grants": {"count": self.grants},
            "lists": list(self.lists),
        }


def refuse_use(usage: Usage, *, is_reassigned: bool) -> None:
    """Refuse to delete what is used. Another takes articles and front lists over; not sections, nor anybody's rights.

    Raises: Conflict (`in_use`), with the users.
    """
    reasons = []
    if usage.articles and not is_reassigned:
        reasons.append(f"{usage.articles} article(s) use this: name another with reassign_to, or change them first.")
    if usage.lists and not is_reassigned:
        reasons.append(
            f"{len(usage.lists)} front list(s) use this: name another with reassign_to, or change them first."
        )
    if usage.sections:
        reasons.append(f"{len(usage.sections)} section(s) stand below this: move them first.")
    if usage.grants:
        reasons.append(
            f"The rights of {usage.grants} token(s), colleague(s) or invitation(s) end here: change them first."
        )
    if reasons:
        raise Conflict(" ".join(reasons), code="in_use", extra={"used_by": usage.as_dict})


def wrong_target(pointer: str, *, is_known: bool, is_same: bool) -> list[FieldError]:
    """What is wrong with the word that shall take over."""
    if not is_known:
        return [FieldError(pointer, "unknown_slug", "There is nothing of this kind that could take over.")]
    return [FieldError(pointer, "same", "A word cannot take over from itself.")] if is_same else []
