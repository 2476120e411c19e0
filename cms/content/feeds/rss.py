"""RSS 2.0, with the whole text in `content:encoded` and the authors in `dc:creator`.

Source: RSS 2.0.11 of the RSS Advisory Board
"""

import re
from datetime import datetime
from email.utils import format_datetime
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

from cms.content.feeds.items import Feed, Item

MEDIA_TYPE = "application/rss+xml"
ATOM, CONTENT, CREATOR = (
    "http://www.w3.org/2005/Atom",
    "http://purl.org/rss/1.0/modules/content/",
    "http://purl.org/dc/elements/1.1/",
)
# What XML 1.0 cannot hold, not even as a reference. Source: XML 1.0, production 2.
FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
for prefix, space in (("atom", ATOM), ("content", CONTENT), ("dc", CREATOR)):
    ElementTree.register_namespace(prefix, space)


def written(feed: Feed) -> bytes:
    """The feed as an XML document in UTF-8. A pure function: the same articles are the same bytes."""
    top = Element("rss", version="2.0")
    channel = SubElement(top, "channel")
    _put(channel, "title", feed.title)
    _put(channel, "link", feed.home)
    _put(channel, "description", feed.title)
    if feed.locale:
        _put(channel, "language", feed.locale)
    if feed.items:
        _put(channel, "lastBuildDate", _date(max(item.updated_at for item in feed.items)))
    SubElement(channel, f"{{{ATOM}}}link", href=feed.address, rel="self", type=MEDIA_TYPE)
    for item in feed.items:
        _put_item(SubElement(channel, "item"), item)
    return ElementTree.tostring(top, encoding="utf-8", xml_declaration=True)


def _put_item(element: Element, item: Item) -> None:
    _put(element, "title", item.title)
    _put(element, "link", item.url)
    _put(element, "guid", item.id).set("isPermaLink", "false")
    _put(element, "pubDate", _date(item.published_at))
    if item.summary:
        _put(element, "description", item.summary)
    for subject in item.subjects:
        _put(element, "category", subject)
    for author in item.authors:
        _put(element, f"{{{CREATOR}}}creator", author)
    # One is all that the format knows of.
    for one in item.files[:1]:
        SubElement(element, "enclosure", url=one.url, length=str(one.byte_count), type=one.media_type)
    _put(element, f"{{{CONTENT}}}encoded", item.html)


def _put(parent: Element, name: str, text: str) -> Element:
    element = SubElement(parent, name)
    element.text = FORBIDDEN.sub("", text)
    return element


def _date(instant: datetime) -> str:
    return format_datetime(instant.replace(microsecond=0), usegmt=True)
