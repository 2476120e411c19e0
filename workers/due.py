"""What the relay does besides sending: schedules, sealing the audit trail, related lists, digests, forgetting what is
old.

Everything here goes in small transactions and may be done by several relays at once. Not here: deliveries (`relay.py`).
"""

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import ColumnElement, delete, exists, func, inspect, select, text, tuple_
from sqlalchemy.orm import Session

from cms.audit.keyring import AuditKeys
from cms.content.changes.models import DocumentVersion
from cms.content.changes.noting import forget_gone
from cms.content.models import Document, TermFrequency
from cms.content.portraits import ALL
from cms.content.search_report.models import SearchCount
from cms.content.search_report.rules import LEAST_SHOWN, RARE_KEPT_DAYS
from cms.events.list_events import RelatedSweepDue
from cms.events.models import Delivery, Letter
from cms.events.outbox import record
from cms.identity.staff.models import SignInTrail, StaffCode, StaffInvitation, StaffSession
from cms.identity.staff.rules import KNOWN_FOR
from cms.mail.models import OutgoingLetter, Suppression
from cms.media.choosing import chosen_store
from cms.media.expiring import tell_expired
from cms.media.rendering import forget_retired, order_renditions
from cms.media.storing import Store, StoreAway
from cms.media.tidying import tidy
from cms.newsroom.leases.models import ArticleLease
from cms.newsroom.previews.models import PreviewLink, PreviewView
from cms.newsroom.queries import deleted_until
from cms.newsroom.revisions.rules import thinned_before
from cms.newsroom.revisions.thinning import thin_revisions
from cms.newsroom.schedules.firing import fire_due
from cms.newsroom.trashing import expire_article
from cms.platform.actor import system
from cms.platform.clock import now as present
from cms.platform.counting import microseconds
from cms.platform.db import Database, change_rows
from cms.platform.errors import NotFound, Unauthenticated
from cms.platform.ids import new_id
from cms.platform.keys import load_keys
from cms.platform.models import LimitCounter, LimitQuota, RememberedAnswer
from cms.readers.bookmarks.keeping import forget_removals, held_shelf
from cms.readers.bookmarks.queries import shelves_to_tidy
from cms.readers.follows.digests import MADE_AT_ONCE, make_due_digests
from cms.readers.follows.models import Digest, FollowMatch
from cms.readers.follows.rules import MATCHES_KEPT
from cms.readers.follows.telling import Habits
from cms.readers.models import Challenge, ReaderSession
from cms.settings import Settings
from workers.sealing import Sealer

log = structlog.get_logger("copydesk.relay")
DAY = timedelta(days=1)
FAILURES_KEPT = timedelta(days=30)
SWEEP_LOOKED_AT_EVERY = timedelta(seconds=10)
FORGOTTEN_EVERY = timedelta(minutes=1)
EXPIRY_LOOKED_AT_EVERY = timedelta(seconds=30)
RENDITIONS_LOOKED_AT_EVERY = timedelta(seconds=30)
TIDIED_EVERY = timedelta(minutes=10)
# Looking at the calendar is one read of an index that holds only what waits.
CALENDAR_LOOKED_AT_EVERY = timedelta(seconds=0.5)
DIGESTS_LOOKED_AT_EVERY = timedelta(seconds=5)
SEALED_EVERY = timedelta(seconds=0.5)
LONGEST_WAIT_SECONDS = 0.8
FORGOTTEN_AT_ONCE = 500
PORTIONS_OF_THINNING = 20
EXPIRED_AT_ONCE = 50
SHELVES_AT_ONCE = 50
SWEEP = "related_sweep"
SWEEP_LOCK = 0x73776570
RELAY = system("relay")


