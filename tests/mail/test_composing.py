"""What stands in a letter, in each language; and the other half of row S58: nothing gets into its headers."""

import html
import re
import tomllib
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.errors import MessageError
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.utils import parseaddr
from typing import Any

import html5lib
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cms.identity.addresses import AddressError, canonical_address
from cms.mail.composing import KINDS_WITH_CODE, LANGUAGES, READERS_CODES, TEXTS, Content, compose, language_of
from cms.mail.headers import LETTER
from tests.readers.test_addresses import REFUSED

ASKED = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
KINDS = (
    "verify_email", "reset_password", "account_exists", "no_account", "staff_invitation", "staff_password",
    "staff_password_changed", "password_changed", "change_email", "address_taken", "email_change_asked",
    "email_changed", "email_change_undone",
)  # fmt: skip
CODES = {
    "verify_email": "120 456", "reset_password": "ABCD-1023", "staff_invitation": "WXYZ-4567",
    "staff_password": "QRST-89AB", "change_email": "EFGH-2345", "email_changed": "JKMN-6789",
}  # fmt: skip
LIVES = {kind: timedelta(hours=72) for kind in ("staff_invitation", "email_changed")}
INVITATION = "01a21432-d818-7389-8d25-eb3df015d13c"
HEADERS = {"From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "X-Auto-Response-Suppress",
           "Content-Language", "MIME-Version", "Content-Type"}  # fmt: skip
SITE: dict[str, Any] = {
    "site_name": "The Harbour Post",
    "site_url": "https://post.example",
    "mail_from": "Harbour Post <desk@post.example>",
}
# What a newspaper may be called, and what a header could make of it where it is broken or encoded.
NAMES = (
    "Heron", "Harbour Post", "The Harbour Post and Evening Advertiser of the Northern Islands", "A  B",
    "A   long  gap", "Post, Harbour", 'The "Post"', "Post (Harbour)", "Back\\slash", "a@b", "<Post>",
    "Post; Harbour: News.", "=?utf-8?q?x?=", "=?utf-8?b?0JA=?= =?utf-8?b?0JA=?=", "=?", "?=", "_", "=20", "x" * 66,
    "x" * 67, "x" * 68, "x" * 300, "word " * 30 + "end", "Айлақ", "Айлақ Post", "Harbour Айлақ",
    "Қала мен айлақ Harbour Post газеті бүгін және ертең", "Газета, «Гавань»", "Порт: новости", "港口", "港口 邮报",
    "港口 Harbour 邮报 Post", "港口邮报" * 12, "Ünïcödé Pöst", "Zürich and Genève Post", "é é é é", "مرفأ Post",
    "e\u0301e", "🗞️ Post", "👩‍👩‍👧‍👦" * 8, "\u00a0Post\u00a0", "Po\u00adst", "\u3000", "Post ä", "ä Post",
    "ä  Post  ä", "a ä b ö c ü d", "ﬀﬁ",
)  # fmt: skip


def letter(
    kind: str = "verify_email", locale: str = "en", recipient: str = "ann@example.org", purpose: str = "", **more: Any
) -> EmailMessage:
    content = Content(
        kind=kind,
        locale=locale,
        recipient=recipient,
        message_id="<0190-aa@post.example>",
        created_at=ASKED,
        expires_at=ASKED + LIVES.get(kind, timedelta(minutes=10)),
        code=CODES.get(kind, ""),
        about_id=INVITATION,
        purpose=purpose,
    )
    return compose(content, **{**SITE, "now": ASKED, **more})


def received(message: EmailMessage) -> EmailMessage:
    """The letter as it comes out at the other end of the wire."""
    return message_from_bytes(message.as_bytes(), policy=policy.default)


def part(message: EmailMessage, kind: str) -> str:
    found = message.get_body((kind,))
    assert found is not None
    return str(found.get_content())


@pytest.mark.parametrize("kind", sorted(READERS_CODES))
def test_a_link_holds_the_code_where_no_server_sees_it_and_only_where_the_site_has_a_page(kind: str) -> None:
    page = "https://post.example/code"
    message = received(letter(kind, purpose="undo_email", code_page=page))
    link = f"{page}#purpose=undo_email&challenge_id={INVITATION}&code={CODES[kind].replace(' ', '').replace('-', '')}"
    assert link in part(message, "plain").split()
    [anchor] = [
        one for one in html5lib.parse(part(message, "html"), namespaceHTMLElements=False).iter("a")
        if one.get("href") != SITE["site_url"]
    ]  # fmt: skip
    assert (anchor.get("href"), anchor.get("rel"), anchor.text) == (link, "noreferrer", page)
    assert "#" not in part(received(letter(kind)), "plain")


@pytest.mark.parametrize("kind", sorted(set(KINDS) - READERS_CODES))
def test_no_other_letter_has_such_a_link(kind: str) -> None:
    assert "#" not in part(received(letter(kind, code_page="https://post.example/code")), "plain")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", KINDS)
def test_each_letter_has_both_parts_in_each_language(kind: str, language: str) -> None:
    message = received(letter(kind, language))
    text, page = part(message, "plain"), part(message, "html")
    assert "The Harbour Post" in str(message["Subject"])
    assert message["Content-Language"] == language
    for body in (text, html.unescape(page)):
        assert "The Harbour Post" in body and "https://post.example" in body
        assert "{" not in body.replace('style="font', "")
        assert (
            (CODES[kind] in body and ("72" if kind in LIVES else "10") in body)
            if kind in KINDS_WITH_CODE
            else not re.search(r"\d{3} \d{3}", body)
        )
        assert (INVITATION in body) == (kind in ("staff_invitation", "staff_password", "email_changed"))
    tree = html5lib.HTMLParser(strict=True).parse(page)
    assert tree.find(".//{http://www.w3.org/1999/xhtml}body") is not None
    assert f'lang="{language}"' in page
    assert "http" not in page.replace("https://post.example", "")
    assert CODES.get(kind, "no code") not in str(message["Subject"])
    assert text.isascii() == (language == "en")


