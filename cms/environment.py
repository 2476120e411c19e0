"""Reading what an environment says: texts into values, and an error for people where that cannot be done.

Also what stands in letters and links (a sender, a name and addresses that a header can hold), and how large numbers may
be. Not here: which settings there are, and what the others may be (`settings.py`).
"""

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import getaddresses
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

# What can stand in a letter's From; with the beginning of an encoded word in it no letter could be made.
ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
SENDER = re.compile(rf"(?!.*=\?){ATOM}(?:\.{ATOM})*@[A-Za-z0-9](?:[A-Za-z0-9.-]{{0,251}}[A-Za-z0-9])?", re.ASCII)
# Which languages stand in for one, such as kk:ru,en;*:en.
TAG = r"[A-Za-z]{2,8}(?:-[A-Za-z0-9]{1,8})*"
FALLBACKS = re.compile(rf"(?:{TAG}|\*):{TAG}(?:,{TAG})*(?:;(?:{TAG}|\*):{TAG}(?:,{TAG})*)*;?")
# A document that readers agree to when they register, and its present version.
CONSENT = re.compile(r"[a-z][a-z0-9_-]{0,39}=[A-Za-z0-9][A-Za-z0-9._-]{0,39}")
LONGEST_SITE_NAME = 100

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
# The least and the largest value of each number.
RANGES: Mapping[str, tuple[int, int]] = {
    "port": (1, 65_535),
    "mailbox_port": (0, 65_535),
    "mailbox_smtp_port": (0, 65_535),
    "reader_port": (0, 65_535),
    "api_processes": (1, 256),
    "api_threads": (1, 1_024),
    "code_cooldown_seconds": (0, 86_400),
    "body_limit_bytes": (1_024, 2**31 - 1),
    "wait_limit_seconds": (0, 300),
    "events_retention_days": (1, 36_500),
    "audit_retention_days": (1, 36_500),
    "revisions_kept_days": (1, 36_500),
    "changes_kept_days": (1, 36_500),
    "searches_kept_days": (1, 36_500),
    "change_streams": (0, 1_024),
    "lease_seconds": (10, 86_400),
    "trash_days": (1, 36_500),
    "preview_hours": (1, 8_784),
    "preview_longest_hours": (1, 8_784),
    "previews_kept_days": (1, 36_500),
    "letters_kept_days": (1, 36_500),
    "codes_kept_days": (1, 36_500),
    "reader_sessions_kept_days": (1, 36_500),
    "suppressions_kept_days": (1, 36_500),
    "comments_links_held": (0, 100),
    "comments_reports_held": (0, 1_000),
    "comments_edit_minutes": (0, 1_440),
    "comments_depth": (1, 10),
    "digest_hour": (0, 23),
    "media_limit_bytes": (1_024, 2**31 - 1),
    "media_attachment_limit_bytes": (1_024, 2**31 - 1),
    "media_quota_bytes": (0, 2**50),
    "media_reserve_bytes": (0, 2**50),
}


# Pages of the installation that can be closed; a closed `health` says whether, and not what is amiss.
CLOSABLE = frozenset({"docs", "health", "metrics", "openapi"})


class SettingsError(ValueError):
    """A variable that cannot be used; the text names it and says what to write instead."""


@dataclass(frozen=True)
class PagePattern:
    """What stands for a part of a thing in the address of its page, and which parts tell one thing from another."""

    part: re.Pattern[str]
    needed: tuple[str, ...]
    example: str


ARTICLE_PAGE = PagePattern(
    re.compile(r"\{(locale|slug|id|number)\}"), ("slug", "id", "number"), "https://www.example.org/{locale}/{slug}"
)
PERSON_PAGE = PagePattern(re.compile(r"\{(slug)\}"), ("slug",), "https://www.example.org/people/{slug}")


def read_value(variable: str, default: object, text: str) -> object:
    """What a variable says, of the type that its default has. Raises: SettingsError."""
    if isinstance(default, tuple):
        return tuple(part.strip() for part in text.split(",") if part.strip())
    if isinstance(default, bool):
        if text.lower() not in ("0", "1", "true", "false", "yes", "no"):
            raise SettingsError(f"{variable} must be 1 or 0, not {text!r}")
        return text.lower() in ("1", "true", "yes")
    if isinstance(default, int):
        # Longer ones are beyond every range, and beyond what the language reads.
        if not text.isascii() or not text.isdigit() or len(text) > 18:
            raise SettingsError(f"{variable} must be a whole number, not {text!r}")
        return int(text)
    if isinstance(default, Path):
        return Path(text).expanduser()
    return text


def read_place(variable: str, text: str, example: str) -> SplitResult:
    """The parts of a URL. Raises: SettingsError, which repeats none of them."""
    try:
        parts = urlsplit(text)
        _ = parts.port
    except ValueError:
        # Not the library's own words: they may hold a piece of a password.
        raise SettingsError(f"{variable} cannot be read; write it like {example}") from None
    return parts


def read_networks(variable: str, text: str) -> tuple[Network, ...]:
    """Addresses and networks that are trusted. Raises: SettingsError."""
    try:
        found = tuple(ipaddress.ip_network(part.strip()) for part in text.split(",") if part.strip())
    except ValueError as error:
        raise SettingsError(f"{variable} must list addresses or networks, such as 10.0.0.0/8: {error}") from None
    if any(network.prefixlen == 0 for network in found):
        raise SettingsError(f"{variable} trusts everybody to say where they come from; name the proxy's own addresses")
    return found


