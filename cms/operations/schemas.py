"""Shapes of what operators and editors see: receipts, deliveries, audit entries."""

from marshmallow import fields, validate

from cms.events.models import STATES
from cms.events.subscriptions import BY_NAME
from cms.identity.fields import Address
from cms.identity.rules import PERMISSIONS
from cms.identity.schemas import TokenShape
from cms.identity.staff.schemas import InvitationShape, StaffShape
from cms.mail.models import STATES as LETTER_STATES
from cms.mail.queries import GIVEN_UP
from cms.mail.rules import PERMANENT
from cms.platform.http.query_input import PageShape
from cms.platform.http.shapes import Flag, ListShape, Shape, Text, UtcInstant


class ConsequenceShape(Shape):
    """One thing that follows from an act, with its state and duration."""

    name = fields.String(
        metadata={
            "description": "The subscription, such as `search`, or what the act did by itself, such as `content_api`, "
            "which is done at its instant",
            "example": "search",
        }
    )
    state = fields.String(validate=validate.OneOf(["waiting", "running", "done", "failed", "superseded"]))
    attempts = fields.Integer()
    started_at = UtcInstant(allow_none=True)
    finished_at = UtcInstant(allow_none=True)
    duration_ms = fields.Integer(allow_none=True, metadata={"description": "From the act to the end, in milliseconds"})
    error = fields.String(allow_none=True)


class EventShape(Shape):
    """What happened."""

    id = fields.String()
    type = fields.String()
    subject = fields.String()


class ReceiptShape(Shape):
    """What follows from one act, as far as it has come."""

    id = fields.String()
    event = fields.Nested(EventShape)
    occurred_at = UtcInstant()
    state = fields.String(validate=validate.OneOf(["running", "done", "failed"]))
    consequences = fields.List(fields.Nested(ConsequenceShape))


class DeliveryShape(Shape):
    """What one subscription still owes, or has done."""

    number = fields.Integer()
    receipt_id = fields.String()
    event_type = fields.String()
    subscription = fields.String()
    subject = fields.String()
    state = fields.String(validate=validate.OneOf(STATES))
    attempts = fields.Integer()
    due_at = UtcInstant()
    finished_at = UtcInstant(allow_none=True)
    error = fields.String(allow_none=True)


class DeliveryPageShape(ListShape):
    """A page of deliveries, newest first."""

    data = fields.List(fields.Nested(DeliveryShape), required=True)


class DeliveryQueryShape(PageShape):
    """Which deliveries to list."""

    state = fields.String(load_default="dead", validate=validate.OneOf(STATES))
    subscription = fields.String(load_default=None, validate=validate.OneOf(sorted(BY_NAME)))


class AuditEntryShape(Shape):
    """Who did what to which thing, when, from where and by which credential, with its place in the chain of seals."""

    number = fields.Integer()
    at = UtcInstant()
    actor_kind = fields.String()
    actor_id = fields.String()
    credential = fields.String(metadata={"description": "Kind and public id, such as `token:…`; empty for the system"})
    action = fields.String()
    subject_kind = fields.String()
    subject_id = fields.String()
    outcome = fields.String(validate=validate.OneOf(["done", "refused"]))
    changes = fields.List(fields.String(), metadata={"description": "Names of the fields, never their values"})
    request_id = fields.String()
    client_address = fields.String()
    seal_number = fields.Integer(allow_none=True, metadata={"description": "Counts without gaps; null until sealed"})
    key_id = fields.String(allow_none=True)
    previous_seal = fields.String(allow_none=True)
    seal = fields.String(allow_none=True)


class AuditPageShape(ListShape):
    """A page of the audit trail, newest first."""

    data = fields.List(fields.Nested(AuditEntryShape), required=True)


