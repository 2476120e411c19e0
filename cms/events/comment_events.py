"""What can happen to readers' comments: a part of the catalogue. Plain Python.

The text of a comment and the reader who wrote it are never in an event: whoever needs them looks at the comment.
"""

from dataclasses import dataclass

from cms.events.event import Event


@dataclass(frozen=True)
class CommentPosted(Event):
    """A reader commented on an article. Others see it if `state` is approved; held ones wait for a moderator."""

    type = "comment.posted"
    article_id: str
    state: str


@dataclass(frozen=True)
class CommentEdited(Event):
    """A reader changed the text of a comment; `state` says whether others see the new one."""

    type = "comment.edited"
    article_id: str
    state: str


@dataclass(frozen=True)
class CommentDeleted(Event):
    """A reader took a comment back. Its text is gone; replies to it stay."""

    type = "comment.deleted"
    article_id: str


@dataclass(frozen=True)
class CommentReported(Event):
    """A reader reported a comment. `is_held` is true when that took it away from readers until a moderator decides."""

    type = "comment.reported"
    article_id: str
    is_held: bool


@dataclass(frozen=True)
class CommentLiked(Event):
    """A reader likes a comment."""

    type = "comment.liked"
    article_id: str


@dataclass(frozen=True)
class CommentUnliked(Event):
    """A reader likes a comment no more."""

    type = "comment.unliked"
    article_id: str


@dataclass(frozen=True)
class CommentApproved(Event):
    """A moderator let readers see a comment."""

    type = "comment.approved"
    article_id: str


@dataclass(frozen=True)
class CommentRejected(Event):
    """A moderator decided that readers do not see a comment."""

    type = "comment.rejected"
    article_id: str


@dataclass(frozen=True)
class CommentMarkedAsSpam(Event):
    """A moderator decided that a comment is spam; readers do not see it."""

    type = "comment.marked_as_spam"
    article_id: str


@dataclass(frozen=True)
class CommentsForgotten(Event):
    """The account of a reader was deleted, and the texts of its comments on an article with it.

    The subject is the article; `comments` is how many there were.
    """

    type = "comments.forgotten"
    comments: int


@dataclass(frozen=True)
class CommentModeChanged(Event):
    """How comments come in changed: `post`, `pre`, `off`, or empty for the mode of what is above.

    The subject is an article, a section, or the whole site, as `kind` says.
    """

    type = "comments.mode_changed"
    kind: str
    mode: str


@dataclass(frozen=True)
class ReaderBanned(Event):
    """A reader may not comment any more, or not before `until`, which is RFC 3339 in UTC or null."""

    type = "reader.banned"
    until: str | None


@dataclass(frozen=True)
class ReaderUnbanned(Event):
    """A reader may comment again."""

    type = "reader.unbanned"
