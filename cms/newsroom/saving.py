"""What every verb of the newsroom does: load the article with its lock, write its words down, record the act."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, delete, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, make_transient_to_detached
from sqlalchemy.orm.attributes import set_committed_value
from sqlalchemy.orm.util import identity_key

from cms.audit.recording import note
from cms.content.embargo.sharing import withdraw_embargoed
from cms.events.catalogue import Event
from cms.events.outbox import Dropped, record
from cms.identity.access import NO_ARTICLE, refuse
from cms.identity.rules import BEYOND_ONES_OWN, Place
from cms.identity.rules import decide as allows
from cms.media.pictures import SCHEME, written_ids
from cms.media.using import known_assets, put_uses
from cms.newsroom import queries
from cms.newsroom.models import Article, ArticleAuthor, ArticleTag, Revision, RevisionText
from cms.newsroom.naming import free_slug, is_slug_taken
from cms.newsroom.previews.ending import end_links
from cms.newsroom.previews.rules import ENDS_LINKS
from cms.newsroom.revisions.packing import digest_of, pack, pack_text
from cms.newsroom.revisions.rules import LONGEST_AUTHOR, is_thinnable
from cms.newsroom.rules import APPROVE, CHANGES_WHAT_IS_SHOWN, TAKE_DOWN, Standing
from cms.newsroom.schedules.ending import end_appointments
from cms.newsroom.schedules.rules import ENDED_BY
from cms.newsroom.translations.queries import holder_of_locale
from cms.newsroom.translations.rules import locale_taken
from cms.platform.actor import Actor
from cms.platform.db import columns_of, insert_into
from cms.platform.direct_reads import DirectReads
from cms.platform.errors import Conflict, FieldError, Invalid, NotFound, Stale
from cms.platform.prepared import PreparedRead, PreparedWrite
from cms.taxonomy.adding import source_for, tags_for
from cms.taxonomy.article_types.queries import errors_in
from cms.taxonomy.models import Person, Section
from cms.taxonomy.queries import by_slugs
from cms.taxonomy.rules import NewSource, strangers

SLUG_TRIES = 100
# In these states no act asks for more than its own permission.
PLAIN_STATES = frozenset({"draft", "published", "unpublished"})
# What a revision keeps of where the article stood, for reads of the past.
KEPT_STANDING = ("state", "published_revision", "published_at", "first_published_at")

# Every save and every publish runs these, so they are built once.
ARTICLES = columns_of(Article)
HELD = PreparedRead(
    select(ARTICLES).where(ARTICLES.c.id == queries.ARTICLE, ARTICLES.c.deleted_at.is_(None)).with_for_update()
)
PUT = PreparedWrite(update(ARTICLES).where(ARTICLES.c.id == queries.ARTICLE))
TEXTS = columns_of(RevisionText).c
TAGS, AUTHORS = insert_into(ArticleTag), insert_into(ArticleAuthor)
FORGET = tuple(
    PreparedWrite(delete(table).where(table.c.article_id == queries.ARTICLE))
    for table in (columns_of(ArticleTag), columns_of(ArticleAuthor))
)
REVISION, REVISION_TEXT = insert_into(Revision), insert_into(RevisionText)
KNOWN_TEXT = PreparedRead(
    select(TEXTS.digest).where(TEXTS.article_id == queries.ARTICLE, TEXTS.digest == bindparam("known"))
)


@dataclass(frozen=True)
class Saved:
    """An article after an act, with the fields that editors write, and the letter whose id is the receipt's."""

    article: Article
    content: dict[str, Any]
    letter: Dropped


def locked(session: Session, actor: Actor, permission: str, article_id: str) -> Article:
    """The article, held against every other change until the transaction ends, for an act that is allowed on it.

    Raises: NotFound, for one that the actor may not know of too; Forbidden.
    """
    # What the session has not written yet would be lost behind what is read now.
    session.flush()
    row = HELD.first(session, article=article_id)
    if row is None:
        raise NotFound(NO_ARTICLE)
    known = session.identity_map.get(identity_key(Article, row.number))
    article = as_read(session, Article() if known is None else known, row._asdict())
    refuse_act(session, actor, permission, article)
    return article


def as_read(session: Session, article: Article, values: Mapping[str, Any]) -> Article:
    """An object of the session that has these columns as if they had been read: all of them, if it is new there."""
    if article in session:
        for name, value in values.items():
            set_committed_value(article, name, value)
    else:
        vars(article).update(values)
        make_transient_to_detached(article)
        session.add(article)
    return article