def test_every_language_has_every_letter_and_every_one_is_its_own() -> None:
    assert {path.stem for path in TEXTS.glob("*.toml")} == set(LANGUAGES)
    subjects = {str(letter(kind, language)["Subject"]) for kind in KINDS for language in LANGUAGES}
    assert len(subjects) == len(KINDS) * len(LANGUAGES)


@pytest.mark.parametrize(
    ("locale", "language"),
    [("zh-CN", "zh"), ("zh-Hant-TW", "zh"), ("ru", "ru"), ("KK-kz", "kk"), ("en-GB", "en"), ("fr", "en"), ("", "en"),
     ("../../etc/passwd", "en"), ("zhx", "en")],
)  # fmt: skip
def test_a_locale_gets_the_nearest_language(locale: str, language: str) -> None:
    assert language_of(locale) == language


def test_the_headers_say_that_a_machine_wrote_it_and_are_no_others() -> None:
    message = received(letter())
    assert set(message.keys()) == HEADERS
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["X-Auto-Response-Suppress"] == "All"
    assert message["Message-ID"] == "<0190-aa@post.example>"
    assert message["From"].addresses[0].display_name == "Harbour Post"
    assert message["Date"].datetime == ASKED


def test_a_letter_that_is_sent_twice_is_the_same_letter() -> None:
    assert letter().as_bytes() == letter().as_bytes()
    later = letter(now=ASKED + timedelta(minutes=3, seconds=1))
    assert "for 7 minutes" in part(later, "plain")
    assert later["Message-ID"] == letter()["Message-ID"]


def test_a_site_name_is_text_and_nothing_else() -> None:
    message = received(letter(site_name='<b onclick="x()">{minutes} & {code}</b>', site_url='https://x/"><script>'))
    page = part(message, "html")
    assert "<b onclick" not in page and "<script>" not in page
    assert "&lt;b onclick" in page
    assert "{minutes} & {code}" in part(message, "plain")


@pytest.mark.parametrize("text", REFUSED)
def test_no_address_gets_a_second_recipient_or_a_header(text: str) -> None:
    with pytest.raises(AddressError):
        canonical_address(text)
    try:
        raw = letter(recipient=text).as_bytes()
    except (MessageError, ValueError, IndexError, AttributeError):
        # The library refuses it a second time, with whatever error its parser happens to end in.
        return
    message = message_from_bytes(raw, policy=policy.default)
    assert set(message.keys()) <= HEADERS
    assert message["Bcc"] is None and len(message.get_all("Subject", [])) == 1


@pytest.mark.parametrize(
    "name", ["a\r\nBcc: b@y.org", "a\nBcc: b@y.org", "a\r\n\r\nbody", "a\x0bBcc: b", "a\u2028Bcc: b@y.org"]
)
def test_a_site_name_with_a_line_break_makes_no_header(name: str) -> None:
    try:
        message = received(letter(site_name=name))
    except ValueError:
        return
    assert set(message.keys()) == HEADERS


def test_a_subject_is_read_as_it_was_written_whatever_the_site_is_called() -> None:
    wrong = []
    texts = {language: tomllib.loads((TEXTS / f"{language}.toml").read_text("utf-8")) for language in LANGUAGES}
    for name in NAMES:
        for language in LANGUAGES:
            for kind in KINDS:
                message = EmailMessage(policy=LETTER)
                message["Subject"] = wanted = texts[language][kind]["subject"].format(site=name)
                sent = message.as_bytes()
                if str(message_from_bytes(sent, policy=policy.default)["Subject"]) != wanted:
                    wrong.append((kind, language, name, sent))
                assert max(len(line) for line in sent.splitlines()) <= 76
    assert len(set(NAMES)) == len(NAMES) >= 40 and not wrong, wrong


@settings(max_examples=60, deadline=None, database=None)
@given(
    name=st.lists(st.text(st.sampled_from('abcXYZ ,."(=?_абвӘқ港口邮报é🗞'), min_size=1, max_size=12), min_size=1).map(
        " ".join
    )
    | st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"]), min_size=1, max_size=120),
    kind=st.sampled_from(KINDS),
    language=st.sampled_from(LANGUAGES),
)
def test_any_name_comes_out_at_the_other_end_in_the_subject_and_the_sender(name: str, kind: str, language: str) -> None:
    message = received(letter(kind, language, site_name=name))
    assert str(message["Subject"]) == str(letter(kind, language, site_name="|")["Subject"]).replace("|", name)


def test_a_sender_is_read_as_it_was_written() -> None:
    for name in NAMES:
        quoted = name.replace("\\", "\\\\").replace('"', '\\"')
        written = letter(mail_from=f'"{quoted}" <desk@post.example>')
        sent = written.as_bytes()
        # The library reads a space between two encoded words of a name, where there is none; its older part does not.
        plain = message_from_bytes(sent, policy=policy.compat32)["From"]
        told, address = parseaddr(plain)
        if "=?utf-8?b?" in told:
            told = str(make_header(decode_header(plain.rpartition(" <")[0])))
        assert (told, address) == (written["From"].addresses[0].display_name, "desk@post.example"), sent
        assert len(received(written)["From"].addresses) == 1
        assert max(len(line) for line in sent.split(b"\r\n\r\n")[0].splitlines()) <= 78
