"""What can be refused, as exceptions for people: what was wrong, where, what to do.

Each class has the HTTP status and stable code that `platform/http/problems.py` answers with; this module knows
no Flask. A code never changes once published; `docs/problems.md` lists them.
"""

import errno
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

# Goes with every 401. Source: RFC 9110, section 11.6.1.
CHALLENGE = {"WWW-Authenticate": 'Bearer realm="copydesk"'}

# What a system says when a disk, a quota or the largest size of a file is reached.
FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


@dataclass(frozen=True)
class FieldError:
    """One thing wrong in a request. `pointer` is a JSON Pointer into the body, or `?name` for a query parameter."""

    pointer: str
    code: str
    detail: str


class Problem(Exception):
    """A refusal. Shape: RFC 9457 members; `extra` adds members of this problem's own, `headers` adds HTTP headers."""

    status: ClassVar[int] = 500
    code: str = "internal"
    title: ClassVar[str] = "Something went wrong on our side"

    def __init__(
        self,
        detail: str = "",
        *,
        code: str | None = None,
        errors: Sequence[FieldError] = (),
        extra: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail or self.title)
        self.detail = detail or self.title
        self.code = code or type(self).code
        self.errors = tuple(errors)
        self.extra = dict(extra or {})
        self.headers = dict(headers or {})


class BadRequest(Problem):
    """The request could not be read: broken JSON, an unknown query parameter, a broken cursor."""

    status, code, title = 400, "bad_request", "The request could not be read"


class Unauthenticated(Problem):
    """No credential, or one that is unknown, expired or revoked."""

    status, code, title = 401, "unauthenticated", "A valid token is needed"


class Forbidden(Problem):
    """The caller is known and may not do this."""

    status, code, title = 403, "forbidden", "This is not allowed with this token"


class NotFound(Problem):
    """There is no such thing, or the caller may not know of it."""

    status, code, title = 404, "not_found", "There is nothing here"


class NotAcceptable(Problem):
    """The asker takes no form of the answer that there is."""

    status, code, title = 406, "not_acceptable", "There is no form of this that the request takes"


class Gone(Problem):
    """There was such a thing, and it was taken away for good."""

    status, code, title = 410, "gone", "This was taken down"


class Conflict(Problem):
    """The state of the thing does not allow this."""

    status, code, title = 409, "conflict", "This does not fit the present state"


class Stale(Problem):
    """`If-Match` names a revision that is no longer the current one."""

    status, code, title = 412, "stale", "This was changed in the meantime"


class Invalid(Problem):
    """The request was read and its content is wrong; `errors` says where."""

    status, code, title = 422, "invalid", "The content of the request is not valid"


class Locked(Problem):
    """Somebody else is at work on the thing."""

    status, code, title = 423, "lease_held", "Somebody else is at work on this"


class PreconditionMissing(Problem):
    """A write on a thing that shows an ETag came without `If-Match`."""

    status, code, title = 428, "precondition_required", "If-Match is needed"


class TooMany(Problem):
    """A limit was reached; `Retry-After` says when to come back."""

    status, code, title = 429, "too_many_requests", "Too many requests"


class NoRoom(Problem):
    """There is no room for what was sent; nothing of it was kept."""

    status, code, title = 507, "no_room", "There is no room for this"


class Unavailable(Problem):
    """A part that this needs is not there now; trying again later is right."""

    status, code, title = 503, "unavailable", "This is not available right now"
