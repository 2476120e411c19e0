"""Where a grant or a token holds: from slugs and languages as people write them to paths, and back."""

from collections.abc import Mapping

from sqlalchemy.orm import Session

from cms.platform.errors import FieldError, Invalid
from cms.platform.text.locales import canonical_locale
from cms.taxonomy.models import Section
from cms.taxonomy.queries import by_slugs
from cms.taxonomy.rules import strangers


def section_paths(session: Session, slugs: Mapping[str, str | None]) -> dict[str, str]:
    """The path of the section that stands at each pointer; empty where none does. Raises: Invalid."""
    named = {pointer: slug for pointer, slug in slugs.items() if slug}
    sections = by_slugs(session, Section, set(named.values()))
    unknown = [(pointer, slug) for pointer, slug in named.items() if slug not in sections]
    if unknown:
        raise Invalid(errors=strangers(unknown, (), "section"))
    return {pointer: sections[slug].path if slug else "" for pointer, slug in slugs.items()}


def section_slug(path: str) -> str | None:
    """The slug of the section that a path ends with; None for everywhere."""
    return path.rstrip("/").rpartition("/")[2] or None


def locale_at(text: str, pointer: str) -> str:
    """A language in its usual spelling; empty for every one. Raises: Invalid."""
    locale = canonical_locale(text)
    if text and locale is None:
        raise Invalid(errors=[FieldError(pointer, "invalid", "Must be a BCP 47 tag, such as en or zh-CN.")])
    return locale or ""
