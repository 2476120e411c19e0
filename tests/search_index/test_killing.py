"""A writer that is killed at any moment loses nothing that it acknowledged, and leaves no lock behind."""

import random
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from search_index.generations import rebuild
from search_index.reader import Reader
from search_index.writer import Writer
from tests.search_index.conftest import article

ROUNDS = 12
BATCH = 4
PROGRAM = """if True:
    import sys
    from pathlib import Path
    from search_index.writer import Writer
    from tests.search_index.conftest import article

    home, number = Path(sys.argv[1]), int(sys.argv[2])
    writer = Writer(home)
    print("ready", flush=True)
    while True:
        writer.apply([article(f"a{number}-{part}", "Ferry", revision=number) for part in range(4)], ())
        print(number, flush=True)
        number += 1
"""


@pytest.mark.slow
def test_no_acknowledged_batch_is_lost_and_none_is_half_there(tmp_path: Path) -> None:
    home, chance = tmp_path / "index", random.Random(7)
    rebuild(home, list, lambda _: ([], []))
    acknowledged: set[int] = set()
    number = 1
    for kill in range(ROUNDS):
        with subprocess.Popen(
            [sys.executable, "-c", PROGRAM, str(home), str(number)], stdout=subprocess.PIPE, text=True
        ) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
            time.sleep(chance.uniform(0.02, 0.25))
            process.send_signal(signal.SIGKILL)
            told = process.stdout.read().split("\n")[:-1]
        acknowledged |= {int(line) for line in told}
        reader = Reader(home)
        parts = Counter(int(key[1:].split("-")[0]) for key in reader.indexed())
        reader.close()
        assert acknowledged <= parts.keys(), f"kill {kill} lost a batch"
        assert set(parts.values()) <= {BATCH}, f"kill {kill} left half a batch"
        # The lock died with its holder, and what was left half written does not disturb the next.
        writer = Writer(home)
        writer.apply([article("between", "Ferry", revision=kill)], ["between"])
        writer.close()
        number = max([*parts, number]) + 1
    print(f"{ROUNDS} kills, {len(acknowledged)} acknowledged batches, 0 lost")
    assert len(acknowledged) >= ROUNDS
