"""The audit trail over HTTP: filtered, in pages, and whole as a stream."""

from collections.abc import Iterator
from typing import Any

from flask import Blueprint, Response

from cms.operations.audit_reading import audit_data, count_of, matching, newest_entries, pages
from cms.operations.schemas import AuditEntryShape, AuditExportQueryShape, AuditPageShape, AuditQueryShape
from cms.platform.http.answers import encode
from cms.platform.http.endpoint import endpoint
from cms.platform.http.pages import page_answer
from cms.platform.http.services import services
from cms.platform.http.transactions import reading

audit = Blueprint("audit", __name__, url_prefix="/api/v1")
NDJSON = "application/x-ndjson"


@audit.get("/audit")
@endpoint(
    summary="Who did what, newest first",
    scope="audit:read",
    query=AuditQueryShape,
    answers={200: AuditPageShape},
    refuses=(400,),
)
def list_audit(query: dict[str, Any]) -> Response:
    """The audit trail."""
    conditions = matching(query)
    filters = sorted((name, str(value)) for name, value in query.items() if name not in ("limit", "cursor", "count"))

    with reading() as session:
        return page_answer(
            f"operations|audit|{filters}",
            query,
            read=lambda limit, after, is_backwards: newest_entries(
                session, conditions, limit=limit, after=after, is_backwards=is_backwards
            ),
            position=lambda entry: (entry.number,),
            dump=audit_data,
            count=lambda: count_of(session, conditions),
        )


@audit.get("/audit/export")
@endpoint(
    summary="The audit trail with its seals, oldest first, one JSON object a line",
    scope="audit:read",
    query=AuditExportQueryShape,
    answers={200: AuditEntryShape},
    media_type=NDJSON,
    refuses=(400,),
)
def export_audit(query: dict[str, Any]) -> Response:
    """Everything that fulfils the filters, as a stream."""
    database, conditions = services().database, matching(query)

    def lines() -> Iterator[bytes]:
        for page in pages(database, conditions):
            yield b"".join(encode(audit_data(entry)) + b"\n" for entry in page)

    headers = {"Cache-Control": "private, no-store", "Content-Disposition": 'attachment; filename="audit.ndjson"'}
    return Response(lines(), 200, headers=headers, mimetype=NDJSON)
