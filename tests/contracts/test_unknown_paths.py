"""Row S101: nothing of the program or the machine lies at a path, whatever its spelling."""

import pytest
from flask.testing import FlaskClient

PATHS = (
    "/.git", "/.git/", "/.git/HEAD", "/.git/config", "/.env", "/.env.local", "/.env.production", "/.hg/store",
    "/.svn/entries", "/.DS_Store", "/.htaccess", "/.htpasswd", "/.ssh/id_rsa", "/.aws/credentials", "/.npmrc",
    "/.dockerenv", "/Dockerfile", "/docker-compose.yml", "/pyproject.toml", "/requirements.txt", "/Makefile",
    "/app.py", "/cms/app.py", "/cms/settings.py", "/wsgi.py", "/manage.py", "/settings.py", "/config.py",
    "/console", "/admin", "/debug", "/debug/pprof", "/_debug_toolbar", "/server-status", "/actuator/env",
    "/phpinfo.php", "/wp-login.php", "/static/", "/static/../cms/app.py", "/static/%2e%2e/cms/app.py",
    "/static/..%2f..%2fetc/passwd", "/..%2f..%2f..%2fetc%2fpasswd", "/%2e%2e/%2e%2e/etc/passwd", "/../../etc/passwd",
    "/docs/../.env", "/docs/%2e%2e%2fpyproject.toml", "/docs/..%5c..%5cpyproject.toml", "/docs/docs.html",
    "/docs/__init__.py", "/media/../.env", "/copydesk.db", "/var/copydesk.db", "/var/keys/secret", "/keys/secret",
    "/backup.tar.gz", "/dump.sql", "/content/v1/../../.env", "//etc/passwd", "/./.env", "/;/.env",
)  # fmt: skip


@pytest.mark.parametrize("path", PATHS)
def test_there_is_nothing_there(client: FlaskClient, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 404, answer.data
    assert answer.mimetype == "application/problem+json"
    assert answer.json["code"] == "not_found"
    assert "spelling" not in answer.json["detail"]


@pytest.mark.parametrize(
    "path", ["/api/", "/api/v1", "/api/v1/", "/api/v1/.git", "/api/v1/console", "/api/v2/articles"]
)
def test_below_the_private_prefix_nobody_learns_what_exists(client: FlaskClient, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code in (401, 404)
    if path.startswith("/api/"):
        assert answer.status_code == 401


@pytest.mark.parametrize("method", ["TRACE", "CONNECT", "PROPFIND", "FOO", "PUT", "DELETE"])
def test_other_methods_are_refused(client: FlaskClient, method: str) -> None:
    answer = client.open("/livez", method=method)
    assert answer.status_code in (405, 501)
    if answer.status_code == 405:
        assert answer.json["detail"] == (
            f"This address does not know the method {method}; Allow lists those that it does."
        )
    assert answer.mimetype == "application/problem+json"


def test_what_is_there_is_found(client: FlaskClient) -> None:
    for path in ("/", "/livez", "/docs", "/docs/docs.js", "/docs/docs.css", "/docs/problems", "/openapi.json"):
        assert client.get(path).status_code == 200, path
    assert client.get("/metrics").status_code == 200


def test_a_refusal_says_the_first_thing_that_was_wrong_and_how_many_more_there_are(editor: FlaskClient) -> None:
    one = editor.post("/api/v1/articles", json={"locale": "en"})
    assert one.json["detail"] == "/title: Missing data for required field."
    three = editor.post("/api/v1/articles", json={"title": "A tram", "locale": "en", "x": 1, "y": 2, "z": 3})
    first = three.json["errors"][0]
    assert three.json["detail"] == f"{first['pointer']}: {first['detail']} And 2 more; see errors."
    assert first["pointer"] in ("/x", "/y", "/z")
    assert (one.json["title"], three.json["title"]) == ("The content of the request is not valid",) * 2
