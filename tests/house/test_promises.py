"""What docs/security.md promises is shown by a test that is there, and each of its promises names one."""

import re

from tests.house.test_regulations import TOP

NAMED = re.compile(r"`((?:[a-z_]+/)?test_[a-z_]+\.py)`")
ROW = re.compile(r"^\| (?!promise |tried |limit |-)(.+) \|$", re.MULTILINE)


def missing(page: str) -> list[str]:
    """The tests that a page names and that are not there."""
    return sorted({name for name in NAMED.findall(page) if not (TOP / "tests" / name).is_file()})


def test_every_test_that_the_page_of_promises_names_is_there() -> None:
    page = (TOP / "docs" / "security.md").read_text("utf-8")
    assert len(NAMED.findall(page)) >= 80
    assert missing(page) == []
    assert missing("| a promise | `access/test_that_was_renamed.py` |") == ["access/test_that_was_renamed.py"]


def test_every_promise_names_what_shows_it() -> None:
    page = (TOP / "docs" / "security.md").read_text("utf-8")
    tables = page.split("\n\n")
    promises = [row for table in tables if table.startswith(("| promise ", "| tried ")) for row in ROW.findall(table)]
    assert len(promises) >= 80
    assert [row for row in promises if not (NAMED.search(row) or "`make bench" in row)] == []
