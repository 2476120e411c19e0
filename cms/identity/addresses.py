"""One spelling for each e-mail address, and a refusal for whatever could be read as two, or as a header.

Accepted is what people have: letters, digits and a few signs before the @, a domain name after it, in any script.
Not accepted, though RFC 5321 allows it: quoted local parts, address literals, local parts beyond ASCII, the signs
`%` and `!`, by which old mail servers passed letters on to somebody else, and `=?`, by which an encoded word begins
(RFC 2047): no header can say such an address so that every program reads the same.
"""

import re
import unicodedata

LONGEST = 254
LONGEST_LOCAL_PART = 64
LONGEST_DOMAIN = 253
LOCAL_PART = re.compile(r"[A-Za-z0-9#$&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9#$&'*+/=?^_`{|}~-]+)*")
LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
ENCODED_WORD = "=?"
# IDNA of 2003 and of 2008 disagree on these, so two programs could send to two different domains.
READ_IN_TWO_WAYS = frozenset("ßς\u200c\u200d")


class AddressError(ValueError):
    """An address that is not accepted; the text says why and never repeats it."""


def canonical_address(text: str) -> str:
    """The one spelling that is kept, compared and written to: ASCII, in lower case. Raises: AddressError.

    Formula: strip, NFC, domain to punycode, all in lower case. The local part too: no mail server in use tells `Ann`
    from `ann`, and a code must not go to one mailbox for the account of another.
    """
    text = unicodedata.normalize("NFC", text.strip(" "))
    if any(unicodedata.category(character) in ("Cc", "Cf", "Zl", "Zp", "Zs") for character in text):
        raise AddressError("An e-mail address has no spaces and no invisible characters.")
    local, at, domain = text.rpartition("@")
    if not at or not local or not domain:
        raise AddressError("An e-mail address has something before and something after one @.")
    if len(local) > LONGEST_LOCAL_PART or not LOCAL_PART.fullmatch(local):
        raise AddressError("The part before the @ must be at most 64 letters, digits, or signs such as . _ + -")
    if ENCODED_WORD in local:
        raise AddressError("The part before the @ must not hold =? as encoded words in letters do.")
    address = f"{local.lower()}@{_canonical_domain(domain)}"
    if len(address) > LONGEST:
        raise AddressError(f"An e-mail address has at most {LONGEST} characters.")
    return address


def _canonical_domain(domain: str) -> str:
    wrong = AddressError("The part after the @ must be a domain name, such as example.org.")
    if len(domain) > LONGEST_DOMAIN or READ_IN_TWO_WAYS & set(domain.lower()):
        raise wrong
    try:
        ascii_domain = domain.encode("idna").decode("ascii").lower()
        labels = ascii_domain.split(".")
        # A label that was punycode already must say what punycode would say of the name that it stands for.
        if ascii_domain.encode().decode("idna").encode("idna").decode("ascii") != ascii_domain:
            raise wrong
    except UnicodeError:
        raise wrong from None
    if len(labels) < 2 or labels[-1].isdigit() or not all(LABEL.fullmatch(label) for label in labels):
        raise wrong
    return ascii_domain
