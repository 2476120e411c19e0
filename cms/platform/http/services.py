"""What routes need from the process: settings, database, keys, the token verifier. Put together in `cms/app.py`."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import cast

from flask import current_app
from sqlalchemy.orm import Session

from cms.platform.actor import Actor
from cms.platform.db import Database
from cms.platform.keys import Keys
from cms.platform.limiter import Limiter
from cms.platform.shared_clock import instant_of
from cms.settings import Settings
from search_index.engine import SearchReader

EXTENSION = "copydesk"


@dataclass(frozen=True)
class Services:
    """The parts of one API process. `verify_token` is identity's, `verify_reader` the readers'.

    Both raise Unauthenticated, each for all credentials of the other too.
    """

    settings: Settings
    database: Database
    keys: Keys
    index: SearchReader
    limiter: Limiter
    clock: Callable[[], datetime]
    verify_token: Callable[[str], Actor]
    verify_reader: Callable[[str], Actor]

    def instant(self, session: Session) -> datetime:
        """The present by the clock that all processes share, for what must not live longer on one machine."""
        return instant_of(session, self.clock)


def services() -> Services:
    """The parts of the running application."""
    return cast(Services, current_app.extensions[EXTENSION])
