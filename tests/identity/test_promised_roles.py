"""A role that somebody was promised in an invitation is there when they come."""

import pytest

from cms.identity.queries import is_in_use
from cms.identity.roles import make_role
from cms.identity.rules import NewRole
from cms.identity.staff import staffing
from cms.identity.staff.models import StaffInvitation
from cms.identity.staff.rules import INVITATION_LIFE
from cms.identity.staff.schemas import Given, Invitation
from cms.platform.actor import system
from cms.platform.clock import now
from cms.platform.db import Database

OPERATOR = system("test")


@pytest.mark.both_databases
def test_a_role_is_in_use_while_an_invitation_with_it_is_open(database: Database) -> None:
    began = now()
    with database.transaction() as session:
        for name in ("clerk", "scribe"):
            make_role(session, OPERATOR, NewRole(name, frozenset({"taxonomy:read"})), began)
        grants = (Given("viewer"), Given("clerk", "city/"))
        command = Invitation(email="ines@example.org", name="Ines", locale="en", grants=grants)
        invited = staffing.invite(session, OPERATOR, command, sender_domain="example.org", now=began)
        session.flush()
        number = invited.number

    def in_use(**values: object) -> bool:
        with database.transaction() as session:
            row = session.get_one(StaffInvitation, number)
            for name, value in {"used_at": None, "closed_at": None, **values}.items():
                setattr(row, name, value)
        with database.reading() as session:
            assert not is_in_use(session, "scribe", began)
            return is_in_use(session, "clerk", began)

    assert in_use()
    assert not in_use(closed_at=began)
    assert not in_use(used_at=began)
    assert in_use()
    with database.reading() as session:
        assert not is_in_use(session, "clerk", began + INVITATION_LIFE)
