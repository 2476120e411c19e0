"""A reader's own consents: what was agreed to and withdrawn, what the site asks for now."""

from flask import Blueprint, Response

from cms.platform.errors import Invalid, NotFound
from cms.platform.http.answers import answer
from cms.platform.http.endpoint import endpoint
from cms.platform.http.guard import current_actor
from cms.platform.http.services import services
from cms.platform.http.transactions import reading, transaction
from cms.readers import consenting
from cms.readers.consenting import LETTERS, consent_data, missing_consents
from cms.readers.follows.following import silence_all
from cms.readers.queries import consents_of
from cms.readers.schemas import AgreedVersionShape, ConsentListShape, ExportedConsentShape, GivenConsent

reader_consents = Blueprint("reader_consents", __name__, url_prefix="/readers/v1")


@reader_consents.get("/me/consents")
@endpoint(
    summary="What a reader agreed to",
    needs_reader=True,
    answers={200: ConsentListShape},
    description="Everything that was given and withdrawn, the newest first, and what the site asks for now with "
    "whether it was given. Letters about what one follows are the document `follow-letters`.",
)
def list_consents() -> Response:
    """One's own consents, with their instants."""
    with reading() as session:
        rows = consents_of(session, current_actor().id)
    asked = [text.partition("=") for text in services().settings.required_consents]
    there = [GivenConsent(one.document, one.version) for one in rows if one.withdrawn_at is None]
    required = [
        {"document": document, "version": version, "is_given": not missing_consents([f"{document}={version}"], there)}
        for document, _, version in asked
    ]
    return answer({"data": [consent_data(one) for one in rows], "required": required})


@reader_consents.put("/me/consents/<document>")
@endpoint(
    summary="Agree to a version of a document",
    needs_reader=True,
    body=AgreedVersionShape,
    answers={200: ExportedConsentShape},
    refuses=(404,),
    description="For a new version of the terms, or what was not asked at registration. Again, it changes nothing.",
)
def give_consent(body: dict[str, str], document: str) -> Response:
    """Recorded with the instant; another version takes the place of the one before."""
    _refuse_unfit(document)
    given = GivenConsent(document, body["version"])
    with transaction() as session:
        row = consenting.give_consent(session, current_actor(), given, services().clock())
        if row is None:
            raise NotFound("There is no such account any more.")
        return answer(consent_data(row))


@reader_consents.delete("/me/consents/<document>")
@endpoint(
    summary="Withdraw what was agreed to",
    needs_reader=True,
    answers={204: None},
    refuses=(404,),
    description="What was given stays on record, with the instant at which it ended. Withdrawing `follow-letters` ends "
    "all letters about what one follows.",
)
def withdraw_consent(document: str) -> Response:
    """As easy as it was given."""
    actor, now = current_actor(), services().clock()
    with transaction() as session:
        if document == LETTERS:
            is_ended = silence_all(session, actor, now)
        else:
            is_ended = consenting.withdraw_consent(session, actor, document, now)
        if not is_ended:
            raise NotFound("You agreed to no document of this name, or withdrew it.")
        return answer(None, 204)


def _refuse_unfit(document: str) -> None:
    problem = consenting.document_problem(document)
    if problem is not None:
        raise Invalid(errors=[problem])
