"""Starting a translation, linking one that is there, confirming that it is right again, and parting them."""

from datetime import datetime

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from cms.audit.recording import note
from cms.content.assembling import hold_content
from cms.content.grouping import regroup
from cms.events.catalogue import ArticleTranslationLinked, ArticleTranslationParted, ArticleTranslationStarted, Event
from cms.events.outbox import record
from cms.identity.access import NO_ARTICLE, READ
from cms.newsroom import queries
from cms.newsroom.drafting import draft
from cms.newsroom.merging import merge_patch
from cms.newsroom.models import Article
from cms.newsroom.saving import Saved, locked, refuse_act, refuse_stale
from cms.newsroom.translations.queries import holder_of_locale, kinship_of, others_of, sources_in
from cms.newsroom.translations.rules import (
    LinkTranslation,
    StartTranslation,
    digest_of_words,
    locale_taken,
    refuse_link,
    started_content,
)
from cms.platform.actor import Actor
from cms.platform.errors import Conflict, FieldError, Invalid, NotFound
from cms.platform.ids import new_id

WRITE, PUBLISH = "articles:write", "articles:publish"


def start_translation(session: Session, actor: Actor, command: StartTranslation, now: datetime) -> Saved:
    """Make a draft in another language from the working copy of an article; each language of a group has one.

    Emits: ArticleCreated; ArticleTranslationStarted
    Raises: NotFound; Forbidden, also in the section and language of the translation; Invalid; Conflict (`locale_taken`,
    `slug_taken`).
    """
    source = locked(session, actor, READ, command.article_id)
    if command.locale == source.locale:
        raise locale_taken(command.locale, source.id)
    _refuse_taken(session, source.group_id, command.locale)
    content = queries.content_of(session, source)
    _remember_shown(session, source)
    _found_group(session, source, now)
    variant = Article(
        id=new_id(),
        created_at=now,
        group_id=source.group_id,
        translated_from_id=source.id,
        translated_revision=source.revision,
        source_digest=digest_of_words(content),
    )
    begun = merge_patch(started_content(content, command), command.patch)
    saved = draft(session, actor, variant, begun, command.revision_note, now)
    event = ArticleTranslationStarted(subject=variant.id, source_id=source.id, locale=variant.locale)
    _note(session, actor, event, now)
    return saved


def link_translation(session: Session, actor: Actor, command: LinkTranslation, now: datetime) -> Article:
    """Let an article be a translation of another one, right as of a revision of it; again to say that it still is.

    Needs the right to write the article, and to publish it where readers see it; and to read the other one.
    Emits: ArticleTranslationLinked
    Raises: NotFound; Forbidden; Stale; Invalid; Conflict (`locale_taken`, `in_another_group`, `circular_translation`).
    """
    article, source = _both_locked(session, actor, command.article_id, command.source_id)
    refuse_stale(article, command.revision)
    refuse_link(article.id, source.id, sources_in(session, source.group_id))
    _remember_shown(session, source)
    revision, digest = _translated_from(session, source, command.source_revision)
    _join(session, article, source)
    article.translated_from_id = source.id
    article.translated_revision, article.source_digest = revision, digest
    _settle(session, article.locale)
    regroup(session, {one.id: kinship_of(session, one) for one in (article, source)}, now)
    _note(session, actor, ArticleTranslationLinked(subject=article.id, source_id=source.id), now)
    return article


def part_translation(session: Session, actor: Actor, article_id: str, revision: int, now: datetime) -> Article:
    """Take an article out of its group; the others stay together.

    Emits: ArticleTranslationParted
    Raises: NotFound; Forbidden; Stale; Conflict (`not_a_translation`) for one that is in no group.
    """
    article = locked(session, actor, WRITE, article_id)
    _refuse_before_readers(session, actor, article)
    refuse_stale(article, revision)
    if article.group_id is None:
        raise Conflict("The article has no translations and is none.", code="not_a_translation")
    group_id = article.group_id
    leave_group(article)
    session.flush()
    regroup(session, {article.id: None}, now)
    # Those that were translated from it lag behind nothing any more.
    regroup_others(session, group_id, now)
    _note(session, actor, ArticleTranslationParted(subject=article.id), now)
    return article


