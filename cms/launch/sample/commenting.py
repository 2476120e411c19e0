"""Letting the readers of the sample newsroom speak, through the verb that a reader's request goes through.

Only where none of them is there yet: whatever became of their comments since stays as it is.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from cms.launch.sample.reading import SampleComment, SampleReader
from cms.newsroom.models import Article
from cms.platform.actor import Actor
from cms.platform.db import Database
from cms.platform.ids import new_id
from cms.readers.comments.posting import post_comment
from cms.readers.comments.rules import NewComment, Terms
from cms.readers.models import Account

# The first comment of each is seen at once: a newsroom in which everything waits would show nothing.
TERMS = Terms(holds_first=False)


def load_comments(
    database: Database, readers: Sequence[SampleReader], comments: Sequence[SampleComment], now: datetime
) -> None:
    """Make the readers and let them say what they say below those articles that readers see."""
    emails = {f"{reader.slug}@readers.example.org": reader for reader in readers}
    try:
        with database.transaction() as session:
            there = session.scalars(select(Account.number).where(Account.email.in_(emails)).limit(1)).first()
            if there is not None:
                return
            accounts = {reader.slug: _account(session, email, reader, now) for email, reader in emails.items()}
            session.flush()
            _say(session, accounts, comments, now)
    except IntegrityError:
        # Another start loads at the same time and was first.
        return


def _say(session: Session, accounts: Mapping[str, str], comments: Sequence[SampleComment], now: datetime) -> None:
    said: dict[str, str] = {}
    for comment in comments:
        article_id = _shown(session, comment.article)
        if article_id is not None and comment.reply_to in ("", *said):
            actor = Actor(kind="reader", id=accounts[comment.reader])
            command = NewComment(comment.text.strip(), said.get(comment.reply_to))
            said[comment.slug] = post_comment(session, actor, article_id, command, terms=TERMS, now=now).id


def _account(session: Session, email: str, reader: SampleReader, now: datetime) -> str:
    account = Account(
        id=new_id(), email=email, display_name=reader.name, locale=reader.locale, created_at=now, verified_at=now
    )
    session.add(account)
    return account.id


def _shown(session: Session, article: str) -> str | None:
    locale, slug = article.split("/")
    statement = select(Article.id).where(Article.locale == locale, Article.slug == slug, Article.state == "published")
    return session.scalar(statement.where(Article.deleted_at.is_(None)))
