"""The tutorial: every command of docs/tutorial.md, run in order by a shell against a running product."""

import re
from pathlib import Path

import pytest

from tests.journeys.pages import run
from tests.product import PARTS, product
from tests.servers import Broker


@pytest.mark.slow
@pytest.mark.timeout(180)
def test_every_command_of_the_tutorial_works(tmp_path: Path, broker: Broker) -> None:
    with product(tmp_path / "home", *PARTS, redis_url=broker.url) as running:
        printed = run("tutorial.md", running)
    # An answer ends without a line break, so what follows it stands on the same line.
    assert len(re.findall(r"404$", printed, re.MULTILINE)) == 2
    assert len(re.findall(r"204$", printed, re.MULTILINE)) == 1
    assert "Forty bridge lamps return to the old quay" in printed
