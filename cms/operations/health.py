"""Whether this process can serve, told from its parts."""

import shutil
from dataclasses import dataclass
from datetime import datetime

import structlog
from sqlalchemy.exc import SQLAlchemyError

from cms.operations.queries import open_work
from cms.platform.db import Database
from cms.platform.migration_step import current_step, head_step
from cms.settings import Settings
from search_index.damage import IndexUnavailable
from search_index.engine import SearchReader

log = structlog.get_logger("copydesk.health")
LAG_SECONDS = 60
FREE_DISK_SHARE = 0.05


@dataclass(frozen=True)
class Health:
    """`is_ready` false means: send no requests here. `degraded` names parts that are not well; reads still work."""

    is_ready: bool
    degraded: tuple[str, ...] = ()


@dataclass(frozen=True)
class HealthCheck:
    """Asks each part."""

    settings: Settings
    database: Database
    index: SearchReader

    def now(self, instant: datetime) -> Health:
        """The health at this moment."""
        degraded = []
        try:
            with self.database.reading() as session:
                step, head = current_step(session.connection()), head_step()
                if step != head:
                    return Health(False, (f"migrations: the tables stand at {step}, this program needs {head}",))
                work = open_work(session)
        except SQLAlchemyError as error:
            log.warning("database_not_ready", error=type(error).__name__)
            return Health(False, ("database",))
        if any(state == "open" and (instant - oldest).total_seconds() > LAG_SECONDS for _, state, _, oldest in work):
            degraded.append("workers")
        if any(state == "dead" for _, state, _, _ in work):
            degraded.append("dead_letters")
        try:
            self.index.count()
        except IndexUnavailable:
            degraded.append("search")
        usage = shutil.disk_usage(self.settings.home)
        # Below the second figure files of editors are refused.
        if usage.free < max(FREE_DISK_SHARE * usage.total, self.settings.media_reserve_bytes):
            degraded.append("disk")
        return Health(True, tuple(degraded))
