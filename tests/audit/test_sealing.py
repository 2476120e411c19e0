"""Sealing on a real database: in order and without gaps, guarded, and every manipulation in the tables is found."""

import json
import threading
import time
from dataclasses import replace
from datetime import timedelta

import pytest
from click.testing import CliRunner
from sqlalchemy.exc import DBAPIError

from benchmarks import audit_verify
from cms.audit.heads import head_file
from cms.audit.recording import note
from cms.audit.sealing import seal_new
from cms.operations.audit_commands import audit
from cms.platform.bell import Bell
from cms.platform.db import Database
from cms.platform.keys import load_keys, rotate, secret_path
from cms.settings import Settings
from tests.audit.trail import EDITOR, NOON, Trail
from tests.servers import Broker, wait_until
from workers.broker import sending_app
from workers.due import Chores
from workers.relay import Relay, Sender

REFUSAL = "takes new entries and keeps old ones"


@pytest.mark.both_databases
def test_entries_are_sealed_in_their_order_without_gaps(trail: Trail) -> None:
    trail.write(3)
    assert trail.seal_numbers() == [None] * 3
    assert trail.seal() == 3
    trail.write(2)
    assert trail.seal() == 2
    assert trail.seal() == 0
    assert trail.seal_numbers() == [1, 2, 3, 4, 5]
    found = trail.verify()
    assert (found.first, found.last, found.count, found.problem) == (1, 5, 5, "")


