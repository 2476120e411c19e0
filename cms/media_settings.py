"""The settings of pictures and other files: how large and how many, in which sizes readers get them, how they go out.

A part of `Settings`. Not here: the rest of them (`settings.py`).
"""

import re
from dataclasses import dataclass
from typing import Literal

from cms.environment import SettingsError

# A name, for a crop the ratio of its sides, and widths in pixels.
PRESET = r"[a-z][a-z0-9-]{0,19}(?:@[1-9][0-9]?:[1-9][0-9]?)?=[1-9][0-9]{1,3}(?:,[1-9][0-9]{1,3}){0,7}"
PRESETS = re.compile(rf"{PRESET}(?:;{PRESET})*")
MOST_PRESETS = 12
ACCEL_PREFIX = re.compile(r"(?:/[A-Za-z0-9._-]+)+/?")


@dataclass(frozen=True)
class MediaSettings:
    """What this process was told of files."""

    media_limit_bytes: int = 26_214_400
    media_quota_bytes: int = 0
    media_reserve_bytes: int = 209_715_200
    media_public: Literal["published", "always"] = "published"
    media_accel_prefix: str = ""
    media_presets: str = "natural=320,640,1024,1600;square@1:1=320,640;standard@4:3=480,960;wide@16:9=640,1280"

    def check_media(self) -> None:
        """Refuse what could not work. Raises: SettingsError."""
        check_presets(self.media_presets)
        if self.media_accel_prefix and not ACCEL_PREFIX.fullmatch(self.media_accel_prefix):
            raise SettingsError("COPYDESK_MEDIA_ACCEL_PREFIX must be a path such as /protected-media")


def check_presets(text: str) -> None:
    """Refuse what names no sizes of pictures. Raises: SettingsError."""
    plain = text.replace(" ", "").strip(";")
    names = [part.partition("=")[0].partition("@")[0] for part in plain.split(";")]
    if not PRESETS.fullmatch(plain) or len(names) > MOST_PRESETS or len(set(names)) < len(names):
        raise SettingsError(
            f"COPYDESK_MEDIA_PRESETS must name up to {MOST_PRESETS} presets with their widths, each name once, such as "
            f"natural=320,640;wide@16:9=640,1280; it says {text!r}"
        )
