"""Every setting of Copydesk: one frozen object, read once from the environment and passed down.

Nothing else in the project reads the environment. `docs/configuration.md` lists the variables. How texts become values
is in `environment.py`; what belongs to files and to keys is in `media_settings.py` and `secret_settings.py`.
"""

import hashlib
import os
import re
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Literal
from zoneinfo import available_timezones

from cms.environment import (
    ARTICLE_PAGE,
    PERSON_PAGE,
    RANGES,
    Network,
    SettingsError,
    check_closed,
    check_consents,
    check_fallbacks,
    check_page,
    check_pattern,
    check_preview_page,
    check_sender,
    check_site_name,
    read_networks,
    read_place,
    read_value,
)
from cms.media_settings import MediaSettings
from cms.secret_settings import SecretSettings

# How often in how many seconds; 0 switches a limit off.
RATE = re.compile(r"([1-9][0-9]{0,5})/([1-9][0-9]{0,4})")
CAN_BE_OFF = frozenset({"limit_writes", "limit_search"})
HOST_NAME = re.compile(r"[a-z0-9_]([a-z0-9_.-]{0,250}[a-z0-9_])?|\[[0-9a-f:.]+\]")
# As browsers send it: no path, no user, and no port where it is the scheme's own.
ORIGIN = re.compile(rf"https?://(?:{HOST_NAME.pattern})(?::(?!80$|443$)[1-9][0-9]{{0,4}})?")
CHOICES: Mapping[str, tuple[str, ...]] = {
    "env": ("development", "production"),
    "log_level": ("debug", "info", "warning", "error"),
    "media_public": ("published", "always"),
}


