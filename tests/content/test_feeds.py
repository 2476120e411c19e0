"""Feeds and sitemaps: what third-party readers make of them, whatever the texts; what they hold, and what they cost."""

import warnings
from typing import Any, cast

import feedparser
import jsonfeedvalidator
import pytest
from flask.testing import FlaskClient
from lxml import etree
from usp.tree import sitemap_from_str

from cms.content.burying import put_tombstone
from cms.content.feeds.items import ITEMS, newest_items
from cms.content.feeds.sitemaps import NUMBERS_PER_FILE
from cms.content.grouping import Kinship
from cms.content.publishing import put_document, withdraw_document
from cms.content.rules import Filter
from cms.platform.db import Database
from cms.platform.direct_reads import DirectReads
from cms.platform.ids import new_id
from tests.content.making import DAY_ONE, article
from tests.content.test_lists import put

RSS, JSON, INDEX = "/feeds/rss.xml", "/feeds/feed.json", "/sitemaps/index.xml"
# What XML, HTML and JSON each read in a way of their own.
STRANGE = (
    "]]>", "<![CDATA[x]]>", "<script>alert(1)</script>", "&amp;", "&", "&#0;", "&#x1F;", "<!--", "-->", "<?xml?>",
    "<!DOCTYPE x>", "<!ENTITY e 'x'>", "&e;", "'", '"', "`", "\\", "\\u0000", "\x08", "\x0b", "\x0c", "\x1b[31m",
    "\x7f", "\x85", "\u2028", "\u2029", "\ufeff", "\ufffe", "\uffff", "\U0001fffe", "\u202e", "\u200d",
    "👩‍👩‍👧", "新聞", "қала", "é", "e\u0301", "a\tb", "a\nb", "a\r\nb", "{{x}}", "%s", "%00", "</title>",
)  # fmt: skip


class CountedReads:
    """The database's reads, counted."""

    def __init__(self, reads: DirectReads) -> None:
        self.reads, self.is_sqlite, self.count = reads, reads.is_sqlite, 0

    def rows(self, *given: Any) -> list[tuple[Any, ...]]:
        self.count += 1
        return self.reads.rows(*given)


def read_rss(client: FlaskClient, path: str = RSS) -> Any:
    answer = client.get(path)
    assert (answer.status_code, answer.mimetype) == (200, "application/rss+xml")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        feed = feedparser.parse(answer.data, response_headers={"content-type": "application/rss+xml; charset=utf-8"})
    assert not feed.bozo, feed.get("bozo_exception")
    assert feed.version == "rss20"
    return feed


def read_json(client: FlaskClient, path: str = JSON) -> Any:
    answer = client.get(path)
    assert (answer.status_code, answer.mimetype) == (200, "application/feed+json")
    # The validator knows version 1.0; these are what 1.1 added. Source: https://www.jsonfeed.org/version/1.1/
    older = {name: value for name, value in answer.json.items() if name != "language"}
    older["items"] = [
        {name: value for name, value in item.items() if name not in ("authors", "language")} for item in older["items"]
    ]
    assert jsonfeedvalidator.validate_feed(older) == []
    assert answer.json["version"].endswith("/1.1")
    return answer.json


def locations(client: FlaskClient) -> list[str]:
    """Every address that a search engine finds by the index."""
    found = sitemap_from_str(client.get(INDEX).text)
    files = [one.text for one in etree.fromstring(client.get(INDEX).data).iter("{*}loc")] if found else []
    pages: list[str] = []
    for file in files:
        text = client.get(file.removeprefix("http://127.0.0.1:8000")).text
        pages += [page.url for page in sitemap_from_str(text).all_pages()]
    return pages


@pytest.mark.both_databases
def test_each_feed_holds_the_newest_of_its_part_of_the_site(
    client: FlaskClient, administrator: FlaskClient, database: Database
) -> None:
    for given in ({"name": "World"}, {"name": "Europe", "parent": "world"}):
        assert administrator.post("/api/v1/sections", json=given).status_code == 201
    put(
        database,
        article(1, section="world", authors=("mei-lin", "aigul"), tags=("rail",)),
        article(2, section="world/europe", locale="zh-CN", title="港口重新开放"),
        article(3, section=None, authors=()),
    )
    parts = {"": [3, 2, 1], "?section=world": [2, 1], "?section=europe": [2], "?locale=en": [3, 1],
             "?locale=ZH-cn": [2], "?section=world&locale=en": [1], "?locale=kk": []}  # fmt: skip
    for asked, expected in parts.items():
        items = read_json(client, JSON + asked)["items"]
        assert [item["url"].rpartition("-")[2] for item in items] == [str(number) for number in expected], asked
        entries = read_rss(client, RSS + asked).entries
        assert [entry.link for entry in entries] == [item["url"] for item in items]
        assert [entry.id for entry in entries] == [item["id"] for item in items]
    feed = read_rss(client, RSS + "?section=world&locale=en")
    assert (feed.feed.title, feed.feed.language) == ("Copydesk: World", "en")
    [entry] = feed.entries
    assert entry.content[0].value == "<p>The harbour opened again.</p>"
    assert entry.summary == "What happened and why"
    assert [tag.term for tag in entry.tags] == ["World", "Rail"]
    assert {author.name for author in entry.authors} == {"Mei-Lin", "Aigul"}
    assert entry.published_parsed[:5] == (2026, 11, 1, 9, 0)
    item = read_json(client, JSON + "?section=world&locale=en")["items"][0]
    assert item["authors"] == [{"name": "Mei-Lin"}, {"name": "Aigul"}]
    assert item["tags"] == ["World", "Rail"]
    for path in (RSS, JSON):
        assert client.get(f"{path}?section=nowhere").status_code == 404
        assert client.get(f"{path}?tag=rail").status_code == 400


