"""The tutorial: every command of docs/tutorial.md, run in order by a shell against a running product."""

import re
import subprocess
from pathlib import Path

import pytest

from tests.product import PARTS, TOP, product
from tests.servers import Broker

BLOCK = re.compile(r"```sh\n(.*?)```", re.DOTALL)


@pytest.mark.slow
@pytest.mark.timeout(180)
def test_every_command_of_the_tutorial_works(tmp_path: Path, broker: Broker) -> None:
    blocks = BLOCK.findall((TOP / "docs" / "tutorial.md").read_text("utf-8"))
    assert len(blocks) >= 8
    script = "set -euo pipefail\n" + "\n".join(blocks)
    with product(tmp_path / "home", *PARTS, redis_url=broker.url) as running:
        done = subprocess.run(
            ["bash", "-c", script],
            cwd=TOP,
            env=running.environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    # An answer ends without a line break, so what follows it stands on the same line.
    assert len(re.findall(r"404$", done.stdout, re.MULTILINE)) == 2
    assert len(re.findall(r"204$", done.stdout, re.MULTILINE)) == 1
    assert "Forty bridge lamps return to the old quay" in done.stdout
