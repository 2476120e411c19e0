"""What may be, in the newsroom: commands, limits, and the lifecycle of an article as a pure decision. Plain Python."""

import json
from collections.abc import Collection, Mapping
from copy import deepcopy
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, Literal, get_args

from cms.platform.errors import Conflict, FieldError, Forbidden
from cms.taxonomy.rules import NewSource

State = Literal[
    "draft", "submitted", "approved", "rejected", "scheduled", "published", "unpublished", "taken_down", "archived"
]
Action = Literal[
    "edit", "restore", "submit", "approve", "reject", "schedule", "unschedule", "publish", "correct", "unpublish",
    "takedown", "archive", "unarchive", "delete", "recover", "expire",
]  # fmt: skip
BodyFormat = Literal["markdown", "html"]

# Older than the oldest newspaper is a typing mistake.
EARLIEST_PUBLISH = datetime(1600, 1, 1, tzinfo=UTC)
STATES: tuple[State, ...] = get_args(State)
# These are asked about where readers find an article as well as where its working copy is.
CHANGES_WHAT_IS_SHOWN = frozenset({"articles:publish", "articles:delete", "articles:takedown"})
APPROVE, TAKE_DOWN = "articles:approve", "articles:takedown"
BODY_FORMATS = ("markdown", "html")
LONGEST_TITLE = 300
LONGEST_DEK = 1_000
LONGEST_SUMMARY_POINT = 500
LONGEST_BODY = 500_000
LONGEST_FIELDS_BYTES = 65_536
LONGEST_NOTE = 2_000
MOST_SUMMARY_POINTS = 12
MOST_TAGS = 40
MOST_AUTHORS = 20

# What an article holds where nothing was written. Title, locale and slug are never empty.
EMPTY: Mapping[str, Any] = {
    "type": "article",
    "dek": "",
    "summary": [],
    "body": "",
    "body_format": "markdown",
    "section": None,
    "tags": [],
    "authors": [],
    "editor": None,
    "source": None,
    "fields": {},
}
FIELDS = ("title", "locale", "slug", *EMPTY)


@dataclass(frozen=True)
class NewArticle:
    """A draft to make. Section, tags, authors and editor are slugs; without a slug it gets one from its title."""

    title: str
    locale: str
    dek: str = ""
    summary: tuple[str, ...] = ()
    body: str = ""
    body_format: BodyFormat = "markdown"
    section: str | None = None
    tags: tuple[str, ...] = ()
    authors: tuple[str, ...] = ()
    editor: str | None = None
    source: NewSource | None = None
    slug: str | None = None
    type: str = "article"
    fields: Mapping[str, Any] = field(default_factory=dict)
    revision_note: str = ""

    def content(self) -> dict[str, Any]:
        """The fields in the form that revisions keep."""
        content = {name: getattr(self, name) for name in FIELDS}
        content["source"] = {"name": self.source.name, "url": self.source.url} if self.source else None
        return {name: list(value) if isinstance(value, tuple) else value for name, value in content.items()}


@dataclass(frozen=True)
class EditArticle:
    """A change of the working copy: `patch` is a JSON Merge Patch (RFC 7396) made on one revision.

    `revision_note` is what the editor says of the new revision, or empty.
    """

    article_id: str
    revision: int
    patch: Mapping[str, Any]
    revision_note: str = ""


@dataclass(frozen=True)
class CopyArticle:
    """Make a draft from the working copy of an article; `patch` is a merge patch over what it holds."""

    article_id: str
    patch: Mapping[str, Any] = field(default_factory=dict)
    revision_note: str = ""


@dataclass(frozen=True)
class PublishArticle:
    """Show one revision to readers; `published_at` dates it back, for what was published elsewhere before."""

    article_id: str
    revision: int
    published_at: datetime | None = None
    revision_note: str = ""


@dataclass(frozen=True)
class UnpublishArticle:
    """Take an article away from readers."""

    article_id: str
    revision: int


@dataclass(frozen=True)
class ArticleAct:
    """An act on one revision, with what the actor says of it: to colleagues, or to readers of a correction."""

    article_id: str
    revision: int
    note: str = ""


@dataclass(frozen=True)
class DeleteArticle:
    """Put an article into the trash."""

    article_id: str
    revision: int


