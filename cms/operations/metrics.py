"""What /metrics says: counters of every API process, and gauges read from the database at the moment of asking."""

import os
from collections.abc import Iterator
from datetime import datetime
from importlib.metadata import version
from pathlib import Path

from prometheus_client import REGISTRY, CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, HistogramMetricFamily, InfoMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector
from sqlalchemy import func, select

from cms.content.models import Document
from cms.mail.models import OutgoingLetter
from cms.newsroom.schedules.queries import Punctuality, punctuality
from cms.operations.queries import open_work
from cms.platform.db import Database
from cms.platform.http.accounting import accounts
from search_index.damage import IndexUnavailable
from search_index.engine import SearchReader


class WorkCollector(Collector):
    """Open and dead deliveries, letters by state, schedules, published articles and indexed ones."""

    def __init__(self, database: Database, index: SearchReader, instant: datetime) -> None:
        self.database = database
        self.index = index
        self.instant = instant

    def collect(self) -> Iterator[Metric]:
        """The gauges of this moment."""
        yield InfoMetricFamily("copydesk_build", "The running version.", {"version": version("copydesk")})
        deliveries = GaugeMetricFamily(
            "copydesk_deliveries", "Deliveries that are not over.", labels=["subscription", "state"]
        )
        oldest_age = GaugeMetricFamily(
            "copydesk_oldest_delivery_seconds", "Age of the oldest open delivery, in seconds.", labels=["subscription"]
        )
        letters = GaugeMetricFamily("copydesk_outgoing_letters", "Letters to people by state.", labels=["state"])
        with self.database.reading() as session:
            for subscription, state, count, oldest in open_work(session):
                deliveries.add_metric([subscription, state], count)
                if state == "open":
                    oldest_age.add_metric([subscription], max(0.0, (self.instant - oldest).total_seconds()))
            states = select(OutgoingLetter.state, func.count()).group_by(OutgoingLetter.state)
            for state, count in session.execute(states):
                letters.add_metric([state], count)
            published = session.scalar(select(func.count()).select_from(Document)) or 0
            kept = punctuality(session, self.instant)
        yield from (deliveries, oldest_age, letters, *_schedules(kept))
        yield GaugeMetricFamily("copydesk_published_articles", "Articles that readers see.", published)
        try:
            yield GaugeMetricFamily("copydesk_indexed_articles", "Articles in the search index.", self.index.count())
        except IndexUnavailable:
            return


def _schedules(kept: Punctuality) -> Iterator[Metric]:
    appointments = GaugeMetricFamily("copydesk_appointments", "What is scheduled, by state.", labels=["state"])
    for state, count in kept.by_state.items():
        appointments.add_metric([state], count)
    yield appointments
    failing = "Appointments that the database failed to do and that are tried again."
    yield GaugeMetricFamily("copydesk_appointments_failing", failing, kept.failing)
    about = "How late what is due now is, in seconds; above 5 something is wrong with the relay."
    yield GaugeMetricFamily("copydesk_schedule_overdue_seconds", about, kept.overdue_seconds)
    lateness = HistogramMetricFamily(
        "copydesk_schedule_lateness_seconds", "From the instant that was promised to the act, in seconds."
    )
    lateness.add_metric([], list(kept.buckets.items()), kept.late_seconds)
    yield lateness


def metrics_text(database: Database, index: SearchReader, instant: datetime) -> bytes:
    """Everything in the Prometheus text format."""
    accounts.write()
    registry: CollectorRegistry = REGISTRY
    if folder := os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        # Somebody may have tidied it away. What was counted in it is gone, and new processes count there again.
        Path(folder).mkdir(mode=0o700, parents=True, exist_ok=True)
        registry = CollectorRegistry()
        MultiProcessCollector(registry)
    work = CollectorRegistry()
    work.register(WorkCollector(database, index, instant))
    return generate_latest(registry) + generate_latest(work)