@pytest.mark.both_databases
def test_sealers_that_work_at_once_make_one_chain(trail: Trail, settings: Settings) -> None:
    trail.write(60)
    databases = [Database(settings.database, is_durable=False, pool_size=1) for _ in range(4)]
    sealers = [Trail(settings, database) for database in databases]
    sealed: list[int] = []

    def work(one: Trail) -> None:
        for number in range(5):
            one.write(4, at=NOON + timedelta(minutes=number))
            sealed.append(one.seal())

    threads = [threading.Thread(target=work, args=(one,)) for one in sealers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    sealed.append(trail.seal())
    for database in databases:
        database.dispose()
    assert len(sealed) == 21
    assert sum(sealed) == 60 + 4 * 5 * 4
    assert sorted(trail.seal_numbers()) == list(range(1, 141))  # type: ignore[type-var]  # all are sealed
    assert trail.verify().problem == ""


@pytest.mark.both_databases
def test_what_is_committed_late_comes_later_in_the_chain(trail: Trail, settings: Settings, database_kind: str) -> None:
    if database_kind == "sqlite":
        # One writer at a time: what is begun earlier is also committed earlier.
        return
    with trail.database.transaction() as session:
        note(session, actor=EDITOR, action="slow", subject_kind="article", subject_id="1", now=NOON)
        session.flush()
        other = Trail(settings, Database(settings.database, is_durable=False))
        other.write(2)
        assert other.seal() == 2
        other.database.dispose()
    assert trail.seal() == 1
    assert trail.seal_numbers() == [3, 1, 2]
    assert trail.verify().problem == ""


@pytest.mark.both_databases
def test_the_database_refuses_every_other_change(trail: Trail) -> None:
    trail.write(3)
    trail.seal()
    trail.write()
    statements = [
        "UPDATE audit_entries SET actor_id = 'somebody else'",
        "UPDATE audit_entries SET actor_id = 'somebody else' WHERE seal_number IS NULL",
        "UPDATE audit_entries SET seal_number = 9, actor_id = 'x' WHERE seal_number IS NULL",
        "UPDATE audit_entries SET seal = NULL, seal_number = NULL WHERE seal_number = 3",
        "DELETE FROM audit_entries",
        "DELETE FROM audit_entries WHERE seal_number IS NULL",
        "DELETE FROM audit_entries WHERE seal_number = 1",
        "INSERT INTO audit_entries (at, actor_kind, actor_id, credential, action, subject_kind, subject_id, outcome, "
        "changes, request_id, client_address, seal_number) SELECT at, actor_kind, actor_id, credential, action, "
        "subject_kind, subject_id, outcome, changes, request_id, client_address, 77 FROM audit_entries",
    ]
    if not trail.database.is_sqlite:
        statements.append("TRUNCATE audit_entries")
    for statement in statements:
        with pytest.raises(DBAPIError, match=REFUSAL):
            trail.execute(statement)
    assert trail.seal() == 1
    assert trail.seal_numbers() == [1, 2, 3, 4]
    assert trail.verify().problem == ""


COPY = (
    "INSERT INTO audit_entries (at, actor_kind, actor_id, credential, action, subject_kind, subject_id, outcome, "
    "changes, request_id, client_address, seal_number, key_id, previous_seal, seal) SELECT at, actor_kind, 'nobody', "
    "credential, action, subject_kind, subject_id, outcome, changes, request_id, client_address, seal_number + 100, "
    "key_id, previous_seal, seal FROM audit_entries WHERE seal_number = 4"
)
TAMPERED = [
    (["UPDATE audit_entries SET actor_id = 'nobody' WHERE seal_number = 4"], 4, "changed"),
    (["UPDATE audit_entries SET changes = '[]' WHERE seal_number = 4"], 4, "changed"),
    (["UPDATE audit_entries SET at = '2020-01-01 00:00:00.000000' WHERE seal_number = 4"], 4, "changed"),
    (["UPDATE audit_entries SET seal = previous_seal WHERE seal_number = 4"], 4, "changed"),
    (["UPDATE audit_entries SET seal = NULL WHERE seal_number = 4"], 4, "changed"),
    (["UPDATE audit_entries SET key_id = 'ffffffffffffffff' WHERE seal_number = 4"], 4, "changed"),
    (["DELETE FROM audit_entries WHERE seal_number = 4"], 4, "missing"),
    (["DELETE FROM audit_entries WHERE seal_number <= 4"], 1, "missing"),
    (["DELETE FROM audit_entries WHERE seal_number >= 4"], 4, "missing"),
    (["DELETE FROM audit_entries"], 1, "missing"),
    (
        [
            "UPDATE audit_entries SET seal_number = -1 WHERE seal_number = 4",
            "UPDATE audit_entries SET seal_number = 4 WHERE seal_number = 7",
            "UPDATE audit_entries SET seal_number = 7 WHERE seal_number = -1",
        ],
        4,
        "reordered",
    ),
    ([COPY], 9, "missing"),
    (
        [
            "UPDATE audit_entries SET seal_number = seal_number + 1000 WHERE seal_number >= 5",
            COPY.replace("seal_number + 100", "5"),
            "UPDATE audit_entries SET seal_number = seal_number - 999 WHERE seal_number >= 1000",
        ],
        5,
        "inserted",
    ),
    (["UPDATE audit_entries SET seal_number = NULL WHERE seal_number = 4"], 4, "missing"),
]


@pytest.mark.both_databases
@pytest.mark.parametrize(("statements", "seal_number", "kind"), TAMPERED, ids=[str(n) for n in range(len(TAMPERED))])
def test_what_somebody_does_in_the_tables_is_named(
    trail: Trail, settings: Settings, statements: list[str], seal_number: int, kind: str
) -> None:
    trail.write(8)
    trail.seal()
    trail.drop_guard()
    for statement in statements:
        trail.execute(statement)
    found = trail.verify().first_break
    assert found is not None
    assert (found.seal_number, found.kind) == (seal_number, kind)
    told = CliRunner().invoke(audit, ["verify"], obj=settings)
    assert told.exit_code == 1
    assert f"WRONG: seal {seal_number} " in told.output
    # What the relay seals afterwards covers nothing up.
    trail.write(12, at=NOON + timedelta(hours=1))
    trail.seal(NOON + timedelta(hours=1))
    still = trail.verify()
    assert still.problem != ""


@pytest.mark.parametrize("value", ["'no instant'", "x'00ff'", "NULL", "12", "''"])
@pytest.mark.parametrize("column", ["at", "changes", "seal_number", "previous_seal", "client_address"])
def test_what_sqlite_lets_into_a_column_is_named_and_no_crash(trail: Trail, column: str, value: str) -> None:
    trail.write(6)
    trail.seal()
    trail.drop_guard()
    if value == "NULL" and column not in ("seal_number", "previous_seal"):
        return
    trail.execute(f"UPDATE audit_entries SET {column} = {value} WHERE seal_number = 3")
    found = trail.verify().first_break
    assert found is not None
    assert found.seal_number == 3


def test_a_sealed_end_that_was_cut_off_stays_known_although_the_relay_goes_on(trail: Trail) -> None:
    trail.write(10)
    trail.seal()
    head = head_file(trail.settings.home).read_bytes()
    trail.drop_guard()
    trail.execute("DELETE FROM audit_entries WHERE seal_number > 6")
    trail.write(9)
    trail.seal(NOON + timedelta(minutes=5))
    assert trail.seal_numbers() == list(range(1, 16))
    assert head_file(trail.settings.home).read_bytes() == head
    found = trail.verify()
    assert found.first_break is not None
    assert found.first_break.seal_number == 10
    assert "signed head" in found.problem


@pytest.mark.parametrize("change", ["seal_number", "at", "signature", "key_id", "all"])
def test_a_head_that_was_changed_is_a_problem(trail: Trail, change: str) -> None:
    trail.write(4)
    trail.seal()
    path = head_file(trail.settings.home)
    told = json.loads(path.read_text())
    if change == "all":
        path.write_text("nothing")
    else:
        value = told[change]
        path.write_text(json.dumps({**told, change: value - 1 if isinstance(value, int) else "0" + value[1:-1] + "1"}))
    found = trail.verify()
    assert str(path) in found.problem
    assert found.count == 4
    trail.write()
    trail.seal()
    assert str(path) in trail.verify().problem


def test_a_home_without_a_head_says_what_it_cannot_see(trail: Trail) -> None:
    trail.write(4)
    trail.seal()
    head_file(trail.settings.home).unlink()
    found = trail.verify()
    assert found.problem == ""
    assert "no signed head" in found.remarks[0]


@pytest.mark.both_databases
def test_old_entries_go_by_policy_and_the_rest_still_verifies(trail: Trail) -> None:
    trail.write(6, at=NOON - timedelta(days=400))
    trail.write(4)
    trail.write(2, at=NOON - timedelta(days=400), action="sealed later")
    assert trail.sealer.forget_old(NOON, 100) == 0
    trail.seal()
    assert trail.sealer.forget_old(NOON, 4) == 4
    assert trail.sealer.forget_old(NOON, 4) == 2
    # The two last ones are old too, but stand behind younger ones: the beginning of the chain goes, nothing else.
    assert trail.sealer.forget_old(NOON, 4) == 0
    assert trail.seal_numbers() == [7, 8, 9, 10, 11, 12]
    found = trail.verify()
    assert (found.problem, found.first, found.last) == ("", 7, 12)
    assert any("6 entries up to seal 6" in remark for remark in found.remarks)
    assert trail.sealer.forget_old(NOON + timedelta(days=4000), 100) == 6
    assert trail.count() == 0
    assert trail.verify().problem == ""
    trail.write(2)
    trail.seal()
    assert trail.seal_numbers() == [13, 14]
    assert trail.verify().problem == ""


@pytest.mark.both_databases
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_checkpoints SET seal_number = seal_number + 1",
        "UPDATE audit_checkpoints SET removed = removed - 1",
        "UPDATE audit_checkpoints SET signature = seal",
        "UPDATE audit_checkpoints SET key_id = 'ffffffffffffffff'",
        "UPDATE audit_checkpoints SET at = '2020-01-01 00:00:00.000000'",
        "DELETE FROM audit_checkpoints",
    ],
)
def test_a_checkpoint_that_was_changed_is_a_problem(trail: Trail, statement: str) -> None:
    trail.write(6, at=NOON - timedelta(days=400))
    trail.write(4)
    trail.seal()
    trail.sealer.forget_old(NOON, 100)
    assert trail.verify().problem == ""
    trail.execute(statement)
    assert trail.verify().problem != ""


