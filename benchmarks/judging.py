"""Collections of documents, queries and judgements, and how well an order of documents answers them.

Plain format of a folder: `docs.jsonl` {id, title, text}, `queries.jsonl` {id, text}, `qrels.tsv` with query, document
and grade.
"""

import json
import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

DEPTH = 100
CUT = 10

Judgements = Mapping[str, Mapping[str, int]]
Answers = Callable[[str], Sequence[str]]


@dataclass(frozen=True)
class Collection:
    """Documents as (id, title, text), queries by id, and for each query the grades of what answers it, from 1."""

    name: str
    documents: tuple[tuple[str, str, str], ...]
    queries: Mapping[str, str]
    judgements: Judgements


@dataclass(frozen=True)
class Quality:
    """How well all queries are answered. Range: 0 to 1 each."""

    ndcg: float
    average_precision: float
    recall: float
    queries: int

    def figures(self) -> dict[str, float]:
        """For the page of results."""
        return {
            "ndcg_at_10": round(self.ndcg, 4),
            "map": round(self.average_precision, 4),
            "recall_at_100": round(self.recall, 4),
            "queries": self.queries,
        }


def read_collection(folder: Path) -> Collection:
    """A collection from its folder. Raises: OSError; ValueError for lines of another form."""
    documents = [json.loads(line) for line in (folder / "docs.jsonl").read_text("utf-8").splitlines() if line]
    queries = [json.loads(line) for line in (folder / "queries.jsonl").read_text("utf-8").splitlines() if line]
    judgements: dict[str, dict[str, int]] = defaultdict(dict)
    for line in (folder / "qrels.tsv").read_text("utf-8").splitlines():
        query, document, grade = line.split("\t")
        if int(grade) > 0:
            judgements[query][document] = int(grade)
    return Collection(
        folder.name,
        tuple((str(one["id"]), str(one.get("title", "")), str(one.get("text", ""))) for one in documents),
        {str(one["id"]): str(one["text"]) for one in queries},
        judgements,
    )


def quality(queries: Mapping[str, str], judgements: Judgements, answers: Answers) -> Quality:
    """Ask every query that something was judged to answer, and hold the answers against the judgements.

    Average precision is taken over all that `answers` gives. Source: C. Manning et al., "Introduction to Information
    Retrieval" (2008), chapter 8; K. Järvelin and J. Kekäläinen, "Cumulated gain-based evaluation" (2002)
    """
    asked = [key for key in queries if judgements.get(key)]
    found = [(list(answers(queries[key])), judgements[key]) for key in asked]
    return Quality(
        _mean(ndcg(order, grades) for order, grades in found),
        _mean(average_precision(order, grades) for order, grades in found),
        _mean(recall(order, grades) for order, grades in found),
        len(asked),
    )


def ndcg(order: Sequence[str], grades: Mapping[str, int], cut: int = CUT) -> float:
    """How good the first few are, the first ones most. Formula: Σ (2^grade − 1) / log2(place + 1), over the ideal."""
    ideal = _gain(sorted(grades.values(), reverse=True)[:cut])
    return _gain([grades.get(one, 0) for one in order[:cut]]) / ideal if ideal else 0.0


def average_precision(order: Sequence[str], grades: Mapping[str, int]) -> float:
    """The mean share of what is right, taken at the place of each that is."""
    right = [place for place, one in enumerate(order, 1) if grades.get(one, 0) > 0]
    return sum(count / place for count, place in enumerate(right, 1)) / len(grades) if grades else 0.0


def recall(order: Sequence[str], grades: Mapping[str, int], depth: int = DEPTH) -> float:
    """The share of all that is right among the first."""
    return len({*order[:depth]} & grades.keys()) / len(grades) if grades else 0.0


def _gain(grades: Iterable[int]) -> float:
    return sum((2**grade - 1) / math.log2(place + 1) for place, grade in enumerate(grades, 1))


def _mean(values: Iterable[float]) -> float:
    found = list(values)
    return sum(found) / len(found) if found else 0.0
