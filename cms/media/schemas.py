"""Shapes of assets on the wire; what comes in becomes a merge patch, or what was said of a new file."""

from typing import Any

from marshmallow import ValidationError, fields, post_load, validate

from cms.media import rules
from cms.media.attachments import TRACK_KINDS
from cms.media.rules import Described
from cms.platform.http.query_input import PageShape
from cms.platform.http.shapes import Flag, ListShape, Locale, Shape, Text, UtcInstant

BY_LOCALE = "By locale, for articles in that language; in a patch, null takes one away"


def check_sha256(text: str) -> None:
    """Take a digest in its one spelling alone. Raises: ValidationError."""
    if not rules.SHA256.fullmatch(text):
        raise ValidationError("Must be a SHA-256 in 64 lower-case hexadecimal digits.")


def _by_locale(longest: int) -> fields.Dict:
    text = Text(is_line=False, allow_none=True, validate=validate.Length(max=longest))
    most = validate.Length(max=rules.MOST_LOCALES)
    return fields.Dict(keys=Locale(), values=text, validate=most, metadata={"description": BY_LOCALE})


class PartField(fields.Float):
    """A part of a side, from 0 to 1; a number and nothing that looks like one."""

    def __init__(self, **options: Any) -> None:
        super().__init__(validate=validate.Range(0, 1), **options)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise self.make_error("invalid", input=value)
        return float(super()._deserialize(value, attr, data, **options))


def _point(**options: Any) -> fields.List:
    return fields.List(PartField(), allow_none=True, **options)


class TrackShape(Shape):
    """As what a text goes along with a sound or video."""

    of = Text(
        validate=validate.Length(equal=36),
        allow_none=True,
        metadata={"description": "The id of the sound or video, which has to be the caller's to change"},
    )
    kind = Text(validate=validate.OneOf(TRACK_KINDS), allow_none=True)
    locale = Locale(allow_none=True)


class AssetPatchShape(Shape):
    """A JSON Merge Patch (RFC 7396): what is left out stays, null clears."""

    name = Text(validate=validate.Length(1, rules.LONGEST_NAME), metadata={"description": "What editors call it"})
    alt = _by_locale(rules.LONGEST_ALT)
    captions = _by_locale(rules.LONGEST_CAPTION)
    credit = Text(
        allow_none=True, validate=validate.Length(max=rules.LONGEST_CREDIT), metadata={"description": "Whose it is"}
    )
    licence = Text(
        allow_none=True,
        validate=validate.Length(max=rules.LONGEST_LICENCE),
        metadata={"description": "By which right it is shown, such as CC BY 4.0"},
    )
    source = Text(
        allow_none=True,
        validate=validate.Length(max=rules.LONGEST_SOURCE),
        metadata={"description": "Where it is from"},
    )
    use_until = UtcInstant(allow_none=True, metadata={"description": "When the right to show it ends"})
    is_decorative = Flag(metadata={"description": "Says nothing that the text does not; needs no alternative text"})
    focal_point = _point(
        validate=validate.Length(equal=2),
        metadata={"description": "[x, y] as parts of width and height, which crops keep; null: the proposed one"},
    )

    track = fields.Nested(
        TrackShape, allow_none=True, metadata={"description": "Of WebVTT: what it goes along with, and as what"}
    )


class NewAssetShape(AssetPatchShape):
    """What is said of a file that is sent."""

    sha256 = Text(validate=check_sha256, metadata={"description": "What the file has; another one is refused"})
    reads_credit = Flag(metadata={"description": "Take the credit from the file's own Exif where none is given"})

    @post_load
    def _described(self, values: dict[str, Any], **_options: Any) -> Described:
        sha256, reads_credit = values.pop("sha256", ""), values.pop("reads_credit", False)
        return Described(values, sha256, reads_credit)


class AssetsQueryShape(PageShape):
    """Which assets to list."""

    q = fields.String(
        load_default=None, validate=validate.Length(1, 200), metadata={"description": "Words of name, credit or source"}
    )
    sha256 = fields.String(
        load_default=None,
        validate=check_sha256,
        metadata={"description": "The content of a file: ask before sending it, a known one need not be sent"},
    )
    kind = fields.String(
        load_default=None, validate=validate.OneOf(sorted({one.kind for one in rules.FORMATS.values()}))
    )
    use = fields.String(
        load_default=None,
        validate=validate.OneOf(["used", "unused"]),
        metadata={"description": "Only those that an article names, or that none does"},
    )
    rights = fields.String(
        load_default=None,
        validate=validate.OneOf(["expired", "limited"]),
        metadata={"description": "Only those whose `use_until` has passed, or is to come"},
    )


