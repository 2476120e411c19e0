"""What a letter to a follower is made of, read when it goes: what is not there any more is left out."""

from datetime import datetime

from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session

from cms.content.addressing import AddressedArticle, page_address
from cms.content.models import Document
from cms.mail.composing import Entry, News
from cms.mail.models import OutgoingLetter
from cms.platform.keys import Keys
from cms.readers.follows.models import FollowMatch
from cms.readers.follows.queries import ASKED, follows_asking, gets_letters
from cms.readers.follows.rules import MOST_IN_DIGEST
from cms.readers.follows.tokens import ALL_DAILY, Ending, unsubscribe_token
from cms.readers.models import Account
from cms.settings import Settings

KINDS = frozenset({"follow_instant", "follow_digest"})


def news_of(session: Session, letter: OutgoingLetter, keys: Keys, settings: Settings, now: datetime) -> News | None:
    """The articles of a letter, and how to end such letters. None where there is nothing to send.

    That is: readers see none of the articles any more, or the reader follows them no more, is gone or banned, or has
    another address by now.
    """
    is_digest = letter.kind == "follow_digest"
    told = FollowMatch.digest_id == letter.about_id if is_digest else FollowMatch.id == letter.about_id
    statement = (
        select(Document, FollowMatch.id, FollowMatch.account_id)
        .join(FollowMatch, FollowMatch.article_id == Document.article_id)
        .join(Account, Account.id == FollowMatch.account_id)
        .where(told, Account.email == letter.recipient, gets_letters(now), exists().where(*ASKED))
        .order_by(Document.published_at.desc(), Document.number.desc())
    )
    rows = session.execute(statement.limit(MOST_IN_DIGEST)).all()
    if not rows:
        return None
    count = session.scalar(select(func.count()).select_from(statement.order_by(None).subquery())) or 0
    asked = follows_asking(session, [row.id for row in rows])
    names = {key: tuple(one.name(letter.locale) for one in follows) for key, follows in asked.items()}
    first = asked[rows[0].id][0]
    ending = Ending(rows[0].account_id, ALL_DAILY if is_digest else first.follow.id)
    return News(
        entries=tuple(_entry(row.Document, settings, names[row.id] if is_digest else ()) for row in rows),
        more=count - len(rows),
        followed=() if is_digest else names[rows[0].id],
        unsubscribe_url=f"{settings.public_url}/readers/v1/unsubscribe/{unsubscribe_token(keys, ending)}",
    )


def _entry(article: Document, settings: Settings, followed: tuple[str, ...]) -> Entry:
    shown = AddressedArticle(article.article_id, article.number, article.locale, article.slug)
    return Entry(article.title, page_address(settings.article_pattern, shown), followed)
