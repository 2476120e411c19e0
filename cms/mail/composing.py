"""Composing letters: texts per locale, a text part and an HTML part, headers that nobody outside can write into.

Nothing that an asker typed stands in a letter: no name, no text. What varies is the code, the site's name and address.
The texts are in `texts/`, one file per language.
"""

import html
import math
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime, parseaddr
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from cms.mail.headers import LETTER

TEXTS = Path(__file__).with_name("texts")
LANGUAGES = ("en", "zh", "kk", "ru")
READERS_CODES = frozenset({"verify_email", "reset_password", "change_email", "email_changed"})
KINDS_WITH_CODE = READERS_CODES | {"staff_invitation", "staff_password"}


@dataclass(frozen=True)
class Content:
    """What a letter is made of. `code` is as a person reads it, and empty for letters without one.

    `about_id` is the public id of what the letter is about, for those that name it; `purpose` is that of the code.
    """

    kind: str
    locale: str
    recipient: str
    message_id: str
    created_at: datetime
    expires_at: datetime
    code: str = field(default="", repr=False)
    about_id: str = ""
    purpose: str = ""


def compose(
    content: Content, *, site_name: str, site_url: str, mail_from: str, now: datetime, code_page: str = ""
) -> EmailMessage:
    """The letter. Two letters of one content differ at most in how many minutes they say are left.

    With a `code_page`, a letter with a reader's code has a link to it.

    Raises: KeyError for a kind without text, ValueError for addresses that no header can hold.
    """
    assert bool(content.code) == (content.kind in KINDS_WITH_CODE)
    language = language_of(content.locale)
    minutes = max(1, math.ceil((content.expires_at - now).total_seconds() / 60))
    words = {
        "site": site_name,
        "minutes": str(minutes),
        "hours": str(math.ceil(minutes / 60)),
        "about": content.about_id,
    }
    text = _texts(language)[content.kind]
    before = [line.format_map(words) for line in text["before"]]
    after = [line.format_map(words) for line in text["after"]]
    message = EmailMessage(policy=LETTER)
    message["From"] = _address(mail_from)
    message["To"] = Address(addr_spec=content.recipient)
    message["Subject"] = text["subject"].format_map(words)
    message["Date"] = format_datetime(content.created_at)
    message["Message-ID"] = content.message_id
    # No out-of-office answer to a machine. Source: RFC 3834, section 5; Microsoft's MS-OXCMAIL.
    message["Auto-Submitted"] = "auto-generated"
    message["X-Auto-Response-Suppress"] = "All"
    link = _link(content, code_page)
    paragraphs = [*before, *(part for part in (content.code, link) if part), *after, f"{site_name}\n{site_url}"]
    message.set_content("\n\n".join(paragraphs) + "\n", cte="quoted-printable")
    page = _page(language, before, content.code, link, after, site_name, site_url)
    message.add_alternative(page, subtype="html", cte="quoted-printable")
    # Set last: the library moves what begins with Content- into the first part.
    message["Content-Language"] = language
    # The library draws a boundary at random; a letter that is sent twice should be the same letter.
    message.set_boundary("part-" + content.message_id.strip("<>").partition("@")[0])
    return message


def language_of(locale: str) -> str:
    """The language whose texts a locale gets; English where there are none."""
    language = locale.partition("-")[0].lower()
    return language if language in LANGUAGES else LANGUAGES[0]


@cache
def _texts(language: str) -> Mapping[str, Any]:
    with (TEXTS / f"{language}.toml").open("rb") as file:
        return tomllib.load(file)


def _address(sender: str) -> Address:
    name, spec = parseaddr(sender)
    return Address(display_name=name, addr_spec=spec)


def _link(content: Content, code_page: str) -> str:
    """A link that proves nothing by being opened: what stands behind the # reaches no server and no proxy's log."""
    if not code_page or content.kind not in READERS_CODES:
        return ""
    code = "".join(character for character in content.code if character.isalnum())
    return f"{code_page}#{urlencode({'purpose': content.purpose, 'challenge_id': content.about_id, 'code': code})}"


def _page(
    language: str, before: list[str], code: str, link: str, after: list[str], site_name: str, site_url: str
) -> str:
    big = 'style="font:600 28px/1.4 ui-monospace,monospace;letter-spacing:2px"'
    parts = [f"<p>{html.escape(line)}</p>" for line in before]
    if code:
        parts.append(f"<p {big}>{html.escape(code)}</p>")
    if link:
        parts.append(f'<p><a href="{html.escape(link)}" rel="noreferrer">{html.escape(link.partition("#")[0])}</a></p>')
    parts += [f"<p>{html.escape(line)}</p>" for line in after]
    url = html.escape(site_url)
    parts.append(f'<p><a href="{url}">{html.escape(site_name)}</a></p>')
    return (
        f'<!doctype html>\n<html lang="{language}"><head><meta charset="utf-8"></head>\n'
        '<body style="font:16px/1.5 system-ui,sans-serif;max-width:34em;margin:2em auto;padding:0 1em">\n'
        + "\n".join(parts)
        + "\n</body></html>\n"
    )
