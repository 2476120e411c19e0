"""What can happen to searching: a part of the catalogue. Plain Python."""

from dataclasses import dataclass

from cms.events.event import Event


@dataclass(frozen=True)
class SynonymsChanged(Event):
    """Other words mean the same to every search from this commit on. The subject is the set's id.

    `act` is what became of the set: added, changed or removed.
    """

    type = "synonyms.changed"
    act: str
