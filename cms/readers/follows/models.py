"""Tables of follows: who follows what, the queries that wait for articles, what was told to whom, and digests."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, Date, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from cms.platform.db import Instant, RowNumber, Table, id_column
from cms.readers.follows.rules import FREQUENCIES, KINDS, LONGEST_ANCHOR, LONGEST_QUERY


class Follow(Table):
    """A reader follows a word of the taxonomy, or a query.

    `target` is the word's id, so that it stays the same word under another name, or the `key` of a `FollowedQuery`;
    `query` is how this reader wrote that one. `locale` is the language of the articles; empty means every language.
    """

    __tablename__ = "reader_follows"
    __table_args__ = (
        UniqueConstraint("account_id", "kind", "target", "locale"),
        Index("ix_reader_follows_target", "target", "account_id"),
        CheckConstraint(f"kind IN {KINDS}", name="kind"),
        CheckConstraint(f"frequency IN {FREQUENCIES}", name="frequency"),
    )

    number: Mapped[int] = mapped_column(RowNumber, primary_key=True, autoincrement=True)
    id: Mapped[str] = mapped_column(id_column(), unique=True)
    account_id: Mapped[str] = mapped_column(id_column(), ForeignKey("reader_accounts.id"))
    kind: Mapped[str] = mapped_column(String(8))
    target: Mapped[str] = mapped_column(String(64))
    query: Mapped[str] = mapped_column(String(LONGEST_QUERY))
    locale: Mapped[str] = mapped_column(String(35))
    frequency: Mapped[str] = mapped_column(String(8))
    created_at: Mapped[datetime] = mapped_column(Instant)


class FollowedQuery(Table):
    """A query that somebody follows, once for all who mean the same; it is gone with the last of them.

    `anchor` is one thing that every article must hold that it asks for, or empty, see `search_index.matching`; made by
    the way of taking texts apart that `analysis` names. One that was made by another way is of no use any more.
    """

    __tablename__ = "followed_queries"

    number: Mapped[int] = mapped_column(RowNumber, primary_key=True, autoincrement=True)
    key: Mapped[str] = mapped_column(String(64), unique=True)
    text: Mapped[str] = mapped_column(String(LONGEST_QUERY))
    anchor: Mapped[str] = mapped_column(String(LONGEST_ANCHOR), index=True)
    analysis: Mapped[str] = mapped_column(String(20), index=True)


class FollowMatch(Table):
    """A reader is told of an article, once: by a letter of its own, or in the digest that is named once it is made.

    Being unique it is what makes a second letter impossible.
    """

    __tablename__ = "reader_follow_matches"
    __table_args__ = (
        UniqueConstraint("account_id", "article_id"),
        CheckConstraint("frequency IN ('instant', 'daily')", name="frequency"),
    )

    number: Mapped[int] = mapped_column(RowNumber, primary_key=True, autoincrement=True)
    id: Mapped[str] = mapped_column(id_column(), unique=True)
    account_id: Mapped[str] = mapped_column(id_column(), ForeignKey("reader_accounts.id"))
    article_id: Mapped[str] = mapped_column(id_column())
    frequency: Mapped[str] = mapped_column(String(8))
    digest_id: Mapped[str | None] = mapped_column(id_column(), index=True)
    matched_at: Mapped[datetime] = mapped_column(Instant, index=True)


class FollowReason(Table):
    """A follow that a reader is told of an article for; all that asked for it when it was told."""

    __tablename__ = "reader_follow_reasons"

    match_id: Mapped[str] = mapped_column(
        id_column(), ForeignKey("reader_follow_matches.id", ondelete="CASCADE"), primary_key=True
    )
    follow_id: Mapped[str] = mapped_column(id_column(), primary_key=True)


class DigestPlan(Table):
    """When a reader's digest goes; without an hour or a zone, as the site's settings say.

    `due_at` is set while anything waits. `last_period` is the day of the last digest, by the reader's own clocks.
    """

    __tablename__ = "reader_digest_plans"

    account_id: Mapped[str] = mapped_column(id_column(), ForeignKey("reader_accounts.id"), primary_key=True)
    hour: Mapped[int | None]
    time_zone: Mapped[str | None] = mapped_column(String(64))
    due_at: Mapped[datetime | None] = mapped_column(Instant, index=True)
    last_period: Mapped[date | None] = mapped_column(Date)


class Digest(Table):
    """A digest that was made: one for a reader and a day."""

    __tablename__ = "reader_digests"
    __table_args__ = (UniqueConstraint("account_id", "period"),)

    number: Mapped[int] = mapped_column(RowNumber, primary_key=True, autoincrement=True)
    id: Mapped[str] = mapped_column(id_column(), unique=True)
    account_id: Mapped[str] = mapped_column(id_column(), ForeignKey("reader_accounts.id"))
    period: Mapped[date] = mapped_column(Date)
    made_at: Mapped[datetime] = mapped_column(Instant, index=True)


class AnnouncedArticle(Table):
    """An article that all who follow it were told of; whatever becomes of it, they are not told again."""

    __tablename__ = "announced_articles"

    article_id: Mapped[str] = mapped_column(id_column(), primary_key=True)
    announced_at: Mapped[datetime] = mapped_column(Instant)
