"""The tutorials: every command of each page, run in order by a shell against a running product."""

import re
import subprocess
from pathlib import Path

import pytest

from tests.product import PARTS, TOP, Product, product
from tests.servers import Broker, free_port

BLOCK = re.compile(r"```sh\n(.*?)```", re.DOTALL)


def run(page: str, running: Product, **more: str) -> str:
    """What the commands of a page print, all of them having worked."""
    blocks = BLOCK.findall((TOP / "docs" / page).read_text("utf-8"))
    assert len(blocks) >= 7
    done = subprocess.run(
        ["bash", "-c", "set -euo pipefail\n" + "\n".join(blocks)],
        cwd=TOP,
        env={**running.environment, **more},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return done.stdout


@pytest.mark.slow
@pytest.mark.timeout(180)
def test_every_command_of_the_tutorial_works(tmp_path: Path, broker: Broker) -> None:
    with product(tmp_path / "home", *PARTS, redis_url=broker.url) as running:
        printed = run("tutorial.md", running)
    # An answer ends without a line break, so what follows it stands on the same line.
    assert len(re.findall(r"404$", printed, re.MULTILINE)) == 2
    assert len(re.findall(r"204$", printed, re.MULTILINE)) == 1
    assert "Forty bridge lamps return to the old quay" in printed


@pytest.mark.slow
@pytest.mark.timeout(180)
def test_a_reader_is_built_in_twenty_minutes(tmp_path: Path, broker: Broker) -> None:
    with product(tmp_path / "home", *PARTS, redis_url=broker.url) as running:
        running.copydesk("sample", "--if-empty")
        running.wait_settled()
        printed = run("build-a-reader.md", running, MY_READER_PORT=str(free_port()))
    lines = printed.splitlines()
    assert lines[-1] in ("event: article.published", "event: article.updated")
    assert "1" in lines
    assert "10" in lines and "<h2>Related articles</h2>" in printed and "404" in printed