@dataclass(frozen=True)
class Standing:
    """Where an article stands in its life. `deleted_at` is set while it is in the trash, whatever its state.

    `taken_down_at` stays through archive and trash, until somebody who may take down publishes it again.
    """

    state: State = "draft"
    revision: int = 1
    published_revision: int | None = None
    first_published_at: datetime | None = None
    published_at: datetime | None = None
    taken_down_at: datetime | None = None
    deleted_at: datetime | None = None


# What an act leads to from each state that it may be done in; `docs/lifecycle.md` is made from this. RESTS is where
# an article is that readers do not see: `taken_down`, else `unpublished` when they saw it once, else `draft`. BEFORE is
# where it was when it was scheduled: a schedule that is taken back approves nothing.
Target = State | Literal["rests", "before"]
RESTS: Literal["rests"] = "rests"
BEFORE: Literal["before"] = "before"
SENT_BACK: frozenset[State] = frozenset({"submitted", "approved", "rejected"})
_SAME: Mapping[State, Target] = {state: state for state in STATES}
_EDITABLE: Mapping[State, Target] = {state: state for state in STATES if state != "archived"}
LEADS: Mapping[Action, Mapping[State, Target]] = {
    "edit": _EDITABLE,
    "restore": _EDITABLE,
    "submit": dict.fromkeys(("draft", "rejected", "unpublished"), "submitted"),
    "approve": dict.fromkeys(("draft", "submitted", "rejected", "unpublished"), "approved"),
    "reject": dict.fromkeys(("submitted", "approved"), "rejected"),
    "schedule": {
        **dict.fromkeys(("draft", "submitted", "approved", "rejected", "scheduled", "unpublished"), "scheduled"),
        "published": "published",
    },
    "unschedule": {**_SAME, "scheduled": BEFORE},
    "publish": dict.fromkeys((state for state in STATES if state != "archived"), "published"),
    "correct": {"published": "published"},
    "unpublish": {"published": "unpublished"},
    "takedown": dict.fromkeys((state for state in STATES if state != "taken_down"), "taken_down"),
    "archive": dict.fromkeys((state for state in STATES if state != "archived"), "archived"),
    "unarchive": {"archived": RESTS},
    "delete": {**_SAME, "published": RESTS, "scheduled": RESTS},
    "recover": {state: state for state in STATES if state not in ("published", "scheduled")},
    "expire": dict.fromkeys(STATES, "archived"),
}
FROM_THE_TRASH: frozenset[Action] = frozenset({"recover", "expire"})
DONE: Mapping[Action, str] = {
    "edit": "edited", "restore": "changed", "submit": "submitted", "approve": "approved", "reject": "rejected",
    "schedule": "scheduled", "publish": "published", "correct": "corrected", "unpublish": "unpublished",
    "takedown": "taken down", "archive": "archived", "unarchive": "taken out of the archive",
}  # fmt: skip


def decide(
    standing: Standing,
    action: Action,
    now: datetime,
    published_at: datetime | None = None,
    *,
    rights: Collection[str] = (),
    was: State | None = None,
    is_known_early: bool = False,
) -> Standing:
    """Where an article stands after an act, or why it cannot be.

    `rights` are permissions of the actor on this article beside the one that the act asks for: who lacks
    `articles:approve` sends by an edit what was submitted, approved or rejected back to `draft`, and cannot edit what
    is scheduled; who lacks `articles:takedown` cannot publish what was taken down. `published_at` stays while readers
    keep seeing the article, so that lists do not jump; a new publish after an unpublish begins anew, and
    `first_published_at` stays for good. `was` is the state that a schedule found, for the act that takes it back.
    `is_known_early` says that the article was shared under embargo: what only partners saw can be taken down too.
    Raises: Conflict; code `already_published` when readers see this revision already; Forbidden.
    """
    _refuse_unfit(standing, action, is_known_early=is_known_early)
    target = _target(standing, action, rights, was)
    after = replace(standing, revision=standing.revision + 1, state=target)
    if action == "publish":
        return _publish(standing, after, now, published_at, rights)
    if action == "correct":
        return replace(after, published_revision=after.revision)
    if action == "takedown":
        after = replace(after, taken_down_at=now)
    if action == "delete":
        after = replace(after, deleted_at=now)
    if action in FROM_THE_TRASH:
        after = replace(after, deleted_at=None)
    return after if target == "published" else replace(after, published_revision=None, published_at=None)