@dataclass
class Chores:
    """What one relay does besides sending, and when it does it next. `sealing` has durable connections of its own."""

    settings: Settings
    database: Database
    clock: Callable[[], datetime] = present
    next_at: dict[str, datetime] = field(default_factory=dict)
    is_sealing_put_off: bool = False
    is_more_due: bool = False
    sealing: Sealer = field(init=False)
    store: Store = field(init=False)

    def __post_init__(self) -> None:
        self.store = chosen_store(self.settings)
        durable = Database(self.settings.database, is_durable=True, pool_size=1, site_name=self.settings.site_name)
        self.sealing = Sealer(self.settings, durable, AuditKeys(self.settings.home, load_keys(self.settings)))

    def close(self) -> None:
        """Give connections back."""
        self.sealing.database.dispose()

    def longest_wait(self, seconds: float) -> float:
        """How long the relay may wait before its next round, so that an entry is sealed a second after its act."""
        if self.is_more_due:
            return 0.0
        return SEALED_EVERY.total_seconds() if self.is_sealing_put_off else min(seconds, LONGEST_WAIT_SECONDS)

    def do_due(self) -> None:
        """Do what is due by the clock. Raises: SQLAlchemyError."""
        now = self.clock()
        if self._is_due("calendar", now, CALENDAR_LOOKED_AT_EVERY) or self.is_more_due:
            # What was done here is as durable as what the API does.
            self.is_more_due = fire_due(self.sealing.database, self.clock).is_more
        self.is_sealing_put_off = not self._is_due("sealing", now, SEALED_EVERY)
        if not self.is_sealing_put_off:
            self._seal(now)
        if self._is_due("sweep", now, SWEEP_LOOKED_AT_EVERY):
            # Looking takes nobody's turn to write.
            with self.database.reading() as session:
                is_due = _sweep_is_due(session, now)
            if is_due:
                with self.database.transaction() as session:
                    if order_sweep(session, now):
                        log.info("related_sweep_ordered")
        if self._is_due("digests", now, DIGESTS_LOOKED_AT_EVERY):
            self._make_digests(now)
        if self._is_due("trash", now, FORGOTTEN_EVERY):
            expired = expire_trash(self.settings, self.database, now)
            if expired:
                log.info("trash_expired", articles=expired)
            if expired >= EXPIRED_AT_ONCE:
                self.next_at["trash"] = now
        if self._is_due("expiring", now, EXPIRY_LOOKED_AT_EVERY):
            with self.database.transaction() as session:
                if expired := tell_expired(session, RELAY, now):
                    log.info("assets_expired", assets=expired)
        if self._is_due("renditions", now, RENDITIONS_LOOKED_AT_EVERY):
            with self.database.transaction() as session:
                if ordered := order_renditions(session, RELAY, self.settings.media_presets, now):
                    log.info("renditions_ordered", pictures=ordered)
        if self._is_due("tidying", now, TIDIED_EVERY):
            self._tidy_media(now)
        if self._is_due("forgetting", now, FORGOTTEN_EVERY):
            forgotten = forget_old(self.settings, self.database, now)
            if removed := self._forget_audit_entries(now):
                forgotten["audit_entries"] = removed
            if removals := tidy_shelves(self.database, now):
                forgotten["bookmarks"] = removals
            forgotten |= thin(self.settings, self.database, now)
            if forgotten:
                log.info("forgotten", **forgotten)
            if max(forgotten.values(), default=0) >= FORGOTTEN_AT_ONCE:
                # There is more. It waits for the next round, so that tasks are sent meanwhile.
                self.next_at["forgetting"] = now

    def _seal(self, now: datetime) -> None:
        try:
            self.sealing.seal_due(now)
        except OSError as error:
            # The entries are in the database and wait; letters must not wait for a full disk of this home.
            log.error("audit_not_sealed", error=str(error))

    def _make_digests(self, now: datetime) -> None:
        with self.database.transaction() as session:
            due, made = make_due_digests(session, RELAY, Habits.of(self.settings), now)
        if made:
            log.info("digests_made", letters=made)
        if due >= MADE_AT_ONCE:
            self.next_at["digests"] = now

    def _tidy_media(self, now: datetime) -> None:
        try:
            with self.database.transaction() as session:
                forget_retired(session, now)
            removed = tidy(self.database, self.store)
        except (OSError, StoreAway) as error:
            log.error("media_not_tidied", error=str(error))
            return
        if removed:
            log.info("media_tidied", files=removed)

    def _forget_audit_entries(self, now: datetime) -> int:
        try:
            return self.sealing.forget_old(now, FORGOTTEN_AT_ONCE)
        except OSError as error:
            log.error("audit_not_forgotten", error=str(error))
            return 0

    def _is_due(self, name: str, now: datetime, every: timedelta) -> bool:
        if now < self.next_at.get(name, now):
            return False
        self.next_at[name] = now + every
        return True


