"""What JSON Feed holds, for the OpenAPI document."""

from marshmallow import fields

from cms.platform.http.shapes import Shape


class FeedAuthorShape(Shape):
    """An author, by name."""

    name = fields.String(required=True)


class FeedItemShape(Shape):
    """One article in JSON Feed's words; `id` is the article's, as `urn:uuid:…`."""

    id = fields.String(required=True)
    url = fields.String(required=True)
    title = fields.String(required=True)
    summary = fields.String()
    content_html = fields.String(required=True)
    date_published = fields.String(required=True)
    date_modified = fields.String(required=True)
    authors = fields.List(fields.Nested(FeedAuthorShape), required=True)
    tags = fields.List(fields.String(), required=True)
    language = fields.String(required=True)


class JsonFeedShape(Shape):
    """JSON Feed 1.1."""

    version = fields.String(required=True)
    title = fields.String(required=True)
    home_page_url = fields.String(required=True)
    feed_url = fields.String(required=True)
    language = fields.String()
    items = fields.List(fields.Nested(FeedItemShape), required=True)
