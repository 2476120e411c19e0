"""Why somebody may or may not do something: the same decision that the verbs ask for, told in words. Never writes."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from cms.identity import queries
from cms.identity.access import NO_ARTICLE, READ, explanation
from cms.identity.rules import BEYOND_ONES_OWN, IN_PLACE, Decision, Place, decide, grant_of
from cms.identity.staff import queries as staff
from cms.newsroom.queries import article_by_id, place_at, shown_at, was_made_by
from cms.newsroom.rules import CHANGES_WHAT_IS_SHOWN
from cms.platform.actor import Actor, Grant
from cms.platform.errors import BadRequest, FieldError, NotFound
from cms.platform.ids import is_id
from cms.taxonomy.models import Section
from cms.taxonomy.queries import by_slug


@dataclass(frozen=True)
class Subject:
    """Whose access is explained: the kind and id under which it acts, and its grants as they are now."""

    kind: str
    id: str
    grants: tuple[Grant, ...]


@dataclass(frozen=True)
class Thing:
    """What the act would be on: a place, whether it is the subject's own, and where readers find it, if they do."""

    kind: str
    id: str
    place: Place
    is_own: bool
    shown: Place | None = None


def subject_of(actor: Actor) -> Subject:
    """The caller itself."""
    return Subject(actor.kind, actor.id, actor.grants)


def token_subject(session: Session, token_id: str) -> Subject | None:
    """A token by its id; one that no longer works has no grants to speak of, but is explained as if it did."""
    row = queries.token_by_id(session, token_id)
    if row is None:
        return None
    return Subject(
        "service", row.id, staff.grants_of_token_now(session, row, queries.custom_role(session, row.role)) or ()
    )


def staff_subject(session: Session, staff_id: str) -> Subject | None:
    """A colleague by id; a disabled one is explained as if it were not."""
    if staff.user_by_id(session, staff_id) is None:
        return None
    given = staff.grants_of(session, [staff_id])[staff_id]
    permissions = staff.permissions_of_roles(session, [one.role for one in given])
    grants = (
        grant_of(permissions.get(one.role, frozenset()), one.section_path, one.locale, f"role {one.role}")
        for one in given
    )
    return Subject("staff", staff_id, tuple(grants))


def thing_named(session: Session, asker: Actor, subject: Subject, name: str, locale: str) -> Thing:
    """The article with this id, or else the section with this slug and the given language.

    Raises: NotFound for what does not exist, and for an article that the asker may not read.
    """
    if not is_id(name):
        section = by_slug(session, Section, name)
        if section is None:
            raise NotFound("There is no section of this slug.")
        return Thing("section", section.slug, Place(section.path, locale), is_own=False)
    article = article_by_id(session, name)
    place = Place() if article is None else place_at(session, article.section_id, article.locale)
    if article is None or not decide(asker.grants, READ, place.section_path, place.locale).is_allowed:
        raise NotFound(NO_ARTICLE)
    is_own = was_made_by(session, article.id, subject.kind, subject.id)
    return Thing("article", article.id, place, is_own, shown_at(session, article.id))


def explain(subject: Subject, permission: str, thing: Thing | None) -> dict[str, Any]:
    """The decision in the shape of `ExplanationShape`. Without a thing: whether anything gives the permission at all.

    On a section, writing articles means making one there, and writing the taxonomy adding a section below it.
    Raises: BadRequest for articles without a thing, whose answer would depend on where they are.
    """
    if thing is None and permission in IN_PLACE:
        raise BadRequest(
            "This depends on where the article or section is.",
            errors=[FieldError("?on", "required", "Give the id of an article or the slug of a section.")],
        )
    place = thing.place if thing else Place()
    is_own = thing is None or thing.is_own or (thing.kind == "section" and permission in BEYOND_ONES_OWN)
    decision = decide(subject.grants, permission, place.section_path, place.locale, is_own=is_own)
    shown = thing.shown if thing is not None and permission in CHANGES_WHAT_IS_SHOWN else None
    if decision.is_allowed and shown is not None:
        there = decide(subject.grants, permission, shown.section_path, shown.locale, is_own=is_own)
        decision = decision if there.is_allowed else there
    return {
        "action": permission,
        "on": None if thing is None else {"kind": thing.kind, "id": thing.id, "is_own": thing.is_own},
        "for": {"kind": subject.kind, "id": subject.id},
        "is_allowed": decision.is_allowed,
        "grant": None if decision.grant is None else grant_data(decision.grant),
        "missing": _missing(decision),
    }


def grant_data(grant: Grant) -> dict[str, Any]:
    """A grant in the shape of `GrantShape`."""
    return {
        "source": grant.source,
        "section": grant.section_path.rstrip("/").rpartition("/")[2] or None,
        "locale": grant.locale or None,
        "permissions": sorted(grant.permissions),
    }


def _missing(decision: Decision) -> dict[str, str] | None:
    if decision.is_allowed:
        return None
    return {"kind": decision.missing, "permission": decision.permission, "detail": explanation(decision)}
