"""The readers' doors: registering, codes, passwords, signing in. Open to everybody, so all is limited per client."""

from collections.abc import Iterable
from datetime import timedelta

from flask import Blueprint, Response, request

from cms.identity.passwords import HASHER, password_problem, salt_of_registrations
from cms.mail.queueing import domain_of
from cms.platform.errors import BadRequest, Invalid
from cms.platform.http.answers import answer
from cms.platform.http.endpoint import endpoint
from cms.platform.http.guard import current_actor
from cms.platform.http.services import services
from cms.platform.http.transactions import reading, transaction
from cms.readers import asking, proving
from cms.readers.consenting import missing_consents
from cms.readers.queries import challenge_of
from cms.readers.rules import (
    CODES_PER_CLIENT,
    LOCALES,
    VERIFICATIONS_PER_CLIENT,
)
from cms.readers.schemas import (
    ChallengeShape,
    CodeRequest,
    CodeRequestShape,
    GivenConsent,
    PasswordChange,
    PasswordChangeShape,
    Registration,
    RegistrationShape,
    VerificationShape,
)

readers = Blueprint("readers", __name__, url_prefix="/readers/v1")


@readers.post("/accounts")
@endpoint(
    summary="Register: a code goes to the address",
    body=RegistrationShape,
    answers={202: ChallengeShape},
    limit=CODES_PER_CLIENT,
    within=HASHER.act,
    description="The same answer whether the address has an account already, and whether a letter was sent just "
    "before. The owner of the mailbox reads in the letter which it is. Sent again with the same password while a "
    "code is on its way, it names the same challenge.",
)
def register_account(body: Registration) -> Response:
    """Begin an account; verifying the code makes it."""
    _refuse_without_consents(body.consents)
    _refuse_weak(body.password, body.email, "/password")
    password_hash = HASHER.hash(body.password, salt_of_registrations(services().keys, body.email))
    with transaction() as session:
        challenge_id = asking.register(
            session, current_actor(), body, password_hash, terms=terms_of_codes(), now=services().instant(session)
        )
        return answer({"challenge_id": challenge_id}, 202)


@readers.post("/codes")
@endpoint(
    summary="Ask for a code",
    body=CodeRequestShape,
    answers={202: ChallengeShape},
    limit=CODES_PER_CLIENT,
    description="A new verify_email code asked with the registration's challenge_id keeps that registration's "
    "password; asked without it, verifying makes an account without a password, which reset_password sets.",
)
def ask_for_code(body: CodeRequest) -> Response:
    """A code by mail, at most once in the cooldown."""
    if body.purpose == "verify_email" and body.challenge_id is None:
        _refuse_without_consents(body.consents)
    locale = request.accept_languages.best_match(LOCALES, LOCALES[0])
    with transaction() as session:
        challenge_id = asking.ask_for_code(
            session, current_actor(), body, locale=locale, terms=terms_of_codes(), now=services().instant(session)
        )
        return answer({"challenge_id": challenge_id}, 202)


@readers.post("/codes/<challenge_id>/verify")
@endpoint(
    summary="Prove an address by its code", body=VerificationShape, answers={204: None}, limit=VERIFICATIONS_PER_CLIENT,
)  # fmt: skip
def verify_code(body: dict[str, str], challenge_id: str) -> Response:
    """Make the account that was asked for."""
    parts = services()
    with transaction() as session:
        is_proven = proving.verify_email(
            session, parts.keys, current_actor(), challenge_id, body["code"], parts.instant(session)
        )
    return proven(is_proven)


@readers.post("/password")
@endpoint(
    summary="Set a new password by the code of a reset", body=PasswordChangeShape, answers={204: None},
    limit=VERIFICATIONS_PER_CLIENT, within=HASHER.act,
)  # fmt: skip
def change_password(body: PasswordChange) -> Response:
    """Give an account another password. Every session of it ends, and a letter tells of it."""
    parts = services()
    with reading() as session:
        challenge = challenge_of(session, body.challenge_id)
    _refuse_weak(body.new_password, challenge.email if challenge is not None else "", "/new_password")
    password_hash = HASHER.hash(body.new_password)
    with transaction() as session:
        is_proven = proving.reset_password(
            session, parts.keys, current_actor(), body.challenge_id, body.code, password_hash,
            sender_domain=domain_of(parts.settings.mail_from), now=parts.instant(session),
        )  # fmt: skip
    return proven(is_proven)


def proven(is_proven: bool) -> Response:
    """The answer to a code that was right. Raises: BadRequest for one that was not."""
    # Raised after the transaction was left, so that the failed attempt stays counted.
    if not is_proven:
        raise code_refused()
    return answer(None, 204)


def code_refused() -> BadRequest:
    """The one refusal of a code, whatever is wrong with it."""
    return BadRequest(
        "The code is wrong, used, too old, or was tried too often. Ask for a new one.", code="code_refused"
    )


def _refuse_weak(password: str, email: str, pointer: str) -> None:
    problem = password_problem(password, (services().settings.site_name, *email.split("@")), pointer)
    if problem is not None:
        raise Invalid(errors=[problem])


def _refuse_without_consents(given: Iterable[GivenConsent]) -> None:
    problems = missing_consents(services().settings.required_consents, given)
    if problems:
        raise Invalid(errors=problems)


def terms_of_codes() -> asking.Terms:
    """On what terms this installation sends codes."""
    settings = services().settings
    return asking.Terms(
        cooldown=timedelta(seconds=settings.code_cooldown_seconds), sender_domain=domain_of(settings.mail_from)
    )