def test_a_feed_is_sent_again_only_when_it_has_changed(client: FlaskClient, database: Database) -> None:
    one, other = article(1), article(2)
    put(database, one)
    for path in (RSS, JSON, INDEX, "/sitemaps/0.xml"):
        tag = client.get(path).headers["ETag"]
        again = client.get(path, headers={"If-None-Match": tag})
        assert (again.status_code, again.data) == (304, b"")
        assert again.headers["ETag"] == tag
        head = client.head(path)
        assert head.headers["Content-Length"] == str(len(client.get(path).data))
    tags = {path: client.get(path).headers["ETag"] for path in (RSS, JSON, "/sitemaps/0.xml")}
    put(database, other)
    assert all(client.get(path, headers={"If-None-Match": tag}).status_code == 200 for path, tag in tags.items())
    with database.transaction() as session:
        withdraw_document(session, other.article_id, DAY_ONE)
    # What was there before is there again, to the byte.
    assert all(client.get(path, headers={"If-None-Match": tag}).status_code == 304 for path, tag in tags.items())
    with database.transaction() as session:
        withdraw_document(session, one.article_id, DAY_ONE)
        put_tombstone(session, one.article_id, one.locale, one.slug, "Wrong in every part", DAY_ONE)
    assert read_json(client)["items"] == read_rss(client).entries == locations(client) == []
    assert client.get("/sitemaps/0.xml").status_code == 404


def test_no_text_breaks_a_feed_or_gets_out_of_its_place(client: FlaskClient, database: Database) -> None:
    strange = [
        article(number, title=f"a{text}z", dek=text, summary=(), body_html=f"<p>{text}</p>", text=text,
                slug=f"s-{number}", authors=(), section="world")
        for number, text in enumerate(STRANGE, 1)
    ]  # fmt: skip
    assert len(STRANGE) >= 40
    broken = []
    for one in strange:
        with database.transaction() as session:
            put_document(session, one, DAY_ONE)
        feed, document = read_rss(client), read_json(client)
        # A line end is one thing to XML, however it is written.
        plain = "".join(c for c in one.title if (c >= " " and c not in "\ufffe\uffff") or c in "\t\n")
        if document["items"][0]["title"] != one.title or len(feed.entries) != min(len(document["items"]), ITEMS):
            broken.append(one.title)
        title = etree.fromstring(client.get(RSS).data).findtext("channel/item/title")
        if title != plain:
            broken.append((one.title, title))
    assert not broken


def test_a_feed_costs_the_same_reads_whatever_it_holds(database: Database) -> None:
    for count in (1, ITEMS + 5):
        put(database, *(article(count * 100 + n, tags=[f"t{k}" for k in range(n % 7)]) for n in range(count)))
        reads = CountedReads(database.direct)
        assert len(newest_items(cast(DirectReads, reads), Filter(section="world", locale="en"), "/{slug}")) == min(
            count, ITEMS
        )
        assert reads.count == 1


@pytest.mark.both_databases
def test_sitemaps_hold_every_article_once_with_its_translations(client: FlaskClient, database: Database) -> None:
    far = NUMBERS_PER_FILE
    there = (1, 2, far - 1, far, 3 * far + 7)
    put(database, *(article(number) for number in there))
    assert [path.rpartition("-")[2] for path in locations(client)] == [str(number) for number in there]
    index = etree.fromstring(client.get(INDEX).data)
    assert [one.rpartition("/")[2] for one in index.itertext() if one.strip()] == ["0.xml", "1.xml", "3.xml"]
    assert client.get("/sitemaps/2.xml").status_code == client.get(f"/sitemaps/{10**30}.xml").status_code == 404
    group = new_id()
    put(database, *(article(9 + n, locale=locale, kinship=Kinship(group)) for n, locale in enumerate(("en", "zh-CN"))))
    tree = etree.fromstring(client.get("/sitemaps/0.xml").data)
    links = [(link.get("hreflang"), link.get("href").rpartition("/")[2]) for link in tree.iter("{*}link")]
    assert links == [("en", "story-9"), ("zh-CN", "story-10")] * 2
    assert tree.findtext("{*}url/{*}lastmod") == "2026-11-01T09:00:00Z"
