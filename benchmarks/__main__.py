"""`make bench`: runs all benchmarks, or those named, keeps their figures and writes docs/benchmarks.md again."""

import sys

from benchmarks.catalogue import BENCHMARKS
from benchmarks.report import tell
from cms.platform.clock import now
from docs.generate import main as write_pages


def main(names: list[str]) -> None:
    """Run the named benchmarks; all when none is named."""
    known = {benchmark.__name__.rpartition(".")[2]: benchmark for benchmark in BENCHMARKS}
    unknown = set(names) - set(known)
    if unknown:
        raise SystemExit(f"unknown: {', '.join(sorted(unknown))}; there are {', '.join(known)}")
    for name, benchmark in known.items():
        if names and name not in names:
            continue
        print(f"{name} ...", flush=True)
        tell(benchmark, benchmark.run(), now())
    write_pages()


if __name__ == "__main__":
    main(sys.argv[1:])