class AuditExportQueryShape(Shape):
    """Which audit entries to export."""

    action = fields.String(load_default=None, validate=validate.Length(max=60))
    actor_kind = fields.String(load_default=None, validate=validate.Length(max=20))
    actor_id = fields.String(load_default=None, validate=validate.Length(max=80))
    subject_kind = fields.String(load_default=None, validate=validate.Length(max=40))
    subject_id = fields.String(load_default=None, validate=validate.Length(max=80))
    credential = fields.String(load_default=None, validate=validate.Length(max=80))
    outcome = fields.String(load_default=None, validate=validate.OneOf(["done", "refused"]))
    request_id = fields.String(load_default=None, validate=validate.Length(max=80))
    since = UtcInstant(data_key="from", load_default=None, metadata={"description": "From this instant on"})
    until = UtcInstant(data_key="to", load_default=None, metadata={"description": "Before this instant"})


class AuditQueryShape(AuditExportQueryShape, PageShape):
    """Which audit entries to list."""


class TokenPageShape(ListShape):
    """A page of tokens, newest first."""

    data = fields.List(fields.Nested(TokenShape))


class StaffPageShape(ListShape):
    """A page of colleagues, by address."""

    data = fields.List(fields.Nested(StaffShape))


class InvitationPageShape(ListShape):
    """A page of invitations whose codes still work, newest first."""

    data = fields.List(fields.Nested(InvitationShape))


class ExplainQueryShape(Shape):
    """Which act to explain, on what, and for whom."""

    action = fields.String(
        required=True, validate=validate.OneOf(sorted(PERMISSIONS)), metadata={"description": "A permission"}
    )
    on = fields.String(
        load_default=None,
        validate=validate.Length(1, 120),
        metadata={"description": "Id of an article or slug of a section; needed for what depends on where it is"},
    )
    locale = fields.String(
        load_default=None,
        validate=validate.Length(1, 35),
        metadata={"description": "The language, beside a section"},
    )
    for_ = fields.String(
        load_default=None,
        data_key="for",
        validate=validate.Length(1, 80),
        metadata={"description": "Id of somebody else; left out: the caller"},
    )


class GrantShape(Shape):
    """Permissions and where they hold; null is everywhere."""

    source = fields.String()
    section = fields.String(allow_none=True)
    locale = fields.String(allow_none=True)
    permissions = fields.List(fields.String())


class ExplainedThingShape(Shape):
    """What the act would be on."""

    kind = fields.String(validate=validate.OneOf(["article", "section"]))
    id = fields.String()
    is_own = Flag(metadata={"description": "Whether it was made by the one whose access is explained"})


class ExplainedSubjectShape(Shape):
    """Whose access is explained."""

    kind = fields.String()
    id = fields.String()


class MissingShape(Shape):
    """What is missing: the permission itself, or it in this section or language."""

    kind = fields.String(validate=validate.OneOf(["permission", "section", "locale"]))
    permission = fields.String()
    detail = fields.String()


class ExplanationShape(Shape):
    """Which grant allows an act, or what is missing."""

    action = fields.String()
    on = fields.Nested(ExplainedThingShape, allow_none=True)
    for_ = fields.Nested(ExplainedSubjectShape, data_key="for")
    is_allowed = Flag()
    grant = fields.Nested(GrantShape, allow_none=True)
    missing = fields.Nested(MissingShape, allow_none=True)


class BookmarkedShape(Shape):
    """How many readers keep an article."""

    count = fields.Integer(required=True)


class ShortLinkShape(Shape):
    """A short link: how often it was asked for, and how often it was followed."""

    short_url = fields.String(required=True)
    utm_source = fields.String(required=True, allow_none=True)
    utm_medium = fields.String(required=True, allow_none=True)
    utm_campaign = fields.String(required=True, allow_none=True)
    count = fields.Integer(required=True)
    hits = fields.Integer(required=True)
    created_at = UtcInstant(required=True)


class SharesShape(Shape):
    """How often an article was shared, and its short links followed."""

    count = fields.Integer(required=True)
    hits = fields.Integer(required=True)
    links = fields.List(fields.Nested(ShortLinkShape), required=True)


