"""How a letter's headers are written. The two that hold words of people are encoded as a whole: subject and sender.

The library encodes a header word by word and breaks it where it is long, and then a space is lost or gained where an
encoded word meets a plain one, a name with a comma loses its quotes, and a text that looks encoded is decoded.
Source: RFC 2047, sections 2, 5 and 6.2.
"""

import re
from base64 import b64encode
from email.headerregistry import UniqueAddressHeader
from email.policy import EmailPolicy
from typing import Any

LONGEST_LINE = 76
# Of bytes in one encoded word, which has 12 characters around them, so that `Subject: ` fits before it.
ROOM = 39
# What stands in a header as it is: no space at an end could be lost.
PLAIN = re.compile("[!-~]+( +[!-~]+)*")
# What would end a line somewhere, or turn the order of what follows: no title of an article needs it in a header.
# Source: Unicode, UAX #9 and UAX #14.
ENDS_A_LINE = re.compile("[\x00-\x20\x7f-\x9f\u2028\u2029]+")
TURNS = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]")
LONGEST_WORDS = 200
# Headers that are kept and written as they were given; the library would encode or break them.
AS_GIVEN = frozenset({"Subject", "List-Unsubscribe"})
ATOMS = re.compile(r"[\w!#$%&'*+/=?^`{|}~-]+( [\w!#$%&'*+/=?^`{|}~-]+)*", re.ASCII)


class Headers(EmailPolicy):
    """The library's policy, but for the subject, the sender and the one recipient."""

    def header_store_parse(self, name: str, value: Any) -> tuple[str, Any]:
        """What a message keeps of a header: the subject as it was given. Raises: ValueError for a line break in one."""
        parsed = super().header_store_parse(name, value)
        return (name, str(value)) if name in AS_GIVEN else parsed

    def fold(self, name: str, value: Any) -> str:
        """The lines of a header."""
        if name == "Subject":
            return f"Subject: {self._subject(value)}{self.linesep}"
        if name == "From":
            return f"From: {self._sender(value)}{self.linesep}"
        if name == "To":
            # A long one is neither broken nor put on a line of its own, which some servers take for an empty header.
            return f"To: {value.addresses[0].addr_spec}{self.linesep}"
        if name == "List-Unsubscribe":
            return f"List-Unsubscribe: {value}{self.linesep}"
        return super().fold(name, value)

    def fold_binary(self, name: str, value: Any) -> bytes:
        """The lines of a header as they are sent."""
        if name in ("From", "To") or name in AS_GIVEN:
            return self.fold(name, value).encode("ascii")
        return super().fold_binary(name, value)

    def _subject(self, text: str) -> str:
        return text if _is_plain(text, LONGEST_LINE - len("Subject: ")) else self._encoded(text)

    def _sender(self, header: UniqueAddressHeader) -> str:
        """The name as words, in quotes or encoded, and the address behind it or on the next line."""
        name, address = header.addresses[0].display_name, f"<{header.addresses[0].addr_spec}>"
        if not name:
            return address
        if not _is_plain(name, LONGEST_LINE - len('From: ""')):
            name = self._encoded(name)
        elif not ATOMS.fullmatch(name):
            name = '"' + re.sub(r'(["\\])', r"\\\1", name) + '"'
        has_room = len(f"From: {name} {address}") <= LONGEST_LINE
        return f"{name} {address}" if has_room else f"{name}{self.linesep} {address}"

    def _encoded(self, text: str) -> str:
        """The whole text in encoded words, one a line. Between two of them no space is read; no character is cut."""
        words, held = [], b""
        for character in text:
            letter = character.encode()
            if len(held) + len(letter) > ROOM:
                words.append(held)
                held = b""
            held += letter
        return f"{self.linesep} ".join(f"=?utf-8?b?{b64encode(word).decode()}?=" for word in [*words, held])


def on_a_line(text: str) -> str:
    """Words of people for a header or a line of a letter: nothing in them ends a line or turns the direction."""
    plain = TURNS.sub("", ENDS_A_LINE.sub(" ", text)).strip()
    return plain if len(plain) <= LONGEST_WORDS else plain[: LONGEST_WORDS - 1] + "…"


def _is_plain(text: str, room: int) -> bool:
    return len(text) <= room and PLAIN.fullmatch(text) is not None and "=?" not in text


LETTER = Headers(linesep="\r\n")