def regroup_others(session: Session, group_id: str | None, now: datetime) -> None:
    """Say to readers of a group what lags behind, after one of it left, went into the trash or came out of it."""
    if group_id is not None:
        # No other publish comes between the look and what is written by it.
        hold_content(session)
        regroup(session, others_of(session, group_id), now)


def leave_group(article: Article) -> None:
    """Let an article be a translation of nothing."""
    article.group_id = article.translated_from_id = article.translated_revision = article.source_digest = None


def _both_locked(session: Session, actor: Actor, article_id: str, source_id: str) -> tuple[Article, Article]:
    # Always in the order of their ids, so that no two requests wait for each other.
    statement = queries.living().where(Article.id.in_([article_id, source_id])).order_by(Article.id).with_for_update()
    found = {one.id: one for one in session.scalars(statement, execution_options={"populate_existing": True})}
    if article_id not in found:
        raise NotFound(NO_ARTICLE)
    refuse_act(session, actor, WRITE, found[article_id])
    _refuse_before_readers(session, actor, found[article_id])
    if source_id not in found:
        raise NotFound(NO_ARTICLE)
    refuse_act(session, actor, READ, found[source_id])
    return found[article_id], found[source_id]


def _refuse_before_readers(session: Session, actor: Actor, article: Article) -> None:
    """Documents name their translations, so this changes what readers see."""
    if article.state == "published":
        refuse_act(session, actor, PUBLISH, article)


def _translated_from(session: Session, source: Article, revision: int | None) -> tuple[int, str]:
    if revision is not None:
        kept = queries.revision(session, source.id, revision)
        if kept is None:
            detail = "The article has no such revision, or it was thinned out."
            raise Invalid(errors=[FieldError("/revision", "unknown_revision", detail)])
        return revision, digest_of_words(kept.content)
    if source.state == "published" and source.shown_revision is not None and source.shown_digest is not None:
        return source.shown_revision, source.shown_digest
    return source.revision, digest_of_words(queries.content_of(session, source))


def _join(session: Session, article: Article, source: Article) -> None:
    """Bring both into one group."""
    if None not in (article.group_id, source.group_id) and article.group_id != source.group_id:
        raise Conflict(
            "Both articles have translations of their own. Take one of them out of its group first.",
            code="in_another_group",
        )
    group_id = source.group_id or article.group_id or new_id()
    for one in (source, article):
        _refuse_taken(session, group_id, one.locale, one.id)
    if article.locale == source.locale:
        raise locale_taken(article.locale, source.id)
    article.group_id = source.group_id = group_id


def _found_group(session: Session, source: Article, now: datetime) -> None:
    """Let an article that is in no group be the first of one."""
    if source.group_id is None:
        source.group_id = new_id()
        session.flush()
        regroup(session, {source.id: kinship_of(session, source)}, now)


def _refuse_taken(session: Session, group_id: str | None, locale: str, article_id: str = "") -> None:
    holder = holder_of_locale(session, group_id, locale, article_id)
    if holder is not None:
        raise locale_taken(locale, holder)


def _remember_shown(session: Session, source: Article) -> None:
    """What readers of an article were shown last, for one that was published before this was written down."""
    if source.shown_digest is None and source.first_published_at is not None:
        kept = queries.last_shown(session, source.id)
        if kept is not None:
            source.shown_revision, source.shown_digest = kept.revision, digest_of_words(kept.content)


def _settle(session: Session, locale: str) -> None:
    try:
        with session.begin_nested():
            session.flush()
    except IntegrityError:
        # Another request brought the same language into the group at the same time.
        raise locale_taken(locale, None) from None


def _note(session: Session, actor: Actor, event: Event, now: datetime) -> None:
    note(session, actor=actor, action=event.type, subject_kind="article", subject_id=event.subject, now=now)
    record(session, event, actor=actor, now=now)