class AudienceShape(Shape):
    """What readers do with an article."""

    article_id = fields.UUID(required=True)
    bookmarks = fields.Nested(BookmarkedShape, required=True)
    shares = fields.Nested(SharesShape, required=True)


class HealthShape(Shape):
    """Whether this process can serve, and what is degraded."""

    status = fields.String(validate=validate.OneOf(["ok", "degraded", "unavailable"]))
    degraded = fields.List(fields.String())


# A letter waits no more where its delivery is a dead letter, or was given up.
SHOWN_LETTER_STATES = (*LETTER_STATES, *GIVEN_UP)


class LetterShape(Shape):
    """An outgoing letter and what became of it. The mail server's words are left out, which may repeat addresses."""

    id = fields.String(required=True)
    kind = fields.String(required=True)
    address = fields.String(required=True, metadata={"description": "Empty where the reader's data was deleted"})
    state = fields.String(required=True, validate=validate.OneOf(SHOWN_LETTER_STATES))
    attempts = fields.Integer(required=True)
    reason = fields.String(
        required=True,
        allow_none=True,
        metadata={
            "description": "Stage and numbers of the mail server's last answer, why it was not asked, or of a dead "
            "letter what failed"
        },
    )
    delivery = fields.Integer(
        required=True,
        allow_none=True,
        metadata={"description": "While it is not over: by which number it is retried or given up when it is `dead`"},
    )
    explanation = fields.String(required=True)
    message_id = fields.String(required=True, metadata={"description": "By which the mail server's log knows it"})
    created_at = UtcInstant(required=True)
    expires_at = UtcInstant(required=True, metadata={"description": "It is never sent after this"})
    sent_at = UtcInstant(required=True, allow_none=True)


class LetterPageShape(ListShape):
    """A page of letters, newest first."""

    data = fields.List(fields.Nested(LetterShape), required=True)


class LetterQueryShape(PageShape):
    """Which letters to list."""

    state = fields.String(load_default=None, validate=validate.OneOf(SHOWN_LETTER_STATES))
    kind = fields.String(load_default=None, validate=validate.Length(max=40))
    address = Address(load_default=None)


class SuppressionShape(Shape):
    """An address that gets no letters, since its mail server said that there is no such mailbox."""

    id = fields.String(required=True)
    address = fields.String(required=True)
    answer = fields.String(required=True, metadata={"example": "recipient: 550 5.1.1"})
    letter_id = fields.String(required=True)
    created_at = UtcInstant(required=True)


class SuppressionPageShape(ListShape):
    """A page of addresses that are held back, newest first."""

    data = fields.List(fields.Nested(SuppressionShape), required=True)


class SuppressionQueryShape(PageShape):
    """Which addresses to list."""

    address = Address(load_default=None)


class TraceQueryShape(Shape):
    """Whose letters are to be explained."""

    address = Address(required=True)


class CodesAskedShape(Shape):
    """How many codes were asked for an address, and whether that is more than are sent."""

    last_hour = fields.Integer(required=True)
    last_day = fields.Integer(required=True)
    is_limited = Flag(required=True)


class TraceShape(Shape):
    """Why a reader did or did not get a letter: findings in words, the most telling first, and what they come from."""

    address = fields.String(required=True, metadata={"description": "In the spelling that letters are sent to"})
    has_account = Flag(required=True)
    findings = fields.List(fields.String(), required=True)
    suppression = fields.Nested(SuppressionShape, required=True, allow_none=True)
    codes = fields.Nested(CodesAskedShape, required=True)
    letters = fields.List(fields.Nested(LetterShape), required=True)


class BounceShape(Shape):
    """A report that a letter was returned (RFC 3464): the letter's Message-ID, and the status that it gives."""

    message_id = Text(
        required=True, validate=validate.Length(min=3, max=200), metadata={"example": "<01a2…@example.org>"}
    )
    status = Text(
        required=True,
        validate=validate.Regexp(PERMANENT, error="Must be a permanent status, such as 5.1.1."),
        metadata={"example": "5.1.1"},
    )
