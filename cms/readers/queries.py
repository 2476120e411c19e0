"""What is known of readers and their challenges. Reads that never write."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, exists, or_, select
from sqlalchemy.orm import Session

from cms.mail.models import OutgoingLetter
from cms.platform.ids import is_id
from cms.readers.bookmarks.models import Bookmark, Folder
from cms.readers.bookmarks.queries import all_bookmarks, folders_of
from cms.readers.comments.models import Comment, CommentLike, CommentReport
from cms.readers.follows.models import DigestPlan
from cms.readers.follows.queries import Followed, follows_of, matches_of, plan_of
from cms.readers.models import Account, Challenge, Consent, ReaderSession
from cms.readers.rules import CONSENTS_SHOWN, IDLE_LIFE, KNOWN_FOR, SESSIONS_SHOWN


def account_of(session: Session, email: str) -> Account | None:
    """The account of an address in its canonical spelling."""
    return session.scalar(select(Account).where(Account.email == email))


def challenge_of(session: Session, challenge_id: str) -> Challenge | None:
    """A challenge by its public id, or None; a text that is no id is asked of no database."""
    if not is_id(challenge_id):
        return None
    return session.scalar(select(Challenge).where(Challenge.id == challenge_id))


def open_challenge_of(session: Session, email: str, purpose: str, now: datetime) -> Challenge | None:
    """The one challenge of an address and a purpose that a code can still answer."""
    is_open = (Challenge.used_at.is_(None), Challenge.closed_at.is_(None), Challenge.expires_at > now)
    return session.scalar(select(Challenge).where(Challenge.email == email, Challenge.purpose == purpose, *is_open))


def open_move_of(session: Session, account_id: str, email: str, now: datetime) -> Challenge | None:
    """The challenge by which an account can still move to an address."""
    is_open = (Challenge.used_at.is_(None), Challenge.closed_at.is_(None), Challenge.expires_at > now)
    is_this = (Challenge.account_id == account_id, Challenge.purpose == "change_email", Challenge.email == email)
    return session.scalar(select(Challenge).where(*is_this, *is_open))


def addresses_before(session: Session, account_id: str, now: datetime) -> Sequence[str]:
    """The addresses that an account had and that can still take it back."""
    is_open = (Challenge.used_at.is_(None), Challenge.closed_at.is_(None), Challenge.expires_at > now)
    is_undo = (Challenge.account_id == account_id, Challenge.purpose == "undo_email")
    return session.scalars(select(Challenge.email).where(*is_undo, *is_open).distinct().order_by(Challenge.email)).all()


def codes_asked(session: Session, email: str, since: datetime) -> Sequence[tuple[str, datetime]]:
    """Purpose and instant of each challenge of an address since an instant."""
    rows = session.execute(
        select(Challenge.purpose, Challenge.created_at).where(Challenge.email == email, Challenge.created_at > since)
    )
    return [(purpose, created_at) for purpose, created_at in rows]


def account_by_id(session: Session, account_id: str) -> Account | None:
    """An account by its public id."""
    return session.scalar(select(Account).where(Account.id == account_id)) if is_id(account_id) else None


def session_by_id(session: Session, session_id: str) -> ReaderSession | None:
    """A session by its public id, alive or not."""
    return session.scalar(select(ReaderSession).where(ReaderSession.id == session_id)) if is_id(session_id) else None


def sessions_of(session: Session, account_id: str, now: datetime) -> Sequence[ReaderSession]:
    """The sessions of a reader that are alive, the newest first."""
    is_alive = (
        ReaderSession.revoked_at.is_(None),
        ReaderSession.expires_at > now,
        ReaderSession.last_seen_at > now - IDLE_LIFE,
    )
    statement = select(ReaderSession).where(ReaderSession.account_id == account_id, *is_alive)
    return session.scalars(statement.order_by(ReaderSession.number.desc()).limit(SESSIONS_SHOWN)).all()


def signed_in(session: Session, digest: bytes) -> tuple[ReaderSession, Account] | None:
    """The session of a token with its reader, by one statement."""
    statement = select(ReaderSession, Account).join(Account, Account.id == ReaderSession.account_id)
    row = session.execute(statement.where(ReaderSession.digest == digest)).one_or_none()
    return (row[0], row[1]) if row is not None else None


def consents_of(session: Session, account_id: str) -> Sequence[Consent]:
    """What a reader agreed to, withdrawn or not, the newest first."""
    return session.scalars(
        select(Consent).where(Consent.account_id == account_id).order_by(Consent.number.desc()).limit(CONSENTS_SHOWN)
    ).all()


def is_known_client(session: Session, account_id: str, network: str, now: datetime) -> bool:
    """Whether this reader signed in from this client lately, or set the password from there."""
    lately = ReaderSession.created_at > now - KNOWN_FOR
    signed = exists().where(ReaderSession.account_id == account_id, ReaderSession.network == network, lately)
    proven = exists().where(Account.id == account_id, Account.proven_from == network)
    return bool(session.scalar(select(signed | proven)))


@dataclass(frozen=True)
class Kept:
    """All that is kept of a reader."""

    account: Account
    sessions: Sequence[ReaderSession]
    letters: Sequence[OutgoingLetter]
    codes: Sequence[Challenge]
    consents: Sequence[Consent]
    bookmarks: Sequence[Bookmark]
    folders: Sequence[Folder]
    comments: Sequence[Comment]
    likes: Sequence[CommentLike]
    reports: Sequence[CommentReport]
    follows: Sequence[Followed]
    told: Sequence[dict[str, Any]]
    digest: DigestPlan | None


def all_of(session: Session, account_id: str) -> Kept | None:
    """All that is kept of a reader, sessions that ended too; None where there is no such account."""
    account = account_by_id(session, account_id)
    if account is None:
        return None
    own = owned_challenges(account)
    # A letter to another mailbox is told of by its code alone: of which kind it was is for whoever reads there.
    about = select(Challenge.id).where(Challenge.account_id == account.id, Challenge.purpose != "change_email")
    is_theirs = or_(
        OutgoingLetter.recipient == account.email,
        OutgoingLetter.about_id == account.id,
        OutgoingLetter.about_id.in_(about),
    )
    letters = select(OutgoingLetter).where(is_theirs, OutgoingLetter.kind.not_like("staff\\_%", escape="\\"))
    codes = select(Challenge).where(own).order_by(Challenge.number)
    consents = select(Consent).where(Consent.account_id == account.id).order_by(Consent.number)
    sessions = select(ReaderSession).where(ReaderSession.account_id == account.id).order_by(ReaderSession.number)
    return Kept(
        account,
        sessions=session.scalars(sessions).all(),
        letters=session.scalars(letters.order_by(OutgoingLetter.number)).all(),
        codes=session.scalars(codes).all(),
        consents=session.scalars(consents).all(),
        bookmarks=all_bookmarks(session, account.id),
        folders=[folder for folder, _ in folders_of(session, account.id)],
        comments=_kept(session, Comment, account_id),
        likes=_kept(session, CommentLike, account_id),
        reports=_kept(session, CommentReport, account_id),
        follows=follows_of(session, account.id),
        told=matches_of(session, account.id),
        digest=plan_of(session, account.id),
    )


def owned_challenges(account: Account) -> ColumnElement[bool]:
    """The challenges that are a reader's data: those asked for the address, and those of the account."""
    return or_(Challenge.email == account.email, Challenge.account_id == account.id)


def _kept(session: Session, table: type[Any], account_id: str) -> Sequence[Any]:
    return session.scalars(
        select(table).where(table.account_id == account_id).order_by(*table.__table__.primary_key)
    ).all()
