"""A Chromium and a running site, one of each per test process."""

import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from tests.browser.newsroom import Site, fill
from tests.product import product
from tests.servers import Broker, free_port, valkey

PARTS = ("api", "relay", "worker", "worker-search", "mailbox", "reader")
# As long as a busy machine may need; a page that is ready goes on at once.
PATIENCE_MS = 40_000
PROGRAMS = ("chromium", "chromium-browser", "google-chrome")


def chromium() -> str | None:
    """A Chromium on this machine, or Debian's, where whoever runs the tests may install it."""
    found = next(filter(None, map(shutil.which, PROGRAMS)), None)
    if found is None and shutil.which("apt-get") and Path("/root").exists():
        for words in (("update", "-q"), ("install", "-y", "-q", "chromium")):
            subprocess.run(["apt-get", *words], capture_output=True, timeout=200, check=False)
        found = shutil.which("chromium")
    return found


@pytest.fixture(scope="session")
def browser(need: Callable[[bool, str], None]) -> Iterator[Browser]:
    program = chromium()
    need(program is not None, "Chromium")
    with sync_playwright() as playwright:
        # The tests may run as root, whom Chromium gives no sandbox.
        started = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        expect.set_options(timeout=PATIENCE_MS)
        yield started
        started.close()


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    # With a broker of its own: it lives as long as the test process, and its workers would take the tasks of others.
    with valkey() as broker:
        yield from running_site(tmp_path_factory.mktemp("browser"), broker)


def running_site(home: Path, broker: Broker) -> Iterator[Site]:
    """The product with its pages on an empty home, filled and settled."""
    pages = f"http://127.0.0.1:{(port := free_port())}"
    settings = {
        "redis_url": broker.url, "reader_port": str(port), "limit_writes": "0", "limit_search": "0",
        "article_page_url": f"{pages}/{{locale}}/articles/{{slug}}", "code_page_url": f"{pages}/code",
        "preview_page_url": f"{pages}/preview/{{id}}#{{token}}",
        "code_cooldown_seconds": "1",
    }  # fmt: skip
    with product(home, *PARTS, **settings) as running:
        token = running.copydesk("token", "issue", "--role", "administrator", "--quiet").strip()
        made = Site(running, pages, token)
        fill(made)
        running.wait_settled()
        yield made


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    """A visitor: cookies and settings of their own. What the page's policy blocks, or a script throws, is an error."""
    made = browser.new_context()
    made.set_default_timeout(PATIENCE_MS)
    yield made
    made.close()


@pytest.fixture
def page(context: BrowserContext) -> Iterator[Page]:
    """A page whose console has to stay free of errors."""
    made = context.new_page()
    wrong: list[str] = []
    made.on("pageerror", lambda error: wrong.append(str(error)))
    made.on("console", lambda line: wrong.append(line.text) if line.type == "error" else None)
    yield made
    # A refused form is answered 4xx, which Chromium writes down as an error too.
    assert [line for line in wrong if "Failed to load resource" not in line] == []
