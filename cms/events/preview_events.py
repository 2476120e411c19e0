"""What can happen to preview links: a part of the catalogue. Plain Python. The token of a link is never in an event."""

from dataclasses import dataclass

from cms.events.event import Event


@dataclass(frozen=True)
class ArticlePreviewShared(Event):
    """There is a link by which people without an account see the working copy, or with a `revision` that one, until it
    is withdrawn or `expires_at` (RFC 3339 in UTC)."""

    type = "article.preview_shared"
    preview_id: str
    revision: int | None
    expires_at: str


@dataclass(frozen=True)
class ArticlePreviewRevoked(Event):
    """That link to the working copy opens no more."""

    type = "article.preview_revoked"
    preview_id: str
