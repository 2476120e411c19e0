"""The settings of pictures and other files: where they are kept, how large and how many, how readers get them.

A part of `Settings`. Not here: the rest of them (`settings.py`).
"""

import re
from dataclasses import dataclass, field
from typing import Literal

from cms.environment import SettingsError, read_place

# A name, for a crop the ratio of its sides, and widths in pixels.
PRESET = r"[a-z][a-z0-9-]{0,19}(?:@[1-9][0-9]?:[1-9][0-9]?)?=[1-9][0-9]{1,3}(?:,[1-9][0-9]{1,3}){0,7}"
PRESETS = re.compile(rf"{PRESET}(?:;{PRESET})*")
MOST_PRESETS = 12
FOLDER = "folder"
BUCKET = re.compile(r"s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](?:/[A-Za-z0-9_][A-Za-z0-9._-]*)*/?")
REGION = re.compile(r"[a-z0-9-]{1,40}")
ACCEL_PREFIX = re.compile(r"(?:/[A-Za-z0-9._-]+)+/?")


@dataclass(frozen=True)
class MediaSettings:
    """What this process was told of files."""

    media_store: str = FOLDER
    media_store_before: str = ""
    media_store_endpoint: str = ""
    media_store_region: str = "us-east-1"
    media_store_key: str = ""
    media_store_secret: str = field(default="", repr=False)
    media_limit_bytes: int = 26_214_400
    media_attachment_limit_bytes: int = 104_857_600
    media_quota_bytes: int = 0
    media_reserve_bytes: int = 209_715_200
    media_public: Literal["published", "always"] = "published"
    media_accel_prefix: str = ""
    media_presets: str = "natural=320,640,1024,1600;square@1:1=320,640;standard@4:3=480,960;wide@16:9=640,1280"
    media_presets_on_demand: str = "social@40:21=1200"

    def check_media(self) -> None:
        """Refuse what could not work. Raises: SettingsError."""
        names = check_presets("COPYDESK_MEDIA_PRESETS", self.media_presets)
        if self.media_presets_on_demand.strip("; "):
            others = check_presets("COPYDESK_MEDIA_PRESETS_ON_DEMAND", self.media_presets_on_demand)
            if names & others:
                raise SettingsError(f"COPYDESK_MEDIA_PRESETS_ON_DEMAND names {min(names & others)}, as …_PRESETS does")
        if self.media_accel_prefix and not ACCEL_PREFIX.fullmatch(self.media_accel_prefix):
            raise SettingsError("COPYDESK_MEDIA_ACCEL_PREFIX must be a path such as /protected-media")
        self._check_store()

    def _check_store(self) -> None:
        stores = {"MEDIA_STORE": self.media_store, "MEDIA_STORE_BEFORE": self.media_store_before or FOLDER}
        for name, text in stores.items():
            if text != FOLDER and not BUCKET.fullmatch(text):
                raise SettingsError(f"COPYDESK_{name} must be folder or a bucket such as s3://bucket/prefix")
        if self.media_store_before.rstrip("/") == self.media_store.rstrip("/"):
            raise SettingsError("COPYDESK_MEDIA_STORE_BEFORE is where files are now; it says the same as …_STORE")
        place = read_place("COPYDESK_MEDIA_STORE_ENDPOINT", self.media_store_endpoint, "https://s3.example.org")
        is_plain = place.scheme in ("http", "https") and place.hostname and "@" not in place.netloc
        if self.media_store_endpoint and (not is_plain or place.query or place.fragment):
            raise SettingsError("COPYDESK_MEDIA_STORE_ENDPOINT must be an address such as https://s3.example.org")
        if not REGION.fullmatch(self.media_store_region):
            raise SettingsError("COPYDESK_MEDIA_STORE_REGION must be a region such as eu-central-1")
        if bool(self.media_store_key) != bool(self.media_store_secret):
            raise SettingsError("COPYDESK_MEDIA_STORE_KEY and COPYDESK_MEDIA_STORE_SECRET go together")
        if self.media_accel_prefix and set(stores.values()) != {FOLDER}:
            raise SettingsError(
                "COPYDESK_MEDIA_ACCEL_PREFIX is for files in the folder; those of a bucket are not in it"
            )


def check_presets(variable: str, text: str) -> set[str]:
    """The names of presets; refuses what names no sizes of pictures. Raises: SettingsError."""
    plain = text.replace(" ", "").strip(";")
    names = [part.partition("=")[0].partition("@")[0] for part in plain.split(";")]
    if not PRESETS.fullmatch(plain) or len(names) > MOST_PRESETS or len(set(names)) < len(names):
        raise SettingsError(
            f"{variable} must name up to {MOST_PRESETS} presets with their widths, each name once, such as "
            f"natural=320,640;wide@16:9=640,1280; it says {text!r}"
        )
    return set(names)
