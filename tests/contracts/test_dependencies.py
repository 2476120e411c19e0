"""Row S115: what the product loads when it starts is what the lock pins, in the pinned version, with hashes."""

import json
import re
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

TOP = Path(__file__).parents[2]
LOAD_ALL = """
import json, pkgutil, sys
from importlib.metadata import packages_distributions

pinned, owners, before = set(json.loads(sys.argv[1])), packages_distributions(), set(sys.modules)
plain = lambda name: name.replace("_", "-").replace(".", "-").lower()

class OnlyWhatIsPinned:
    # What else is installed here, a test's tool that a library takes up when it finds it, is not to be found.
    def find_spec(self, name, path=None, target=None):
        mine = {plain(owner) for owner in owners.get(name.partition(".")[0], [])}
        if mine and not mine & {*pinned, "copydesk"}:
            raise ModuleNotFoundError(f"{name} is not in the lock", name=name)

sys.meta_path.insert(0, OnlyWhatIsPinned())
for package in ("cms", "workers", "search_index"):
    for module in pkgutil.walk_packages(__import__(package).__path__, package + "."):
        if not module.name.startswith("cms.migrations.") or module.name.endswith(("running", "tables")):
            __import__(module.name)
tops = {name.partition(".")[0] for name in set(sys.modules) - before}
print(json.dumps(sorted({owner for name in tops for owner in owners.get(name, [])})))
"""


def locked(name: str) -> dict[str, tuple[str, int]]:
    """What a lock file pins. Shape: name → version and number of hashes."""
    found: dict[str, tuple[str, int]] = {}
    for entry in re.split(r"\n(?=[A-Za-z0-9])", (TOP / name).read_text("utf-8")):
        if match := re.match(r"([A-Za-z0-9._-]+)==([^\s;\\]+)", entry):
            found[plain(match[1])] = (match[2], entry.count("--hash=sha256:"))
    return found


def plain(name: str) -> str:
    """A distribution's name in its one spelling. Source: PEP 503."""
    return re.sub(r"[-_.]+", "-", name).lower()


@pytest.mark.slow
def test_the_product_loads_with_nothing_but_what_the_lock_pins() -> None:
    pins = locked("requirements.txt")
    done = subprocess.run(
        [sys.executable, "-c", LOAD_ALL, json.dumps(sorted(pins))], cwd=TOP, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    loaded = {plain(name) for name in json.loads(done.stdout)} - {"copydesk"}
    assert {"flask", "celery", "sqlalchemy", "redis", "whoosh3", "granian"} <= loaded
    assert {name: version(name) for name in loaded} == {name: pins[name][0] for name in loaded}


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-dev.txt"])
def test_every_pin_has_hashes(name: str) -> None:
    pins = locked(name)
    assert len(pins) > 30
    assert [pin for pin, (_, hashes) in pins.items() if not hashes] == []


def test_the_two_locks_agree() -> None:
    product, development = locked("requirements.txt"), locked("requirements-dev.txt")
    assert {name: development.get(name) for name in product} == product
