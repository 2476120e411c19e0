"""The examples run as their readers run them, against a running product."""

import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.product import TOP, Product, product
from tests.servers import Broker


@pytest.fixture(scope="module")
def newsroom(tmp_path_factory: pytest.TempPathFactory, shared_broker: Broker) -> Iterator[Product]:
    home = tmp_path_factory.mktemp("examples")
    parts = ("api", "relay", "worker", "worker-search")
    with product(home, *parts, redis_url=shared_broker.url) as running:
        running.copydesk("sample", "--if-empty")
        running.wait_settled()
        yield running


def node() -> str | None:
    found = shutil.which("node")
    if found is None and shutil.which("apt-get") and Path("/root").exists():
        subprocess.run(["apt-get", "install", "-y", "-q", "nodejs"], capture_output=True, timeout=180, check=False)
        found = shutil.which("node")
    return found


def run(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.slow
def test_the_python_example_reads_the_site(newsroom: Product) -> None:
    printed = run(
        sys.executable, str(TOP / "examples" / "headlines.py"), newsroom.url, "--search", "tram", "--locale", "en"
    )
    assert printed.count("20") >= 5
    assert "Search for 'tram'" in printed
    assert "see also:" in printed


@pytest.mark.slow
def test_the_python_example_says_what_was_wrong(newsroom: Product) -> None:
    script = str(TOP / "examples" / "headlines.py")
    done = subprocess.run(
        [sys.executable, script, newsroom.url, "--search", "x" * 5000],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1
    assert "request" in done.stderr


@pytest.mark.slow
def test_the_javascript_example_reads_the_site(newsroom: Product, need: Callable[[bool, str], None]) -> None:
    program = node()
    need(program is not None, "Node.js")
    printed = run(str(program), str(TOP / "examples" / "headlines.mjs"), newsroom.url, "tram")
    assert 'Search for "tram"' in printed
    assert "see also:" in printed
