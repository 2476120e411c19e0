"""What a slug, a name and an address may look like, and what it takes to add a word to the taxonomy. Plain Python."""

import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from cms.platform.errors import FieldError
from cms.platform.text import slugs

LONGEST_SLUG = 120
LONGEST_NAME = 200
LONGEST_BIO = 4_000
LONGEST_URL = 2_000
LONGEST_PATH = 1_000


MOST_LOCALES = 50
MOST_SYNONYMS = 40
MOST_LINKS = 20
MOST_POSITION = 9_999
MOST_HALF_LIFE_DAYS = 36_500
KINDS = ("section", "tag", "person", "source")
PERSON_ROLES = ("author", "editor", "photographer", "illustrator", "translator", "videographer")
WRITE = "taxonomy:write"


@dataclass(frozen=True)
class NewSection:
    """A section to add; without a slug it gets one from its name. `parent` is the slug of the section above."""

    name: str
    slug: str | None = None
    parent: str | None = None
    names: Mapping[str, str] = field(default_factory=dict)
    position: int = 0
    related_half_life_days: int | None = None


@dataclass(frozen=True)
class NewTag:
    """A tag to add; without a slug it gets one from its name. `synonyms` are other words for it."""

    name: str
    slug: str | None = None
    names: Mapping[str, str] = field(default_factory=dict)
    synonyms: tuple[str, ...] = ()


@dataclass(frozen=True)
class NewPerson:
    """Somebody to add; without a slug they get one from their name. A link has `label` and `url`."""

    name: str
    slug: str | None = None
    names: Mapping[str, str] = field(default_factory=dict)
    bio: str = ""
    bios: Mapping[str, str] = field(default_factory=dict)
    roles: tuple[str, ...] = ()
    links: tuple[Mapping[str, str], ...] = ()


@dataclass(frozen=True)
class NewSource:
    """Where stories come from; found again by its name."""

    name: str
    url: str = ""


@dataclass(frozen=True)
class ChangeWord:
    """A change of a word by a JSON Merge Patch (RFC 7396) made on one revision. `key` is its slug, or a source's id."""

    key: str
    revision: int
    patch: Mapping[str, Any]


def in_locale(plain: str, by_locale: Mapping[str, str], locale: str) -> str:
    """A text in a locale, or else in its language, or else the one for every other locale."""
    return by_locale.get(locale) or by_locale.get(locale.partition("-")[0]) or plain


def merged(before: Mapping[str, Any], patch: Mapping[str, Any], empty: Mapping[str, Any]) -> dict[str, Any]:
    """A word's members after a patch; null gives a member its empty value, and takes a locale's text away."""
    after = dict(before)
    for name, value in patch.items():
        if value is None:
            after[name] = empty.get(name)
        elif isinstance(value, Mapping):
            whole = {**before[name], **value}
            after[name] = {locale: text for locale, text in whole.items() if text is not None}
        else:
            after[name] = value
    return after


def is_slug(text: str) -> bool:
    """Whether a text can be a slug: lower-case letters and digits of any script, in words joined by single hyphens.

    Words that an article's address cannot end with are fine here.
    """
    return slugs.is_slug(text) or text in slugs.RESERVED


def slug_from(name: str) -> str | None:
    """A slug made of a name, or None for a name without letters and digits."""
    slug = slugs.slugify(name, "en")
    return None if slug == slugs.FALLBACK and name.strip().lower() != slugs.FALLBACK else slug


def is_url(text: str) -> bool:
    """Whether a text is an absolute http or https address that is safe to put behind a link."""
    if any(character.isspace() or unicodedata.category(character) == "Cc" for character in text):
        return False
    try:
        parts = urlsplit(text)
        _ = parts.port
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname) and "@" not in parts.netloc


def section_path(slug: str, above: str) -> str | None:
    """The path of a section below another one's path, or None where the tree would grow too deep.

    Formula: path above + slug + "/"
    """
    path = f"{above}{slug}/"
    return path if len(path) <= LONGEST_PATH else None


def section_place(slug: str, position: int, above: str) -> str:
    """Where a section stands in the list of the tree. Formula: place above + four digits of position + slug + "/" """
    return f"{above}{position:04d}{slug}/"


def strangers(pointers: Iterable[tuple[str, str]], known: Iterable[str], kind: str) -> list[FieldError]:
    """One error for each (pointer, slug) whose slug is not known."""
    found = set(known)
    return [
        FieldError(pointer, "unknown_slug", f"There is no {kind} with the slug {slug[:LONGEST_SLUG]!r}.")
        for pointer, slug in pointers
        if slug not in found
    ]
