"""The judged sets of the benchmarks speak of articles that there are; what is counted by them is counted right."""

from pathlib import Path

import pytest

from benchmarks.judging import average_precision, ndcg, read_collection, recall
from benchmarks.report import Row
from benchmarks.search_quality import rows as search_rows
from benchmarks.search_quality import run as run_search
from cms.launch.sample.reading import sample

JUDGED = Path(__file__).parents[2] / "benchmarks" / "judged"


def lines(name: str) -> list[list[str]]:
    """The lines of a judged set in their columns."""
    text = (JUDGED / name).read_text("utf-8")
    return [line.split("\t") for line in text.splitlines() if not line.startswith("#")]


def test_everything_judged_is_an_article_of_the_sample_newsroom_in_that_language() -> None:
    known = {(one.locale, one.slug) for one in sample().articles}
    wrong = []
    asked = [(locale, right) for _, locale, right in lines("search.tsv")]
    listed = lines("related.tsv")
    wrong += [(locale, slug) for locale, slug, _ in listed if (locale, slug) not in known]
    for locale, right in [*asked, *((locale, right) for locale, _, right in listed)]:
        pairs = [pair.rsplit("=", 1) for pair in right.split()]
        wrong += [(locale, slug) for slug, grade in pairs if (locale, slug) not in known or grade not in ("1", "2")]
    assert wrong == []
    assert len(asked) >= 60 and {locale for locale, _ in asked} == {"en", "zh-CN"}
    assert len({text for text, _, _ in lines("search.tsv")}) == len(asked)
    assert all(slug not in right.replace("=", " ").split() for _, slug, right in listed)


def test_measures_are_those_of_the_books(tmp_path: Path) -> None:
    grades = {"a": 2, "b": 1, "c": 1}
    assert ndcg(["a", "b", "c"], grades) == 1
    assert ndcg(["x", "a"], {"a": 1}) == pytest.approx(0.6309, abs=1e-4)
    assert average_precision(["a", "x", "b"], grades) == pytest.approx((1 + 2 / 3) / 3)
    assert recall(["x"] * 99 + ["a", "b"], grades) == pytest.approx(1 / 3)
    assert ndcg([], grades) == average_precision([], grades) == recall([], grades) == 0
    (tmp_path / "docs.jsonl").write_text('{"id": "1", "title": "T", "text": "body"}\n', "utf-8")
    (tmp_path / "queries.jsonl").write_text('{"id": "q", "text": "body"}\n', "utf-8")
    (tmp_path / "qrels.tsv").write_text("q\t1\t2\nq\t9\t0\n", "utf-8")
    given = read_collection(tmp_path)
    assert given.documents == (("1", "T", "body"),)
    assert given.queries == {"q": "body"} and given.judgements == {"q": {"1": 2}}


@pytest.mark.slow
def test_search_answers_the_judged_queries_and_finds_every_piece_of_chinese() -> None:
    found: list[Row] = search_rows(run_search())
    assert len(found) == 5
    assert [row for row in found if not row.is_kept] == []