def _refuse_unfit(standing: Standing, action: Action, *, is_known_early: bool) -> None:
    if (standing.deleted_at is not None) != (action in FROM_THE_TRASH):
        raise Conflict("The article is in the trash." if standing.deleted_at else "The article is not in the trash.")
    if standing.state not in LEADS[action]:
        if action in ("unpublish", "correct"):
            raise Conflict("The article is not published.")
        state = standing.state.replace("_", " ")
        raise Conflict(f"An article that is {state} cannot be {DONE[action]}.", extra={"state": standing.state})
    if action == "takedown" and standing.first_published_at is None and not is_known_early:
        raise Conflict("Readers never saw this article, nor did anybody under embargo; there is nothing to take down.")


def _target(standing: Standing, action: Action, rights: Collection[str], was: State | None) -> State:
    if action in ("edit", "restore") and APPROVE not in rights:
        if standing.state == "scheduled":
            raise Conflict("The article is scheduled. Ask who may approve it to end the schedule, or to make the edit.")
        return "draft" if standing.state in SENT_BACK else standing.state
    target = LEADS[action][standing.state]
    if target == BEFORE and was is not None:
        return was
    if target in (RESTS, BEFORE):
        return _rest(standing)
    return target


def _rest(standing: Standing) -> State:
    if standing.taken_down_at is not None:
        return "taken_down"
    return "draft" if standing.first_published_at is None else "unpublished"


def _publish(
    standing: Standing, after: Standing, now: datetime, published_at: datetime | None, rights: Collection[str]
) -> Standing:
    is_live = standing.state == "published"
    if standing.taken_down_at is not None and TAKE_DOWN not in rights:
        raise Forbidden(
            "The article was taken down. Only who may take down can publish it again.",
            extra={"missing_permission": TAKE_DOWN},
        )
    if is_live and standing.published_revision == standing.revision and published_at in (None, standing.published_at):
        raise Conflict("Readers see this revision already; nothing changed since.", code="already_published")
    at = published_at or (standing.published_at if is_live else None) or now
    return replace(
        after,
        published_revision=after.revision,
        published_at=at,
        first_published_at=min(at, standing.first_published_at or at),
        taken_down_at=None,
    )


def missing_for_readers(title: str, text: str, image_count: int) -> list[FieldError]:
    """What a draft still lacks before readers can have it."""
    errors = []
    if not title.strip():
        errors.append(FieldError("/title", "required", "Readers need a title."))
    if not text.strip() and not image_count:
        errors.append(FieldError("/body", "required", "Readers need a body."))
    return errors


def wrong_instant(published_at: datetime | None, now: datetime) -> list[FieldError]:
    """What is wrong with the instant that a publish is dated back to."""
    if published_at is not None and published_at > now:
        return [FieldError("/published_at", "in_the_future", "This instant has not come yet.")]
    if published_at is not None and published_at < EARLIEST_PUBLISH:
        return [FieldError("/published_at", "too_early", "No article is as old as this.")]
    return []


def settled(content: Mapping[str, Any]) -> tuple[dict[str, Any], list[FieldError]]:
    """Content with every field there, after a patch took some away; and what is wrong with it as a whole.

    `slug` stays None where it is to be made from the title.
    """
    whole = {name: content.get(name) for name in FIELDS}
    whole |= {name: deepcopy(empty) for name, empty in EMPTY.items() if whole[name] is None}
    errors = [
        FieldError(f"/{name}", "required", "An article always has this.")
        for name in ("title", "locale")
        if not whole[name]
    ]
    if whole["source"] is not None:
        whole["source"] = {"name": whole["source"].get("name") or "", "url": whole["source"].get("url") or ""}
        if not whole["source"]["name"]:
            errors.append(FieldError("/source/name", "required", "A source has a name."))
    if len(json.dumps(whole["fields"], ensure_ascii=False).encode()) > LONGEST_FIELDS_BYTES:
        errors.append(FieldError("/fields", "too_long", f"Longer than {LONGEST_FIELDS_BYTES} bytes of JSON."))
    return whole, errors


def deleted_slug(slug: str, article_id: str) -> str:
    """The slug of a deleted article: one that no living article can have, so that its own is free again."""
    return f"{slug[:80]}~{article_id}"
