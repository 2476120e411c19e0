"""Who acts: a plain value that verbs take, never an ambient user."""

from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True)
class Actor:
    """A caller with what it may do. `id` is the public id of the token, reader or part of the system."""

    kind: Literal["service", "reader", "system", "anonymous"]
    id: str = ""
    name: str = ""
    scopes: frozenset[str] = field(default_factory=frozenset)
    request_id: str = ""
    client_address: str = ""

    def may(self, scope: str) -> bool:
        """Whether this actor was given a scope."""
        return scope in self.scopes


def system(name: str) -> Actor:
    """A part of the product itself, such as the scheduler or a command."""
    return Actor(kind="system", id=name, name=name)