def order_sweep(session: Session, now: datetime) -> bool:
    """Record that the related lists are due for their sweep, if they are.

    They are once a day, and when twice as many articles are published as the vocabulary was fitted to.
    Emits: related.sweep_due
    """
    if not _sweep_is_due(session, now):
        return False
    record(session, RelatedSweepDue(subject=new_id()), actor=RELAY, now=now)
    return True


def expire_trash(settings: Settings, database: Database, now: datetime) -> int:
    """Archive one portion of what was in the trash long enough; gives how many.

    Emits: article.archived
    """
    with database.reading() as session:
        ids = deleted_until(session, now - timedelta(days=settings.trash_days), EXPIRED_AT_ONCE)
    for article_id in ids:
        # Another relay or an editor may have been faster; then it is in the trash no more.
        with suppress(NotFound), database.transaction() as session:
            expire_article(session, RELAY, article_id, now)
    return len(ids)


def forget_old(settings: Settings, database: Database, now: datetime) -> dict[str, int]:
    """Delete one portion of each kind that was kept long enough; gives how many of each."""
    forgotten = {}
    for name, table, is_old in _old(settings, now):
        with database.transaction() as session:
            count = _delete_some(session, table, is_old)
        if count:
            forgotten[name] = count
    with database.transaction() as session:
        gone = forget_gone(session, now - timedelta(days=settings.changes_kept_days), FORGOTTEN_AT_ONCE)
    if gone:
        forgotten["changes"] = gone
    return forgotten


def tidy_shelves(database: Database, now: datetime) -> int:
    """Let some readers' shelves forget what was removed from them long ago; gives how many removals."""
    with database.reading() as session:
        accounts = shelves_to_tidy(session, now, SHELVES_AT_ONCE)
    gone = 0
    for account_id in accounts:
        # An account may be deleted meanwhile, and its shelf with it.
        with suppress(Unauthenticated), database.transaction() as session:
            gone += forget_removals(session, held_shelf(session, account_id), now)
    return gone


def thin(settings: Settings, database: Database, now: datetime) -> dict[str, int]:
    """Let go of the old edits of some articles; the rest waits for the next minute."""
    before = thinned_before(now, settings.revisions_kept_days)
    gone = 0
    for _ in range(PORTIONS_OF_THINNING):
        with database.transaction() as session:
            count = thin_revisions(session, before)
        if count is None:
            break
        gone += count
    return {"revisions": gone} if gone else {}


