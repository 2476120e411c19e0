"""Shapes of comments on the wire: for readers, for everybody, for moderators."""

from typing import Any

from marshmallow import ValidationError, fields, post_load, validate, validates_schema

from cms.platform.http.query_input import PageShape
from cms.platform.http.shapes import Flag, ListShape, Shape, Text, UtcInstant
from cms.platform.text.linked import has_control, is_blank, tidy
from cms.readers.comments import rules
from cms.readers.comments.rules import Ban, Choice, NewComment, Report

STATES = ("shown", "deleted", "removed")


class Said(Text):
    """Plain text of some lines, tidied; refused where it holds what steers instead of being read."""

    def __init__(self, longest: int, *, is_needed: bool = True, **options: Any) -> None:
        told = {"description": f"Plain text of up to {longest} characters"}
        super().__init__(is_line=False, metadata=told, **options)
        self.longest = longest
        self.is_needed = is_needed

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> str:
        text = tidy(super()._deserialize(value, attr, data, **options))
        if len(text) > self.longest:
            raise ValidationError(f"Longer than maximum length {self.longest}.")
        if has_control(text):
            raise ValidationError("Must be plain text without control characters.")
        if self.is_needed and is_blank(text):
            raise ValidationError("Must hold something that can be read.")
        return text


class NewCommentShape(Shape):
    """What to say."""

    text = Said(rules.LONGEST_TEXT, required=True)
    parent = fields.UUID(load_default=None, allow_none=True, metadata={"description": "The comment it replies to"})

    @post_load
    def _command(self, values: dict[str, Any], **_options: Any) -> NewComment:
        return NewComment(values["text"], str(values["parent"]) if values["parent"] else None)


class CommentEditShape(Shape):
    """The text as it shall be."""

    text = Said(rules.LONGEST_TEXT, required=True)


class ReportShape(Shape):
    """Why a comment should not be there."""

    reason = fields.String(required=True, validate=validate.OneOf(rules.REPORT_REASONS))
    note = Said(rules.LONGEST_NOTE, is_needed=False, load_default="")

    @post_load
    def _command(self, values: dict[str, Any], **_options: Any) -> Report:
        return Report(**values)


class OwnCommentShape(Shape):
    """A comment as its author sees it. `state`: approved, held until a moderator decides, rejected."""

    id = fields.String(required=True)
    article = fields.String(required=True)
    parent = fields.String(required=True, allow_none=True)
    state = fields.String(required=True)
    text = fields.String(required=True)
    html = fields.String(required=True)
    created_at = UtcInstant(required=True)
    edited_at = UtcInstant(required=True, allow_none=True)
    editable_until = UtcInstant(required=True)
    likes = fields.Integer(required=True)
    reply_count = fields.Integer(required=True)


class OwnCommentListShape(ListShape):
    """A reader's own comments, the newest first."""

    data = fields.List(fields.Nested(OwnCommentShape), required=True)


class OwnCommentsQueryShape(PageShape):
    """Which of one's own comments."""

    article = fields.UUID(load_default=None, metadata={"description": "Only those on this article"})


class LikedQueryShape(Shape):
    """On which article."""

    article = fields.UUID(required=True, metadata={"description": "Id of an article"})


class LikedShape(Shape):
    """The ids of the comments on an article that the reader likes, of the newest 500."""

    data = fields.List(fields.String(), required=True)


class LikesShape(Shape):
    """How many readers like a comment."""

    likes = fields.Integer(required=True)


class AuthorShape(Shape):
    """What the author of a comment is called; empty where no name was given."""

    name = fields.String(required=True)


class PublicCommentShape(Shape):
    """A comment as everybody sees it.

    `state` is `shown`; or `deleted` by its author, or `removed`, where only the replies to it are shown. `html` is the
    text escaped, with links of http and https. `replies` holds the first ones, of which there are `reply_count` in all.
    """

    id = fields.String(required=True)
    parent = fields.String(required=True, allow_none=True)
    depth = fields.Integer(required=True, metadata={"description": "1 for what is no reply"})
    state = fields.String(required=True, validate=validate.OneOf(STATES))
    author = fields.Nested(AuthorShape, required=True, allow_none=True)
    text = fields.String(required=True, allow_none=True)
    html = fields.String(required=True, allow_none=True)
    created_at = UtcInstant(required=True)
    edited_at = UtcInstant(required=True, allow_none=True)
    likes = fields.Integer(required=True)
    reply_count = fields.Integer(required=True)
    replies = fields.List(fields.Nested(lambda: PublicCommentShape()), required=True)


class PublicCommentListShape(ListShape):
    """Comments of an article, each with the first of its replies."""

    data = fields.List(fields.Nested(PublicCommentShape), required=True)


class CommentsQueryShape(PageShape):
    """Which comments of an article, in which order."""

    order = fields.String(
        load_default=None,
        validate=validate.OneOf(rules.ORDERS),
        metadata={"description": "`newest` (or nothing), or `best`: those that most readers like"},
    )
    parent = fields.UUID(
        load_default=None, metadata={"description": "The direct replies to this comment instead, the oldest first"}
    )

    @validates_schema
    def _one_order(self, values: dict[str, Any], **_options: Any) -> None:
        if values["order"] and values["parent"]:
            raise ValidationError("Replies come the oldest first; leave `order` out.", "order")


