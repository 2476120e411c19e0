"""Acts of access in the log: told when they are committed, and not when they are undone."""

from dataclasses import replace

import pytest
from structlog.testing import capture_logs

from cms.audit.recording import note
from cms.platform.actor import Actor, system
from tests.audit.trail import EDITOR, NOON, Trail


def act(trail: Trail, actor: Actor, subject_kind: str, *, is_undone: bool = False) -> list[str]:
    """Note one act; gives what the log then holds of it."""
    with capture_logs() as lines:
        try:
            with trail.database.transaction() as session:
                note(session, actor=actor, action="token.issued", subject_kind=subject_kind, subject_id="7", now=NOON)
                assert lines == []
                if is_undone:
                    raise KeyError
        except KeyError:
            pass
    return [f"{line['act']} of {line['subject']} by {line['actor']}" for line in lines]


@pytest.mark.both_databases
def test_an_act_of_access_is_told_once_it_is_committed(trail: Trail) -> None:
    assert act(trail, EDITOR, "token") == ["token.issued of token:7 by service:editor"]
    assert act(trail, EDITOR, "token", is_undone=True) == []
    assert act(trail, EDITOR, "token") == ["token.issued of token:7 by service:editor"]
    assert trail.count() == 2


def test_what_is_no_matter_of_access_and_what_a_command_did_is_in_the_trail_alone(trail: Trail) -> None:
    assert act(trail, EDITOR, "article") == []
    # A command prints what it did to whoever ran it, and its output may be read by a program.
    assert act(trail, system("command line"), "token") == []
    assert act(trail, replace(EDITOR, request_id=""), "token") == []
    assert trail.count() == 3
