"""Shapes of where an asset is used."""

from marshmallow import fields

from cms.platform.http.shapes import Flag, Shape


class UserShape(Shape):
    """An article that names an asset."""

    id = fields.String(required=True)
    title = fields.String(required=True)
    locale = fields.String(required=True)
    state = fields.String(required=True)
    is_in_trash = Flag(required=True)
    places = fields.List(
        fields.String(),
        required=True,
        metadata={"description": "`working`: the working copy names it. `shown`: readers see it"},
    )


class UsersShape(Shape):
    """All articles that name an asset."""

    data = fields.List(fields.Nested(UserShape), required=True)
    hidden = fields.Integer(required=True, metadata={"description": "How many more that the caller may not read"})