class ArticleMentionShape(Shape):
    """The article that a comment is on."""

    id = fields.String(required=True)
    title = fields.String(required=True)
    url = fields.String(required=True)
    locale = fields.String(required=True)


class ReaderMentionShape(Shape):
    """A reader, for moderators."""

    id = fields.String(required=True)
    name = fields.String(required=True)


class ModeratedCommentShape(Shape):
    """A comment for moderators. `held_for`: pre, first, links, reports. `note` is for moderators and never public."""

    id = fields.String(required=True)
    article = fields.Nested(ArticleMentionShape, required=True)
    parent = fields.String(required=True, allow_none=True)
    depth = fields.Integer(required=True)
    author = fields.Nested(ReaderMentionShape, required=True, allow_none=True)
    state = fields.String(required=True)
    held_for = fields.String(required=True, allow_none=True)
    text = fields.String(required=True)
    html = fields.String(required=True)
    note = fields.String(required=True)
    likes = fields.Integer(required=True)
    reports = fields.Integer(required=True, metadata={"description": "Since a moderator decided last"})
    reply_count = fields.Integer(required=True)
    revision = fields.Integer(required=True)
    created_at = UtcInstant(required=True)
    edited_at = UtcInstant(required=True, allow_none=True)
    decided_at = UtcInstant(required=True, allow_none=True)
    decided_by = fields.String(required=True, allow_none=True)


class ReportEntryShape(Shape):
    """Why one reader reported a comment; who it was is not told."""

    reason = fields.String(required=True)
    note = fields.String(required=True)
    at = UtcInstant(required=True)


class ModeratedCommentDetailShape(ModeratedCommentShape):
    """A comment with what readers reported of it."""

    reported = fields.List(fields.Nested(ReportEntryShape), required=True)


class ModeratedCommentListShape(ListShape):
    """Comments on published articles in the places that one moderates."""

    data = fields.List(fields.Nested(ModeratedCommentShape), required=True)


class ModerationQueryShape(PageShape):
    """Which comments, the newest first; those with `state=held` the oldest first."""

    state = fields.String(load_default=None, validate=validate.OneOf(rules.STATES))
    article = fields.UUID(load_default=None)
    section = fields.String(
        load_default=None, validate=validate.Length(1, 120), metadata={"description": "With the sections below it"}
    )
    locale = fields.String(load_default=None, validate=validate.Length(1, 35))
    reader = fields.UUID(load_default=None, metadata={"description": "Id of the author"})
    reported = fields.String(
        load_default=None,
        validate=validate.OneOf(["true"]),
        metadata={"description": "Reported since the last decision"},
    )


class DecisionShape(Shape):
    """A note to other moderators, never public; left out, the one that is there stays."""

    note = Said(rules.LONGEST_NOTE, is_needed=False, load_default=None)


class ChoiceShape(Shape):
    """One comment, at the revision that was looked at."""

    id = fields.UUID(required=True)
    revision = fields.Integer(required=True, strict=True, validate=validate.Range(1, 2**31 - 1))

    @post_load
    def _command(self, values: dict[str, Any], **_options: Any) -> Choice:
        return Choice(str(values["id"]), values["revision"])


class BulkShape(Shape):
    """One decision about many comments."""

    action = fields.String(required=True, validate=validate.OneOf(list(rules.DECISIONS)))
    note = Said(rules.LONGEST_NOTE, is_needed=False, load_default=None)
    comments = fields.List(fields.Nested(ChoiceShape), required=True, validate=validate.Length(1, rules.MOST_AT_ONCE))

    @validates_schema
    def _each_once(self, values: dict[str, Any], **_options: Any) -> None:
        ids = [choice.comment_id for choice in values["comments"]]
        if len(ids) > len(set(ids)):
            raise ValidationError("Name each comment once.", "comments")


class BulkEntryShape(Shape):
    """What became of one comment: `status` as for one alone; `revision` when it was done, else `code` and `detail`."""

    id = fields.String(required=True)
    status = fields.Integer(required=True)
    revision = fields.Integer()
    code = fields.String()
    detail = fields.String()


class BulkResultShape(Shape):
    """What became of each, in the order of the request."""

    data = fields.List(fields.Nested(BulkEntryShape), required=True)


class BanShape(Shape):
    """Until when a reader may not comment; null: until the ban is ended. `note` is for moderators."""

    until = UtcInstant(load_default=None, allow_none=True)
    note = Said(rules.LONGEST_NOTE, is_needed=False, load_default="")

    @post_load
    def _command(self, values: dict[str, Any], **_options: Any) -> Ban:
        return Ban(**values)


class BanEntryShape(Shape):
    """A reader who is banned, or was until an instant that is past."""

    reader = fields.Nested(ReaderMentionShape, required=True)
    until = UtcInstant(required=True, allow_none=True)
    is_in_force = Flag(required=True)
    note = fields.String(required=True)
    by = fields.String(required=True)
    at = UtcInstant(required=True)


class BanListShape(ListShape):
    """Bans, the latest first."""

    data = fields.List(fields.Nested(BanEntryShape), required=True)


class ModeShape(Shape):
    """How comments come in: `post` at once, `pre` after a moderator approved, `off` not at all. Null: as above it."""

    mode = fields.String(required=True, allow_none=True, validate=validate.OneOf(rules.MODES))


class StandingShape(ModeShape):
    """What was said here (`mode`), and what is in force; `from` is article, site, or the slug of a section."""

    in_force = fields.String(required=True)
    source = fields.String(required=True, data_key="from")
