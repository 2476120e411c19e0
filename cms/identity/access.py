"""The one place where a verb asks whether its actor may touch this object, and how a refusal reads."""

import structlog

from cms.identity.rules import Decision, decide
from cms.platform.actor import Actor
from cms.platform.errors import Forbidden, NotFound

log = structlog.get_logger("copydesk.access")
READ = "articles:read"
NO_ARTICLE = "There is no article of this id."
WHERE = {
    "permission": "This needs the permission {0}, which you do not have.",
    "section": "You have the permission {0}, but not in this section.",
    "locale": "You have the permission {0}, but not for this language.",
}


def refuse(
    actor: Actor,
    permission: str,
    *,
    section_path: str,
    locale: str,
    is_own: bool = False,
    is_target: bool = False,
) -> None:
    """Refuse an act on an article in a section and language unless a grant of the actor allows it.

    `is_target` says that this is where the article shall be: the actor named the place, so there is nothing to hide.
    Parts of the product itself, such as a command or a handler, may do everything.
    Raises: NotFound where the actor may not know of the article; Forbidden with `missing_permission` otherwise.
    """
    if actor.kind == "system":
        return
    decision = decide(actor.grants, permission, section_path, locale, is_own=is_own)
    if decision.is_allowed:
        return
    if not is_target and not decide(actor.grants, READ, section_path, locale).is_allowed:
        # The answer hides what is there; whoever watches over the newsroom may know that somebody asked for it.
        log.warning(
            "access_refused",
            because="hidden",
            missing=decision.permission,
            actor=f"{actor.kind}:{actor.id}",
            credential=actor.credential,
            client_address=actor.client_address,
            request_id=actor.request_id,
        )
        raise NotFound(NO_ARTICLE)
    raise Forbidden(explanation(decision), extra={"missing_permission": decision.permission})


def explanation(decision: Decision) -> str:
    """A refusal in words; empty for what is allowed."""
    return WHERE[decision.missing].format(decision.permission) if decision.missing else ""
