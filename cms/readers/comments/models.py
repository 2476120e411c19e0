"""Tables of comments: what was said, who likes and who reported it, who may not comment, how comments come in."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from cms.platform.db import Instant, RowNumber, Table, id_column
from cms.readers.comments.rules import HOLDS, MODES, STATES, Mode


class Comment(Table):
    """What a reader said below an article. One that was taken back, or whose reader is gone, stays without its text.

    `thread_id` is the comment at the top of the thread, and `depth` counts from 1 there. `reply_count` counts direct
    replies that are shown. `is_shown` is true for approved comments, and for others while a reply to them is shown.
    `revision` changes with the text and with each decision; `reports` counts since the last decision. `note` is what
    the moderator said to other moderators, and never public.
    """

    __tablename__ = "comments"
    __table_args__ = (
        CheckConstraint(f"state IN {STATES}", name="state"),
        CheckConstraint(f"held_for IN {HOLDS}", name="held_for"),
        Index("ix_comments_newest", "article_id", "parent_id", "is_shown", "number"),
        Index("ix_comments_best", "article_id", "parent_id", "is_shown", "likes", "number"),
        Index("ix_comments_state", "state", "number"),
        Index("ix_comments_account", "account_id", "number"),
    )

    number: Mapped[int] = mapped_column(RowNumber, primary_key=True, autoincrement=True)
    id: Mapped[str] = mapped_column(id_column(), unique=True)
    article_id: Mapped[str] = mapped_column(id_column())
    account_id: Mapped[str | None] = mapped_column(id_column(), ForeignKey("reader_accounts.id"))
    parent_id: Mapped[str | None] = mapped_column(id_column(), ForeignKey("comments.id"), index=True)
    thread_id: Mapped[str] = mapped_column(id_column(), index=True)
    depth: Mapped[int]
    text: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(String(10))
    held_for: Mapped[str] = mapped_column(String(10), default="")
    revision: Mapped[int] = mapped_column(default=1)
    likes: Mapped[int] = mapped_column(default=0)
    reports: Mapped[int] = mapped_column(default=0)
    reply_count: Mapped[int] = mapped_column(default=0)
    is_shown: Mapped[bool] = mapped_column(default=False)
    note: Mapped[str] = mapped_column(Text, default="")
    created_at: Mapped[datetime] = mapped_column(Instant)
    edited_at: Mapped[datetime | None] = mapped_column(Instant)
    decided_at: Mapped[datetime | None] = mapped_column(Instant)
    decided_by: Mapped[str] = mapped_column(String(100), default="")


class CommentLike(Table):
    """A reader likes a comment; the key says that each does so once."""

    __tablename__ = "comment_likes"

    comment_id: Mapped[str] = mapped_column(id_column(), ForeignKey("comments.id"), primary_key=True)
    account_id: Mapped[str] = mapped_column(id_column(), ForeignKey("reader_accounts.id"), primary_key=True, index=True)
    at: Mapped[datetime] = mapped_column(Instant)


class CommentReport(Table):
    """A reader reported a comment; the key says that each does so once. `note` is for moderators."""

    __tablename__ = "comment_reports"

    comment_id: Mapped[str] = mapped_column(id_column(), ForeignKey("comments.id"), primary_key=True)
    account_id: Mapped[str] = mapped_column(id_column(), ForeignKey("reader_accounts.id"), primary_key=True, index=True)
    reason: Mapped[str] = mapped_column(String(20))
    note: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(Instant)


class ReaderBan(Table):
    """A reader who may not comment until an instant, or until somebody says otherwise. `note` is for moderators."""

    __tablename__ = "reader_bans"

    account_id: Mapped[str] = mapped_column(id_column(), ForeignKey("reader_accounts.id"), primary_key=True)
    until: Mapped[datetime | None] = mapped_column(Instant)
    note: Mapped[str] = mapped_column(Text)
    by: Mapped[str] = mapped_column(String(100))
    at: Mapped[datetime] = mapped_column(Instant)


class CommentMode(Table):
    """How comments come in on an article, in a section with all below it, or on the site (under the id `SITE`)."""

    __tablename__ = "comment_modes"
    __table_args__ = (CheckConstraint(f"mode IN {MODES}", name="mode"),)

    kind: Mapped[str] = mapped_column(String(10), primary_key=True)
    subject_id: Mapped[str] = mapped_column(id_column(), primary_key=True)
    mode: Mapped[Mode] = mapped_column(String(10))
