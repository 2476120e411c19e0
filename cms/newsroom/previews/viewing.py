"""Looking through a link: what it shows, or why it does not open; and remembering that somebody looked.

Nothing is given before it is written down that it was, in a transaction that finds the link still open.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, NoReturn

import orjson
from sqlalchemy import update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from cms.content.previewing import Surroundings, preview_document, surroundings
from cms.content.queries import tombstone_by_id
from cms.content.wording import Wording
from cms.media.pictures import written_ids
from cms.newsroom import queries
from cms.newsroom.models import Article
from cms.newsroom.previews.models import PreviewLink, PreviewView
from cms.newsroom.previews.queries import link_of, may_be_seen
from cms.newsroom.previews.rules import MOST_TOLD_APART, Ticket
from cms.newsroom.rules import Standing
from cms.newsroom.showing import as_readers_get, wording_now
from cms.platform.clock import rfc3339
from cms.platform.db import Database, change_rows
from cms.platform.direct_reads import DirectReads
from cms.platform.errors import Gone, NotFound
from cms.platform.text.markdown import render
from cms.platform.text.reading_time import Rates, measure

NOT_WHOLE = "This preview link is not whole, or does not belong to this article."
EXPIRED = "This preview link has expired. Ask whoever sent it for a new one."
WITHDRAWN = "This preview link was withdrawn. Ask whoever sent it for a new one."
NOT_SHOWN = "This preview is not shown at the moment. Ask whoever sent the link."
TAKEN_DOWN = "This article was taken down."


@dataclass(frozen=True)
class Sight:
    """What a link shows, as it was read in one moment; its body is yet to be rendered."""

    link: PreviewLink
    article: Article
    content: dict[str, Any]
    standing: Standing
    updated_at: datetime
    wording: Wording
    around: Surroundings

    @property
    def is_published(self) -> bool:
        """Whether readers see this very revision."""
        return self.article.published_revision == self.standing.revision


def look(database: Database, ticket: Ticket, clock: Callable[[Session], datetime]) -> Sight:
    """What the link of a ticket shows now, by a clock that all machines share.

    Raises: NotFound for a link that is no more; Gone for one that does not open (`preview_ended`), and with the
    tombstone where the article was taken down.
    """
    with database.reading() as session:
        link = link_of(session, ticket.article_id, ticket.link_id)
        if link is None or link.revision != ticket.revision:
            raise NotFound(NOT_WHOLE)
        article, now = queries.article_by_id(session, ticket.article_id), clock(session)
        if article is not None and article.taken_down_at is not None:
            _refuse_taken_down(database.direct, article.id)
        if link.revoked_at is not None:
            _refuse(WITHDRAWN)
        if min(link.expires_at, ticket.expires_at) <= now:
            _refuse(EXPIRED)
        if article is None or not may_be_seen(session, article, link):
            _refuse(NOT_SHOWN)
        return _sight(session, link, article, now)


def document_of(sight: Sight, rates: Rates, address: Callable[[str], str]) -> bytes:
    """The document; its body is rendered here, while no session is open. `address` makes the address of a picture one
    that opens for whoever looks."""
    rendered = render(sight.content["body"], sight.content["body_format"])
    shown = as_readers_get(
        sight.article, sight.content, rendered, sight.updated_at, sight.standing, sight.wording
    )  # fmt: skip
    reading_time = measure(rendered.text, rendered.image_count, sight.content["locale"], rates).as_dict()
    pictures = {one: picture.at(address) for one, picture in sight.around.pictures.items()}
    return preview_document(shown, reading_time, replace(sight.around, pictures=pictures))


def watermarked(document: bytes, sight: Sight) -> bytes:
    """A document, or what was chosen of it, that tells by itself that it is a preview."""
    mark = {
        "is_pinned": sight.link.revision is not None,
        "is_published": sight.is_published,
        "expires_at": rfc3339(sight.link.expires_at),
    }
    return document[:-1] + b',"preview":' + orjson.dumps(mark) + b"}"


def note_view(session: Session, link: PreviewLink, visitor: str, now: datetime) -> None:
    """Write down that somebody looks through a link. Raises: Gone where it was withdrawn or expired meanwhile."""
    is_open = (PreviewLink.number == link.number, PreviewLink.revoked_at.is_(None), PreviewLink.expires_at > now)
    seen = update(PreviewLink).where(*is_open).values(views=PreviewLink.views + 1, last_viewed_at=now)
    if not change_rows(session, seen):
        _refuse(WITHDRAWN)
    if link.views >= MOST_TOLD_APART:
        return
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    row = {"link_number": link.number, "visitor": visitor, "day": now.date(), "first_at": now, "last_at": now}
    session.execute(
        insert(PreviewView)
        .values(**row, count=1)
        .on_conflict_do_update(
            index_elements=[PreviewView.link_number, PreviewView.visitor, PreviewView.day],
            set_={"last_at": now, "count": PreviewView.count + 1},
        )
    )


def _sight(session: Session, link: PreviewLink, article: Article, now: datetime) -> Sight:
    revision, updated_at = article.revision, article.updated_at
    if link.revision is None:
        content = queries.content_of(session, article)
    else:
        kept = queries.revision(session, article.id, link.revision)
        if kept is None:
            _refuse(NOT_SHOWN)
        revision, updated_at = kept.revision, kept.at
        content = queries.as_called_now(session, kept.content)
    # As if it were published now, where it never was.
    published_at = article.published_at or now
    standing = Standing(
        revision=revision,
        published_revision=revision,
        published_at=published_at,
        first_published_at=min(published_at, article.first_published_at or published_at),
    )
    pictures = written_ids(content["body"])
    around = surroundings(session, article.id, article.group_id, article.translated_from_id, pictures)
    return Sight(link, article, content, standing, updated_at, wording_now(session, content), around)


def _refuse_taken_down(reads: DirectReads, article_id: str) -> NoReturn:
    tombstone = tombstone_by_id(reads, article_id)
    if tombstone is not None:
        raise Gone(TAKEN_DOWN, extra={"tombstone": tombstone})
    # Only those who read it under embargo are told more.
    _refuse(NOT_SHOWN)


def _refuse(why: str) -> NoReturn:
    raise Gone(why, code="preview_ended")
