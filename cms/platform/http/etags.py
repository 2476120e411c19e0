"""Conditional requests. For editors the ETag is the revision; for readers it stands for the bytes."""

from flask import request

from cms.platform.errors import BadRequest, PreconditionMissing
from cms.platform.http.representing import ENTITY_TAG, is_listed

NO_REVISION = -1


def revision_etag(revision: int) -> str:
    """The strong ETag of a revision."""
    return f'"{revision}"'


def required_revision() -> int:
    """The revision that `If-Match` names. A weak or foreign ETag gives one that no thing has.

    Raises: PreconditionMissing without the header; BadRequest for `*` and lists, which name no single revision.
    """
    header = request.headers.get("If-Match", "").strip()
    if not header:
        raise PreconditionMissing('Send If-Match with the ETag that you read, such as If-Match: "7".')
    if header == "*" or not ENTITY_TAG.fullmatch(header):
        raise BadRequest("If-Match must hold exactly one ETag, the one of the revision that you read.")
    number = header.strip('"')
    # Two tags are the same when their characters are: "07" is none of ours.
    is_ours = number.isascii() and number.isdigit() and len(number) <= 18 and revision_etag(int(number)) == header
    return int(number) if is_ours else NO_REVISION


def optional_revision() -> int | None:
    """The revision that `If-Match` names, or None without it, for a thing that may not be there. Raises: BadRequest."""
    return required_revision() if request.headers.get("If-Match", "").strip() else None


def must_be_new() -> bool:
    """Whether the caller wants to make a thing and change none: `If-None-Match: *`. Source: RFC 9110, 13.1.2."""
    return request.headers.get("If-None-Match", "").strip() == "*"


def is_not_modified(etag: str) -> bool:
    """Whether this request's `If-None-Match` holds an ETag."""
    return is_listed(etag, request.headers.get("If-None-Match"))
