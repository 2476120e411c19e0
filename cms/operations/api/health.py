"""Health and metrics over HTTP. Free of secrets; open to probes without a token."""

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Any

from flask import Blueprint, Response, current_app
from prometheus_client import CONTENT_TYPE_LATEST

from cms.operations.closing import refuse_closed
from cms.operations.health import HealthCheck
from cms.operations.keeping import Kept
from cms.operations.metrics import metrics_text
from cms.operations.schemas import HealthShape
from cms.platform.http.answers import answer
from cms.platform.http.endpoint import endpoint
from cms.platform.http.services import services

CHECK = "copydesk.health"
METRICS = "copydesk.metrics"

health = Blueprint("health", __name__)


@health.get("/livez")
@endpoint(summary="Whether this process answers at all", answers={200: HealthShape})
def livez() -> Response:
    """The process only; no part is asked."""
    return answer({"status": "ok", "degraded": []})


@health.get("/readyz")
@endpoint(summary="Whether to send requests here", answers={200: HealthShape, 503: HealthShape})
def readyz() -> Response:
    """Database and migrations decide; workers, index and disk may be degraded."""
    parts = services()
    found = _kept(CHECK, HealthCheck(parts.settings, parts.database, parts.index).now)
    told = [] if "health" in parts.settings.closed_pages else list(found.degraded)
    if not found.is_ready:
        return answer({"status": "unavailable", "degraded": told}, 503, headers={"Retry-After": "2"})
    return answer({"status": "degraded" if found.degraded else "ok", "degraded": told})


@health.get("/metrics")
@endpoint(summary="Prometheus metrics", answers={200: None}, refuses=(404,), media_type="text/plain")
def metrics() -> Response:
    """Request counts of every API process, and what the database says of the work that is open, asked once a second."""
    parts = services()
    refuse_closed("metrics")
    response = Response(_kept(METRICS, partial(metrics_text, parts.database, parts.index)), 200)
    response.headers["Content-Type"] = CONTENT_TYPE_LATEST
    response.headers["Cache-Control"] = "no-store"
    return response


def _kept(name: str, make: Callable[[datetime], Any]) -> Any:
    kept = current_app.extensions.get(name) or current_app.extensions.setdefault(name, Kept(make))
    return kept.at(services().clock())
