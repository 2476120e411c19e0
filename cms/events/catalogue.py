"""The catalogue: everything that can happen, one frozen class per event, in the past tense.

Plain Python; those of assets, comments, lists, preview links and searches are in modules of their own beside it.
`docs/events.md` is generated from here. On every outside surface an event is a CloudEvent 1.0; inside, consumers read
the present state of the subject and use the event only as a reason to look.
"""

from dataclasses import dataclass, fields
from typing import Any, get_type_hints

from cms.events import asset_events, comment_events, list_events, preview_events, search_events
from cms.events.event import Event


@dataclass(frozen=True)
class ArticleCreated(Event):
    """A new article exists as a draft; readers see nothing of it."""

    type = "article.created"
    revision: int


@dataclass(frozen=True)
class ArticleEdited(Event):
    """The working copy of an article changed; what readers see did not."""

    type = "article.edited"
    revision: int


@dataclass(frozen=True)
class ArticleRevisionRestored(Event):
    """The working copy is what an old revision holds, under a new number; what readers see did not change."""

    type = "article.revision_restored"
    revision: int
    restored_revision: int


@dataclass(frozen=True)
class ArticleCopied(Event):
    """The article was made as a copy of another one, as a draft; the other one is what it was."""

    type = "article.copied"
    source_id: str
    source_revision: int


@dataclass(frozen=True)
class ArticleTranslationStarted(Event):
    """The article was made as a translation of another one, as a draft."""

    type = "article.translation_started"
    source_id: str
    locale: str


@dataclass(frozen=True)
class ArticleTranslationLinked(Event):
    """The article is a translation of another one, and right as of the revision that it names."""

    type = "article.translation_linked"
    source_id: str


@dataclass(frozen=True)
class ArticleTranslationParted(Event):
    """The article is a translation of nothing, and has none."""

    type = "article.translation_parted"


@dataclass(frozen=True)
class ArticleLeaseTaken(Event):
    """Somebody is at work on the article. `is_forced` is true when it was taken from somebody who held it."""

    type = "article.lease_taken"
    is_forced: bool


@dataclass(frozen=True)
class ArticleLeaseGivenBack(Event):
    """Whoever was at work on the article is not any more."""

    type = "article.lease_given_back"


@dataclass(frozen=True)
class ArticlePublished(Event):
    """Readers see this revision of the article from this commit on. `is_first` is true when they saw none before."""

    type = "article.published"
    revision: int
    is_first: bool


@dataclass(frozen=True)
class ArticleUnpublished(Event):
    """Readers no longer see the article; its working copy stays."""

    type = "article.unpublished"
    revision: int


@dataclass(frozen=True)
class ArticleScheduled(Event):
    """The article will be published, unpublished, or both, by itself. The instants are RFC 3339 in UTC, or null."""

    type = "article.scheduled"
    revision: int
    publish_at: str | None
    unpublish_at: str | None


@dataclass(frozen=True)
class ArticleUnscheduled(Event):
    """Nothing will happen to the article by itself any more."""

    type = "article.unscheduled"
    revision: int


@dataclass(frozen=True)
class ArticleSubmitted(Event):
    """A draft waits for somebody who may approve it."""

    type = "article.submitted"
    revision: int


@dataclass(frozen=True)
class ArticleEmbargoed(Event):
    """Those who may read under embargo can read this revision; nobody else knows of it before `not_before`, UTC."""

    type = "article.embargoed"
    revision: int
    not_before: str


@dataclass(frozen=True)
class ScheduleMissed(Event):
    """What was due was refused and will not be tried again. The subject is the article or release.

    `does` is `share`, `publish`, `unpublish` or `release`; `code` names the problem that is kept with the schedule.
    """

    type = "schedule.missed"
    does: str
    code: str


@dataclass(frozen=True)
class ArticleApproved(Event):
    """An article may be published as it is; readers see nothing of it yet."""

    type = "article.approved"
    revision: int


@dataclass(frozen=True)
class ArticleRejected(Event):
    """An article went back to its author, with a note that says why."""

    type = "article.rejected"
    revision: int


@dataclass(frozen=True)
class ArticleCorrected(Event):
    """Readers see this revision from this commit on, with a public note of what was wrong before."""

    type = "article.corrected"
    revision: int


@dataclass(frozen=True)
class ArticleTakenDown(Event):
    """Readers no longer see the article, and a tombstone says so where it was."""

    type = "article.taken_down"
    revision: int


@dataclass(frozen=True)
class ArticleArchived(Event):
    """The article was put away, by somebody or because its time in the trash was over; readers do not see it."""

    type = "article.archived"
    revision: int


