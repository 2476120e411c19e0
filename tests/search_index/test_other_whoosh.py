"""The package also runs on Whoosh 2.7.4, so that it can take the place of whoosh3 (ADR 3)."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

TOP = Path(__file__).parents[2]
OTHER = Path(sys.prefix) / "whoosh-2.7.4"
MODULES = ("finding", "following", "rebuilding")
# Its second sequence of updates stays with the installed version: here it would take a quarter of the time.
LEFT_OUT = "test_following.py::test_a_long_lived_reader_equals_a_fresh_one_after_every_update[2]"


@pytest.mark.slow
def test_the_tests_of_the_index_pass_on_the_other_version(need: Callable[[bool, str], None]) -> None:
    need(OTHER.is_dir(), "Whoosh 2.7.4 beside the installed one (make .venv/.installed-dev)")
    environment = {**os.environ, "PYTHONPATH": str(OTHER)}
    asked = [sys.executable, "-c", "import whoosh; print(*whoosh.__version__, sep='.')"]
    version = subprocess.run(asked, env=environment, capture_output=True, text=True, timeout=60, check=True).stdout
    assert version.strip() == "2.7.4"
    modules = [f"tests/search_index/test_{name}.py" for name in MODULES]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:xdist", "-p", "no:cacheprovider", "-o", "addopts=", "-q", *modules,
         "--deselect", f"tests/search_index/{LEFT_OUT}"],
        env=environment, cwd=TOP, capture_output=True, text=True, timeout=220, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    assert " passed" in done.stdout and "1 deselected" in done.stdout
