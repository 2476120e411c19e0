"""Events of assets: pictures and other files. Plain Python; a part of the catalogue."""

from dataclasses import dataclass

from cms.events.event import Event


@dataclass(frozen=True)
class AssetUploaded(Event):
    """A file came whole and is kept; readers see nothing of it before a published article shows it."""

    type = "asset.uploaded"
    kind: str


@dataclass(frozen=True)
class AssetChanged(Event):
    """Other things are known of an asset, such as its alternative texts, its credit or its focal point."""

    type = "asset.changed"
    revision: int


@dataclass(frozen=True)
class AssetReplaced(Event):
    """An asset has another file of its kind; what names it stays. Its renditions are those of the file before until
    others are made."""

    type = "asset.replaced"
    revision: int
    sha256: str
    previous_sha256: str


@dataclass(frozen=True)
class AssetDeleted(Event):
    """An asset that nothing used is gone."""

    type = "asset.deleted"
    sha256: str


@dataclass(frozen=True)
class AssetRenditionsDue(Event):
    """The presets of pictures changed, or a picture has no renditions yet; they are to be made."""

    type = "asset.renditions_due"


@dataclass(frozen=True)
class AssetRendered(Event):
    """Readers get other files of an asset: a picture has all its renditions, or something else was replaced. Those
    before are given out a day longer."""

    type = "asset.rendered"


@dataclass(frozen=True)
class AssetExpired(Event):
    """The right to show an asset has ended, at an instant that is RFC 3339 in UTC. What shows it shows it still."""

    type = "asset.expired"
    use_until: str
