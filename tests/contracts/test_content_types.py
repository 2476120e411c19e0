"""Row S66: a JSON route reads application/json, uncompressed, and nothing else."""

import gzip

import pytest
from flask.testing import FlaskClient

ROUTES = (
    ("POST", "/api/v1/articles"),
    ("POST", "/api/v1/sections"),
    ("POST", "/api/v1/tags"),
    ("POST", "/readers/v1/accounts"),
)
TYPES = (
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=x",
    "text/plain",
    "text/plain; charset=utf-8",
    "text/html",
    "application/xml",
    "application/octet-stream",
    "application/jsonp",
    "application/json-patch+json",
    "application/ld+json",
    "text/json",
    "application/x-json",
    "application/javascript",
    "image/png",
    "",
)
BODY = b'{"title": "A tram", "locale": "en"}'


@pytest.mark.parametrize("media_type", TYPES)
@pytest.mark.parametrize(("method", "path"), ROUTES)
def test_another_type_is_refused(editor: FlaskClient, method: str, path: str, media_type: str) -> None:
    answer = editor.open(path, method=method, data=BODY, headers={"Content-Type": media_type})
    assert answer.status_code == 415
    assert answer.mimetype == "application/problem+json"
    assert answer.json["code"] == "unsupported_media_type"
    assert answer.json["request_id"] == answer.headers["X-Request-Id"]


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "zstd", "compress", "gzip, gzip"])
def test_a_compressed_body_is_refused_before_it_is_inflated(editor: FlaskClient, encoding: str) -> None:
    bomb = gzip.compress(b"[" * 10_000_000)
    answer = editor.post(
        "/api/v1/articles", data=bomb, headers={"Content-Type": "application/json", "Content-Encoding": encoding}
    )
    assert answer.status_code == 415


def test_a_body_beyond_the_limit_is_refused(editor: FlaskClient) -> None:
    answer = editor.post(
        "/api/v1/articles", data=b'{"title": "' + b"x" * 1_100_000 + b'"}', content_type="application/json"
    )
    assert answer.status_code == 413
    assert answer.json["code"] == "too_large"


def test_plain_json_is_read(editor: FlaskClient) -> None:
    assert editor.post("/api/v1/articles", data=BODY, content_type="application/json; charset=utf-8").status_code == 201
