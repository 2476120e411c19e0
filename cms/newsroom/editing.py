"""Editing the working copy. What readers see does not change by it."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Literal

from sqlalchemy.orm import Session

from cms.events.catalogue import ArticleEdited, Event
from cms.newsroom import queries
from cms.newsroom.merging import as_patch, changed_fields, is_same, merge_patch, three_way, without
from cms.newsroom.models import Article
from cms.newsroom.queries import PLAIN
from cms.newsroom.rules import EditArticle, decide, settled
from cms.newsroom.saving import (
    Saved,
    find_words,
    locked,
    put_lists,
    put_standing,
    put_values,
    record_act,
    refuse_act,
    refuse_there,
    rights_on,
    stale,
    standing_of,
)
from cms.platform.actor import Actor
from cms.platform.errors import Invalid, Stale
from cms.taxonomy.adding import tag_slug


def edit_article(session: Session, actor: Actor, command: EditArticle, now: datetime) -> Saved | None:
    """Change the working copy by a merge patch; None when the patch changes nothing, and nothing is written.

    A note alone is a change: it names the present state, and makes the next revision of it.

    Emits: ArticleEdited
    Raises: NotFound; Forbidden, also for a section or language to move to, and to whoever may not publish for the slug
    and language of what readers see; Invalid; Conflict (`slug_taken`); Stale with base, yours and theirs of each field
    that clashes.
    """
    article = locked(session, actor, "articles:write", command.article_id)
    before = queries.content_of(session, article)
    if article.revision != command.revision:
        raise _stale(session, article, before, command)
    content, errors = settled(merge_patch(before, command.patch))
    if errors:
        raise Invalid(errors=errors)

    def event(revision: int) -> ArticleEdited:
        return ArticleEdited(subject=article.id, revision=revision)

    return change_content(session, actor, article, before, content, "edit", event, command.revision_note, now)


def change_content(
    session: Session,
    actor: Actor,
    article: Article,
    before: Mapping[str, Any],
    content: dict[str, Any],
    action: Literal["edit", "restore"],
    event: Callable[[int], Event],
    remark: str,
    now: datetime,
) -> Saved | None:
    """Write the working copy of a held article as its next revision; None when nothing changes and nothing is said.

    `event` makes the event from the number of that revision. Emits: what it makes.
    Raises: Forbidden, also for a section or language to move to; Invalid; Conflict (`slug_taken`).
    """
    if article.published_revision is not None and any(content[name] != before[name] for name in ("locale", "slug")):
        # Under these readers have found the article; whoever changes one decides where they find it next.
        refuse_act(session, actor, "articles:publish", article)
    words = find_words(session, actor, content, now)
    if not changed_fields(before, content) and not remark:
        return None
    values = {**{name: content[name] for name in PLAIN}, **words.values}
    # Where the article goes to is asked about as well as where it came from.
    target = queries.place_at(session, values["section_id"], values["locale"])
    refuse_there(session, actor, "articles:write", article, target, is_target=True)
    after = decide(standing_of(article), action, now, rights=rights_on(session, actor, article))
    put_values(session, article, values)
    content["slug"] = article.slug
    changes = changed_fields(before, content)
    put_lists(session, article, words, before["body"])
    put_standing(article, after, now)
    return record_act(session, actor, article, content, event(article.revision), now, changes, remark)


def _stale(session: Session, article: Article, theirs: Mapping[str, Any], command: EditArticle) -> Stale:
    known = queries.revision(session, article.id, command.revision)
    if known is None:
        is_thinned = 1 <= command.revision < article.revision
        return stale(
            article,
            conflicts=_without_base(theirs, command.patch),
            merge=None,
            lost_base=f"Revision {command.revision}, which you changed, "
            + ("was thinned out, so no base is shown." if is_thinned else "is none of this article."),
        )
    # A tag that was renamed or merged meanwhile is no edit of the article, and clashes with none.
    base = queries.as_called_now(session, known.content)
    yours, _ = settled(merge_patch(base, command.patch))
    yours["tags"] = [tag_slug(name) for name in yours["tags"]]
    yours = queries.as_called_now(session, yours)
    merged, clashes = three_way(base, yours, theirs)
    # What clashes is left out: sent as it is, the proposal takes nobody's word away there, and theirs stays.
    proposal = without(as_patch(theirs, merged), (clash.pointer for clash in clashes))
    return stale(article, conflicts=[clash.as_dict() for clash in clashes], merge=proposal)


def _without_base(theirs: Mapping[str, Any], patch: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Each field of the patch that differs from what is there, when nobody knows what the editor had read."""
    yours, _ = settled(merge_patch(theirs, patch))
    return [
        {"pointer": f"/{name}", "base": None, "yours": yours[name], "theirs": theirs[name]}
        for name in yours
        if not is_same(yours[name], theirs[name])
    ]
