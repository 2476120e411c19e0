"""Row S58, the half of it that comes in: one spelling for each address, and no header in any."""

from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.utils import getaddresses
from smtplib import quoteaddr
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cms.identity.addresses import LONGEST, AddressError, canonical_address
from cms.mail.composing import Content, compose
from tests.readers.making import PHRASE, Desk

SAME = {
    "a@x.org": ("a@x.org", "A@X.ORG", " a@x.org ", "a@X.org", "a@ｘ.org", "a@x。org"),
    "a.b+tag@example.org": ("a.b+tag@example.org", "A.B+Tag@Example.Org"),
    "a@xn--e1afmkfd.xn--p1ai": ("a@пример.рф", "A@ПРИМЕР.РФ", "a@xn--e1afmkfd.xn--p1ai", "a@XN--E1AFMKFD.xn--p1ai"),
    "a@xn--fsqu00a.xn--fiqs8s": ("a@例子.中国", "a@xn--fsqu00a.xn--fiqs8s"),
    "a@xn--caf-dma.fr": ("a@café.fr", "a@cafe\u0301.fr"),
    "o'hara@example.org": ("o'hara@example.org",),
}
REFUSED = (
    "", " ", "@", "a", "a@", "@x.org", "a@x", "a@localhost", "a@x.", "a@x.org.", "a@.x.org", "a@x..org", "a@-x.org",
    "a@x-.org", "a@x_y.org", "a@127.0.0.1", "a@[127.0.0.1]", "a@[IPv6:::1]", "a@1", "a%40x.org", "a%40x@y.org",
    "a!b@x.org", "a%b@x.org", "a@b@x.org", '"a b"@x.org', '"a@b"@x.org', "a b@x.org", "a\tb@x.org", "a@x.org b@y.org",
    "a@x.org,b@y.org", "a@x.org;b@y.org", "a@x.org, b@y.org", "<a@x.org>", "Ann <a@x.org>", "a@x.org (Ann)",
    "a(comment)@x.org", ".a@x.org", "a.@x.org", "a..b@x.org", "a＠x.org", "ａ@x.org", "ann·lee@x.org", "анн@x.org",
    "a\u200b@x.org", "a@x\u200d.org", "a@fa\u00df.de", "a@ex\u00adample.org", "a\u202e@x.org",
    "a@x.org\u2028Bcc: b@y.org",
    "a@x.org\r\nBcc: b@y.org", "a@x.org\nSubject: hi", "a\r\nBcc: b@y.org\r\n@x.org", "a@x.org\x0bBcc: b@y.org",
    "a@x.org\x0cb", "a@x.org\x1cBcc: b@y.org", "a@x.org\x1d", "a@x.org\x1e", "a@x.org\x85Bcc: b@y.org",
    "a@x.org\u2029b", "a@x.org%0d%0aBcc:b@y.org", "a@x.org%0a", "=?utf-8?q?a?=@x.org?x", "a@=?utf-8?q?x?=.org",
    "=?utf-8?q?a?=@x.org", "=?UTF-8?Q?a?=@x.org", "=?utf-8?b?YQ==?=@x.org", "a=?utf-8?q?b?=c@x.org",
    "=?us-ascii?q?a=40b?=@x.org", "=?utf-8*en?q?a?=@x.org", "a.=?utf-8?q?b?=@x.org", "=?@x.org", "a=?=b@x.org",
    "=?utf-8?q?a?=.=?utf-8?q?b?=@x.org", "=?utf-8?q?=0d=0abcc:b?=@y.org", "=?x?x?x?=@x.org", "a+=?b@x.org",
    "a\\@x.org", "a@x.org\\", "a@x.org>", "a@x.org<b@y.org", "a@x.org?subject=hi", "mailto:a@x.org",
    "a@xn--.org", "a@xn--a.org", "a" * 65 + "@x.org", "a@" + "x" * 64 + ".org", "a@" + "x." * 126 + "org",
    "a" * 64 + "@" + ".".join(["y" * 63] * 3) + ".org", "a@x.123", "a@ex ample.org", "a@☃️.com\n", "a@x.org\x7f",
)  # fmt: skip


