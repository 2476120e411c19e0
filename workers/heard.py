"""Which handler each subscription has."""

from cms.events.subscriptions import BY_NAME
from workers.attempts import Hearing
from workers.handlers import (
    comment_modes,
    counts,
    follows,
    indexing,
    mail,
    pictures,
    reading_time,
    related,
    renditions,
    wording,
)
from workers.work import Handler

HANDLERS: dict[str, Handler] = {
    "reading_time": reading_time.handle,
    "search": indexing.handle,
    "related": related.handle,
    "wording": wording.handle,
    "counts": counts.handle,
    "comment_modes": comment_modes.handle,
    "related_sweep": related.handle_sweep,
    "letter": mail.handle,
    "follows": follows.handle,
    "pictures": pictures.handle,
    "renditions": renditions.handle,
    "bulk_letter": mail.handle_bulk,
}
AT_ONCE = {
    "renditions": renditions.AT_ONCE, "search": indexing.AT_ONCE, "counts": counts.AT_ONCE,
    "reading_time": reading_time.AT_ONCE,
}  # fmt: skip
HEARINGS = {
    name: Hearing(name, HANDLERS[name], subscription.time_limit_seconds, AT_ONCE.get(name, 1))
    for name, subscription in BY_NAME.items()
}
