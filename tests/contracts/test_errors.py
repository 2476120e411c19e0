"""Row S99: a mistake of ours is a problem with a request id and nothing of our inside."""

import logging
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from cms.app import create_app
from cms.environment import SettingsError
from cms.platform.ids import new_id
from cms.settings import Settings

CANARY = "canary-5d1f0c SELECT secret FROM /etc/passwd"
GOOD_SECRET = "0f9e8d7c6b5a49382716f5e4d3c2b1a0"


def routes(app: Flask) -> list[Any]:
    return [rule for rule in app.url_map.iter_rules() if rule.endpoint != "static"]


def test_every_route_hides_what_went_wrong(
    app: Flask, administrator: FlaskClient, caplog: pytest.LogCaptureFixture
) -> None:
    def explode(**_parts: Any) -> Any:
        raise RuntimeError(CANARY)

    logging.getLogger("copydesk.api").setLevel(logging.ERROR)
    tried = 0
    for rule in routes(app):
        app.view_functions[rule.endpoint] = explode
    for rule in routes(app):
        part = 1 if "int:" in rule.rule else new_id() if "uuid:" in rule.rule else "x"
        path = rule.build(dict.fromkeys(rule.arguments, part))[1]
        for method in (rule.methods or set()) - {"OPTIONS"}:
            answer = administrator.open(path, method=method)
            assert answer.status_code == 500, (method, path)
            assert answer.mimetype == "application/problem+json"
            assert CANARY.encode() not in answer.data
            assert b"Traceback" not in answer.data
            if method != "HEAD":
                assert answer.json["code"] == "internal"
                assert answer.json["request_id"] == answer.headers["X-Request-Id"]
            tried += 1
    assert tried >= 40
    print(f"{tried} routes and methods made to fail")


def test_debug_stays_off_whatever_the_environment_says(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLASK_DEBUG", "1")
    monkeypatch.setenv("FLASK_ENV", "development")
    app = create_app(settings)
    assert app.debug is False
    assert app.testing is False
    app.extensions["copydesk"].database.dispose()


@pytest.mark.parametrize(
    "secret",
    ["", "short", "x" * 31, "x" * 64, "changeme" * 8, "0" * 64, "secret" * 10, "abababab" * 8, "1234567890"[:9] * 7],
)
def test_production_refuses_a_missing_short_or_example_key(secret: str) -> None:
    with pytest.raises(SettingsError, match="COPYDESK_SECRET_KEY"):
        Settings.from_environment({"COPYDESK_ENV": "production", "COPYDESK_SECRET_KEY": secret})


def test_production_starts_with_a_good_key() -> None:
    settings = Settings.from_environment({"COPYDESK_ENV": "production", "COPYDESK_SECRET_KEY": GOOD_SECRET})
    assert settings.secret_key == GOOD_SECRET


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("COPYDESK_PROT", "8000"),
        ("COPYDESK_PORT", "eighty"),
        ("COPYDESK_PORT", "-1"),
        ("COPYDESK_ENV", "staging"),
        ("COPYDESK_LOG_LEVEL", "chatty"),
        ("COPYDESK_REDIS_URL", "redis+cluster://127.0.0.1:6379"),
        ("COPYDESK_REDIS_URL", "nonsense"),
        ("COPYDESK_REDIS_URL", "http://127.0.0.1:6379"),
        ("COPYDESK_REDIS_URL", "redis://"),
        ("COPYDESK_REDIS_URL", "unix://"),
        ("COPYDESK_DATABASE_URL", "mysql://localhost/x"),
        ("COPYDESK_DATABASE_URL", "garbage"),
        ("COPYDESK_DATABASE_URL", "sqlite://"),
        ("COPYDESK_DATABASE_URL", "sqlite:///:memory:"),
        ("COPYDESK_DATABASE_URL", "sqlite://srv/copydesk.db"),
        ("COPYDESK_TRUSTED_PROXIES", "everybody"),
        ("COPYDESK_TRUSTED_PROXIES", "0.0.0.0/0"),
        ("COPYDESK_TRUSTED_PROXIES", "::/0"),
        ("COPYDESK_TRUSTED_PROXIES", "10.0.0.0/8, ::/0"),
        ("COPYDESK_ALLOW_UNSAFE_DATABASE", "perhaps"),
        ("COPYDESK_PORT", "0"),
        ("COPYDESK_PORT", "65536"),
        ("COPYDESK_PORT", "65535"),
        ("COPYDESK_PORT", "9" * 5_000),
        ("COPYDESK_MAILBOX_PORT", "65536"),
        ("COPYDESK_MAILBOX_SMTP_PORT", "70000"),
        ("COPYDESK_API_PROCESSES", "0"),
        ("COPYDESK_API_THREADS", "0"),
        ("COPYDESK_BODY_LIMIT_BYTES", "0"),
        ("COPYDESK_WAIT_LIMIT_SECONDS", "301"),
        ("COPYDESK_EVENTS_RETENTION_DAYS", "0"),
        ("COPYDESK_AUDIT_RETENTION_DAYS", "0"),
        ("COPYDESK_AUDIT_RETENTION_DAYS", "999999999"),
        ("COPYDESK_CODE_COOLDOWN_SECONDS", "999999999999"),
        ("COPYDESK_REDIS_URL", "redis://[::1"),
        ("COPYDESK_DATABASE_URL", "postgresql://desk@host:port/name"),
        ("COPYDESK_SMTP_URL", "mail.example.org:25"),
        ("COPYDESK_SMTP_URL", "http://mail.example.org"),
        ("COPYDESK_SMTP_URL", "smtp://"),
        ("COPYDESK_SMTP_URL", "smtp://mail.example.org:70000"),
        ("COPYDESK_BASE_URL", "cms.example.org"),
        ("COPYDESK_BASE_URL", "ftp://cms.example.org"),
        ("COPYDESK_BASE_URL", "https://"),
        ("COPYDESK_BASE_URL", "https://cms.example.org/?page=1"),
        ("COPYDESK_MAIL_FROM", "The Desk"),
        ("COPYDESK_MAIL_FROM", "The Desk <>"),
        ("COPYDESK_MAIL_FROM", "one@example.org, two@example.org"),
        ("COPYDESK_MAIL_FROM", "The Harbour, Post <desk@example.org>"),
        ("COPYDESK_MAIL_FROM", "desk@example.org\nBcc: all@example.org"),
        # With these no letter could be made.
        ("COPYDESK_MAIL_FROM", "=?utf-8?q?desk?=@example.org"),
        ("COPYDESK_MAIL_FROM", "de..sk@example.org"),
        ("COPYDESK_MAIL_FROM", "désk@example.org"),
        ("COPYDESK_MAIL_FROM", "The Desk <desk@пример.рф>"),
        ("COPYDESK_SITE_NAME", "The\nPost"),
        ("COPYDESK_SITE_NAME", "The\u2028Post"),
        ("COPYDESK_SITE_NAME", "\u202eThe Post"),
        ("COPYDESK_SITE_NAME", "\ud800"),
        ("COPYDESK_SITE_NAME", "   "),
        ("COPYDESK_SITE_NAME", "n" * 101),
        ("COPYDESK_BASE_URL", "https://пример.рф"),
        ("COPYDESK_BASE_URL", "https://example.org/новости"),
        ("COPYDESK_CODE_PAGE_URL", "https://example.org/a b"),
    ],
)
def test_a_setting_that_cannot_be_is_named(name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=name) as refused:
        Settings.from_environment({name: value})
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("COPYDESK_SMTP_URL", "smtp+starttls://desk%40example.org:pa%2Fss@mail.example.org"),
        ("COPYDESK_SMTP_URL", "smtps://[2001:db8::1]:465"),
        ("COPYDESK_BASE_URL", "https://example.org/news/"),
        ("COPYDESK_MAIL_FROM", '"The Harbour, Post" <desk@example.org>'),
        ("COPYDESK_MAIL_FROM", "港口邮报 <desk@example.org>"),
        ("COPYDESK_PORT", "65509"),
        ("COPYDESK_CODE_COOLDOWN_SECONDS", "0"),
        ("COPYDESK_DATABASE_URL", "sqlite:////srv/copydesk.db"),
        ("COPYDESK_DATABASE_URL", "sqlite:///copydesk.db"),
        ("COPYDESK_DATABASE_URL", "postgresql:///desk?host=/run/postgresql"),
        ("COPYDESK_REDIS_URL", "unix:///run/redis.sock"),
        ("COPYDESK_REDIS_URL", "rediss://:secret@redis.example.org:6380/1"),
    ],
)
def test_a_setting_that_can_be_is_taken(name: str, value: str) -> None:
    settings = Settings.from_environment({name: value})
    assert str(getattr(settings, name.removeprefix("COPYDESK_").lower())) == value


