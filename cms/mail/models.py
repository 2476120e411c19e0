"""Tables of outgoing letters and of addresses that take none. No text with a code in it is ever in them."""

from datetime import datetime

from sqlalchemy import CheckConstraint, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from cms.platform.db import Instant, RowNumber, Table, id_column

STATES = ("queued", "sent", "deferred", "bounced", "expired")


class OutgoingLetter(Table):
    """A letter to one address. `about_id` is the thing that its template needs, such as a challenge.

    `error` is why it is not sent: stage and numbers of the mail server's last answer, without its words. A letter that
    the server refused for good is `bounced`, and so is one to an address that bounced before.
    """

    __tablename__ = "outgoing_letters"
    __table_args__ = (
        CheckConstraint(f"state IN {STATES}", name="state"),
        Index("ix_outgoing_letters_recipient", "recipient", "number"),
    )

    number: Mapped[int] = mapped_column(RowNumber, primary_key=True, autoincrement=True)
    id: Mapped[str] = mapped_column(id_column(), unique=True)
    kind: Mapped[str] = mapped_column(String(40))
    recipient: Mapped[str] = mapped_column(String(320))
    locale: Mapped[str] = mapped_column(String(35))
    about_id: Mapped[str] = mapped_column(id_column(), index=True)
    message_id: Mapped[str] = mapped_column(String(200), unique=True)
    state: Mapped[str] = mapped_column(String(12), default="queued", index=True)
    attempts: Mapped[int] = mapped_column(default=0)
    error: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(Instant, index=True)
    expires_at: Mapped[datetime] = mapped_column(Instant)
    sent_at: Mapped[datetime | None] = mapped_column(Instant)


class Suppression(Table):
    """An address whose mail server said that there is no such mailbox: it gets no letter until somebody lifts this.

    `answer` is what the server said, as in a letter's `error`; `letter_id` the letter that it said it of.
    """

    __tablename__ = "mail_suppressions"

    number: Mapped[int] = mapped_column(RowNumber, primary_key=True, autoincrement=True)
    id: Mapped[str] = mapped_column(id_column(), unique=True)
    address: Mapped[str] = mapped_column(String(320), unique=True)
    answer: Mapped[str] = mapped_column(String(80))
    letter_id: Mapped[str] = mapped_column(id_column())
    created_at: Mapped[datetime] = mapped_column(Instant, index=True)
