"""Reading what an environment says: texts into values, and an error for people where that cannot be done.

Not here: which settings there are, and what they may be (`settings.py`).
"""

import ipaddress
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class SettingsError(ValueError):
    """A variable that cannot be used; the text names it and says what to write instead."""


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
