"""What every verb of media keeps: who may change what, one transaction at a time that adds or removes, one record."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.orm import Session

from cms.audit.recording import note
from cms.events.catalogue import Event
from cms.events.outbox import record
from cms.identity.access import explanation
from cms.identity.rules import decide
from cms.media.models import Asset
from cms.media.queries import asset_by_id
from cms.media.rules import WRITE
from cms.platform.actor import Actor
from cms.platform.errors import Forbidden, NotFound, Stale

MEDIA_LOCK = 0x6D656469
NO_ASSET = "There is no asset of this id."


def hold_media(session: Session) -> None:
    """Let one transaction at a time add or remove assets, until it ends: what is counted or looked for stays so.

    SQLite has one writer anyway; on PostgreSQL an advisory lock does the same.
    """
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": MEDIA_LOCK})


def may_change(actor: Actor, asset: Asset) -> bool:
    """Whether somebody may change, replace or delete an asset."""
    return actor.kind == "system" or decide(actor.grants, WRITE, "", "", is_own=_is_own(actor, asset)).is_allowed


def held_asset(session: Session, actor: Actor, asset_id: str, revision: int) -> Asset:
    """The asset at this revision, held until the transaction ends, for somebody who may change it.

    Raises: NotFound; Forbidden; Stale.
    """
    return refuse_change(actor, asset_by_id(session, asset_id, is_locked=True), revision)


def refuse_change(actor: Actor, asset: Asset | None, revision: int) -> Asset:
    """Refuse whoever may not change an asset at this revision. Raises: NotFound; Forbidden; Stale."""
    if asset is None:
        raise NotFound(NO_ASSET)
    refuse_foreign(actor, asset)
    if asset.revision != revision:
        raise stale(asset)
    return asset


def refuse_foreign(actor: Actor, asset: Asset) -> None:
    """Refuse whoever may not change an asset. Raises: Forbidden."""
    if not may_change(actor, asset):
        decision = decide(actor.grants, WRITE, "", "", is_own=False)
        raise Forbidden(explanation(decision), extra={"missing_permission": decision.permission})


def stale(asset: Asset) -> Stale:
    """The refusal of an act on another revision, with the present ETag."""
    etag = f'"{asset.revision}"'
    return Stale(
        f"The asset is at revision {asset.revision} by now.",
        extra={"etag": etag, "conflicts": [], "merge": None},
        headers={"ETag": etag},
    )


def record_on(
    session: Session,
    actor: Actor,
    asset: Asset,
    event: Event,
    now: datetime,
    *,
    action: str = "",
    changes: Sequence[str] = (),
) -> None:
    """Write the audit note and the letter of an act on an asset. Emits: the given event."""
    note(
        session, actor=actor, action=action or event.type, subject_kind="asset", subject_id=asset.id, now=now,
        changes=changes,
    )  # fmt: skip
    record(session, event, actor=actor, now=now)


def _is_own(actor: Actor, asset: Asset) -> bool:
    return (asset.maker_kind, asset.maker_id) == (actor.kind, actor.id)
