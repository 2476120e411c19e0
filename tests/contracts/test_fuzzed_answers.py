"""Schemathesis asks every operation of the OpenAPI document, rightly and wrongly, and finds no answer that it lacks.

What the table of access asks each route with is put into half of its requests, so that things are found, changed and
taken away as well. `FUZZED_EXAMPLES=200` asks more: so many for each operation and manner.
"""

import os
import re
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed
from hypothesis import settings as manner
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable
from schemathesis.core.failures import FailureGroup
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import negative_data_rejection, positive_data_acceptance

from cms.platform.errors import TooMany
from tests.access.asking.together import ASK
from tests.access.room import Ask, Room, furnished_room, plain
from tests.access.table import Row, rows

EXAMPLES = int(os.environ.get("FUZZED_EXAMPLES", "2"))
ONLY = os.environ.get("FUZZED_PATHS", "")
# Whoever is let in, the most usual first.
WHO = ("admin", "signed", "reader", "none")
PART = re.compile(r"<(?:[a-z]+:)?([a-z_]+)>")
LIMITS = {f"limit_{name}": "0" for name in ("writes", "search")} | {
    f"limit_{name}": "999999/60" for name in ("sign_in", "codes", "comments")
}


@pytest.fixture
def room(tmp_path: Path, sqlite_template: Path) -> Iterator[Room]:
    with furnished_room(tmp_path, sqlite_template, **LIMITS) as room:
        yield room


class Aim:
    """How one route is asked so that it does what it is for: by whom, and with which things in its path."""

    def __init__(self, room: Room, row: Row) -> None:
        self.room, self.column = room, "none"
        if not row.is_for_everybody:
            self.column = next(one for one in WHO if row.statuses[one] < 400 or one == "none")
        self.build: Ask = ASK.get(f"{row.method} {row.rule}", plain(row.rule))
        self.pattern = re.compile(PART.sub(r"(?P<\1>[^/]+?)", row.rule))
        self.credential: Any = None

    def headers(self) -> dict[str, str]:
        """The credential, and no coding: the answer is read as it comes."""
        if self.credential is None:
            [client] = self.room.clients(self.column, is_fresh=False)
            self.credential = client.environ_base.get("HTTP_AUTHORIZATION")
        known = {"Authorization": self.credential} if self.credential else {}
        return {**known, "Accept-Encoding": "identity"}

    def put_into(self, case: Any) -> None:
        """Name things that are there, as they are now."""
        path, options = self.build(self.room, self.column)
        found = self.pattern.fullmatch(path.partition("?")[0])
        assert found is not None, (path, self.pattern)
        case.path_parameters.update(found.groupdict())
        for name, value in options.get("headers", {}).items():
            case.headers[name] = value


@pytest.mark.slow
@pytest.mark.long
def test_no_operation_answers_what_the_document_does_not_name(room: Room) -> None:
    began = time.process_time()
    document = schemathesis.openapi.from_wsgi("/openapi.json", room.desk.app)
    table = {row.method + " " + PART.sub(r"{\1}", row.rule): row for row in rows()}
    undocumented: dict[Any, list[str]] = defaultdict(list)
    asked: dict[int, int] = defaultdict(int)
    for found in document.get_all_operations():
        operation = found.ok()
        if ONLY not in operation.path:
            continue
        aim = Aim(room, table[operation.label])
        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
            for status, failure, case in answers(operation, mode, aim):
                asked[status] += 1
                if failure is not None:
                    undocumented[operation.label, status, *failure].append(case)
    print(
        f"{sum(asked.values())} requests in {time.process_time() - began:.1f} s of CPU: {dict(sorted(asked.items()))}"
    )
    assert not undocumented, "\n".join(f"{what}: {cases[0]}" for what, cases in undocumented.items())


def answers(operation: Any, mode: GenerationMode, aim: Aim) -> list[tuple[int, Any, str]]:
    """The status of each answer, what is wrong with it, and how it was asked for."""
    given_back: list[tuple[int, Any, str]] = []

    @seed(5)
    @manner(
        max_examples=EXAMPLES if mode is GenerationMode.POSITIVE else (EXAMPLES + 1) // 2,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode), is_aimed=st.booleans())
    def ask(case: Any, is_aimed: bool) -> None:
        if is_aimed:
            # A reader who has written all that may be written in a day writes no more.
            with suppress(TooMany):
                aim.put_into(case)
        sent = aim.headers()
        answer = case.call(headers=sent)
        wrong: list[Any] = [None]
        try:
            # What is right by the schema may still be wrong; and what was wrong in an address is not, once it is aimed.
            unasked = [positive_data_acceptance, *([negative_data_rejection] if is_aimed else [])]
            case.validate_response(answer, excluded_checks=unasked, headers=sent)
        except FailureGroup as group:
            wrong = [(type(one).__name__, one.title, (one.message or "")[:300]) for one in group.exceptions]
        for one in wrong:
            given_back.append((answer.status_code, one, case.as_curl_command(headers=sent)[:900]))

    # Where nothing can be asked wrongly.
    with suppress(Unsatisfiable):
        ask()
    return given_back