class MakerShape(Shape):
    """Who sent a file."""

    kind = fields.String(required=True)
    id = fields.String(required=True)


class AssetShape(Shape):
    """A picture or another file, as editors see it."""

    id = fields.String(required=True)
    number = fields.Integer(required=True)
    revision = fields.Integer(required=True, metadata={"description": "Counts every change; the ETag names it"})
    kind = fields.String(required=True)
    media_type = fields.String(required=True, metadata={"description": "What the file is, whatever it was called"})
    name = fields.String(required=True)
    sha256 = fields.String(required=True, metadata={"description": "Of the file as it came"})
    byte_count = fields.Integer(required=True)
    width = fields.Integer(required=True, allow_none=True, metadata={"description": "In pixels, the right way up"})
    height = fields.Integer(required=True, allow_none=True)
    alt = fields.Dict(keys=fields.String(), values=fields.String(), required=True)
    captions = fields.Dict(keys=fields.String(), values=fields.String(), required=True)
    credit = fields.String(required=True)
    licence = fields.String(required=True)
    source = fields.String(required=True)
    use_until = UtcInstant(required=True, allow_none=True)
    is_expired = Flag(required=True)
    is_decorative = Flag(required=True)
    focal_point = fields.List(fields.Float(), required=True, allow_none=True)
    is_focal_point_set = Flag(required=True, metadata={"description": "False: it is proposed"})
    colour = fields.String(required=True, metadata={"description": "The most frequent one, as #rrggbb"})
    blurhash = fields.String(required=True)
    track = fields.Nested(TrackShape, required=True, allow_none=True)
    preview_url = fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "A small picture for editors; it holds for hours. Null until it is made"},
    )
    made_by = fields.Nested(MakerShape, required=True)
    created_at = UtcInstant(required=True)
    updated_at = UtcInstant(required=True)


class SignedShape(Shape):
    """What a signed address has."""

    until = fields.String(load_default=None, validate=validate.Length(max=12))
    signature = fields.String(load_default=None, validate=validate.Length(max=64))


class RenditionShape(Shape):
    """A size and crop of a picture in one format."""

    preset = fields.String(required=True)
    media_type = fields.String(required=True)
    width = fields.Integer(required=True)
    height = fields.Integer(required=True)
    byte_count = fields.Integer(required=True)
    url = fields.String(required=True, metadata={"description": "For readers; it never means anything else"})
    preview_url = fields.String(required=True, metadata={"description": "For editors, whoever else may see it"})


class OnDemandShape(Shape):
    """A rendition that can be asked for."""

    preset = fields.String(required=True)
    media_type = fields.String(required=True)
    width = fields.Integer(required=True)
    height = fields.Integer(required=True)
    url = fields.String(
        required=True,
        metadata={"description": "Signed, for pages that show the picture; it means the asset as it is then"},
    )


class AssetFileShape(Shape):
    """What readers get of an asset that is no picture."""

    url = fields.String(required=True, metadata={"description": "For readers, while a published article names it"})
    preview_url = fields.String(required=True, metadata={"description": "For editors, whoever else may see it"})
    byte_count = fields.Integer(required=True)


class OwnTrackShape(Shape):
    """A text that goes along with this asset."""

    id = fields.String(required=True)
    kind = fields.String(required=True)
    locale = fields.String(required=True)
    name = fields.String(required=True)


class WholeAssetShape(AssetShape):
    """An asset with its renditions, or the file that readers get."""

    file = fields.Nested(AssetFileShape, required=True, allow_none=True, metadata={"description": "Null for a picture"})
    tracks = fields.List(fields.Nested(OwnTrackShape), required=True)
    on_demand = fields.List(
        fields.Nested(OnDemandShape),
        required=True,
        metadata={"description": "Of a picture: renditions that are made when somebody first asks for them"},
    )

    renditions = fields.List(
        fields.Nested(RenditionShape), required=True, metadata={"description": "Empty until they are made"}
    )


class AssetPageShape(ListShape):
    """Assets, the newest first."""

    data = fields.List(fields.Nested(AssetShape), required=True)
