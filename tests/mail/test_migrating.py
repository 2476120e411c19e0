"""A database of before: what failed has bounced, and open challenges and letters go on as they are."""

import pytest
from sqlalchemy import select

from cms.mail.models import OutgoingLetter
from cms.migrations.running import upgrade
from cms.platform.db import Database
from cms.platform.ids import new_id
from cms.readers.models import Challenge
from tests.going_back import go_back, insert

AT, LATER = "2026-03-02 09:00:00", "2026-03-02 09:10:00"


@pytest.mark.both_databases
def test_letters_and_challenges_of_before_are_kept(database: Database, database_kind: str) -> None:
    go_back(database, database_kind, "0017")
    about, *ids = (new_id().replace("-", "") for _ in range(6))
    with database.transaction() as session:
        insert(
            session, "reader_challenges", id=about, purpose="verify_email", email="ann@example.org", display_name="",
            locale="en", attempts=2, created_at=AT, expires_at=LATER,
        )  # fmt: skip
        for one, state in zip(ids, ("queued", "sent", "deferred", "expired", "failed"), strict=True):
            insert(
                session, "outgoing_letters", id=one, kind="verify_email", recipient="ann@example.org", locale="en",
                about_id=about, message_id=f"<{state}@example.org>", state=state, attempts=1, created_at=AT,
                expires_at=LATER,
            )  # fmt: skip
    upgrade(database)
    with database.reading() as session:
        states = list(session.scalars(select(OutgoingLetter.state).order_by(OutgoingLetter.number)))
        assert states == ["queued", "sent", "deferred", "expired", "bounced"]
        [challenge] = session.scalars(select(Challenge))
        assert (challenge.id.replace("-", ""), challenge.attempts, challenge.consents) == (about, 2, [])
