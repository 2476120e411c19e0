"""Reads of follows that never write: a reader's own, and who is to be told of an article."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any

from sqlalchemy import ColumnElement, exists, or_, select
from sqlalchemy.orm import Session

from cms.content.models import Document, DocumentWord
from cms.mail.models import Suppression
from cms.platform.ids import is_id
from cms.readers.comments.models import ReaderBan
from cms.readers.follows.models import AnnouncedArticle, DigestPlan, Follow, FollowMatch, FollowReason
from cms.readers.follows.rules import MOST_FOLLOWS
from cms.readers.models import Account
from cms.taxonomy.models import Person, Section, Tag, WordAlias
from cms.taxonomy.queries import by_ids
from cms.taxonomy.rules import in_locale

WORDS: Mapping[str, type[Any]] = {"section": Section, "tag": Tag, "author": Person}

# The conditions that a follow asked for what was told, and still does by the same kind of letter.
ASKED = (
    FollowReason.match_id == FollowMatch.id,
    Follow.id == FollowReason.follow_id,
    Follow.frequency == FollowMatch.frequency,
)


@dataclass(frozen=True)
class Followed:
    """A follow with the word as it is called now; without one where it is gone, and for queries."""

    follow: Follow
    word: Any

    def name(self, locale: str) -> str:
        """What is followed, as a person of a language reads it."""
        if self.follow.kind == "query":
            return self.follow.query
        return in_locale(self.word.name, self.word.names, locale) if self.word is not None else ""


@dataclass(frozen=True)
class Told:
    """A reader who is to be told of an article, and all of the own follows that asked for it, the oldest first."""

    account_id: str
    email: str
    locale: str
    follow_ids: tuple[str, ...]


def follows_of(session: Session, account_id: str) -> list[Followed]:
    """All follows of a reader, the newest first; as many statements for a hundred as for one."""
    statement = select(Follow).where(Follow.account_id == account_id).order_by(Follow.number.desc())
    return with_words(session, session.scalars(statement.limit(MOST_FOLLOWS)).all())


def with_words(session: Session, follows: Sequence[Follow]) -> list[Followed]:
    """Follows with their words."""
    asked = {kind: {one.target for one in follows if one.kind == kind} for kind in WORDS}
    found = {kind: by_ids(session, word, asked[kind]) for kind, word in WORDS.items()}
    return [Followed(one, found.get(one.kind, {}).get(one.target)) for one in follows]


def follow_by_id(session: Session, follow_id: str, *, is_locked: bool = False) -> Follow | None:
    """A follow by its public id."""
    if not is_id(follow_id):
        return None
    statement = select(Follow).where(Follow.id == follow_id)
    return session.scalar(statement.with_for_update() if is_locked else statement)


def follow_data(row: Followed, locale: str) -> dict[str, Any]:
    """A follow in the shape of `FollowShape`."""
    follow, is_query = row.follow, row.follow.kind == "query"
    return {
        "id": follow.id,
        "kind": follow.kind,
        "slug": row.word.slug if row.word is not None else None,
        "name": row.name(locale) if row.word is not None else None,
        "query": follow.query if is_query else None,
        "locale": follow.locale or None,
        "frequency": follow.frequency,
        "created_at": follow.created_at,
    }


def plan_of(session: Session, account_id: str) -> DigestPlan | None:
    """When a reader's digest goes; None for one who never chose and is never to get one."""
    return session.get(DigestPlan, account_id)


def matches_of(session: Session, account_id: str) -> list[dict[str, Any]]:
    """What a reader was told of lately, and is to be told of, in the shape of `ExportedMatchShape`."""
    statement = select(FollowMatch).where(FollowMatch.account_id == account_id).order_by(FollowMatch.number)
    matches = session.scalars(statement).all()
    reasons = select(FollowReason).join(FollowMatch, FollowMatch.id == FollowReason.match_id)
    asked: dict[str, list[str]] = {one.id: [] for one in matches}
    for reason in session.scalars(reasons.where(FollowMatch.account_id == account_id).order_by(FollowReason.follow_id)):
        asked[reason.match_id].append(reason.follow_id)
    return [
        {
            "article_id": one.article_id,
            "follows": asked[one.id],
            "frequency": one.frequency,
            "matched_at": one.matched_at,
        }
        for one in matches
    ]


