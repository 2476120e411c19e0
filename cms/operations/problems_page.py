"""What each problem code means, for people: code → (HTTP status, what to do). Codes never change once published."""

PROBLEMS: dict[str, tuple[int, str]] = {
    "already_published": (409, "The published revision is the newest one; there is nothing new to publish."),
    "already_staff": (409, "A colleague with this address has an account already."),
    "answer_not_kept": (409, "This POST was done before. Its answer held a secret and was not kept."),
    "bad_cursor": (400, "The cursor is broken or belongs to another list. Begin again without it."),
    "bad_json": (400, "The body is not JSON, or JSON that parsers disagree on: duplicate members, NaN, deep nesting."),
    "bad_request": (400, "The request could not be read. The detail names the header or parameter."),
    "beyond_own_rights": (
        403,
        "Nobody gives a right, nor changes somebody who has one, that they do not have themselves.",
    ),
    "code_refused": (400, "The code is wrong, used, too old, or was tried too often. Ask for a new one."),
    "conflict": (409, "The state of the thing does not allow this."),
    "csrf": (
        403,
        "A change by cookie needs X-CSRF-Token, an Origin that is ours and JSON; another site may have sent this.",
    ),
    "forbidden": (
        403,
        "The caller is known but lacks the permission that the problem names, or has it only elsewhere.",
    ),
    "gone": (410, "The article was taken down."),
    "https_needed": (
        422,
        "Sessions by cookie need https, except on loopback; set COPYDESK_BASE_URL, or take kind bearer.",
    ),
    "idempotency_key_reused": (422, "This Idempotency-Key came before with another request. Make a new key."),
    "in_use": (409, "Something still uses this; used_by says what. Name another with reassign_to, or change it first."),
    "in_progress": (
        409,
        "The first request with this Idempotency-Key, or on SQLite another change, is still under way.",
    ),
    "internal": (500, "A mistake on our side. The request id names it in the log."),
    "invalid": (422, "The request was read and its content is wrong; errors lists where."),
    "last_administrator": (409, "This is the last active administrator; make another one first."),
    "lease_held": (423, "Somebody else is at work on the article; holder and expires_at say who and until when."),
    "method_not_allowed": (405, "This path does not know the method; Allow lists those that it knows."),
    "name_taken": (409, "A role has this name already."),
    "not_found": (404, "There is nothing at this address, or nothing that you may know of."),
    "password_refused": (403, "The present password is not the one that was sent."),
    "path_taken": (409, "An article or a redirect is at this path already."),
    "precondition_required": (428, "Send If-Match with the ETag that you read, so that nobody's change is lost."),
    "reauthenticate": (
        401,
        "Type the password again at POST /api/v1/sessions/reauthenticate; it counts for ten minutes.",
    ),
    "redirect_loop": (409, "The target leads back to the path that redirects to it."),
    "rights_changed": (
        403,
        "This POST was done before, and what you may do has changed since, so its answer is not given again.",
    ),
    "role_in_use": (
        409,
        "Somebody, a token that still works or an open invitation has this role; take it from them, or withdraw it.",
    ),
    "session_needed": (
        403,
        "What concerns a person's account, and making tokens, is done by somebody who signed in, not with a token.",
    ),
    "sign_in_refused": (
        401,
        "Address and password do not fit together, or the account is disabled; which is not said.",
    ),
    "slug_taken": (409, "Another thing of this kind has the slug already."),
    "stale": (412, "The thing was changed since you read it; conflicts shows base, yours and theirs."),
    "too_large": (413, "The body is larger than the limit."),
    "too_many_requests": (429, "A limit was reached; Retry-After says when to come back."),
    "type_in_use": (409, "Articles have a type whose file is gone. Put the file back, or give them another type."),
    "unauthenticated": (401, "Send Authorization: Bearer with a token that is known, unexpired and not revoked."),
    "unavailable": (503, "A part is not there right now; Retry-After says when to try again."),
    "unsupported_media_type": (415, "Send application/json in UTF-8, not compressed."),
}
