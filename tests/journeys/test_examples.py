"""The examples run as their readers run them, against a running product."""

import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Timer

import pytest

from tests.journeys.pages import run as run_page
from tests.product import TOP, Product, product
from tests.servers import Broker, free_port


@pytest.fixture(scope="module")
def newsroom(tmp_path_factory: pytest.TempPathFactory, shared_broker: Broker) -> Iterator[Product]:
    home = tmp_path_factory.mktemp("examples")
    shared_broker.empty()
    parts = ("api", "relay", "worker", "worker-search", "mailbox")
    with product(home, *parts, redis_url=shared_broker.url, media_presets="natural=320") as running:
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


@pytest.mark.slow
def test_the_offline_copy_and_the_static_site_follow_what_changes(newsroom: Product, tmp_path: Path) -> None:
    examples = TOP / "examples"
    copying = (sys.executable, str(examples / "offline_sync.py"), newsroom.url, str(tmp_path / "copy"))
    building = (sys.executable, str(examples / "static_site.py"), newsroom.url, str(tmp_path / "site"))
    first = run(*copying)
    count = int(first.rpartition("removed, ")[2].split()[0])
    assert count > 50 and first.startswith(f"{count} written, 0 removed")
    assert int(run(*building).split()[0]) > count
    pages = "".join(path.read_text("utf-8") for path in (tmp_path / "site" / "public").glob("en/*.html"))
    assert pages.count(f'src="{newsroom.url}/media/') > 10
    assert 'src="/media/' not in pages
    assert (run(*copying), run(*building)) == (
        f"0 written, 0 removed, {count} articles\n",
        "0 pages written, 0 removed\n",
    )
    token = newsroom.copydesk("token", "issue", "--role", "editor", "--quiet").strip()
    following = subprocess.Popen([*copying, "--follow"], stdout=subprocess.PIPE, text=True)
    # Without a line to read, the test would wait for as long as a stream lasts.
    late = Timer(60, following.kill)
    late.start()
    try:
        _, made, _ = newsroom.ask(
            "POST", "/api/v1/articles", {"title": "A <fresh> story", "locale": "en", "body": "New."}, token
        )
        path = f"/api/v1/articles/{made['id']}"
        assert newsroom.ask("POST", f"{path}/publish", {}, token, If_Match='"1"')[0] == 200
        assert following.stdout is not None
        assert following.stdout.readline().strip() == made["id"]
    finally:
        late.cancel()
        following.terminate()
        following.wait(20)
        assert following.stdout is not None
        following.stdout.close()
    newsroom.wait_settled()
    run(*building)
    page = tmp_path / "site" / "public" / "en" / f"{made['slug']}.html"
    assert "<h1>A &lt;fresh&gt; story</h1>" in page.read_text("utf-8")
    assert newsroom.ask("POST", f"{path}/unpublish", {}, token, If_Match='"2"')[0] == 200
    assert f"1 removed, {count} articles" in run(*copying)
    assert run(*building) == "1 pages written, 1 removed\n"
    assert not page.exists()
    # A copy of a site that is another one by now, or whose cursor is broken, is not mended in silence.
    (tmp_path / "copy" / "cursor").write_text("broken")
    done = subprocess.run(copying, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1 and "begin again" in done.stderr


@pytest.mark.slow
def test_a_reader_is_built_in_twenty_minutes(newsroom: Product) -> None:
    printed = run_page("build-a-reader.md", newsroom, MY_READER_PORT=str(free_port()))
    newsroom.wait_settled()
    lines = printed.splitlines()
    assert lines[-1] in ("event: article.published", "event: article.updated")
    assert "1" in lines
    assert "10" in lines and "<h2>Related articles</h2>" in printed and "404" in printed and "image/" in printed
