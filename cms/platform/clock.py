"""The one place that reads the clock. Verbs take `now` as a value, so tests and schedulers pass their own."""

from datetime import UTC, datetime


def now() -> datetime:
    """The present instant, aware, in UTC."""
    return datetime.now(UTC)


def rfc3339(instant: datetime) -> str:
    """An instant as the API writes it: UTC, `Z`, microseconds only where there are some."""
    return instant.astimezone(UTC).isoformat().replace("+00:00", "Z")
