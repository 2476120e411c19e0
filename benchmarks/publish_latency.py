"""How long after a publish the content API answers it, search finds it and related lists show it, at 10,000 articles.

The product is started whole, by `copydesk up`, on a home with 10,000 published articles of 500 words. Articles are
then published one after the other over HTTP; from each acknowledgement on, the public API is asked until it shows it.
After that 20 are published a second (`publish_busy`).
"""

import secrets
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.product import Product, prepare, started
from benchmarks.publish_busy import PER_SECOND, PROCESSES, SECONDS, busy
from benchmarks.report import Row, percentile
from cms.launch.sample.generate import generated
from cms.settings import Settings

ARTICLES = 10_000
PUBLISHES = 60
LIMIT_SECONDS = 20.0
PAUSE_SECONDS = 0.01
REPETITIONS = (
    f"{PUBLISHES} publishes in a row, then {PER_SECOND * SECONDS:.0f} within {SECONDS:.0f} s, with the whole product "
    "running."
)


def run() -> dict[str, Any]:
    """Units: milliseconds from the acknowledgement of a publish; `missed_reads` counts next reads without it."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        prepare(Settings(home=home), ARTICLES)
        with started(home, COPYDESK_API_PROCESSES=str(PROCESSES)) as product:
            token = product.token()
            fresh = list(generated(PUBLISHES + 2, seed=77, words=500, locales=("en",)))
            seen = [_publish(product, token, article.title, article.body, article.tags) for article in fresh[:2]]
            seen = [_publish(product, token, article.title, article.body, article.tags) for article in fresh[2:]]
            meanwhile = busy(product, token)
    return {
        "articles": ARTICLES,
        "publishes": PUBLISHES,
        "missed_reads": sum(not each["is_live"] for each in seen),
        "acknowledged_ms": _spread([each["acknowledged"] for each in seen]),
        "searchable_ms": _spread([each["searchable"] for each in seen]),
        "related_ms": _spread([each["related"] for each in seen]),
        "busy": {**meanwhile, "taken_ms": _spread(meanwhile["taken_ms"])},
    }


def rows(figures: dict[str, Any]) -> list[Row]:
    """The promises of the first page."""
    search, related, meanwhile = figures["searchable_ms"], figures["related_ms"], figures["busy"]
    rebuild, everywhere = meanwhile["rebuild"], meanwhile["taken_ms"]
    is_whole = meanwhile["per_second"] >= 0.95 * PER_SECOND and not meanwhile["failures"]
    wrong = rebuild["refused"] + rebuild["missed"]
    return [
        Row(
            "publish → answered by the content API",
            "the next read",
            f"{figures['missed_reads']} of {figures['publishes']} next reads missed it",
            figures["missed_reads"] == 0,
        ),
        Row("publish → searchable", "p95 ≤ 1 s", _words(search), search["p95"] <= 1_000),
        Row(
            f"the same in each of {meanwhile['processes']} API processes, with {PER_SECOND} publishes a second",
            "p95 ≤ 0.5 s",
            f"{_words(everywhere)}, at {meanwhile['per_second']} a second",
            everywhere["p95"] <= 500 and is_whole,
        ),
        Row("publish → related refreshed", "p95 ≤ 2 s", _words(related), related["p95"] <= 2_000),
        Row(
            "searches that are refused or miss something while the index is built again and publishes go on",
            "0",
            f"{wrong} of {rebuild['searches']:,}",
            wrong == 0 and rebuild["is_built"],
        ),
        Row("publish → acknowledged", "—", _words(figures["acknowledged_ms"]), True),
    ]


def _publish(product: Product, token: str, title: str, body: str, tags: tuple[str, ...]) -> dict[str, Any]:
    word = "glimmerwort" + secrets.token_hex(4)
    draft = {"title": title, "locale": "en", "body": f"{body}\n\n{word}", "tags": list(tags)}
    article = product.ask("POST", "/api/v1/articles", token, draft)
    began = time.perf_counter()
    product.ask("POST", f"/api/v1/articles/{article['id']}/publish", token, if_match='"1"')
    acknowledged = time.perf_counter()
    document = product.ask("GET", f"/content/v1/articles/{article['id']}")
    waiting = {
        "searchable": (f"/content/v1/search?q={word}", lambda answer: bool(answer["data"])),
        "related": (f"/content/v1/articles/{article['id']}/related", lambda answer: bool(answer["data"])),
    }
    times: dict[str, Any] = {
        "is_live": document is not None,
        "acknowledged": (acknowledged - began) * 1000,
    }
    while waiting:
        if time.perf_counter() - acknowledged > LIMIT_SECONDS:
            raise RuntimeError(f"{sorted(waiting)} did not follow within {LIMIT_SECONDS:.0f} s")
        for name, (path, is_there) in list(waiting.items()):
            answer = product.ask("GET", path)
            if answer is not None and is_there(answer):
                times[name] = (time.perf_counter() - acknowledged) * 1000
                del waiting[name]
        time.sleep(PAUSE_SECONDS)
    return times


def _spread(values: list[float]) -> dict[str, float]:
    return {name: round(percentile(values, share), 1) for name, share in (("p50", 0.5), ("p95", 0.95), ("max", 1.0))}


def _words(spread: dict[str, float]) -> str:
    return f"p50 {spread['p50']:.0f} ms, p95 {spread['p95']:.0f} ms, longest {spread['max']:.0f} ms"
