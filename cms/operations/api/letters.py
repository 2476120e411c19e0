"""Outgoing letters over HTTP, for who answers readers: what became of them, and addresses that are held back."""

from collections.abc import Mapping, Sequence
from typing import Any

import structlog
from flask import Blueprint, Response
from sqlalchemy import ColumnElement
from sqlalchemy.orm import Session

from cms.events.models import Delivery
from cms.mail import bouncing, queries
from cms.mail.models import OutgoingLetter, Suppression
from cms.mail.suppressing import lift
from cms.operations.schemas import (
    BounceShape,
    LetterPageShape,
    LetterQueryShape,
    LetterShape,
    SuppressionPageShape,
    SuppressionQueryShape,
    TraceQueryShape,
    TraceShape,
)
from cms.operations.tracing_letters import letter_data, letters_data, suppression_data, trace
from cms.platform.errors import NotFound
from cms.platform.http.answers import answer
from cms.platform.http.endpoint import endpoint
from cms.platform.http.guard import current_actor
from cms.platform.http.pages import page_answer
from cms.platform.http.services import services
from cms.platform.http.transactions import reading, transaction

log = structlog.get_logger("copydesk.operations")
letters = Blueprint("letters", __name__, url_prefix="/api/v1/mail")

READ, WRITE = "mail:read", "mail:write"


@letters.get("/explain")
@endpoint(
    summary="Why a reader did not get a code",
    scope=READ,
    query=TraceQueryShape,
    answers={200: TraceShape},
    description="Findings in words, the newest letters to the address with the mail server's last answer, whether the "
    "address is held back, and how many codes were asked for. Of a letter that could not be made or sent in five "
    "attempts (`dead`) the error is named, and what to do. No code and no text of a letter is in it.",
)
def explain_letters(query: dict[str, Any]) -> Response:
    """What became of letters to an address."""
    _note_look_up("letters_explained")
    with reading() as session:
        return answer(trace(session, query["address"], services().settings.letters_kept_days, services().clock()))


@letters.get("/letters")
@endpoint(
    summary="Letters by state and address",
    scope=READ,
    query=LetterQueryShape,
    answers={200: LetterPageShape},
    refuses=(400,),
)
def list_letters(query: dict[str, Any]) -> Response:
    """Outgoing letters, newest first, without their text, which is not kept."""
    _note_look_up("letters_listed")
    conditions = {
        "state": queries.in_state(query["state"] or ""),
        "kind": OutgoingLetter.kind == query["kind"],
        "address": OutgoingLetter.recipient == query["address"],
    }
    now = services().clock()
    deliveries: dict[str, Delivery] = {}

    def dump(letter: OutgoingLetter) -> dict[str, Any]:
        return letter_data(letter, deliveries.get(letter.id), now)

    def note(session: Session, rows: Sequence[OutgoingLetter]) -> None:
        deliveries.update(queries.unsent_deliveries(session, rows))

    return _page(OutgoingLetter, query, conditions, dump, note)


@letters.post("/bounces")
@endpoint(
    summary="Report that a letter was returned",
    scope=WRITE,
    body=BounceShape,
    answers={200: LetterShape},
    refuses=(404,),
    description="For what reads the mailbox of returned letters, or a provider's notices. Where the status says that "
    "there is no such mailbox (5.1.1 and its like), further letters to the address are held back.",
)
def report_bounce(body: dict[str, str]) -> Response:
    """The letter has bounced, though the mail server took it; again is fine."""
    with transaction() as session:
        letter = bouncing.report_bounce(
            session, current_actor(), body["message_id"], body["status"], services().clock()
        )
        if letter is None:
            raise NotFound("No letter has this Message-ID; letters are kept for some days.")
        return answer(letters_data(session, [letter], services().clock())[0])


@letters.get("/suppressions")
@endpoint(
    summary="Addresses that get no letters because one bounced",
    scope=READ,
    query=SuppressionQueryShape,
    answers={200: SuppressionPageShape},
    refuses=(400,),
)
def list_suppressions(query: dict[str, Any]) -> Response:
    """Since when and why letters to an address are held back."""
    _note_look_up("suppressions_listed")
    return _page(Suppression, query, {"address": Suppression.address == query["address"]}, suppression_data)


@letters.delete("/suppressions/<suppression_id>")
@endpoint(summary="Let letters go to an address again", scope=WRITE, answers={204: None}, refuses=(404,))
def lift_suppression(suppression_id: str) -> Response:
    """The next letter is tried; if it bounces too, the address is held back anew."""
    with transaction() as session:
        if not lift(session, current_actor(), suppression_id, services().clock()):
            raise NotFound("No address is held back under this id.")
        return answer(None, 204)


def _page(
    table: Any, query: dict[str, Any], conditions: Mapping[str, ColumnElement[bool]], dump: Any, note: Any = None
) -> Response:
    """One page of those that fulfil the conditions which were asked for. `note` is given the rows before `dump` is."""
    asked = {name: query[name] for name in conditions if query[name]}
    wanted = [conditions[name] for name in asked]

    def read(limit: int, after: tuple[Any, ...] | None, is_backwards: bool) -> Sequence[Any]:
        rows = queries.page_of(session, table, wanted, limit=limit, after=after, is_backwards=is_backwards)
        if note is not None:
            note(session, rows)
        return rows

    with reading() as session:
        return page_answer(
            f"mail|{table.__tablename__}|{sorted(asked.items())}",
            query,
            read=read,
            position=lambda row: (row.number,),
            dump=dump,
            count=lambda: queries.count_of(session, table, wanted),
        )


def _note_look_up(event: str) -> None:
    # A read leaves no entry in the trail; who looked at readers' data is in the log, and whose data it was is not.
    actor = current_actor()
    log.info(event, actor=f"{actor.kind}:{actor.id}", request_id=actor.request_id)
