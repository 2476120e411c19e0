"""What the relay forgets of colleagues: codes, invitations and trails after a day, sessions a month after their end."""

from datetime import timedelta

from sqlalchemy import func, select

from cms.identity.staff.models import SignInTrail, StaffCode, StaffInvitation, StaffSession, StaffUser
from cms.identity.staff.rules import INVITATION_LIFE, KNOWN_FOR, SESSION_LIFE
from tests.identity.making import ANN, Office
from workers.due import forget_old

TABLES = (StaffUser, StaffSession, StaffCode, StaffInvitation, SignInTrail)


def test_what_is_over_is_forgotten_in_its_time_and_nothing_else(office: Office) -> None:
    office.make()
    token = office.token()
    office.ask("POST", "/staff/invitations", {"email": "eve@example.org", "name": "Eve"}, token=token)
    office.ask("POST", "/staff/codes", {"email": ANN})
    office.sign_in(password="seven kettles on a sledge")
    began, day = office.now, timedelta(days=1)
    settings = office.app.extensions["copydesk"].settings
    seen = []
    for at in (began, began + day + timedelta(minutes=11), began + INVITATION_LIFE + day * 1.01,
               began + SESSION_LIFE + KNOWN_FOR, began + SESSION_LIFE + KNOWN_FOR + day):  # fmt: skip
        forget_old(settings, office.database, at)
        with office.database.reading() as session:
            seen.append([session.scalar(select(func.count()).select_from(table)) for table in TABLES])
    assert seen == [[1, 1, 1, 1, 1], [1, 1, 0, 1, 0], [1, 1, 0, 0, 0], [1, 1, 0, 0, 0], [1, 0, 0, 0, 0]]