def test_proxies_are_taken_as_addresses_and_as_networks() -> None:
    settings = Settings.from_environment({"COPYDESK_TRUSTED_PROXIES": "10.0.0.0/8, 192.0.2.1, 2001:db8::/32"})
    assert [str(network) for network in settings.trusted_proxies] == ["10.0.0.0/8", "192.0.2.1/32", "2001:db8::/32"]


def test_the_queues_find_a_socket_by_the_name_that_their_library_has_for_it() -> None:
    settings = Settings.from_environment({"COPYDESK_REDIS_URL": "unix:///run/redis.sock?db=1"})
    assert settings.bell_url == "unix:///run/redis.sock?db=1"
    assert settings.queue_url == "redis+socket:///run/redis.sock?virtual_host=1"
    assert Settings(redis_url="redis://host:6379/1").queue_url == "redis://host:6379/1"


def test_a_piece_of_a_password_is_not_in_the_refusal() -> None:
    with pytest.raises(SettingsError) as refused:
        Settings.from_environment({"COPYDESK_SMTP_URL": "smtp://desk:open/sesame@mail.example.org"})
    assert "open" not in str(refused.value)


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("127.0.0.1", "http://127.0.0.1:8000"),
        ("0.0.0.0", "http://127.0.0.1:8000"),
        ("::", "http://127.0.0.1:8000"),
        ("::1", "http://[::1]:8000"),
        ("desk.example.org", "http://desk.example.org:8000"),
    ],
)
def test_an_address_to_listen_on_becomes_one_to_ask(host: str, url: str) -> None:
    settings = Settings(host=host, mailbox_host=host, base_url="https://cms.example.org/")
    assert settings.local_url == url
    assert settings.mailbox_url == url.replace("8000", "8025")
    assert settings.public_url == "https://cms.example.org"


def test_a_database_that_does_not_answer_is_503(
    settings: Settings, app: Flask, client: FlaskClient, tmp_path: Any
) -> None:
    (tmp_path / "copydesk.db").unlink()
    (tmp_path / "copydesk.db").mkdir()
    app.extensions["copydesk"].database.dispose()
    answer = client.get("/content/v1/articles")
    assert answer.status_code == 503
    assert answer.headers["Retry-After"]
    assert client.get("/livez").status_code == 200
    assert client.get("/readyz").status_code == 503
