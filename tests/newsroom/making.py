"""Drafts for the tests of the newsroom, and how much of everything a database holds."""

from typing import Any

from flask.testing import FlaskClient
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from cms.audit.models import AuditEntry
from cms.content.models import Document
from cms.events.models import Delivery, Letter
from cms.events.subscriptions import hearing
from cms.newsroom.models import Article, ArticleAuthor, ArticleTag, Revision
from cms.platform.db import Database
from cms.platform.models import RememberedAnswer
from cms.taxonomy.models import Person, Section, Source, Tag

TABLES = (
    Article, ArticleAuthor, ArticleTag, AuditEntry, Delivery, Document, Letter, Person, RememberedAnswer, Revision,
    Section, Source, Tag,
)  # fmt: skip
# What follows from a publish, by the switchboard.
OWED = {one.name for one in hearing("article.published")}
UNKNOWN = "01890a5d-ac96-774b-bcce-b302099a8057"


def draft(editor: FlaskClient, /, **given: Any) -> dict[str, Any]:
    """Make a draft that is ready for readers; what matters to a test is given by name."""
    body = {"title": "Harbour bridge reopens", "locale": "en", "body": "The bridge opened **on Friday**.", **given}
    answer = editor.post("/api/v1/articles", json=body)
    assert answer.status_code == 201, answer.json
    made: dict[str, Any] = answer.json
    return made


def act(editor: FlaskClient, verb: str, article_id: str, revision: int, **options: Any) -> TestResponse:
    """POST a lifecycle verb on a revision."""
    return editor.post(f"/api/v1/articles/{article_id}/{verb}", headers={"If-Match": f'"{revision}"'}, **options)


def patch(editor: FlaskClient, article_id: str, revision: int, /, **changes: Any) -> TestResponse:
    """PATCH the working copy made from a revision."""
    return editor.patch(f"/api/v1/articles/{article_id}", json=changes, headers={"If-Match": f'"{revision}"'})


def counts(database: Database) -> dict[str, int]:
    """How many rows there are of everything that a verb of the newsroom can write."""
    with database.reading() as session:
        return {
            table.__tablename__: session.scalar(select(func.count()).select_from(table)) or 0  # type: ignore[attr-defined]  # every mapped class has it
            for table in TABLES
        }
