"""Deleting sections, tags, people and sources, and merging tags, over HTTP."""

from typing import Any

from flask import Blueprint, Response

from cms.newsroom.words.removing import remove_word
from cms.newsroom.words.rules import RemoveWord
from cms.newsroom.words.schemas import MergeShape, RemovalQueryShape
from cms.platform.http.answers import answer
from cms.platform.http.endpoint import endpoint
from cms.platform.http.etags import revision_etag
from cms.platform.http.guard import current_actor
from cms.platform.http.services import services
from cms.platform.http.transactions import transaction
from cms.taxonomy.models import Person, Section, Source, Tag
from cms.taxonomy.queries import KIND_NAMES, word_data
from cms.taxonomy.rules import WRITE
from cms.taxonomy.schemas import TagShape

words = Blueprint("words", __name__, url_prefix="/api/v1")

REMOVAL_TEXT = (
    "What is used is 409 `in_use` with a list of its users, unless `reassign_to` names another: then every article "
    "names that one, in the same transaction, and the old slug leads there. What readers see follows; the `Location` "
    "is the receipt."
)
PLACE_TEXT = (
    " Needs the permission for the section above it, and for the one that takes over. Sections below it, and rights "
    "that are limited to it, are never reassigned: move or change them first."
)
SHARED_TEXT = " Every desk shares it, so the permission must not be limited to a section or language."


def _furnish(kind: type[Any], listing: str, part: str) -> None:
    @endpoint(
        summary=f"Delete a {KIND_NAMES[kind]}",
        scope=WRITE,
        query=RemovalQueryShape,
        needs_revision=True,
        answers={204: None},
        refuses=(409,),
        description=REMOVAL_TEXT + (PLACE_TEXT if kind is Section else SHARED_TEXT),
    )
    def delete(revision: int, query: dict[str, Any], **key: str) -> Response:
        command = RemoveWord(key[part], revision, query["reassign_to"])
        with transaction() as session:
            removed = remove_word(session, current_actor(), kind, command, services().clock())
            return answer(None, 204, headers=_receipt(removed.letter_id))

    words.add_url_rule(f"/{listing}/<{part}>", f"delete_{KIND_NAMES[kind]}", delete, methods=["DELETE"])


for _kind, _listing, _part in (
    (Section, "sections", "slug"),
    (Tag, "tags", "slug"),
    (Person, "people", "slug"),
    (Source, "sources", "source_id"),
):
    _furnish(_kind, _listing, _part)


@words.post("/tags/<slug>/merge")
@endpoint(
    summary="Merge a tag into another",
    scope=WRITE,
    body=MergeShape,
    needs_revision=True,
    answers={200: TagShape},
    description="Every article that has this tag has the other one from now on; the name of this one becomes a "
    "synonym. `If-Match` is the revision of the tag that goes. The answer is the tag that stays; the `Location` is the "
    "receipt." + SHARED_TEXT,
)
def merge_tag(slug: str, revision: int, body: dict[str, Any]) -> Response:
    """Make one tag of two."""
    command = RemoveWord(slug, revision, body["into"], pointer="/into")
    with transaction() as session:
        removed = remove_word(session, current_actor(), Tag, command, services().clock())
        [data] = word_data(session, [removed.into])
        return answer(data, headers=_receipt(removed.letter_id), etag=revision_etag(removed.into.revision))


def _receipt(letter_id: str) -> dict[str, str]:
    return {"Location": f"/api/v1/receipts/{letter_id}"}