def read_keys(variable: str, path: Path) -> list[str]:
    """The key in a file, and the one before it in another line. Raises: SettingsError."""
    try:
        lines = [line.strip() for line in path.read_text("utf-8").splitlines() if line.strip()]
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not text"
        raise SettingsError(f"{variable}: {path} cannot be read: {reason}") from None
    if not lines:
        raise SettingsError(f"{variable}: {path} is empty; make a key with: openssl rand -hex 32")
    if len(lines) > 2 or len(set(lines)) < len(lines):
        raise SettingsError(
            f"{variable}: {path} must hold the key in one line and may hold the previous one in another"
        )
    return lines


def check_page(variable: str, text: str, example: str) -> None:
    """Refuse what is no address of a page, or one that no header of a letter can hold. Raises: SettingsError."""
    page = read_place(variable, text, example)
    is_page = page.scheme in ("http", "https") and page.hostname and not page.query and not page.fragment
    is_plain = text.isascii() and text.isprintable() and not set(text) & set('\\ "<>')
    if text and (not is_page or not is_plain or "@" in page.netloc):
        raise SettingsError(
            f"{variable} must be an address of the web in ASCII (a domain with xn--, a path with %), such as {example}"
        )


def check_pattern(name: str, text: str, pattern: PagePattern) -> None:
    """Refuse what is no pattern of pages. Raises: SettingsError."""
    plain = pattern.part.sub("x", text)
    page = read_place(name, plain, pattern.example)
    is_page = page.scheme in ("http", "https") and page.hostname and not page.fragment and "@" not in page.netloc
    host = text.partition("://")[2].partition("/")[0]
    # Only the path may depend on the thing: a slug that chose the host would lead readers anywhere.
    is_whole = plain.isascii() and plain.isprintable() and not set(plain) & set('{}\\ "<>') and "{" not in host
    if text and not (is_page and is_whole and set(pattern.part.findall(text)) & set(pattern.needed)):
        *most, last = (f"{{{part}}}" for part in pattern.needed)
        parts = f"{', '.join(most)} or {last}" if most else last
        raise SettingsError(f"{name} must be an address of the web whose path has {parts}, such as {pattern.example}")


def check_preview_page(text: str) -> None:
    """Refuse what is no pattern of pages that show previews. Raises: SettingsError."""
    example = "https://www.example.org/preview/{id}#{token}"
    plain = text.replace("{id}", "x").replace("{token}", "x")
    page = read_place("COPYDESK_PREVIEW_PAGE_URL", plain, example)
    host = text.partition("://")[2].partition("/")[0]
    is_page = page.scheme in ("http", "https") and page.hostname and "@" not in page.netloc and "{" not in host
    is_plain = plain.isascii() and plain.isprintable() and not set(plain) & set('{}\\ "<>')
    if text and not (is_page and is_plain and "{token}" in text):
        raise SettingsError(
            "COPYDESK_PREVIEW_PAGE_URL must be an address of the web behind whose host {token} stands, and {id} may, "
            f"such as {example}"
        )


def check_fallbacks(written: str) -> None:
    """Refuse what names no languages that stand in for others. Raises: SettingsError."""
    text = written.replace(" ", "")
    if text and not FALLBACKS.fullmatch(text):
        raise SettingsError(
            "COPYDESK_LOCALE_FALLBACKS must name languages and those that stand in for them, such as "
            f"kk:ru,en;zh-TW:zh-CN;*:en; it says {written!r}"
        )
    keys = [entry.partition(":")[0].lower() for entry in text.split(";") if entry]
    if len(keys) > len(set(keys)):
        raise SettingsError("COPYDESK_LOCALE_FALLBACKS names a language twice before a colon; join its entries")


def check_consents(required: tuple[str, ...]) -> None:
    """Refuse what names no versions of documents. Raises: SettingsError."""
    documents = {text.partition("=")[0] for text in required if CONSENT.fullmatch(text)}
    if len(documents) < len(required):
        raise SettingsError("COPYDESK_REQUIRED_CONSENTS names each document once: terms=2026-11-01,privacy=3")


def check_closed(names: tuple[str, ...]) -> None:
    """Refuse what names no pages that can be closed. Raises: SettingsError."""
    if set(names) - CLOSABLE:
        raise SettingsError(
            f"COPYDESK_CLOSED_PAGES can name {', '.join(sorted(CLOSABLE))}; it says {','.join(names)!r}"
        )


def check_sender(text: str) -> None:
    """Refuse a sender whose letters could not be made. Raises: SettingsError."""
    senders = getaddresses([text])
    if len(senders) != 1 or not SENDER.fullmatch(senders[0][1]) or not text.isprintable():
        raise SettingsError(
            'COPYDESK_MAIL_FROM must be one address, such as desk@example.org or "The Desk" <desk@example.org>; '
            "a domain beyond ASCII is written with xn--"
        )


def check_site_name(text: str) -> None:
    """Refuse a name that could not stand in the subject of a letter. Raises: SettingsError."""
    if not 1 <= len(text.strip()) <= LONGEST_SITE_NAME or not text.isprintable():
        raise SettingsError(f"COPYDESK_SITE_NAME must be 1 to {LONGEST_SITE_NAME} characters that can be seen")
