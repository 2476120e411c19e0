"""What a document of the past says of other articles: nothing of those that were taken down since."""

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import unquote

import orjson
from sqlalchemy import or_, select, tuple_
from sqlalchemy.orm import Session

from cms.content.models import Tombstone

Place = tuple[str, str]


def without_taken_down(session: Session, body: bytes) -> bytes:
    """A document without its mentions of articles that are taken down now. One statement, however many it mentions."""
    document = orjson.loads(body)
    ids = {one["id"] for one in _others(document)} | {one["identifier"] for one in _works(document)}
    places = {_place(one) for one in document["translations"]}
    statement = select(Tombstone.article_id, Tombstone.locale, Tombstone.slug).where(
        or_(Tombstone.article_id.in_(ids), tuple_(Tombstone.locale, Tombstone.slug).in_(places))
    )
    found = session.execute(statement).all()
    if not found:
        return body
    gone, gone_places = {row.article_id for row in found}, {(row.locale, row.slug) for row in found}
    document["related"] = [one for one in document["related"] if one["id"] not in gone]
    document["translations"] = [one for one in document["translations"] if _place(one) not in gone_places]
    for name in ("previous", "next"):
        if document.get(name) and document[name]["id"] in gone:
            document[name] = None
    told = document["seo"]["json_ld"]
    kept = [one for one in told.pop("workTranslation", ()) if one["identifier"] not in gone]
    told |= {"workTranslation": kept} if kept else {}
    if told.get("translationOfWork", {}).get("identifier") in gone:
        del told["translationOfWork"]
    return orjson.dumps(document)


def _others(document: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    # What was assembled before documents had neighbours has none of these members.
    yield from document["related"]
    yield from (document[name] for name in ("previous", "next") if document.get(name))


def _works(document: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    told = document["seo"]["json_ld"]
    yield from told.get("workTranslation", ())
    yield from (told[name] for name in ("translationOfWork",) if name in told)


def _place(variant: Mapping[str, Any]) -> Place:
    locale, slug = variant["url"].rsplit("/", 2)[-2:]
    return unquote(locale), unquote(slug)
