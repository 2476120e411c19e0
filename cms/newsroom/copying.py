"""Making an article from another one."""

from datetime import datetime

from sqlalchemy.orm import Session

from cms.audit.recording import note
from cms.events.catalogue import ArticleCopied
from cms.events.outbox import record
from cms.identity.access import READ
from cms.newsroom import queries
from cms.newsroom.drafting import draft
from cms.newsroom.merging import merge_patch
from cms.newsroom.models import Article
from cms.newsroom.rules import CopyArticle
from cms.newsroom.saving import Saved, locked
from cms.platform.actor import Actor
from cms.platform.ids import new_id


def copy_article(session: Session, actor: Actor, command: CopyArticle, now: datetime) -> Saved:
    """Make a draft from the working copy of an article, which stays as it is; the copy finds a slug of its own.

    What belongs to the source's life stays with it: revisions, schedule, embargo, corrections, translations, lists.

    Emits: ArticleCreated; ArticleCopied
    Raises: NotFound; Forbidden, also in the section and language of the copy; Invalid; Conflict (`slug_taken`).
    """
    # Held, though nothing of it changes: an edit meanwhile would leave the copy with half of each.
    source = locked(session, actor, READ, command.article_id)
    content = merge_patch({**queries.content_of(session, source), "slug": None}, command.patch)
    remark = command.revision_note or f"Copy of {source.id}, revision {source.revision}"
    saved = draft(session, actor, Article(id=new_id(), created_at=now), content, remark, now)
    event = ArticleCopied(subject=saved.article.id, source_id=source.id, source_revision=source.revision)
    for one, act in ((saved.article.id, event.type), (source.id, "article.copied_from")):
        note(session, actor=actor, action=act, subject_kind="article", subject_id=one, now=now)
    record(session, event, actor=actor, now=now)
    return saved
