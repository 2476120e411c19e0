"""Paths of the site that redirect, and where they may lead. Plain Python.

A path of the site is `/{locale}/{slug}` for an article, or any other path that a front end asks about. The address that
the content API has for an article stands for the same path.
"""

import unicodedata
from collections.abc import Collection
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from cms.platform.text.locales import canonical_locale

LONGEST_PATH = 600
LONGEST_TARGET = 2_000
PERMANENT = 301
STATUSES = (301, 302, 307, 308)
CONTENT_PREFIX = "/content/v1/articles/"


@dataclass(frozen=True)
class SitePath:
    """A path in its one spelling. `place` is the locale and slug that it can be an article's by, if it can."""

    text: str
    place: tuple[str, str] | None = None
    is_content: bool = False


@dataclass(frozen=True)
class NewRedirect:
    """A redirect to add: from a path of the site to another one, or to a page of a site that the settings list."""

    path: str
    target: str
    status: int = PERMANENT


def article_path(locale: str, slug: str) -> str:
    """The path of the site where readers find an article."""
    return f"/{locale}/{slug}"


def site_path(text: str) -> SitePath | None:
    """A path in its one spelling: percent-decoded, NFC, the locale in its usual case, without query, fragment and a
    slash at the end. None for what is no path of the site: empty and dot segments, backslashes, control characters."""
    plain = _decoded(text.partition("#")[0].partition("?")[0])
    if plain is None or not _is_clean(plain) or not plain.startswith("/"):
        return None
    is_content = plain.startswith(CONTENT_PREFIX)
    parts = plain[len(CONTENT_PREFIX) - 1 if is_content else 0 :].removesuffix("/").split("/")[1:]
    if not parts or any(part in ("", ".", "..") for part in parts):
        return None
    locale = canonical_locale(parts[0])
    if len(parts) == 2 and locale is not None:
        path = article_path(locale, parts[1])
        return SitePath(path, (locale, parts[1]), is_content) if len(path) <= LONGEST_PATH else None
    path = "/" + "/".join(parts)
    return None if is_content or len(path) > LONGEST_PATH else SitePath(path)


def wrong_path(text: str) -> str:
    """What is wrong with a path to redirect from; empty for a good one."""
    if "?" in text or "#" in text:
        return "A redirect is from a path: leave out what begins with ? or #."
    found = site_path(text)
    if found is None or found.is_content:
        return f"Must be a path of the site such as /en/old-name, of at most {LONGEST_PATH} characters."
    return ""


def wrong_target(text: str, hosts: Collection[str]) -> str:
    """What is wrong with a target; empty for a good one. Source: WHATWG URL, where browsers read `/\\` as `//`.

    Only a path of the site, or an http or https page of one of these hosts: a redirect that leads anywhere lends the
    site's good name to whoever can write one.
    """
    decoded = _decoded(text)
    if decoded is None or not _is_clean(decoded) or not _is_clean(text) or " " in text:
        return "Must hold no spaces, backslashes and control characters."
    if text.startswith("/"):
        path = decoded.partition("#")[0].partition("?")[0]
        if "//" in path or any(part in (".", "..") for part in path.split("/")):
            return "A path of the site has no empty and no dot segments."
        return ""
    try:
        parts = urlsplit(text)
        _ = parts.port
    except ValueError:
        return "Cannot be read as an address."
    if parts.scheme not in ("http", "https") or not text.lower().startswith(f"{parts.scheme}://"):
        return "Must begin with / or with http:// or https:// and a host."
    if "@" in parts.netloc or (parts.hostname or "") not in hosts:
        return "Must be a path of the site, or a page of a host that COPYDESK_REDIRECT_HOSTS lists."
    return ""


def _decoded(text: str) -> str | None:
    try:
        return unicodedata.normalize("NFC", unquote(text, errors="strict"))
    except UnicodeDecodeError:
        return None


def _is_clean(text: str) -> bool:
    # Format characters turn the direction of writing or cannot be seen; two of them join letters in some scripts.
    return "\\" not in text and not any(
        unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp")
        or (unicodedata.category(character) == "Cf" and character not in "\u200c\u200d")
        for character in text
    )
