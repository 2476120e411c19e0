"""Schedules for tests: a clock that is moved by hand, and what editors and readers see of an article's schedule."""

from datetime import UTC, datetime, timedelta
from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from cms.platform.clock import rfc3339

BEGAN = datetime(2026, 11, 2, 8, tzinfo=UTC)


class Clock:
    """An instant that is moved by hand."""

    def __init__(self) -> None:
        self.at = BEGAN

    def __call__(self) -> datetime:
        return self.at

    def wait(self, **parts: float) -> None:
        self.at += timedelta(**parts)


def in_hours(number: float) -> str:
    return rfc3339(BEGAN + timedelta(hours=number))


def put(editor: FlaskClient, article_id: str, version: int | None = None, /, **body: Any) -> TestResponse:
    headers = {"If-Match": f'"{version}"'} if version is not None else {}
    return editor.put(f"/api/v1/articles/{article_id}/schedule", json=body, headers=headers)


def schedule(editor: FlaskClient, article_id: str) -> Any:
    answer = editor.get(f"/api/v1/articles/{article_id}/schedule")
    return answer.json if answer.status_code == 200 else None


def live(client: FlaskClient, article_id: str) -> Any:
    answer = client.get(f"/content/v1/articles/{article_id}")
    return answer.json if answer.status_code == 200 else None


def state(editor: FlaskClient, article_id: str) -> str:
    return str(editor.get(f"/api/v1/articles/{article_id}").json["state"])
