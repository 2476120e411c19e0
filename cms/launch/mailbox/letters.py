"""The letters that the mailbox caught: one file each, newest last by name.

Not here: taking them by SMTP (`receiving.py`) and showing them (`page.py`, `command.py`).
"""

import os
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

KEPT = 1000
NAME = re.compile(r"\d{8}T\d{12}Z-[0-9a-f]{8}")
UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


@dataclass(frozen=True)
class CaughtLetter:
    """One letter as a person reads it. `sender` and `to` are the envelope's, which is where it really went."""

    id: str
    received_at: str
    sender: str
    to: tuple[str, ...]
    subject: str
    text: str
    html: str


class Letters:
    """A folder of letters. Made when the first one arrives; only its owner can read it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def put(self, content: bytes, *, sender: str, to: Sequence[str], now: datetime) -> str:
        """Keep a letter and give its id; beyond a thousand the oldest go. Raises: OSError when it cannot be kept."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        name = f"{now:%Y%m%dT%H%M%S%f}Z-{secrets.token_hex(4)}"
        lines = [f"Return-Path: <{visible(sender)}>", *(f"Delivered-To: {visible(address)}" for address in to)]
        unfinished = self.folder / f"{name}.new"
        handle = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write("\r\n".join(lines).encode() + b"\r\n" + content)
        unfinished.rename(self.folder / f"{name}.eml")
        for old in self.names()[KEPT:]:
            (self.folder / f"{old}.eml").unlink(missing_ok=True)
        return name

    def names(self) -> list[str]:
        """The ids of all letters, newest first."""
        return sorted((path.stem for path in self.folder.glob("*.eml") if NAME.fullmatch(path.stem)), reverse=True)

    def source(self, name: str) -> bytes | None:
        """A letter as it came over the wire, or None when there is none of that id."""
        if not NAME.fullmatch(name):
            return None
        try:
            return (self.folder / f"{name}.eml").read_bytes()
        except FileNotFoundError:
            return None

    def read(self, name: str) -> CaughtLetter | None:
        """A letter to be read, or None when there is none of that id."""
        source = self.source(name)
        if source is None:
            return None
        message = message_from_bytes(source, policy=policy.default)
        return CaughtLetter(
            id=name,
            received_at=f"{name[:4]}-{name[4:6]}-{name[6:8]}T{name[9:11]}:{name[11:13]}:{name[13:15]}Z",
            sender=str(message["Return-Path"] or "").strip("<> "),
            to=tuple(str(address) for address in message.get_all("Delivered-To", [])),
            subject=visible(str(message["Subject"] or "")),
            text=_part(message, "plain"),
            html=_part(message, "html"),
        )

    def newest(self, limit: int) -> list[CaughtLetter]:
        """The newest letters, newest first."""
        found = (self.read(name) for name in self.names()[:limit])
        return [letter for letter in found if letter is not None]


def visible(text: str) -> str:
    """A text without characters that move a terminal's cursor, break a header or turn the reading direction."""
    return UNSEEN.sub("�", text).replace("\r", "").replace("\n", " ")


def _part(message: EmailMessage, kind: str) -> str:
    part = message.get_body((kind,))
    if part is None:
        return ""
    try:
        content = str(part.get_content())
    except (LookupError, ValueError):
        # An unknown charset or a broken encoding: a developer wants to see what there is.
        payload = part.get_payload(decode=True)
        content = payload.decode("utf-8", "replace") if isinstance(payload, bytes) else str(payload)
    return content.replace("\r\n", "\n")