def is_announced(session: Session, article_id: str) -> bool:
    """Whether everybody was told of an article who is told of it ever."""
    return bool(session.scalar(select(exists().where(AnnouncedArticle.article_id == article_id))))


def first_shown_at(session: Session, article_id: str) -> tuple[datetime, str] | None:
    """When readers saw an article first, and its language; None where they do not see it now."""
    statement = select(Document.content, Document.locale).where(Document.article_id == article_id)
    row = session.execute(statement).one_or_none()
    return (datetime.fromisoformat(row.content["first_published_at"]), row.locale) if row is not None else None


def words_followed(session: Session, article_id: str) -> set[str]:
    """Every id by which somebody may follow a word of an article: of its sections up to the root, its tags, its
    authors, and of the words that were merged into them."""
    path = session.scalar(select(Document.section_path).where(Document.article_id == article_id)) or ""
    above = select(Section.id).where(Section.slug.in_([slug for slug in path.split("/") if slug]))
    own = select(DocumentWord.word_id).where(
        DocumentWord.article_id == article_id, DocumentWord.role.in_(("section", "tag", "author"))
    )
    ids = {*session.scalars(above), *session.scalars(own)}
    former = select(WordAlias.former_id).where(WordAlias.word_id.in_(ids), WordAlias.former_id.is_not(None))
    return ids | {str(one) for one in session.scalars(former)}


def follows_asking(session: Session, match_ids: Collection[str]) -> dict[str, list[Followed]]:
    """Of what was told, which of the reader's follows asked for it and still do, the oldest first.

    As many statements for thirty articles as for one.
    """
    statement = select(FollowMatch.id, Follow).where(FollowMatch.id.in_(match_ids), *ASKED).order_by(Follow.number)
    rows = session.execute(statement).all()
    named = {
        one.follow.id: one for one in with_words(session, list({row.Follow.id: row.Follow for row in rows}.values()))
    }
    asked: dict[str, list[Followed]] = {}
    for match_id, follow in rows:
        asked.setdefault(match_id, []).append(named[follow.id])
    return asked


def gets_letters(now: datetime) -> ColumnElement[bool]:
    """The condition that an account gets letters of what it follows: the address takes them, and it is not banned."""
    is_banned = exists().where(
        ReaderBan.account_id == Account.id, or_(ReaderBan.until.is_(None), ReaderBan.until > now)
    )
    return ~exists().where(Suppression.address == Account.email) & ~is_banned


def readers_to_tell(
    session: Session, article_id: str, targets: Collection[str], *, locale: str, frequency: str, since: datetime,
    now: datetime, after: str, limit: int,
) -> list[Told]:  # fmt: skip
    """The next readers, by their ids, who follow one of these and were not told of it for that yet.

    Left out are those who followed it only after `since`, those who get no letters, and those who were told of it by
    the other kind of letter. Who was told of it for something else comes again, with what asks for it too.
    """
    told = exists().where(FollowMatch.account_id == Follow.account_id, FollowMatch.article_id == article_id)
    is_noted = told.where(FollowReason.match_id == FollowMatch.id, FollowReason.follow_id == Follow.id)
    wanted = (
        Follow.target.in_(targets),
        Follow.frequency == frequency,
        Follow.locale.in_(("", locale)),
        Follow.created_at <= since,
        ~told.where(FollowMatch.frequency != frequency),
        ~is_noted,
    )
    accounts = select(Follow.account_id).join(Account, Account.id == Follow.account_id)
    accounts = accounts.where(*wanted, gets_letters(now)).distinct().order_by(Follow.account_id).limit(limit)
    if after:
        accounts = accounts.where(Follow.account_id > after)
    columns = (Account.id, Account.email, Account.locale, Follow.id)
    statement = select(*columns).join(Follow, Follow.account_id == Account.id).where(*wanted)
    rows = session.execute(statement.where(Account.id.in_(accounts)).order_by(Account.id, Follow.number))
    return [
        Told(*reader, tuple(row[3] for row in of_reader))
        for reader, of_reader in groupby(rows, key=lambda row: (row[0], row[1], row[2]))
    ]
