"""The document that readers would get of an article that they may not see yet: put together for one look, kept nowhere.

What stands around it is what readers see at this moment, and nothing else: no draft, nothing under embargo.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from cms.content.assembling import assembled, counts_in, related_shown, translations_in, variants_of
from cms.content.beside import Beside, beside
from cms.content.figures import Shown
from cms.content.models import Audience
from cms.content.publishing import PublishedArticle, document_content
from cms.content.rules import AudienceCounts
from cms.media.queries import shown_by_id
from cms.platform.db import site_name_of


@dataclass(frozen=True)
class Surroundings:
    """What readers see around an article: its related list and neighbours, which only a published one has, its
    published translations, what is counted of it, the name of the site, and the files that its body names."""

    related: list[dict[str, Any]]
    translations: Sequence[Mapping[str, Any]]
    works: Mapping[str, Any]
    audience: AudienceCounts
    neighbours: Beside
    publisher: str
    pictures: Mapping[str, Shown]


def surroundings(
    session: Session, article_id: str, group_id: str | None, source_id: str | None, asset_ids: Collection[str]
) -> Surroundings:
    """What stands around an article now. As many statements whatever there is."""
    variants = variants_of(session, [group_id] if group_id is not None else [])[group_id]
    translations, works = translations_in(
        article_id, source_id, [one for one in variants if one.article_id != article_id]
    )
    audience = session.scalar(select(Audience).where(Audience.article_id == article_id))
    return Surroundings(
        related=related_shown(session, [article_id])[article_id],
        translations=translations,
        works=works,
        audience=counts_in(audience),
        neighbours=beside(session, [article_id])[article_id],
        publisher=site_name_of(session),
        pictures=shown_by_id(session, asset_ids),
    )


def preview_document(article: PublishedArticle, reading_time: Mapping[str, Any], around: Surroundings) -> bytes:
    """The bytes of the document, put together as those of published articles are."""
    content = document_content(article)
    return assembled(
        content, reading_time, around.related, around.translations, around.works, around.audience, around.neighbours,
        around.publisher,
        around.pictures,
    ).body  # fmt: skip
