"""What can happen to lists that editors arrange, and to related lists: a part of the catalogue. Plain Python."""

from dataclasses import dataclass

from cms.events.event import Event


@dataclass(frozen=True)
class ListChanged(Event):
    """Readers get a front list as it was made or arranged from this commit on. The subject is the list's id.

    An empty `locale` means every language; `revision` counts the list's changes.
    """

    type = "list.changed"
    name: str
    locale: str
    revision: int


@dataclass(frozen=True)
class ListDeleted(Event):
    """A front list is gone; its articles stay as they are."""

    type = "list.deleted"
    name: str
    locale: str


@dataclass(frozen=True)
class ArticleRelatedArranged(Event):
    """Editors decided anew what is pinned to the article's related list, and what is banned from it."""

    type = "article.related_arranged"
    revision: int


@dataclass(frozen=True)
class RelatedSweepDue(Event):
    """It is time to fit the vocabulary of related articles again and to compare every list with brute force."""

    type = "related.sweep_due"
