"""The settings of the installation's key: where it stands, and which are refused as too weak.

A part of `Settings`. Not here: what is derived from the key (`platform/keys.py`), the rest of the settings
(`settings.py`).
"""

from dataclasses import dataclass, field
from pathlib import Path

from cms.environment import SettingsError, read_keys

SHORTEST_SECRET = 32
# No key that was drawn at random holds one of these words, and many a copied one does.
EXAMPLE_WORDS = ("changeme", "changethis", "example", "insecure", "placeholder", "replaceme", "yoursecret")


@dataclass(frozen=True)
class SecretSettings:
    """What this process was told of its key."""

    secret_key: str = field(default="", repr=False)
    secret_key_file: str = ""
    previous_secret_key: str = field(default="", repr=False)

    def check_secrets(self, *, is_needed: bool) -> None:
        """Refuse a key that is weak or named twice, and none where one is needed. Raises: SettingsError."""
        if self.secret_key and self.secret_key_file:
            raise SettingsError("COPYDESK_SECRET_KEY and COPYDESK_SECRET_KEY_FILE are both set; keep one of them")
        if is_needed and not self.secret_key and not self.secret_key_file:
            raise SettingsError(
                "COPYDESK_ENV=production needs COPYDESK_SECRET_KEY or COPYDESK_SECRET_KEY_FILE; "
                "make a key with: openssl rand -hex 32"
            )
        if self.previous_secret_key and not self.secret_key:
            raise SettingsError(
                "COPYDESK_PREVIOUS_SECRET_KEY goes with COPYDESK_SECRET_KEY; a file has the previous key in its second "
                "line"
            )
        if self.previous_secret_key and self.previous_secret_key == self.secret_key:
            raise SettingsError("COPYDESK_PREVIOUS_SECRET_KEY is the same as COPYDESK_SECRET_KEY")
        _refuse_weak("COPYDESK_SECRET_KEY", self.secret_key)
        _refuse_weak("COPYDESK_PREVIOUS_SECRET_KEY", self.previous_secret_key)
        if self.secret_key_file:
            for line in read_keys("COPYDESK_SECRET_KEY_FILE", Path(self.secret_key_file)):
                _refuse_weak("COPYDESK_SECRET_KEY_FILE", line)


def _refuse_weak(variable: str, secret: str) -> None:
    if not secret:
        return
    if len(secret) < SHORTEST_SECRET:
        raise SettingsError(f"{variable} must have at least {SHORTEST_SECRET} characters")
    plain = "".join(character for character in secret.lower() if character.isalnum())
    # A text is found again within itself, past its beginning, exactly when it is one part of it over and over.
    is_repeated = secret in (secret + secret)[1:-1]
    if is_repeated or len(set(secret)) < 10 or any(word in plain for word in EXAMPLE_WORDS):
        raise SettingsError(f"{variable} looks like an example; make one with: openssl rand -hex 32")