@pytest.mark.parametrize("canonical", SAME)
def test_spellings_of_one_address_are_one(canonical: str) -> None:
    for spelling in SAME[canonical]:
        assert canonical_address(spelling) == canonical, spelling


@pytest.mark.parametrize("text", REFUSED)
def test_what_is_not_one_address_is_refused_without_being_repeated(text: str) -> None:
    with pytest.raises(AddressError) as refused:
        canonical_address(text)
    assert len(text) < 3 or text not in str(refused.value)


def test_the_longest_address_is_accepted_and_a_longer_one_is_not() -> None:
    longest = "a" * 64 + "@" + "y" * 63 + "." + "y" * 63 + "." + "y" * 57 + ".org"
    assert len(longest) == LONGEST
    assert canonical_address(longest) == longest
    with pytest.raises(AddressError):
        canonical_address(longest.replace("y.org", "yy.org"))


@given(st.text(max_size=40) | st.from_regex(r"[a-z!%. ]{1,8}@[a-zß-ÿ.\-]{1,12}", fullmatch=True))
def test_whatever_is_accepted_is_stable_ascii_with_one_at(text: str) -> None:
    try:
        address = canonical_address(text)
    except AddressError:
        return
    assert address.isascii() and address.isprintable() and " " not in address
    assert address.count("@") == 1 and len(address) <= LONGEST
    assert canonical_address(address) == address


# What encoded words, addresses and lists are put together from.
PIECES = ("=?", "?=", "=", "?", "utf-8?q?", "utf-8?b?", "YQ==", "=0D=0A", "a", "B", "1", ".", "'", "`", "{", "+", "#",
          "$", "&", "*", "/", "^", "_", "|", "~", "-", "bcc")  # fmt: skip
NAMES = ("x.org", "xn--e1afmkfd.xn--p1ai", "пример.рф", "a.b.c.d.e", "1.org", "a--b.org", "x.o" + "r" * 55,
         "in-addr.arpa", ".".join(["y" * 40] * 4) + ".org", "example.invalid", "X.ORG")  # fmt: skip
AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
SITE: dict[str, Any] = {"site_name": "Post", "site_url": "https://x.org", "mail_from": "desk@x.org", "now": AT}


@settings(deadline=None)
@given(st.lists(st.sampled_from(PIECES), min_size=1, max_size=12).map("".join), st.sampled_from(NAMES))
def test_to_whatever_is_accepted_a_letter_can_be_made_and_sent(local: str, domain: str) -> None:
    """Row S58: exactly one recipient, which every program reads the same."""
    try:
        address = canonical_address(f"{local}@{domain}")
    except AddressError:
        return
    letter = Content(
        kind="verify_email", locale="en", recipient=address, message_id="<0190-aa@x.org>", created_at=AT,
        expires_at=AT + timedelta(minutes=10), code="123 456",
    )  # fmt: skip
    sent = compose(letter, **SITE).as_bytes()
    [line] = [one for one in sent.split(b"\r\n") if one.startswith(b"To:")]
    assert line.decode() == f"To: {address}"
    received: Any = message_from_bytes(sent, policy=policy.default)
    assert [one.addr_spec for one in received["To"].addresses] == [address] and not received["To"].defects
    # As the library for mail servers writes a recipient, and as older programs read one.
    assert quoteaddr(address) == f"<{address}>"
    assert getaddresses([address]) == [("", address)]


def test_the_route_refuses_the_same_and_keeps_nothing(desk: Desk) -> None:
    for number, text in enumerate(REFUSED):
        answer = desk.post(
            "/accounts", {"email": text, "password": PHRASE, "locale": "en"}, f"203.0.113.{number % 250 + 1}"
        )
        assert answer.status_code == 422, text
        assert answer.json["errors"][0]["pointer"] == "/email"
    assert desk.letters() == []
