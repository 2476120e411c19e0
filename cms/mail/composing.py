"""Composing letters: texts per locale, a text part and an HTML part, headers that nobody outside can write into.

Nothing that an asker typed stands in a letter: no name, no text. What varies is the code, the site's name and address;
and in letters to those who follow something, what editors published and what the reader follows, each on one line.
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

from cms.mail.headers import LETTER, on_a_line

TEXTS = Path(__file__).with_name("texts")
LANGUAGES = ("en", "zh", "kk", "ru")
READERS_CODES = frozenset({"verify_email", "reset_password", "change_email", "email_changed"})
KINDS_WITH_CODE = READERS_CODES | {"staff_invitation", "staff_password"}

MOST_NAMED = 5


@dataclass(frozen=True)
class Entry:
    """An article that a letter tells of, the address at which it is read, and in a digest what it is told for."""

    title: str
    url: str
    followed: tuple[str, ...] = ()


@dataclass(frozen=True)
class News:
    """What a letter to a follower tells of. `more` articles have no room in it; `followed` names why it comes.

    `unsubscribe_url` ends such letters, by a click in the mail program too: those of the first that is followed.
    Source: RFC 8058.
    """

    entries: tuple[Entry, ...]
    more: int
    followed: tuple[str, ...]
    unsubscribe_url: str = field(repr=False)

    @property
    def words(self) -> dict[str, str]:
        """What the texts say of it."""
        count = str(len(self.entries) + self.more)
        title, ended = on_a_line(self.entries[0].title), on_a_line(next(iter(self.followed), ""))
        followed = named(self.followed)
        return {"title": title, "count": count, "more": str(self.more), "followed": followed, "ended": ended}


def named(followed: tuple[str, ...]) -> str:
    """What is followed, on one line; of very many the first ones."""
    names = [on_a_line(name) for name in followed if name]
    return " · ".join(names[:MOST_NAMED]) + (" · …" if len(names) > MOST_NAMED else "")


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
    news: News | None = None


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
    text, news = _texts(language)[content.kind], content.news
    if news is not None:
        words |= news.words
    before = [line.format_map(words) for line in text["before"]]
    more = text["more"] if news is not None and news.more else []
    after = [line.format_map(words) for line in [*more, *text["after"]]]
    message = EmailMessage(policy=LETTER)
    message["From"] = _address(mail_from)
    message["To"] = Address(addr_spec=content.recipient)
    message["Subject"] = text["subject"].format_map(words)
    message["Date"] = format_datetime(content.created_at)
    message["Message-ID"] = content.message_id
    # No out-of-office answer to a machine. Source: RFC 3834, section 5; Microsoft's MS-OXCMAIL.
    message["Auto-Submitted"] = "auto-generated"
    message["X-Auto-Response-Suppress"] = "All"
    if news is not None:
        message["List-Unsubscribe"] = f"<{news.unsubscribe_url}>"
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    link = _link(content, code_page)
    entries = [_entry(entry, text) for entry in news.entries] if news is not None else []
    ending = [f"{text['unsubscribe'].format_map(words)}\n{news.unsubscribe_url}"] if news is not None else []
    shown = [part for part in (content.code, link) if part]
    paragraphs = [*before, *shown, *entries, *after, *ending, f"{site_name}\n{site_url}"]
    message.set_content("\n\n".join(paragraphs) + "\n", cte="quoted-printable")
    page = _page(
        language, before, _shown(content, link, text), after, _ending(content, text, words), site_name, site_url
    )
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


def _entry(entry: Entry, text: Mapping[str, Any]) -> str:
    why = f"\n{text['why'].format(followed=named(entry.followed))}" if entry.followed else ""
    return f"{on_a_line(entry.title)}\n{entry.url}{why}"


def _shown(content: Content, link: str, text: Mapping[str, Any]) -> list[str]:
    """What stands in the middle of the page: a code, a link with it, or articles."""
    big = 'style="font:600 28px/1.4 ui-monospace,monospace;letter-spacing:2px"'
    parts = [f"<p {big}>{html.escape(content.code)}</p>"] if content.code else []
    if link:
        parts.append(f'<p><a href="{html.escape(link)}" rel="noreferrer">{html.escape(link.partition("#")[0])}</a></p>')
    if content.news is not None:
        for entry in content.news.entries:
            why = text["why"].format(followed=named(entry.followed)) if entry.followed else ""
            parts.append(_anchor(entry.url, on_a_line(entry.title), why))
    return parts


def _ending(content: Content, text: Mapping[str, Any], words: Mapping[str, str]) -> list[str]:
    if content.news is None:
        return []
    return [_anchor(content.news.unsubscribe_url, text["unsubscribe"].format_map(words))]


def _anchor(url: str, words: str, below: str = "") -> str:
    more = f"<br><small>{html.escape(below)}</small>" if below else ""
    return f'<p><a href="{html.escape(url)}">{html.escape(words)}</a>{more}</p>'


def _page(
    language: str, before: list[str], shown: list[str], after: list[str], ending: list[str], site_name: str,
    site_url: str,
) -> str:  # fmt: skip
    said = [[f"<p>{html.escape(line)}</p>" for line in lines] for lines in (before, after)]
    parts = [*said[0], *shown, *said[1], *ending, _anchor(site_url, site_name)]
    return (
        f'<!doctype html>\n<html lang="{language}"><head><meta charset="utf-8"></head>\n'
        '<body style="font:16px/1.5 system-ui,sans-serif;max-width:34em;margin:2em auto;padding:0 1em">\n'
        + "\n".join(parts)
        + "\n</body></html>\n"
    )
