"""Looks at many pictures as the darkroom does, each in a fork with its limits: a process of its own, started by a test.

Reads `[[path, format], …]` from standard input and writes what was said of each, with its seconds.
"""

import json
import os
import sys
import time

from cms.media.darkroom import developing

# The forks share what is loaded, which the limit counts for each of them.
MEMORY_BYTES = developing.MEMORY_BYTES


def looked_at(path: str, kind: str) -> str:
    """What the program says of a file: "whole", or why it is refused; "ended" where the fork did not come so far."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            developing.limit(MEMORY_BYTES, developing.CPU_SECONDS)
            developing.look({"path": path, "format": kind})
            told = "whole"
        except (developing.Refused, MemoryError) as refused:
            told = str(refused) or "memory"
        except Exception as error:  # noqa: BLE001  # whatever it is, the test shall hear of it
            told = f"surprise: {type(error).__name__}"
        os.write(writing, told.encode())
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        told = pipe.read().decode()
    os.waitpid(child, 0)
    return told or "ended"


if __name__ == "__main__":
    answers = []
    for path, kind in json.load(sys.stdin):
        began = time.perf_counter()
        answers.append([looked_at(path, kind), time.perf_counter() - began])
    json.dump(answers, sys.stdout)
