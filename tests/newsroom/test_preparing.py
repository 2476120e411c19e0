"""A body is rendered before the transaction that shows it, and only the revision that was rendered is shown."""

from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient

from cms.newsroom import preparing
from cms.newsroom.preparing import NO_BODY, prepare_body
from cms.newsroom.publishing import publish_article
from cms.newsroom.rules import PublishArticle
from cms.platform.actor import system
from cms.platform.clock import now
from cms.platform.db import Database
from cms.platform.errors import Stale
from cms.platform.ids import new_id
from tests.newsroom.making import act, counts, draft, patch

pytestmark = pytest.mark.both_databases


@pytest.fixture
def meanwhile(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], Any]], None]:
    """Let something happen in the moment in which a body is rendered."""

    def let(happen: Callable[[], Any]) -> None:
        render = preparing.render

        def render_and_more(*body: Any) -> Any:
            monkeypatch.setattr(preparing, "render", render)
            happen()
            return render(*body)

        monkeypatch.setattr(preparing, "render", render_and_more)

    return let


def test_others_can_write_while_a_body_is_rendered(
    editor: FlaskClient, meanwhile: Callable[[Callable[[], Any]], None]
) -> None:
    made, others = draft(editor), []
    meanwhile(lambda: others.append(draft(editor, title="Written meanwhile")))
    assert act(editor, "publish", made["id"], 1).status_code == 200
    assert [other["title"] for other in others] == ["Written meanwhile"]


def test_an_article_that_is_edited_while_it_is_rendered_is_not_published(
    editor: FlaskClient, database: Database, meanwhile: Callable[[Callable[[], Any]], None]
) -> None:
    made = draft(editor)
    meanwhile(lambda: patch(editor, made["id"], 1, body="Another body"))
    answer = act(editor, "publish", made["id"], 1)
    assert (answer.status_code, answer.json["etag"]) == (412, '"2"')
    assert counts(database)["documents"] == 0
    assert act(editor, "publish", made["id"], 2).status_code == 200


def test_a_body_of_another_revision_is_refused_by_the_verb(editor: FlaskClient, database: Database) -> None:
    made = draft(editor)
    first = prepare_body(database, system("test"), made["id"], 1)
    patch(editor, made["id"], 1, body="Another body")
    for prepared in (first, NO_BODY):
        with pytest.raises(Stale), database.transaction() as session:
            publish_article(session, system("test"), PublishArticle(made["id"], 2), prepared, now())
    assert counts(database)["documents"] == 0
    for article_id, revision in ((made["id"], 1), (made["id"], 3), (made["id"], 2**70), (new_id(), 1)):
        assert prepare_body(database, system("test"), article_id, revision) is NO_BODY


def test_a_repeat_gets_its_first_answer_although_the_article_has_gone(editor: FlaskClient) -> None:
    made = draft(editor)
    path, headers = f"/api/v1/articles/{made['id']}", {"If-Match": '"1"', "Idempotency-Key": "p"}
    first = editor.post(f"{path}/publish", headers=headers)
    editor.delete(path, headers={"If-Match": first.headers["ETag"]})
    assert (first.status_code, editor.post(f"{path}/publish", headers=headers).data) == (200, first.data)


def test_nothing_is_rendered_for_somebody_who_may_not_publish_it(
    editor: FlaskClient, client_as: Callable[..., FlaskClient], monkeypatch: pytest.MonkeyPatch
) -> None:
    made, rendered, render = draft(editor), [], preparing.render
    monkeypatch.setattr(preparing, "render", lambda *body: rendered.append(body) or render(*body))
    assert act(client_as("author"), "publish", made["id"], 1).status_code == 403
    assert act(client_as("viewer"), "publish", made["id"], 1).status_code == 403
    assert rendered == []
    assert act(editor, "publish", made["id"], 1).status_code == 200
    assert len(rendered) == 1
