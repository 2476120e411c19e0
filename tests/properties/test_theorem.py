"""The theorem of the house.

For any sequence of create, translate, link, part, edit, approve, publish, correct, unpublish, take down, archive,
delete, what undoes them, and pins and bans of related lists, with tasks doubled, reordered, delayed and handlers broken
off, after draining the index and the content API equal a pure fold of what the newsroom's tables hold, with the
translations that a document names; every related entry is live with its right score, what was taken down has its
tombstone, and after the sweep the lists equal brute force.
"""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import Phase, given, note, settings
from hypothesis import strategies as st

from cms.content.assembling import reassemble
from cms.content.models import Document
from cms.events.catalogue import ArticlePublished
from cms.events.deliveries import close, hold
from cms.events.models import Delivery
from cms.newsroom.models import Revision
from cms.platform.text.markdown import render
from cms.platform.text.reading_time import measure, rates_from
from tests.properties.running import House, Run, open_house, steps_of
from workers.handlers import indexing
from workers.work import Attempt, Handler, Work

# The planted bugs are found within ten runs.
RUNS = int(os.environ.get("THEOREM_RUNS", "100"))
# Parts of the runs, so that the processors of a machine share them.
PARTS = 4
RUNS_UNTIL_RED = 60


@pytest.fixture(scope="module")
def house(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with open_house(sqlite_template, tmp_path_factory.mktemp("theorem")) as running:
        yield running


@pytest.mark.slow
@pytest.mark.long
@pytest.mark.parametrize("part", range(PARTS))
# A failing run is told whole: making it shorter would take minutes, and its seed says everything of it.
@settings(max_examples=RUNS // PARTS, deadline=None, database=None, phases=(Phase.generate,))
@given(seed=st.integers(0, 2**63))
def test_whatever_happens_everything_agrees_in_the_end(house: House, part: int, seed: int) -> None:
    steps = steps_of(seed)
    note(f"the steps: {steps}")
    Run(house, seed).take(steps)


def write_what_the_letter_says(work: Work, attempt: Attempt) -> None:
    """A planted bug: the reading time of the letter's revision is written, whatever readers see by now."""
    with work.database.transaction() as session:
        for delivery in hold(session, attempt.numbers):
            revision = delivery.letter.data["revision"]
            content = session.get_one(Revision, (delivery.subject, revision)).content
            document = session.get(Document, delivery.subject)
            if document is not None:
                rendered = render(content["body"], content["body_format"])
                document.reading_time = measure(rendered.text, rendered.image_count, "en", rates_from("")).as_dict()
                session.flush()
                reassemble(session, [delivery.subject], work.clock())
            close(session, delivery, work.clock())


def close_before_the_effect(work: Work, attempt: Attempt) -> None:
    """A planted bug: the deliveries are closed before the index was written."""
    with work.database.transaction() as session:
        for delivery in hold(session, attempt.numbers):
            close(session, delivery, work.clock())
    indexing.put_in_order(work, {owed.subject for owed in attempt.owed})


def ignore_what_is_no_publish(work: Work, attempt: Attempt) -> None:
    """A planted bug: what was unpublished or deleted stays in the index."""
    subjects = set()
    with work.database.reading() as session:
        for owed in attempt.owed:
            if session.get_one(Delivery, owed.number).letter.type == ArticlePublished.type:
                subjects.add(owed.subject)
    if subjects:
        indexing.put_in_order(work, subjects)
    with work.database.transaction() as session:
        for delivery in hold(session, attempt.numbers):
            close(session, delivery, work.clock())


PLANTED: dict[str, dict[str, Handler]] = {
    "no revision check": {"reading_time": write_what_the_letter_says},
    "a delivery closed early": {"search": close_before_the_effect},
    "an unpublish ignored": {"search": ignore_what_is_no_publish},
}


@pytest.mark.slow
@pytest.mark.parametrize("bug", PLANTED)
def test_a_planted_bug_turns_it_red(house: House, bug: str) -> None:
    for number in range(RUNS_UNTIL_RED):
        steps = steps_of(number)
        try:
            Run(house, number, PLANTED[bug]).take(steps)
        except AssertionError as error:
            # It is the bug that is found, and nothing else.
            Run(house, number).take(steps)
            print(f"{bug}: red in run {number + 1}: {str(error).splitlines()[0][:100]}")
            return
    raise AssertionError(f"{bug}: still green after {RUNS_UNTIL_RED} runs")
