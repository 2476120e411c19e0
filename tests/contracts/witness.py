"""The witness of a walk: sends requests and holds each answer against the OpenAPI document and the audit trail."""

import json
import re
from typing import Any

from flask.testing import FlaskClient
from jsonschema import Draft202012Validator
from sqlalchemy import func, select

from cms.audit.models import AuditEntry
from cms.platform.db import Database

PASS_PHRASE = "nine brass bells at dawn"


class Witness:
    """Sends requests and holds every answer against the document."""

    def __init__(self, client: FlaskClient, document: dict[str, Any], database: Database) -> None:
        self.client = client
        self.database = database
        self.document = document
        self.seen: set[tuple[str, str, int]] = set()
        self.paths = [
            (re.compile("".join(_pattern(part) for part in re.split(r"(\{\w+\})", path))), path)
            for path in sorted(document["paths"], key=lambda path: (path.count("/{"), -path.count("{")))
        ]

    def ask(self, method: str, path: str, status: int, body: Any = None, **headers: str) -> Any:
        """One request that has to be answered with a status and the shape documented for it."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        is_form = isinstance(body, dict) and "content_type" in body
        options = body if is_form else {"json": body} if body is not None else {}
        before = self._newest_note()
        answer = self.client.open(path, method=method, headers=named, **options)
        assert answer.status_code == status, (method, path, answer.status_code, answer.data)
        template = next(known for pattern, known in self.paths if pattern.fullmatch(path.partition("?")[0]))
        documented = self.document["paths"][template][method.lower()]["responses"]
        assert str(status) in documented, (method, template, status)
        content = documented[str(status)].get("content", {})
        if content:
            media_type = answer.mimetype if answer.mimetype in content else "*/*"
            assert media_type in content, (method, path)
            described = content[media_type]
            if media_type.endswith("json"):
                schema = {**described["schema"], "components": self.document["components"]}
                validator = Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER)
                for line in answer.data.splitlines() if "ndjson" in media_type else [answer.data]:
                    validator.validate(json.loads(line))
        self._hold_against_the_trail(method, path, answer, before)
        self.seen.add((method, template, status))
        return answer

    def _newest_note(self) -> int:
        with self.database.reading() as session:
            return session.scalar(select(func.max(AuditEntry.number))) or 0

    def _hold_against_the_trail(self, method: str, path: str, answer: Any, before: int) -> None:
        with self.database.reading() as session:
            notes = list(session.scalars(select(AuditEntry).where(AuditEntry.number > before)))
        # Who shares an article does nothing to it, and is nobody's business.
        if method == "GET" or path.endswith(("/validate", "/share")):
            assert notes == [], (method, path)
        elif answer.status_code < 300:
            assert notes, f"{method} {path} left nothing in the audit trail"
            for note in notes:
                assert note.request_id == answer.headers["X-Request-Id"], (path, note.action)
                assert note.client_address, (path, note.action)
                assert note.actor_kind == "anonymous" or note.actor_id, (path, note.action)
                is_known = note.actor_kind != "anonymous" and path.startswith("/api/")
                assert note.credential or not is_known, (path, note.action)

    def promised(self) -> set[tuple[str, str, int]]:
        """Every success and 304 of the document."""
        return {
            (method.upper(), path, int(status))
            for path, operations in self.document["paths"].items()
            for method, operation in operations.items()
            for status in operation["responses"]
            if int(status) < 400
        }


def _pattern(part: str) -> str:
    return "[^/]+" if part.startswith("{") else re.escape(part)


def make_draft(witness: Witness, title: str) -> dict[str, Any]:
    body = {
        "title": title,
        "locale": "en",
        "section": "trams",
        "tags": ["rails", "hills"],
        "authors": ["ines-okafor"],
        "editor": "ines-okafor",
        "source": {"name": "The Courier", "url": "https://courier.example.org/trams"},
        "summary": ["It climbs.", "It comes down."],
        "body": "The tram left the yard at dawn and climbed the hill.\n\n| stop | minute |\n|---|---|\n| Quay | 4 |",
        "fields": {"desk": {"colour": "red"}, "weights": [1, 2]},
    }
    draft: dict[str, Any] = witness.ask("POST", "/api/v1/articles", 201, body).json
    return draft