@dataclass(frozen=True)
class Settings(MediaSettings, SecretSettings):
    """What this process was told. Units are in the names; `home` is the one folder that holds data."""

    home: Path = Path("var")
    env: Literal["development", "production"] = "development"
    host: str = "127.0.0.1"
    port: int = 8000
    base_url: str = ""
    site_name: str = "Copydesk"
    locale_fallbacks: str = ""
    # These may hold passwords.
    database_url: str = field(default="", repr=False)
    redis_url: str = field(default="", repr=False)
    smtp_url: str = field(default="", repr=False)
    mail_from: str = "Copydesk <no-reply@localhost>"
    mailbox_host: str = "127.0.0.1"
    mailbox_port: int = 0
    mailbox_smtp_port: int = 0
    reader_port: int = 0
    api_processes: int = 2
    api_threads: int = 4
    trusted_proxies: tuple[Network, ...] = ()
    hosts: tuple[str, ...] = ()
    allowed_origins: tuple[str, ...] = ()
    redirect_hosts: tuple[str, ...] = ()
    code_cooldown_seconds: int = 60
    code_page_url: str = ""
    article_page_url: str = ""
    closed_pages: tuple[str, ...] = ()
    preview_page_url: str = ""
    person_page_url: str = ""
    required_consents: tuple[str, ...] = ()
    digest_hour: int = 7
    time_zone: str = "UTC"
    limit_writes: str = "600/60"
    limit_search: str = "300/60"
    limit_sign_in: str = "10/60"
    limit_codes: str = "20/3600"
    limit_comments: str = "6/60"
    comments_hold_first: bool = True
    comments_links_held: int = 2
    comments_reports_held: int = 3
    comments_edit_minutes: int = 15
    comments_depth: int = 4
    types_home: str = ""
    reading_rates: str = ""
    body_limit_bytes: int = 1_048_576
    wait_limit_seconds: int = 10
    events_retention_days: int = 7
    audit_retention_days: int = 365
    revisions_kept_days: int = 30
    changes_kept_days: int = 30
    searches_kept_days: int = 90
    change_streams: int = 2
    lease_seconds: int = 120
    trash_days: int = 30
    preview_hours: int = 168
    preview_longest_hours: int = 720
    previews_kept_days: int = 30
    letters_kept_days: int = 7
    codes_kept_days: int = 1
    reader_sessions_kept_days: int = 30
    suppressions_kept_days: int = 90
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    allow_unsafe_database: bool = False

    @classmethod
    def from_environment(cls, environ: Mapping[str, str]) -> "Settings":
        """Read `COPYDESK_*` from a mapping; unknown names are refused, so that a typing mistake is not silent.

        Raises: SettingsError, naming the variable.
        """
        known = {f"COPYDESK_{field.name.upper()}": field for field in fields(cls)}
        given: dict[str, object] = {}
        for name, text in environ.items():
            if not name.startswith("COPYDESK_") or name in OTHERS_READ:
                continue
            if name not in known:
                raise SettingsError(f"{name} is not a setting of Copydesk; docs/configuration.md lists them")
            if text != "":
                given[known[name].name] = _value(name, known[name].name, text)
        settings = cls(**given)  # type: ignore[arg-type]  # _value gives each field its own type
        settings.check()
        return settings

    def check(self) -> None:
        """Refuse what would be unsafe or could not work. Raises: SettingsError."""
        self.check_secrets(is_needed=self.env == "production")
        for name, (least, most) in RANGES.items():
            if not least <= getattr(self, name) <= most:
                raise SettingsError(f"COPYDESK_{name.upper()} must be from {least} to {most}")
        if not self.smtp_url and max(self.mailbox_page_port, self.mailbox_mail_port) > RANGES["port"][1]:
            raise SettingsError(
                "COPYDESK_PORT leaves no ports for the mailbox; set COPYDESK_MAILBOX_PORT and …_SMTP_PORT"
            )
        self._check_places()
        self._check_edges()

    def _check_places(self) -> None:
        self._check_broker()
        check_fallbacks(self.locale_fallbacks)
        if self.time_zone != "UTC" and self.time_zone not in available_timezones():
            raise SettingsError(
                f"COPYDESK_TIME_ZONE must be a zone of the IANA database, such as Asia/Almaty; it says "
                f"{self.time_zone!r}"
            )
        self._check_database()
        mail = read_place("COPYDESK_SMTP_URL", self.smtp_url, "smtp://host:25")
        if self.smtp_url and (mail.scheme not in ("smtp", "smtps", "smtp+starttls") or not mail.hostname):
            raise SettingsError("COPYDESK_SMTP_URL must be smtp://host, smtps://host or smtp+starttls://host")
        check_page("COPYDESK_BASE_URL", self.base_url, "https://cms.example.org")
        check_pattern("COPYDESK_ARTICLE_PAGE_URL", self.article_page_url, ARTICLE_PAGE)
        check_pattern("COPYDESK_PERSON_PAGE_URL", self.person_page_url, PERSON_PAGE)
        check_preview_page(self.preview_page_url)
        if self.preview_hours > self.preview_longest_hours:
            raise SettingsError("COPYDESK_PREVIEW_HOURS must not be more than COPYDESK_PREVIEW_LONGEST_HOURS")
        check_page("COPYDESK_CODE_PAGE_URL", self.code_page_url, "https://www.example.org/code")
        check_closed(self.closed_pages)
        check_sender(self.mail_from)
        check_site_name(self.site_name)
        self.check_media()

    def _check_broker(self) -> None:
        broker = read_place("COPYDESK_REDIS_URL", self.redis_url, "redis://host:6379/0")
        if "cluster" in broker.scheme:
            raise SettingsError(
                "COPYDESK_REDIS_URL: a Redis Cluster cannot carry the task queues; name a single server"
            )
        is_server = broker.scheme in ("redis", "rediss") and bool(broker.hostname)
        if self.redis_url and not is_server and not (broker.scheme == "unix" and broker.path.strip("/")):
            raise SettingsError("COPYDESK_REDIS_URL must be redis://host, rediss://host or unix:///path")

    def _check_database(self) -> None:
        place = read_place("COPYDESK_DATABASE_URL", self.database_url, "postgresql://user@host/name")
        kind = place.scheme.split("+")[0]
        if self.database_url and kind not in ("sqlite", "postgresql"):
            raise SettingsError("COPYDESK_DATABASE_URL must begin with sqlite:/// or postgresql://")
        # SQLite without a path would be a database in memory, one for each connection.
        if kind == "sqlite" and (place.netloc or not place.path.strip("/") or place.path == "/:memory:"):
            raise SettingsError("COPYDESK_DATABASE_URL must name a file, such as sqlite:////path/copydesk.db")

    def _check_edges(self) -> None:
        for name in (one.name for one in fields(self) if one.name.startswith("limit_")):
            _check_rate(f"COPYDESK_{name.upper()}", getattr(self, name), can_be_off=name in CAN_BE_OFF)
        check_consents(self.required_consents)
        for name in ("hosts", "redirect_hosts"):
            for host in getattr(self, name):
                if not HOST_NAME.fullmatch(host):
                    variable = f"COPYDESK_{name.upper()}"
                    raise SettingsError(f"{variable}: {host!r} is not a host name in lower case without a port")
        for origin in self.allowed_origins:
            if not ORIGIN.fullmatch(origin):
                raise SettingsError(
                    f"COPYDESK_ALLOWED_ORIGINS: {origin!r} is not an origin such as https://www.example.org, in lower "
                    "case and without a path"
                )

    @property
    def database(self) -> str:
        """The SQLAlchemy URL with its driver written out."""
        if not self.database_url:
            return f"sqlite+pysqlite:///{self.home.absolute() / 'copydesk.db'}"
        if self.database_url.startswith("postgresql://"):
            return "postgresql+psycopg://" + self.database_url.removeprefix("postgresql://")
        return self.database_url

    @property
    def public_url(self) -> str:
        """Where readers and apps reach this product; never taken from a request's Host header."""
        return (self.base_url or self.local_url).rstrip("/")

    @property
    def article_pattern(self) -> str:
        """Where readers find an article's page: the site's own, or the article in the content API where there is none.

        Shape: an address with `{locale}`, `{slug}`, `{id}` or `{number}` in its path
        """
        return self.article_page_url or f"{self.public_url}/content/v1/articles/{{locale}}/{{slug}}"

    @property
    def person_pattern(self) -> str:
        """Where documents say that a person is found, with `{slug}`; empty where they say it relative to the site.

        Once the pages of articles are elsewhere, an address that is relative to them would lead nowhere.
        """
        here = f"{self.public_url}/content/v1/people/{{slug}}"
        return self.person_page_url or (here if self.article_page_url else "")

    @property
    def local_url(self) -> str:
        """Where this machine reaches the API, whatever the public is told."""
        return f"http://{url_host(self.host)}:{self.port}"

    @property
    def mailbox_url(self) -> str:
        """Where this machine reaches the page of the local mailbox."""
        return f"http://{url_host(self.mailbox_host)}:{self.mailbox_page_port}"

    @property
    def mailbox_page_port(self) -> int:
        """Where the local mailbox shows its page."""
        return self.mailbox_port or self.port + 25

    @property
    def mailbox_mail_port(self) -> int:
        """Where the local mailbox takes mail by SMTP."""
        return self.mailbox_smtp_port or self.port + 26

    @property
    def reader_page_port(self) -> int:
        """Where the reader's page is shown; beyond the last port there is none."""
        return self.reader_port or self.port + 30

    @property
    def reader_url(self) -> str:
        """Where this machine reaches the reader's page."""
        return f"http://{url_host(self.host)}:{self.reader_page_port}"

    @property
    def mail_server(self) -> str:
        """The SMTP URL that letters go to: the configured one, or the local mailbox."""
        return self.smtp_url or f"smtp://{url_host(self.mailbox_host)}:{self.mailbox_mail_port}"

    @property
    def broker_socket(self) -> Path:
        """Where the embedded broker listens: below the home, or in a short private folder when that path is too long.

        Source: `sockaddr_un.sun_path` holds 108 bytes on Linux and 104 on macOS.
        """
        socket = self.home.absolute() / "broker" / "valkey.sock"
        if len(str(socket).encode()) <= 100:
            return socket
        digest = hashlib.sha256(str(self.home.absolute()).encode()).hexdigest()[:16]
        return Path(tempfile.gettempdir()) / f"copydesk-{os.getuid()}-{digest}" / "valkey.sock"

    @property
    def bell_url(self) -> str:
        """The broker's URL for redis-py: the configured server, or the embedded broker's socket."""
        return self.redis_url or f"unix://{self.broker_socket}"

    @property
    def queue_url(self) -> str:
        """The broker's URL for Celery, which names a unix socket in its own way."""
        if self.redis_url.startswith("unix://"):
            return "redis+socket://" + self.redis_url.removeprefix("unix://").replace("db=", "virtual_host=")
        return self.redis_url or f"redis+socket://{self.broker_socket}"

    @property
    def index_home(self) -> Path:
        """The folder of the search index; it can be deleted and grows back."""
        return self.home / "index"

    @property
    def media_home(self) -> Path:
        """The folder of pictures and other files, as they came and as readers get them."""
        return self.home / "media"

    @property
    def types_folder(self) -> Path:
        """The folder of article types."""
        return Path(self.types_home).expanduser() if self.types_home else self.home / "types"

    @property
    def is_development(self) -> bool:
        """Whether keys may be generated and the sample newsroom loaded."""
        return self.env == "development"