@dataclass(frozen=True)
class ArticleUnarchived(Event):
    """The article came out of the archive, to be worked on again; readers see nothing of it yet."""

    type = "article.unarchived"
    revision: int


@dataclass(frozen=True)
class ArticleRecovered(Event):
    """The article came out of the trash; readers see it when it is published again."""

    type = "article.recovered"
    revision: int


@dataclass(frozen=True)
class ReleaseScheduled(Event):
    """A release will be published by itself at an instant, which is RFC 3339 in UTC. The subject is the release."""

    type = "release.scheduled"
    release_at: str


@dataclass(frozen=True)
class ReleaseUnscheduled(Event):
    """A release will not happen by itself any more."""

    type = "release.unscheduled"


@dataclass(frozen=True)
class ReleasePublished(Event):
    """Readers see all articles of a release from this commit on; each has an event of its own beside this one."""

    type = "release.published"
    articles: int


@dataclass(frozen=True)
class ArticleDeleted(Event):
    """The article is in the trash, gone for readers and for editors' lists; it can be taken back for a set time."""

    type = "article.deleted"
    revision: int


@dataclass(frozen=True)
class ArticleReworded(Event):
    """Readers see the same revision of the article with other names of its section, tags, people or source."""

    type = "article.reworded"
    revision: int


@dataclass(frozen=True)
class ArticleRegrouped(Event):
    """Readers find the same revision of the article in another section or under other tags, because those changed."""

    type = "article.regrouped"
    revision: int


@dataclass(frozen=True)
class ArticleAudienceChanged(Event):
    """More or fewer readers act on the article, so they are to be counted again. Who did what is not in here."""

    type = "article.audience_changed"


@dataclass(frozen=True)
class WordRenamed(Event):
    """A section, tag, person or source (`kind`) has another name, slug or synonym; the old slug still leads to it."""

    type = "word.renamed"
    kind: str


@dataclass(frozen=True)
class SectionMoved(Event):
    """A section stands elsewhere in the tree with everything below it, and so do the grants that are limited to it."""

    type = "section.moved"


@dataclass(frozen=True)
class WordMerged(Event):
    """A section, tag, person or source became this one: whatever named `merged_id` names the subject now."""

    type = "word.merged"
    kind: str
    merged_id: str


@dataclass(frozen=True)
class WordDeleted(Event):
    """A section, tag, person or source that nothing named is gone."""

    type = "word.deleted"
    kind: str


@dataclass(frozen=True)
class RedirectAdded(Event):
    """Readers who ask for a path are sent elsewhere. The subject is the redirect's id."""

    type = "redirect.added"


@dataclass(frozen=True)
class RedirectRemoved(Event):
    """A path leads nowhere any more. The subject is the redirect's id."""

    type = "redirect.removed"


@dataclass(frozen=True)
class ArticleTypesDeclared(Event):
    """Other article types are in force from this commit on; `names` lists all of them, with commas."""

    type = "article_types.declared"
    names: str


@dataclass(frozen=True)
class LetterQueued(Event):
    """A letter to a person waits to be sent. The subject is the letter's id; address and code are never in here."""

    type = "mail.queued"


@dataclass(frozen=True)
class BulkLetterQueued(Event):
    """A letter of very many waits to be sent, such as to a reader who follows something. The subject is its id."""

    type = "mail.bulk_queued"


@dataclass(frozen=True)
class FollowAdded(Event):
    """A reader follows something. The subject is the follow's id; who and what is in the database alone."""

    type = "follow.added"
    kind: str
    frequency: str


@dataclass(frozen=True)
class FollowChanged(Event):
    """Letters of a follow come more or less often from now on, or no more."""

    type = "follow.changed"
    kind: str
    frequency: str


@dataclass(frozen=True)
class FollowRemoved(Event):
    """A reader follows something no more."""

    type = "follow.removed"
    kind: str


# Those of the modules beside this one, and those above in the order in which they stand.
BESIDE = (asset_events, comment_events, list_events, preview_events, search_events)
CATALOGUE: dict[str, type[Event]] = {
    found.type: found
    for names in (*map(vars, BESIDE), dict(globals()))
    for found in names.values()
    if isinstance(found, type) and issubclass(found, Event) and found is not Event
}


def event_from(type_name: str, subject: str, data: dict[str, Any]) -> Event:
    """The event as its class, from what the outbox holds. Raises: KeyError for a type that is not in the catalogue."""
    return CATALOGUE[type_name](subject=subject, **data)


def field_types(event: type[Event]) -> dict[str, str]:
    """The names and types of an event's own fields, for the generated page."""
    hints = get_type_hints(event)
    return {field.name: getattr(hints[field.name], "__name__", str(hints[field.name])) for field in fields(event)}
