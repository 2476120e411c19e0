"""Preview links for tests: making one, and what it shows."""

from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse


def share(editor: FlaskClient, article_id: str, /, **given: Any) -> dict[str, Any]:
    """Make a link; gives the answer with the paths of what it shows as `path` and `page`, and its own as `link`."""
    answer = editor.post(f"/api/v1/articles/{article_id}/previews", json=given)
    assert answer.status_code == 201, answer.json
    made: dict[str, Any] = answer.json
    path = f"/preview/v1/articles/{article_id}"
    return {**made, "path": f"{path}?token={made['token']}", "page": f"{path}/page?token={made['token']}",
            "link": answer.headers["Location"]}  # fmt: skip


def look(client: FlaskClient, made: dict[str, Any], address: str = "192.0.2.1", /, **options: Any) -> TestResponse:
    """What a link shows somebody at an address of the network."""
    return client.get(made["path"], environ_base={"REMOTE_ADDR": address}, **options)
