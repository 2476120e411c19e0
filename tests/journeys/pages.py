"""Runs the commands of a page of the documentation."""

import re
import subprocess

from tests.product import TOP, Product

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