# Read elsewhere: by the tests, by the supervisor for its children, by the shell.
OTHERS_READ = frozenset({"COPYDESK_REQUIRE", "COPYDESK_LIFELINE", "COPYDESK_TEST_POSTGRESQL_URL", "COPYDESK_TOKEN"})


def rate_of(text: str) -> tuple[int, int] | None:
    """How often in how many seconds, from the text of a limit's setting; None where it is switched off."""
    found = RATE.fullmatch(text)
    return (int(found[1]), int(found[2])) if found else None


def _check_rate(variable: str, text: str, *, can_be_off: bool) -> None:
    if RATE.fullmatch(text) or (text == "0" and can_be_off):
        return
    off = ", or 0 for no limit" if can_be_off else "; it cannot be switched off"
    raise SettingsError(f"{variable} must say how often in how many seconds, such as 10/60{off}; it says {text!r}")


def url_host(host: str) -> str:
    """An address to listen on, as a URL names it; loopback for "every address"."""
    if host in ("0.0.0.0", "::", ""):  # noqa: S104  # compared, not bound: these mean "every address"
        return "127.0.0.1"
    return f"[{host}]" if ":" in host else host


def _value(variable: str, name: str, text: str) -> object:
    if name == "trusted_proxies":
        return read_networks(variable, text)
    choices = CHOICES.get(name)
    if choices and text not in choices:
        raise SettingsError(f"{variable} must be one of {', '.join(choices)}, not {text!r}")
    return read_value(variable, getattr(Settings, name), text)
