"""How late articles that are due at one instant are for readers, with three relays that compete for them.

The product is started whole, by `copydesk up`, and two more relays beside its own. Articles are scheduled for the same
instant over HTTP; from then on the public list of the newest is asked which of them readers see.
"""

import contextlib
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from benchmarks.product import COPYDESK, Product, started
from benchmarks.report import Row, percentile
from cms.launch.sample.generate import generated

ARTICLES = 100
MORE_RELAYS = 2
LIMIT_SECONDS = 60.0
PAUSE_SECONDS = 0.05
# Long enough for the schedules to be put before they are due.
AHEAD = timedelta(seconds=12)
PROMISED_SECONDS = 5.0
REPETITIONS = f"{ARTICLES} articles due at one instant, once, with {MORE_RELAYS + 1} relays."


def run() -> dict[str, Any]:
    """Units: seconds from the instant to the first list that has it; `published` counts acts, one per article."""
    with tempfile.TemporaryDirectory() as folder, started(Path(folder)) as product, _relays(product):
        token = product.token()
        drafts = [_draft(product, token, article.title, article.body) for article in generated(ARTICLES, seed=31)]
        due = (datetime.now(UTC) + AHEAD).replace(microsecond=0)
        for article in drafts:
            body = {"publish_at": f"{due:%Y-%m-%dT%H:%M:%S}", "timezone": "UTC"}
            product.ask("PUT", f"/api/v1/articles/{article}/schedule", token, body)
        if datetime.now(UTC) >= due:
            raise RuntimeError("the schedules were not put before they were due")
        late = _watch(product, drafts, due.timestamp())
        revisions = [product.ask("GET", f"/api/v1/articles/{article}/revisions", token)["data"] for article in drafts]
    acts = [sum(revision["action"] == "published" for revision in kept) for kept in revisions]
    return {
        "articles": ARTICLES,
        "relays": MORE_RELAYS + 1,
        "published": sum(acts),
        "published_twice": sum(count > 1 for count in acts),
        "early": sum(value < 0 for value in late),
        "late_s": {
            name: round(percentile(late, share), 2) for name, share in (("p50", 0.5), ("p99", 0.99), ("max", 1.0))
        },
    }


def rows(figures: dict[str, Any]) -> list[Row]:
    """The promise of punctuality, and that none was early, lost or done twice."""
    late = figures["late_s"]
    wrong = figures["articles"] - figures["published"] + figures["published_twice"] + figures["early"]
    return [
        Row(
            f"due → public, {figures['articles']} at once",
            f"p99 ≤ {PROMISED_SECONDS:.0f} s",
            f"p50 {late['p50']:.2f} s, p99 {late['p99']:.2f} s, longest {late['max']:.2f} s",
            late["p99"] <= PROMISED_SECONDS,
        ),
        Row("early, missing or published twice", "0", f"{wrong} of {figures['articles']}", wrong == 0),
    ]


@contextlib.contextmanager
def _relays(product: Product) -> Iterator[None]:
    running = [
        subprocess.Popen([COPYDESK, "relay"], env=product.environment, stdout=subprocess.DEVNULL)
        for _ in range(MORE_RELAYS)
    ]
    try:
        yield
    finally:
        for relay in running:
            relay.send_signal(signal.SIGTERM)
        for relay in running:
            relay.wait(20)


def _draft(product: Product, token: str, title: str, body: str) -> str:
    return str(product.ask("POST", "/api/v1/articles", token, {"title": title, "locale": "en", "body": body})["id"])


def _watch(product: Product, articles: list[str], due: float) -> list[float]:
    """How long after the instant each was listed first. Raises: RuntimeError when one is not in time."""
    late: dict[str, float] = {}
    while len(late) < len(articles):
        if time.time() - due > LIMIT_SECONDS:
            raise RuntimeError(f"{len(articles) - len(late)} articles are not public after {LIMIT_SECONDS:.0f} s")
        listed = product.ask("GET", f"/content/v1/articles?limit={ARTICLES}")["data"]
        seen = time.time() - due
        late |= {card["id"]: seen for card in listed if card["id"] not in late}
        time.sleep(PAUSE_SECONDS)
    return [late[article] for article in articles]
