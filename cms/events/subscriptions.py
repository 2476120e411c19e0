"""The switchboard: who hears what, in plain data on one screen.

The transaction of an act writes one open delivery per subscription of its event, so what will follow is known at
commit. `workers/app.py` binds each name to its handler.
"""

from dataclasses import dataclass
from functools import cache


@dataclass(frozen=True)
class Subscription:
    """One consumer. `queue` is where its tasks wait; `time_limit_seconds` is the longest that one attempt may take.

    `together` is how many deliveries one task may name that are sent for the first time; all others come alone.
    """

    name: str
    hears: tuple[str, ...]
    queue: str
    time_limit_seconds: int
    together: int = 1

    @property
    def task(self) -> str:
        """The explicit name of the task that closes this subscription's deliveries."""
        return f"{self.queue}.{self.name}"


MOST_TOGETHER = 50
# Events that put an article before readers, and those that take it away from them.
SHOWN = ("article.published", "article.corrected")
HIDDEN = ("article.unpublished", "article.taken_down", "article.archived", "article.deleted")
SUBSCRIPTIONS = (
    Subscription("reading_time", hears=SHOWN, queue="derive", time_limit_seconds=30, together=MOST_TOGETHER),
    Subscription(
        "search",
        hears=(*SHOWN, *HIDDEN, "article.reworded", "article.regrouped"),
        queue="search",
        time_limit_seconds=60,
        together=MOST_TOGETHER,
    ),
    Subscription(
        "related",
        hears=(
            *SHOWN,
            *HIDDEN,
            "article.regrouped",
            "article.translation_linked",
            "article.translation_parted",
            "article.related_arranged",
        ),
        queue="derive",
        time_limit_seconds=60,
        together=5,
    ),
    Subscription(
        "wording", hears=("word.renamed", "word.merged", "section.moved"), queue="derive", time_limit_seconds=900
    ),
    Subscription(
        "counts",
        hears=("article.audience_changed", *SHOWN, "article.regrouped"),
        queue="derive",
        time_limit_seconds=60,
        together=MOST_TOGETHER,
    ),
    Subscription("comment_modes", hears=("comments.mode_changed",), queue="derive", time_limit_seconds=900),
    Subscription("related_sweep", hears=("related.sweep_due",), queue="derive", time_limit_seconds=900),
    Subscription("letter", hears=("mail.queued",), queue="mail", time_limit_seconds=60),
    # What goes to very many readers has a queue of its own: no code and no reading time waits behind it.
    Subscription("follows", hears=("article.published",), queue="bulk", time_limit_seconds=900, together=5),
    Subscription(
        "pictures",
        hears=("asset.changed", "asset.rendered"),
        queue="derive",
        time_limit_seconds=300,
    ),
    # Encoding takes a processor for seconds; several pictures wait in one task and not in every thread.
    Subscription(
        "renditions",
        hears=("asset.uploaded", "asset.changed", "asset.replaced", "asset.renditions_due"),
        queue="bulk",
        time_limit_seconds=600,
        together=5,
    ),
    Subscription("bulk_letter", hears=("mail.bulk_queued",), queue="bulk", time_limit_seconds=60),
)

# Events that nobody acts on today. They are kept in the outbox for its retention, for people who ask what happened.
UNHEARD = frozenset(
    {
        "article.created", "article.copied", "article.edited", "article.submitted", "article.approved",
        "article.rejected",
        "article.unarchived", "article.recovered", "article.scheduled", "article.unscheduled", "schedule.missed",
        "article.embargoed", "word.deleted", "article_types.declared", "synonyms.changed", "release.scheduled",
        "release.unscheduled", "release.published",
        "article.revision_restored", "article.lease_taken", "article.lease_given_back",
        "article.preview_shared", "article.preview_revoked",
        "redirect.added", "redirect.removed", "list.changed", "list.deleted",
        "follow.added", "follow.changed", "follow.removed",
        "article.translation_started",
        "comment.posted", "comment.edited", "comment.deleted", "comment.reported", "comment.liked", "comment.unliked",
        "comment.approved", "comment.rejected", "comment.marked_as_spam", "comments.forgotten",
        "reader.banned", "reader.unbanned",
        "asset.deleted", "asset.expired",
    }
)  # fmt: skip

QUEUES = tuple(sorted({subscription.queue for subscription in SUBSCRIPTIONS}))
BY_NAME = {subscription.name: subscription for subscription in SUBSCRIPTIONS}
ATTEMPTS_BEFORE_DEAD = 5


@cache
def hearing(event_type: str) -> tuple[Subscription, ...]:
    """The subscriptions that hear an event."""
    return tuple(subscription for subscription in SUBSCRIPTIONS if event_type in subscription.hears)