def test_an_entry_that_a_checkpoint_removed_cannot_be_put_back(trail: Trail) -> None:
    trail.write(6, at=NOON - timedelta(days=400))
    trail.write(2)
    trail.seal()
    trail.drop_guard()
    trail.execute("CREATE TABLE kept AS SELECT * FROM audit_entries WHERE seal_number = 6")
    trail.sealer.forget_old(NOON, 100)
    trail.execute("INSERT INTO audit_entries SELECT * FROM kept")
    found = trail.verify().first_break
    assert found is not None
    assert (found.seal_number, found.kind) == (6, "inserted")


def test_seals_of_every_earlier_key_verify(trail: Trail, settings: Settings, database: Database) -> None:
    told = replace(settings, secret_key="")
    load_keys(told)
    followed = Trail(told, database)
    for number in range(4):
        followed.write(2)
        Trail(told, database).seal(NOON + timedelta(minutes=number))
        rotate(secret_path(told), 0, is_forced=True)
    found = followed.verify()
    assert (found.problem, found.count) == ("", 8)
    with database.reading() as session:
        used = {row[0] for row in session.connection().exec_driver_sql("SELECT key_id FROM audit_entries")}
    assert len(used) == 4
    (told.home / "keys" / "audit").unlink()
    lost = followed.verify()
    assert lost.first_break is not None
    assert lost.first_break.seal_number == 1
    assert "does not have" in lost.problem


