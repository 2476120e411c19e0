"""Who acts: a plain value that verbs take, never an ambient user."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal


@dataclass(frozen=True)
class Grant:
    """Permissions with the place where they hold.

    `section_path` is the path of a section, ended by "/", and means that section and all below it; empty means
    everywhere. `locale` empty means every language. `source` says in words where the grant comes from.
    """

    permissions: frozenset[str]
    section_path: str = ""
    locale: str = ""
    source: str = ""


@dataclass(frozen=True)
class Actor:
    """A caller with what it may do. `id` is the public id of the token, staff member, reader or part of the system.

    `credential` is the kind and public id of what the caller proved itself by, such as "token:…" or "session:…".
    `proven_at` is when the person behind it typed a password last; other credentials know no such instant.
    `on_behalf_of` is the colleague who issued the token of a service, as "staff:…"; empty where nobody did.
    """

    kind: Literal["service", "staff", "reader", "system", "anonymous"]
    id: str = ""
    name: str = ""
    grants: tuple[Grant, ...] = ()
    credential: str = ""
    proven_at: datetime | None = None
    request_id: str = ""
    client_address: str = ""
    on_behalf_of: str = ""

    def may(self, scope: str) -> bool:
        """Whether this actor was given a permission anywhere at all; where it holds is asked about each object."""
        return any(scope in grant.permissions for grant in self.grants)


def system(name: str) -> Actor:
    """A part of the product itself, such as the scheduler or a command."""
    return Actor(kind="system", id=name, name=name)
