"""No digest is lost by a kill, and none doubled but where it falls between the letter's last dot and our note of it."""

from contextlib import suppress
from dataclasses import dataclass, field

import pytest
from sqlalchemy import select, update

from cms.mail.models import OutgoingLetter
from cms.platform.actor import system
from cms.platform.clock import now
from cms.platform.keys import load_keys
from cms.readers.follows.digests import make_due_digests
from cms.readers.follows.models import Digest, DigestPlan
from cms.readers.follows.telling import Habits
from search_index.writer import Writer
from tests.draining import BrokenOff, Drain, Fragile
from tests.readers.following import Newsroom
from workers.attempts import Hearing
from workers.work import Attempt, Work

MOST_STEPS = 40


@dataclass
class BrokenAt(Drain):
    """A drain that is broken off once, at its so-manieth commit or read, as by a kill."""

    broken_off_at: int = 0
    steps: int = field(default=0)
    is_of_digests: bool = False

    def _handle(self, hearing: Hearing, work: Work, given: Attempt) -> None:
        self.is_of_digests = given.subscription in ("follows", "bulk_letter")
        super()._handle(hearing, work, given)

    def _breaks_inside(self) -> bool:
        counts = self.is_breakable and self.is_of_digests
        self.steps += counts
        return counts and self.steps == self.broken_off_at

    def sweep(self, room: Newsroom) -> None:
        """What the relay does with digests; broken off, it does it again."""
        fragile = Fragile(room.database, self._breaks_inside)
        for _ in range(2):
            self.is_breakable = self.is_of_digests = True
            with suppress(BrokenOff), fragile.transaction() as session:
                make_due_digests(session, system("relay"), Habits.of(room.settings), now())
            self.is_breakable = False


def broken_at(room: Newsroom, work: Work, step: int) -> tuple[int, list[str]]:
    """One reader's digest from the publish to the mailbox, broken off at a step; how many there were, and what came."""
    reader = room.reader()
    reader.follow("query", f"ferry{step}", "daily")
    room.desk.article(published=True, title=f"Ferry{step} sails")
    room.fresh()
    drain = BrokenAt(work, broken_off_at=step)
    drain.run()
    with room.database.transaction() as session:
        session.execute(update(DigestPlan).where(DigestPlan.account_id == reader.id).values(due_at=now()))
    drain.sweep(room)
    drain.run()
    with room.database.reading() as session:
        assert len(session.scalars(select(Digest).where(Digest.account_id == reader.id)).all()) == 1, step
        [letter] = session.scalars(select(OutgoingLetter).where(OutgoingLetter.recipient == reader.email))
    came = room.fresh()
    assert {str(message["To"]) for message in came} == {reader.email}, step
    assert {str(message["Message-ID"]) for message in came} == {letter.message_id} and letter.state == "sent", step
    return drain.steps, [str(message["Message-ID"]) for message in came]


@pytest.mark.slow
def test_a_digest_broken_off_at_each_step_comes_and_is_doubled_by_one_of_them_alone(room: Newsroom) -> None:
    index = Writer(room.settings.index_home)
    work = Work(settings=room.settings, database=room.database, keys=load_keys(room.settings), index=index)
    copies: dict[int, int] = {}
    try:
        for step in range(1, MOST_STEPS):
            steps, came = broken_at(room, work, step)
            if steps < step:
                break
            copies[step] = len(came)
    finally:
        index.close()
    doubled = [step for step, count in copies.items() if count == 2]
    print(f"a digest broken off at each of {len(copies)} steps: none lost, doubled at steps {doubled}")
    assert 5 < len(copies) < MOST_STEPS - 1
    # Only where the server had taken the letter, and the note of that was not committed.
    assert set(copies.values()) == {1, 2} and len(doubled) == 1