def _old(settings: Settings, now: datetime) -> Iterator[tuple[str, Any, ColumnElement[bool]]]:
    is_needed = exists().where(Delivery.letter_id == Letter.id, Delivery.state.in_(("open", "dead")))
    events_until = now - timedelta(days=settings.events_retention_days)
    yield "letters", Letter, (Letter.occurred_at < events_until) & ~is_needed
    yield (
        "outgoing_letters",
        OutgoingLetter,
        (OutgoingLetter.created_at < now - timedelta(days=settings.letters_kept_days))
        & (OutgoingLetter.expires_at < now - DAY),
    )
    suppressed_until = now - timedelta(days=settings.suppressions_kept_days)
    versions_until = now - timedelta(days=settings.changes_kept_days)
    yield "document_versions", DocumentVersion, DocumentVersion.replaced_at < versions_until
    searched_until = (now - timedelta(days=settings.searches_kept_days)).date().isoformat()
    rare_until = (now - timedelta(days=RARE_KEPT_DAYS)).date().isoformat()
    is_rare = (SearchCount.searches < LEAST_SHOWN) & (SearchCount.day < rare_until)
    yield "search_counts", SearchCount, (SearchCount.day < searched_until) | is_rare
    yield "mail_suppressions", Suppression, Suppression.created_at < suppressed_until
    yield "follow_matches", FollowMatch, FollowMatch.matched_at < now - MATCHES_KEPT
    yield "digests", Digest, Digest.made_at < now - MATCHES_KEPT
    # Who looked is forgotten first, and a link with the last of them.
    previews_until = now - timedelta(days=settings.previews_kept_days)
    yield "preview_views", PreviewView, PreviewView.last_at < previews_until
    has_views = exists().where(PreviewView.link_number == PreviewLink.number)
    yield "preview_links", PreviewLink, (PreviewLink.expires_at < previews_until) & ~has_views
    yield "article_leases", ArticleLease, ArticleLease.expires_at < now - DAY
    yield "challenges", Challenge, Challenge.expires_at < now - timedelta(days=settings.codes_kept_days)
    yield "staff_codes", StaffCode, StaffCode.expires_at < now - DAY
    yield "staff_invitations", StaffInvitation, StaffInvitation.expires_at < now - DAY
    sessions_kept = timedelta(days=settings.reader_sessions_kept_days)
    # Sessions that ended still say from where a colleague signed in, which keeps a known client known.
    yield "reader_sessions", ReaderSession, ReaderSession.expires_at < now - sessions_kept
    yield "staff_sessions", StaffSession, StaffSession.expires_at < now - KNOWN_FOR
    yield "sign_in_trails", SignInTrail, SignInTrail.last_at < now - DAY
    yield "remembered_answers", RememberedAnswer, RememberedAnswer.created_at < now - DAY
    yield "limit_quotas", LimitQuota, LimitQuota.full_at < microseconds(now)
    # Failures in a row are to be remembered longer than any quota.
    yield "limit_counters", LimitCounter, LimitCounter.window_started_at < now - FAILURES_KEPT


def _delete_some(session: Session, table: Any, is_old: ColumnElement[bool]) -> int:
    key = inspect(table).primary_key
    some = select(*key).where(is_old).limit(FORGOTTEN_AT_ONCE).with_for_update(skip_locked=True)
    place = tuple_(*key) if len(key) > 1 else key[0]
    rows = [tuple(row) if len(key) > 1 else row[0] for row in session.execute(some)]
    if rows:
        change_rows(session, delete(table).where(place.in_(rows)))
    return len(rows)


def _sweep_is_due(session: Session, now: datetime) -> bool:
    if session.get_bind().dialect.name == "postgresql" and not session.scalar(
        text("SELECT pg_try_advisory_xact_lock(:key)"), {"key": SWEEP_LOCK}
    ):
        return False
    published = session.scalar(select(func.count()).select_from(Document)) or 0
    states = select(Delivery.state).where(Delivery.subscription == SWEEP, Delivery.state.in_(("open", "dead")))
    waiting = set(session.scalars(states))
    if not published or "open" in waiting:
        return False
    fitted = session.scalar(select(func.sum(TermFrequency.documents)).where(TermFrequency.term == ALL)) or 0
    if published >= 2 * fitted and not waiting:
        return True
    newest = session.scalar(select(func.max(Letter.occurred_at)).where(Letter.type == RelatedSweepDue.type))
    return newest is None or now - newest >= DAY
