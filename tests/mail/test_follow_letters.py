"""Letters to readers who follow something: parts, languages, and headers that no title can write into (row S58)."""

import html
import re
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

import html5lib

from cms.mail.composing import LANGUAGES, Content, Entry, News, compose
from cms.mail.headers import LONGEST_WORDS, on_a_line
from tests.readers.following import text_of

AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
SITE: dict[str, Any] = {
    "site_name": "The Harbour Post", "site_url": "https://post.example", "mail_from": "The Post <desk@post.example>",
}  # fmt: skip
END = "https://post.example/readers/v1/unsubscribe/" + "A" * 86
HEADERS = {
    "From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "X-Auto-Response-Suppress", "List-Unsubscribe",
    "List-Unsubscribe-Post", "Content-Language", "MIME-Version", "Content-Type",
}  # fmt: skip
BREAKS = (
    "\r\n", "\n", "\r", "\r\n\r\n", "\x00", "\x01", "\x08", "\x0b", "\x0c", "\x1b[2J", "\x1c", "\x1d", "\x1e", "\x1f",
    "\x7f", "\x80", "\x85", "\x9f", "\u2028", "\u2029", "\u2028\u2029", "\t", "\r\n\t", "\r\n ", "\n\r", "\u000b\u000c",
)  # fmt: skip
HOSTILE = (
    *(f"Harbour{broken}Bcc: thief@example.net" for broken in BREAKS),
    "Bcc: thief@example.net", "\r\nSubject: other", "x\r\n.\r\nMAIL FROM:<a@b>",
    "=?utf-8?q?=0D=0ABcc:_thief@example.net?=",
    "=?utf-8?b?DQpCY2M6IHRoaWVmQGV4YW1wbGUubmV0?=", "=?utf-8?q?a?= =?utf-8?q?b?=", "\u202egnp.exe", "\u2066a\u2069",
    "\u200f\u200eport", "\u061cport", "\ufeffport", "</p><script>alert(1)</script>", '"><img src=x onerror=alert(1)>',
    "{site} {title} {minutes} {0} {", "%s %(title)s", "${title}", "port " * 100, "港口" * 200, "é" * 300,
    "👩‍👩‍👧‍👦" * 80,
    " \t ", ".", "..", "-- \r\nsignature", "Content-Type: text/html", "a" * 998, "\u0000" * 50, "<end@example.org>",
)  # fmt: skip


def letter(title: str, followed: str = "World", locale: str = "en", kind: str = "follow_instant", **more: Any) -> bytes:
    """A letter as it is sent."""
    count, followed_for = (2, (followed, "Rails")) if "digest" in kind else (1, ())
    entries = tuple(Entry(title, f"https://post.example/{number}", followed_for) for number in range(count))
    content = Content(
        kind=kind, locale=locale, recipient="ann@example.org", message_id="<0190-aa@post.example>", created_at=AT,
        expires_at=AT + timedelta(days=1), about_id="01a21432-d818-7389-8d25-eb3df015d13c",
        news=News(entries, more=more.pop("more", 0), followed=(followed,), unsubscribe_url=END),
    )  # fmt: skip
    return compose(content, **{**SITE, "now": AT, **more}).as_bytes()


def received(sent: bytes) -> EmailMessage:
    """A letter as it is read."""
    message: EmailMessage = message_from_bytes(sent, policy=policy.default)  # type: ignore[assignment]  # its own policy's
    return message


def test_no_title_and_no_query_gets_a_header_a_line_or_a_tag_into_a_letter() -> None:
    wrong = []
    for text in HOSTILE:
        for kind in ("follow_instant", "follow_digest"):
            sent = letter(text, followed=text, kind=kind)
            message, said = received(sent), on_a_line(text)
            head, _, _ = sent.partition(b"\r\n\r\n")
            lines = re.split(rb"\r\n(?![ \t])", head)
            # What other clients take for the end of a line stands nowhere in what was decoded.
            subject = str(message["Subject"])
            is_whole = (
                set(message.keys()) == HEADERS
                and len(lines) == len(HEADERS)
                and head.isascii()
                and len((subject + " ").splitlines()) == 1
                and subject.endswith(said)
                and message["List-Unsubscribe"] == f"<{END}>"
                and f"\n{said}\nhttps://post.example/0\n" in text_of(message).replace("\r\n", "\n")
                and ("instant" in kind or f"\nYou follow: {said} · Rails\n" in text_of(message) or not said)
                and "<script>" not in text_of(message, "html")
                and "<img" not in text_of(message, "html")
                and not message.defects
            )
            if not is_whole:
                wrong.append((kind, text, sent[:900]))
    assert len(HOSTILE) >= 40 and wrong == []


def test_words_on_a_line_have_no_end_of_a_line_no_turn_and_no_endless_length() -> None:
    found = {text: on_a_line(text) for text in HOSTILE}
    assert all(len(line) <= LONGEST_WORDS and len(f"{line}.".splitlines()) == 1 for line in found.values())
    assert not any(re.search("[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]", line) for line in found.values())
    assert on_a_line("Ferries\u2028sail  again") == "Ferries sail again"
    assert on_a_line("👩‍👩‍👧‍👦 қазақ 港口") == "👩‍👩‍👧‍👦 қазақ 港口"


def test_each_letter_has_both_parts_in_each_language_with_title_link_and_end() -> None:
    seen = set()
    for language in LANGUAGES:
        for kind in ("follow_instant", "follow_digest"):
            message = received(letter("Ferries & <ice>", "Айлақ", language, kind, more=7))
            text, page = text_of(message), text_of(message, "html")
            assert "Ferries & <ice>\nhttps://post.example/0" in text and END in text
            tree = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False).parse(page)
            links = [(one.get("href"), one.text) for one in tree.iter("a")]
            assert links[0] == ("https://post.example/0", "Ferries & <ice>")
            assert [url for url, _ in links[-2:]] == [END, "https://post.example"]
            assert message["Content-Language"] == language and f'lang="{language}"' in page
            assert "The Harbour Post" in str(message["Subject"]) and "{" not in text + page.replace('style="font', "")
            # Why each article is there: of the whole letter where there is one, of each in a digest.
            assert text.count("Айлақ") == 2 and html.unescape(page).count("Айлақ") == 2
            assert (text.count("Айлақ · Rails"), page.count("Rails</small>")) == (
                (0, 0) if "instant" in kind else (2, 2)
            )
            assert ("7" in re.sub(r"https\S+", "", text)) == (kind == "follow_digest")
            assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
            seen.add((str(message["Subject"]), text))
    assert len(seen) == 2 * len(LANGUAGES)


def test_a_letter_that_is_sent_twice_is_the_same_letter() -> None:
    assert letter("Ferries") == letter("Ferries")
