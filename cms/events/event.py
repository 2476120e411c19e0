"""What an event is. Plain Python; the events themselves are in `catalogue.py`."""

from dataclasses import dataclass, fields
from typing import Any, ClassVar


@dataclass(frozen=True)
class Event:
    """A thing that happened to one subject. `subject` is the public id of that thing."""

    type: ClassVar[str]
    version: ClassVar[int] = 1

    subject: str

    def data(self) -> dict[str, Any]:
        """The event's own fields, ready for JSON."""
        return {field.name: getattr(self, field.name) for field in fields(self) if field.name != "subject"}