def test_a_power_cut_between_sealing_and_head_loses_nothing(trail: Trail) -> None:
    trail.write(3)
    with trail.database.transaction() as session:
        seal_new(session, trail.sealer.keys)
    assert trail.verify().problem == ""
    trail.write()
    trail.seal()
    assert trail.verify().remarks[0].startswith("signed head: 4 entries")


def test_more_than_a_portion_is_sealed_and_verified() -> None:
    figures = audit_verify.run(2500)
    assert figures["entries"] == 2500
    assert [row.is_kept for row in audit_verify.rows(figures)] == [True, True]


def test_the_relays_chores_seal_without_waiting_and_forget_by_policy(trail: Trail, settings: Settings) -> None:
    at = [NOON]
    chores = Chores(replace(settings, audit_retention_days=1), trail.database, clock=lambda: at[0])
    trail.write(3)
    chores.do_due()
    assert trail.seal_numbers() == [1, 2, 3]
    assert chores.longest_wait(1.0) == 0.8
    trail.write()
    chores.do_due()
    # Just sealed: this entry waits for the next round, which the relay then makes sooner than usual.
    assert trail.seal_numbers()[-1] is None
    assert chores.longest_wait(1.0) == 0.5
    at[0] += timedelta(seconds=0.5)
    chores.do_due()
    assert trail.seal_numbers() == [1, 2, 3, 4]
    at[0] += timedelta(days=2)
    chores.do_due()
    assert trail.count() == 0
    assert trail.verify().problem == ""
    chores.close()


@pytest.mark.slow
def test_a_relay_seals_in_about_a_second_with_and_without_a_broker(
    trail: Trail, settings: Settings, broker: Broker
) -> None:
    for url in (broker.url, settings.redis_url):
        told = replace(settings, redis_url=url)
        bell, chores = Bell(told.bell_url), Chores(told, trail.database)
        relay = Relay(trail.database, Sender(sending_app(told)), bell, chores)
        runner = threading.Thread(target=relay.run)
        runner.start()
        waited = []
        try:
            for _ in range(2):
                trail.write()
                began = time.monotonic()
                wait_until(lambda: None not in trail.seal_numbers(), seconds=20)
                waited.append(time.monotonic() - began)
        finally:
            relay.is_stopping = True
            runner.join(20)
            chores.close()
            bell.close()
        print(f"sealed after {max(waited):.2f} s at most")
    assert trail.seal_numbers() == [1, 2, 3, 4]
    assert trail.verify().problem == ""
