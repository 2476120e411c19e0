"""Moving to another address: asked for by who is signed in, proven at the new mailbox, taken back from the old one."""

from flask import Blueprint, Response

from cms.identity.passwords import HASHER
from cms.mail.queueing import domain_of
from cms.platform.errors import Forbidden
from cms.platform.http.answers import answer
from cms.platform.http.endpoint import endpoint
from cms.platform.http.guard import current_actor, require_session
from cms.platform.http.problems import committed_refusal
from cms.platform.http.services import services
from cms.platform.http.transactions import transaction
from cms.readers import moving
from cms.readers.api.doors import code_refused, proven, terms_of_codes
from cms.readers.api.own import WRONG_PASSWORD, own_candidate, password_refusal_noted, profile_data
from cms.readers.rules import CODES_PER_CLIENT, VERIFICATIONS_PER_CLIENT
from cms.readers.schemas import AddressProofShape, ChallengeShape, NewAddressShape, ProfileShape, UndoShape

reader_addresses = Blueprint("reader_addresses", __name__, url_prefix="/readers/v1")


@reader_addresses.post("/me/email")
@endpoint(
    summary="Ask to move to another address",
    needs_reader=True,
    body=NewAddressShape,
    answers={202: ChallengeShape},
    refuses=(403,),
    limit=CODES_PER_CLIENT,
    within=HASHER.act,
    description="Needs the password. A code goes to the new address and a notice to the present one; nothing changes "
    "until the code comes back. The answer is the same whether the new address has an account and whether a letter "
    "was sent just before. Five times an hour for one account.",
)
def ask_for_address(body: dict[str, str]) -> Response:
    """A code to the new address, a notice to the present one."""
    candidate = own_candidate(body["password"])
    with password_refusal_noted(candidate), transaction() as session:
        challenge_id = moving.ask_for_address(
            session, current_actor(), candidate, body["email"], terms=terms_of_codes(), now=services().instant(session)
        )
        if challenge_id is None:
            raise Forbidden(WRONG_PASSWORD, code="password_refused")
        return answer({"challenge_id": challenge_id}, 202)


@reader_addresses.post("/me/email/verify")
@endpoint(
    summary="Prove the new address by its code",
    needs_reader=True,
    body=AddressProofShape,
    answers={200: ProfileShape},
    limit=VERIFICATIONS_PER_CLIENT,
    description="Every other session ends. A letter to the address before has a code that takes the change back for "
    "72 hours.",
)
def prove_address(body: dict[str, str]) -> Response:
    """The account moves to the address whose mailbox was proven."""
    parts, session_id = services(), require_session()
    with transaction() as session:
        account = moving.change_address(
            session, parts.keys, current_actor(), session_id, body["challenge_id"], body["code"],
            sender_domain=domain_of(parts.settings.mail_from), now=parts.instant(session),
        )  # fmt: skip
        return answer(profile_data(account)) if account is not None else committed_refusal(code_refused())


@reader_addresses.post("/email-changes/<challenge_id>/undo")
@endpoint(
    summary="Take a change of address back",
    body=UndoShape,
    answers={204: None},
    refuses=(409,),
    limit=VERIFICATIONS_PER_CLIENT,
    description="Needs no session: number and code came by mail to the address before, and work for 72 hours. The "
    "account has that address again and all its sessions end; the password stays until a reset sets another.",
)
def undo_change(body: dict[str, str], challenge_id: str) -> Response:
    """The account gets its address back, and whoever is signed in is signed out."""
    parts = services()
    with transaction() as session:
        is_undone = moving.undo_change(
            session, parts.keys, current_actor(), challenge_id, body["code"],
            sender_domain=domain_of(parts.settings.mail_from), now=parts.instant(session),
        )  # fmt: skip
    return proven(is_undone)
