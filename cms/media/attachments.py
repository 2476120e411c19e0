"""A document, sound or video as an article gives it to readers: plain values, its words in the article's language.

Plain Python. Not here: pictures (`pictures.py`), the HTML around it (`cms/content/figures.py`).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from cms.media.pictures import in_language

# What a text says of a sound or video, in the words of HTML.
TRACK_KINDS = ("captions", "chapters", "descriptions", "subtitles")
PLAYED = frozenset({"audio", "video"})


@dataclass(frozen=True)
class Track:
    """A text that goes along with a sound or video. `kind` is one of `TRACK_KINDS`."""

    id: str
    kind: str
    locale: str
    name: str
    url: str

    def as_member(self) -> dict[str, Any]:
        """The track in the document of an article."""
        return vars(self).copy()


@dataclass(frozen=True)
class Attachment:
    """A file that readers get as it came. `kind` is `document`, `audio`, `video` or `text`. Units: bytes."""

    id: str
    kind: str
    media_type: str
    name: str
    url: str
    byte_count: int
    captions: Mapping[str, str]
    credit: str
    licence: str
    source: str
    use_until: datetime | None
    tracks: tuple[Track, ...] = ()

    @property
    def is_played(self) -> bool:
        """Whether a page plays it, instead of leading to it."""
        return self.kind in PLAYED

    def at(self, address: Callable[[str], str]) -> "Attachment":
        """The attachment with other addresses."""
        tracks = tuple(replace(track, url=address(track.url)) for track in self.tracks)
        return replace(self, url=address(self.url), tracks=tracks)

    def as_member(self, locale: str) -> dict[str, Any]:
        """The attachment in the document of an article in this language."""
        return {
            "id": self.id, "kind": self.kind, "media_type": self.media_type, "name": self.name, "url": self.url,
            "byte_count": self.byte_count, "caption": in_language(self.captions, locale), "credit": self.credit,
            "licence": self.licence, "source": self.source, "tracks": [track.as_member() for track in self.tracks],
        }  # fmt: skip


def has_words_in(attachment: Attachment, locale: str) -> bool:
    """Whether somebody who does not hear it can read along in a language."""
    language = locale.partition("-")[0]
    return any(
        track.kind in ("captions", "subtitles") and track.locale.partition("-")[0] == language
        for track in attachment.tracks
    )