def refuse_act(
    session: Session | DirectReads, actor: Actor, permission: str, article: Article | queries.ArticleText
) -> None:
    """Refuse an act on an article where it is, and one that readers see also where they find it.

    Raises: NotFound, for one that the actor may not know of too; Forbidden.
    """
    here = queries.place_at(session, article.section_id, article.locale)
    refuse_there(session, actor, permission, article, here)
    if article.published_revision is None or permission not in CHANGES_WHAT_IS_SHOWN:
        return
    shown = queries.shown_at(session, article.id)
    if shown is not None:
        # Whoever may move the working copy must not take from readers elsewhere by it. The article is known by now.
        refuse_there(session, actor, permission, article, shown, is_target=True)


def refuse_there(
    session: Session | DirectReads,
    actor: Actor,
    permission: str,
    article: Article | queries.ArticleText,
    place: Place,
    *,
    is_target: bool = False,
) -> None:
    """Refuse an act on an article in a place, its own or a target. Raises: NotFound; Forbidden."""
    is_own = permission in BEYOND_ONES_OWN and queries.was_made_by(session, article.id, actor.kind, actor.id)
    refuse(
        actor,
        permission,
        section_path=place.section_path,
        locale=place.locale,
        is_own=is_own,
        is_target=is_target,
    )


def refuse_stale(article: Article, revision: int) -> None:
    """Refuse an act on a revision that is not the present one. Raises: Stale."""
    if article.revision != revision:
        raise stale(article, conflicts=[], merge=None)


def stale(
    article: Article, *, conflicts: Sequence[Mapping[str, Any]], merge: Mapping[str, Any] | None, lost_base: str = ""
) -> Stale:
    """The refusal of an act on another revision, with the present ETag. `lost_base` says why no base is known."""
    etag = f'"{article.revision}"'
    return Stale(
        f"The article is at revision {article.revision} by now. {lost_base}".strip(),
        extra={"etag": etag, "conflicts": conflicts, "merge": merge, "is_base_known": not lost_base},
        headers={"ETag": etag},
    )


def standing_of(article: Article) -> Standing:
    """Where an article stands, for the rules."""
    return Standing(
        state=article.state,  # type: ignore[arg-type]  # the table's own check constraint holds it
        revision=article.revision,
        published_revision=article.published_revision,
        first_published_at=article.first_published_at,
        published_at=article.published_at,
        taken_down_at=article.taken_down_at,
        deleted_at=article.deleted_at,
    )


def rights_on(session: Session, actor: Actor, article: Article) -> frozenset[str]:
    """Those permissions of the actor on an article that the state machine asks about beside the act's own."""
    if article.state in PLAIN_STATES and article.taken_down_at is None:
        return frozenset()
    here = queries.place_at(session, article.section_id, article.locale)
    return frozenset(
        name
        for name in (APPROVE, TAKE_DOWN)
        if actor.kind == "system" or allows(actor.grants, name, here.section_path, here.locale).is_allowed
    )


def put_standing(article: Article, standing: Standing, now: datetime) -> None:
    """Write down where an article stands."""
    for name, value in standing_values(article, standing, now).items():
        setattr(article, name, value)


def standing_values(article: Article, standing: Standing, now: datetime) -> dict[str, Any]:
    """The columns that say where an article stands."""
    return {
        **vars(standing),
        "updated_at": now,
        "rejection_note": article.rejection_note if standing.state == "rejected" else "",
    }


def put_at_once(session: Session, article: Article, values: Mapping[str, Any]) -> None:
    """Write columns of a held article past the session: the object has them as if they had been read."""
    PUT.run(session, article=article.id, **values)
    as_read(session, article, values)


@dataclass(frozen=True)
class Words:
    """The rows that an article names."""

    values: dict[str, Any]
    tag_ids: list[str]
    author_ids: list[str]
    picture_ids: list[str]


def find_words(session: Session, actor: Actor, content: dict[str, Any], now: datetime) -> Words:
    """What the content names by slug and name; tags and a source that do not exist are made.

    `content` gets what was found: tags by slug and each once, the source's address where none was given.
    Raises: Invalid, with a pointer to every section and person that does not exist, and to what does not fit the type.
    """
    asked = list(dict.fromkeys(content["authors"]))
    section, editor = content["section"], content["editor"]
    people = by_slugs(session, Person, {*asked, *([editor] if editor else [])}, is_held=True)
    sections = by_slugs(session, Section, [section] if section else [], is_held=True)
    errors = strangers([("/section", section)] if section else [], sections, "section")
    errors += strangers(((f"/authors/{index}", slug) for index, slug in enumerate(asked)), people, "person")
    errors += strangers([("/editor", editor)] if editor else [], people, "person")
    pictures = written_ids(content["body"])
    known = known_assets(session, pictures)
    errors += [
        FieldError("/body", "unknown_asset", f"There is no asset:{one[:60]}.") for one in pictures if one not in known
    ]
    errors += errors_in(session, content["type"], content["fields"], is_complete=False)
    if errors:
        raise Invalid(errors=errors)
    tags = tags_for(session, actor, content["tags"], now)
    values = {
        "section_id": sections[section].id if section else None,
        "editor_id": people[editor].id if editor else None,
        "source_id": None,
        "source_url": "",
    }
    if content["source"]:
        source = source_for(session, actor, NewSource(**content["source"]), now)
        values |= {"source_id": source.id, "source_url": content["source"]["url"] or source.url}
        content["source"] = {"name": source.name, "url": values["source_url"]}
    content["tags"] = list(tags.values())
    # An older slug leads to the word that it became; from here on the article has the present one.
    authors = {people[slug].id: people[slug].slug for slug in asked}
    content["authors"] = list(authors.values())
    content["section"] = sections[section].slug if section else None
    content["editor"] = people[editor].slug if editor else None
    return Words(values, list(tags), list(authors), pictures)


