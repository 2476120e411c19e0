"""What may be, of translations: commands, the digest of an article's words, and what may be linked. Plain Python."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from cms.platform.errors import Conflict, FieldError, Invalid

LARGEST_REVISION = 2**31 - 1
# What a translator works from. A change of anything else, such as tags, leaves a translation right.
WORDS = ("title", "dek", "summary", "body", "body_format")


@dataclass(frozen=True)
class StartTranslation:
    """Make a draft in another language from the working copy of an article.

    `is_copy` brings the words over too, to be written over; without it only title, section, tags and people come.
    `patch` is what the translator gives already, as a merge patch over that.
    """

    article_id: str
    locale: str
    is_copy: bool = True
    patch: Mapping[str, Any] = field(default_factory=dict)
    revision_note: str = ""


@dataclass(frozen=True)
class LinkTranslation:
    """Say that an article, at `revision`, is right as a translation of another one at its `source_revision`.

    Without a revision of the source it is what readers of the source see, or its working copy where they see nothing.
    """

    article_id: str
    revision: int
    source_id: str
    source_revision: int | None = None


def digest_of_words(content: Mapping[str, Any]) -> str:
    """What the words of an article are known by. Range: 40 characters."""
    words = json.dumps([content[name] for name in WORDS], ensure_ascii=False)
    return hashlib.blake2b(words.encode(), digest_size=20).hexdigest()


def started_content(source: Mapping[str, Any], command: StartTranslation) -> dict[str, Any]:
    """What a translation begins with; it finds its own slug."""
    kept = source if command.is_copy else {name: value for name, value in source.items() if name not in WORDS}
    return {**kept, "title": source["title"], "slug": None, "locale": command.locale}


def refuse_link(article_id: str, source_id: str, sources: Mapping[str, str | None]) -> None:
    """Refuse to let an article be a translation of itself, or of what was translated from it.

    `sources` names for each article of the group the one that it was translated from.
    Raises: Invalid; Conflict (`circular_translation`).
    """
    if article_id == source_id:
        raise Invalid(errors=[FieldError("/of", "same_article", "An article is no translation of itself.")])
    seen: set[str] = set()
    at: str | None = source_id
    while at is not None and at not in seen:
        seen.add(at)
        at = sources.get(at)
        if at == article_id:
            raise Conflict(
                "That article was translated from this one. Take it out of the group first.",
                code="circular_translation",
            )


def locale_taken(locale: str, holder_id: str | None) -> Conflict:
    """The refusal of a second translation into one language."""
    return Conflict(
        f"There is a translation into {locale} already; each language has one.",
        code="locale_taken",
        extra={"article_id": holder_id} if holder_id else {},
    )
