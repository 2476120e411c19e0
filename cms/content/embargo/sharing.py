"""Sharing an article under embargo, ending that, and remembering who read it."""

from datetime import datetime

import orjson
from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from cms.content.assembling import assembled
from cms.content.embargo.models import EmbargoedDocument, EmbargoRead
from cms.content.models import Document
from cms.content.publishing import PublishedArticle, document_content
from cms.media.pictures import shown_ids
from cms.media.queries import shown_by_id
from cms.platform.actor import Actor
from cms.platform.clock import rfc3339
from cms.platform.db import change_rows, site_name_of
from cms.platform.errors import Conflict
from cms.platform.http.representing import etag_of


def put_embargoed(session: Session, article: PublishedArticle, until: datetime, now: datetime) -> None:
    """Let those read this revision who may read it early. It is the document that readers get at the end, beside what
    is derived from it only then, with `embargo_until`.

    Raises: Conflict, code `slug_taken`, when another article of the locale has the slug, before readers or here.
    """
    for table in (Document, EmbargoedDocument):
        holder = session.scalar(
            select(table.article_id).where(table.locale == article.locale, table.slug == article.slug)
        )
        if holder not in (None, article.article_id):
            raise Conflict(f"Another article of the locale has the slug {article.slug!r}.", code="slug_taken")
    withdraw_embargoed(session, article.article_id)
    end = b',"embargo_until":' + orjson.dumps(rfc3339(until)) + b"}"
    pictures = shown_by_id(session, shown_ids(article.body_html))
    ready = assembled(document_content(article), None, [], publisher=site_name_of(session), pictures=pictures)
    body, card = (part[:-1] + end for part in (ready.body, ready.card))
    row = EmbargoedDocument(
        article_id=article.article_id,
        number=article.number,
        revision=article.revision,
        locale=article.locale,
        slug=article.slug,
        section_path=article.wording.section_path,
        until=until,
        body=body,
        card=card,
        etag=etag_of(body),
        shared_at=now,
    )
    session.add(row)
    session.flush()


def withdraw_embargoed(session: Session, article_id: str) -> None:
    """End an embargo: the article is there for everybody by now, or for nobody. Who read it stays known."""
    gone = delete(EmbargoedDocument).where(EmbargoedDocument.article_id == article_id)
    change_rows(session, gone)


def note_read(session: Session, actor: Actor, article_id: str, now: datetime) -> None:
    """Remember that this credential was given an article under embargo, in the transaction before it is given."""
    table = EmbargoRead
    mine = (table.article_id == article_id, table.credential == actor.credential)
    again = update(table).where(*mine).values(count=table.count + 1, last_at=now)
    if change_rows(session, again):
        return
    session.add(
        EmbargoRead(
            article_id=article_id,
            credential=actor.credential,
            actor=f"{actor.kind}:{actor.id}",
            name=actor.name[:120],
            first_at=now,
            last_at=now,
            count=1,
        )
    )
    session.flush()