def put_lists(session: Session, article: Article, words: Words, former_body: str | None) -> None:
    """Write tags and authors down, in their order, and which pictures are used. A new article has no former body, and
    nothing to forget."""
    is_new = former_body is None
    if words.picture_ids or SCHEME in (former_body or ""):
        put_uses(session, article.id, "working", words.picture_ids, is_new=is_new)
    if not is_new:
        for forget in FORGET:
            forget.run(session, article=article.id)
    for statement, column, ids in ((TAGS, "tag_id", words.tag_ids), (AUTHORS, "person_id", words.author_ids)):
        statement.run_all(
            session, [{"article_id": article.id, column: one, "position": place} for place, one in enumerate(ids)]
        )


def put_values(session: Session, article: Article, values: Mapping[str, Any]) -> None:
    """Write the fields of a known row, and find it a slug where `slug` is None.

    Two that want one slug at once are told apart by the unique constraint: the later one looks again.
    Raises: Conflict, as `taken`.
    """
    for _ in range(SLUG_TRIES):
        slug = values["slug"] or free_slug(session, article.id, values["title"], values["locale"])
        try:
            with session.begin_nested():
                for name, value in {**values, "slug": slug}.items():
                    setattr(article, name, value)
            return
        except IntegrityError:
            if values["slug"] or not is_slug_taken(session, values["locale"], slug):
                break
    raise taken(session, article, values["locale"], slug)


def taken(session: Session, article: Article, locale: str, slug: str) -> Conflict:
    """The refusal of a place that another article has: `locale_taken` where a translation of this one has the locale,
    else `slug_taken`."""
    holder = holder_of_locale(session, article.group_id, locale, article.id)
    if holder is not None:
        return locale_taken(locale, holder)
    return Conflict(f"Another article of this locale has the slug {slug!r}.", code="slug_taken")


def record_act(
    session: Session,
    actor: Actor,
    article: Article,
    content: dict[str, Any],
    event: Event,
    now: datetime,
    changes: Sequence[str] = (),
    remark: str = "",
) -> Saved:
    """Write the revision, the audit note and the letter of an act. Emits: the given event.

    `remark` is what the actor says of it, to colleagues or, of a correction, to readers.
    """
    if event.type in ENDED_BY and end_appointments(session, article.id, ENDED_BY[event.type]):
        withdraw_embargoed(session, article.id)
    if event.type in ENDS_LINKS:
        end_links(session, article.id, now)
    put_revision(session, actor, article, content, event.type.removeprefix("article."), remark, now)
    note(
        session,
        actor=actor,
        action=event.type,
        subject_kind="article",
        subject_id=article.id,
        now=now,
        changes=changes,
    )
    letter = record(session, event, actor=actor, now=now)
    session.flush()
    return Saved(article, content, letter)


def put_revision(
    session: Session, actor: Actor, article: Article, content: dict[str, Any], action: str, note: str, now: datetime
) -> None:
    """Keep the present state of an article as a revision. Its body is written only where no revision has it yet."""
    digest = digest_of(content["body"])
    if article.revision == 1 or KNOWN_TEXT.first(session, article=article.id, known=digest) is None:
        REVISION_TEXT.run(session, article_id=article.id, digest=digest, packed=pack_text(content["body"]))
    revision = {
        "article_id": article.id,
        "revision": article.revision,
        "action": action,
        "packed": pack(content, {name: getattr(article, name) for name in KEPT_STANDING}),
        "text_digest": digest,
        "note": note,
        "actor_kind": actor.kind,
        "actor_id": actor.id,
        "actor_name": actor.name[:LONGEST_AUTHOR],
        "at": now,
        "is_weighed": not is_thinnable(action, article.revision, note),
    }
    REVISION.run(session, **revision)


def keep_working_copy(session: Session, actor: Actor, article: Article, content: dict[str, Any], now: datetime) -> None:
    """Go on with a working copy behind the revision that was just shown and holds something else."""
    article.revision += 1
    put_revision(session, actor, article, content, "kept", "", now)
    session.flush()
