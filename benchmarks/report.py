"""What a benchmark says, and the page that is written from it.

Each benchmark module has `REPETITIONS`, `run()` which measures, and `rows(figures)` which holds what was measured
against what was promised. Results are kept as JSON in `benchmarks/results/`; `docs/benchmarks.md` is made from them.
"""

import json
import os
import platform
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

HERE = Path(__file__).parent
RESULTS = HERE / "results"


@dataclass(frozen=True)
class Row:
    """One promise beside what was measured, in the words of the page."""

    what: str
    promised: str
    measured: str
    is_kept: bool


class Benchmark(Protocol):
    """A module that measures one thing."""

    __name__: str
    __file__: str | None
    __doc__: str | None
    REPETITIONS: str

    def run(self) -> dict[str, Any]:
        """Measure; bounded in count and time."""
        ...

    def rows(self, figures: dict[str, Any]) -> list[Row]:
        """What the figures say of each promise."""
        ...


def tell(benchmark: Benchmark, figures: dict[str, Any], kept_at: datetime | None) -> None:
    """Print what the figures say of each promise; with an instant they are written down too."""
    if kept_at is not None:
        keep(benchmark, figures, kept_at)
    for row in benchmark.rows(figures):
        print(f"  {'ok  ' if row.is_kept else 'MISS'} {row.what}: {row.measured} (promised: {row.promised})")


def keep(benchmark: Benchmark, figures: dict[str, Any], at: datetime) -> Path:
    """Write the figures with commit, date, machine and repetitions."""
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"{_name(benchmark)}.json"
    result = {
        "commit": _commit(),
        "date": f"{at:%Y-%m-%d}",
        "machine": machine(),
        "repetitions": benchmark.REPETITIONS,
        "figures": figures,
    }
    path.write_text(json.dumps(result, indent=2, sort_keys=True) + "\n", "utf-8")
    return path


def machine() -> dict[str, Any]:
    """What was measured on. Units: GiB of memory."""
    pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return {
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "cores": os.cpu_count(),
        "memory_gib": round(pages / 2**30),
    }


def page(benchmarks: Iterable[Benchmark]) -> str:
    """docs/benchmarks.md, from the kept results. Raises: FileNotFoundError for a benchmark that was never run."""
    lines = [
        "# Benchmarks",
        "",
        "Generated from `benchmarks/results/` by `make bench`; a test fails when the two differ. Compare ratios: rates",
        "depend on the machine and on what else it was doing.",
        "",
    ]
    for benchmark in benchmarks:
        result = json.loads((RESULTS / f"{_name(benchmark)}.json").read_text("utf-8"))
        where = result["machine"]
        lines += [
            f"## {_title(benchmark)}",
            "",
            (benchmark.__doc__ or "").strip().split("\n\n")[0].replace("\n", " "),
            "",
            "| what | promised | measured | kept |",
            "|---|---|---|---|",
        ]
        for row in benchmark.rows(result["figures"]):
            lines.append(f"| {row.what} | {row.promised} | {row.measured} | {'yes' if row.is_kept else '**no**'} |")
        lines += [
            "",
            f"{result['repetitions']} Measured {result['date']} at commit `{result['commit']}` on {where['system']}, "
            f"{where['cores']} cores, {where['memory_gib']} GiB, Python {where['python']}. "
            f"Again: `make bench ARGS={_name(benchmark)}`.",
            "",
        ]
    return "\n".join(lines)


def percentile(values: Iterable[float], share: float) -> float:
    """The smallest value that at least this share of all values does not exceed. Range of `share`: 0 to 1."""
    ordered = sorted(values)
    return ordered[max(0, -int(-share * len(ordered) // 1) - 1)]


def _name(benchmark: Benchmark) -> str:
    # A benchmark that was started by itself is called by its file.
    return Path(str(benchmark.__file__)).stem


def _title(benchmark: Benchmark) -> str:
    return _name(benchmark).replace("_", " ").capitalize()


def _commit() -> str:
    done = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], cwd=HERE, capture_output=True, text=True, check=False
    )
    return done.stdout.strip() or "unknown"
