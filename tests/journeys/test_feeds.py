"""A feed reader follows a section, and a search engine finds every article with its translations."""

import feedparser
from flask.testing import FlaskClient
from lxml import etree

from cms.platform.db import Database
from cms.settings import Settings
from tests.draining import drain
from tests.newsroom.making import act, draft

RSS, JSON = "/feeds/rss.xml?section=city&locale=en", "/feeds/feed.json?section=city&locale=en"
NAMES = {"s": "http://www.sitemaps.org/schemas/sitemap/0.9", "x": "http://www.w3.org/1999/xhtml"}


def test_a_reader_follows_a_section_and_a_search_engine_the_site(
    editor: FlaskClient, administrator: FlaskClient, client: FlaskClient, settings: Settings, database: Database
) -> None:
    assert administrator.post("/api/v1/sections", json={"name": "City"}).status_code == 201
    made = draft(editor, title="The tram is back", dek="At last", section="city")
    elsewhere = draft(editor, title="Far away")
    for one in (made, elsewhere):
        assert act(editor, "publish", one["id"], 1).status_code == 200
    chinese = editor.post(
        f"/api/v1/articles/{made['id']}/translate", json={"locale": "zh-CN", "title": "电车回来了"}
    ).json
    assert act(editor, "publish", chinese["id"], 1).status_code == 200
    drain(settings, database)

    answer = client.get(RSS)
    feed = feedparser.parse(answer.data, response_headers={"content-type": answer.headers["Content-Type"]})
    assert [(one.title, one.summary) for one in feed.entries] == [("The tram is back", "At last")]
    assert [one["title"] for one in client.get(JSON).json["items"]] == ["The tram is back"]
    known = {RSS: {"If-None-Match": answer.headers["ETag"]}, JSON: {"If-None-Match": client.get(JSON).headers["ETag"]}}
    assert [client.get(path, headers=known[path]).status_code for path in known] == [304, 304]

    index = etree.fromstring(client.get("/sitemaps/index.xml").data)
    files = [one.rpartition("8000")[2] for one in index.xpath("//s:loc/text()", namespaces=NAMES)]
    pages = [etree.fromstring(client.get(path).data) for path in files]
    listed = [one for page in pages for one in page.xpath("//s:url/s:loc/text()", namespaces=NAMES)]
    assert len(listed) == 3
    languages = {one for page in pages for one in page.xpath("//x:link/@hreflang", namespaces=NAMES)}
    assert {"en", "zh-CN"} <= languages

    # A correction comes to the reader at the next question, and what was taken down leaves both.
    assert act(editor, "correct", made["id"], 2, json={"note": "Since Monday."}).status_code == 200
    assert client.get(JSON, headers=known[JSON]).status_code == 200
    assert act(administrator, "takedown", made["id"], 3, json={"reason": "A court said so."}).status_code == 200
    assert client.get(JSON).json["items"] == []
    left = [
        one
        for path in files
        for one in etree.fromstring(client.get(path).data).xpath("//s:loc/text()", namespaces=NAMES)
    ]
    assert len(left) == 2
    assert not [one for one in left if made["slug"] in one]
    drain(settings, database)
