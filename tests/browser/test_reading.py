"""Readers without an account: pages, languages, search, errors, and what the pages weigh and let through."""

import json
import re

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.newsroom import HOSTILE, Site

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]
MOST_BYTES = 100_000


def test_an_article_shows_all_that_its_page_promises(site: Site, page: Page) -> None:
    page.goto(site.page_of("ferry"))
    expect(page.locator("h1")).to_have_text("The ferry sails again")
    article = page.locator("#article")
    for text in ("City", "After eleven years.", "The Harbour Post", "It sails at noon.", "Mei Lin", "noon"):
        expect(article).to_contain_text(text)
    expect(page.locator(".reading-time")).to_have_text(re.compile(r"Reading this article requires \d+ minutes?$"))
    expect(page.locator("footer a[rel=tag]")).to_have_text(["trams", "harbour"], ignore_case=True)
    assert page.locator(".related li").count() >= 1
    expect(page.locator(".related li").first).to_contain_text("City")
    expect(page.get_by_role("button", name="Collect")).to_be_visible()
    expect(page.get_by_role("button", name="Share")).to_be_visible()
    page.get_by_role("link", name="← Previous").click()
    expect(page.locator("h1")).to_have_text("Tram number 15 climbs the hill")
    expect(page.locator("#comments")).to_contain_text("Nobody has said anything yet.")
    head = page.locator("head")
    told = json.loads(head.locator("script[type='application/ld+json']").inner_text())
    assert (told["@type"], told["headline"]) == ("NewsArticle", "Tram number 15 climbs the hill")
    assert head.locator("link[type='application/rss+xml']").count() == 1
    assert head.locator("link[type='application/feed+json']").count() == 1
    assert head.locator("meta[property='og:title']").get_attribute("content") == "Tram number 15 climbs the hill"
    assert head.locator("link[rel=canonical]").get_attribute("href") == page.url


def test_each_language_has_its_words_and_a_way_to_the_other(site: Site, page: Page) -> None:
    page.goto(site.page_of("ferry"))
    page.locator(".who a[hreflang='zh-CN']").click()
    expect(page.locator("h1")).to_have_text("渡轮重新起航")
    expect(page.locator(".reading-time")).to_have_text(re.compile(r"^阅读本文需要 \d+ 分钟$"))
    expect(page.locator("#article")).to_contain_text("城市")
    for word in ("收藏", "分享", "评论", "登录"):
        expect(page.locator("body")).to_contain_text(word)
    for word in ("时隔十一年。", "摘要", "中午起航。", "来源：", "责任编辑：", "标签：", "评论"):
        expect(page.locator("body")).to_contain_text(word)
    assert page.locator("html").get_attribute("lang") == "zh-CN"
    page.locator(".who a[hreflang='en']").click()
    expect(page.locator("h1")).to_have_text("The ferry sails again")


def test_lists_turn_their_pages_both_ways(site: Site, page: Page) -> None:
    page.goto(f"{site.address}/en/")
    expect(page.locator(".chosen li")).to_have_count(1)
    expect(page.locator(".chosen")).to_contain_text("The ferry sails again")
    expect(page.locator("main > .cards h3").nth(11)).to_be_visible()
    expect(page.locator("main > .cards")).not_to_contain_text("The ferry sails again")
    for path, heading in (("sections/city", "City"), ("tags/trams", "trams"), ("authors/mei-lin", "Mei Lin")):
        page.goto(f"{site.address}/en/{path}")
        expect(page.locator("h1")).to_have_text(heading, ignore_case=True)
    page.goto(f"{site.address}/en/sections/city")
    first = page.locator(".cards h3").all_inner_texts()
    assert len(first) == 12
    page.get_by_role("link", name="Older").click()
    expect(page.locator(".cards h3")).to_have_count(4)
    assert not set(first) & set(page.locator(".cards h3").all_inner_texts())
    page.get_by_role("link", name="Newer").click()
    expect(page.locator(".cards h3")).to_have_text(first)
    page.goto(f"{site.address}/en/archive")
    expect(page.locator(".months .small")).to_have_text(re.compile(r"^\d\d$"))
    expect(page.locator(".months a")).to_have_text(re.compile(r"^[A-Z][a-z]+ \d{4}$"))
    page.locator(".months a").click()
    expect(page.locator(".cards h3")).to_have_count(12)


def test_search_finds_and_marks_in_both_languages(site: Site, page: Page) -> None:
    page.goto(f"{site.address}/en/search?q=harbour's")
    expect(page.locator(".cards p mark").first).to_have_text("harbour", ignore_case=True)
    assert "&#" not in page.locator(".cards").inner_text()
    page.goto(f"{site.address}/en/")
    page.locator(".find input").fill("ferry noon")
    page.get_by_role("button", name="Search").click()
    expect(page.locator(".cards h3").first).to_have_text("The ferry sails again")
    assert page.locator("mark").count() >= 1
    page.goto(f"{site.address}/zh-CN/search?q=渡轮")
    expect(page.locator(".cards h3")).to_have_text(["渡轮重新起航"])
    page.goto(f"{site.address}/en/search?q=zeppelin")
    expect(page.locator("main")).to_contain_text("Nothing was found for “zeppelin”.")
    page.goto(f"{site.address}/en/search?q=ferrry")
    page.locator("main").get_by_role("link", name="ferry", exact=True).click()
    expect(page.locator(".cards h3").first).to_have_text("The ferry sails again")
    page.goto(f"{site.address}/zh-CN/search?q=渡伦")
    expect(page.locator("main")).to_contain_text("没有找到“渡伦”。")
    page.goto(f"{site.address}/en/search?q=climbs")
    page.locator(".facets[aria-label=Tag] a", has_text="hills").click()
    expect(page.locator(".facets a[aria-current]")).to_contain_text("hills", ignore_case=True)
    page.locator(".facets[aria-label=Tag] a", has_text="trams").click()
    expect(page.locator(".facets a[aria-current]")).to_have_count(1)
    page.get_by_role("link", name="Older").click()
    expect(page.locator(".cards h3")).to_have_count(5)
    page.locator(".find input").fill("the fer")
    expect(page.locator("#suggestions option").first).to_have_attribute("value", "The ferry sails again")
    page.goto(f"{site.address}/zh-CN/")
    page.locator(".find input").fill("渡")
    expect(page.locator("#suggestions option").first).to_have_attribute("value", "渡轮重新起航")


@pytest.mark.parametrize(
    ("locale", "title", "banner", "over"),
    [
        ("en", "Not yet", "Readers do not see this", "does not open anything any more"),
        ("zh-CN", "还没有", "读者看不到", "这个链接已失效"),
    ],
)
def test_a_preview_shows_a_draft_with_a_banner_and_nothing_once_it_is_withdrawn(
    site: Site, page: Page, locale: str, title: str, banner: str, over: str
) -> None:
    page.set_extra_http_headers({"Accept-Language": locale})
    draft = site.desk("POST", "/articles", {"title": title, "locale": locale, "body": "It will be **told**."})
    link = site.desk("POST", f"/articles/{draft['id']}/previews", {})
    answers: list[str] = []
    page.on("request", lambda request: answers.append(request.url))
    page.goto(link["page_url"])
    expect(page.locator("h1")).to_have_text(title)
    expect(page.locator(".preview")).to_contain_text(banner)
    expect(page.locator("#article strong")).to_have_text("told")
    assert page.locator("#comments").count() == 0
    # The token is in no address that a server was asked for.
    assert not [url for url in answers if link["token"] in url.partition("#")[0]]
    site.desk("DELETE", f"/articles/{draft['id']}/previews/{link['id']}")
    page.goto("about:blank")
    page.goto(link["page_url"])
    expect(page.locator("[role=alert]")).to_contain_text(over)


def test_what_is_missing_withdrawn_or_taken_down_is_said(site: Site, page: Page) -> None:
    gone = site.publish("gone", title="Not for long", section="world")
    chinese = site.publish("撤下", title="很快撤下", locale="zh-CN", section="world")
    for one in (gone, chinese):
        site.desk("POST", f"/articles/{one['id']}/takedown", {"reason": "A court said so."}, revision=one["revision"])
    for path, status, words in (
        ("/en/articles/never-was", 404, "There is no such page"),
        ("/zh-CN/articles/never-was", 404, "没有这个页面"),
        ("/xx/", 404, "There is no such page"),
        (f"/en/articles/{gone['slug']}", 410, "This article was taken down"),
        (f"/zh-CN/articles/{chinese['slug']}", 410, "本文已被撤下"),
    ):
        answer = page.goto(site.address + path)
        assert answer and answer.status == status, path
        expect(page.locator("h1")).to_have_text(words)
        if status == 410:
            expect(page.locator("main")).to_contain_text("A court said so.")
            expect(page.locator("main time")).to_have_count(1)
    moved = site.publish("moved", title="An address", slug="an-old-address", section="world")
    changed = site.desk("PATCH", f"/articles/{moved['id']}", {"slug": "a-new-address"}, revision=moved["revision"])
    site.desk("POST", f"/articles/{moved['id']}/publish", {}, revision=changed["revision"])
    page.goto(f"{site.address}/en/articles/an-old-address")
    assert page.url.endswith("/en/articles/a-new-address")


def test_reading_needs_no_script(site: Site, browser: Browser) -> None:
    plain = browser.new_context(java_script_enabled=False)
    page = plain.new_page()
    for name, text, word in (
        ("ferry", "It crossed the harbour slowly.", "ferry"),
        ("渡轮", "渡轮在中午离开港口。", "渡轮"),
    ):
        page.goto(site.page_of(name))
        expect(page.locator("#article")).to_contain_text(text)
        page.locator(".find input").fill(word)
        page.locator(".find button").click()
        expect(page.locator(".cards h3").first).to_contain_text(word)
    plain.close()


def test_nothing_typed_into_a_field_becomes_more_than_text(site: Site, page: Page) -> None:
    for number, text in enumerate(HOSTILE):
        site.publish(
            f"hostile {number}", title=f"{number} {text}", dek=text, summary=[text], section="world",
            body=f"It said {text}\n\n<p>{text}</p>", source={"name": text, "url": "https://post.example.org/"},
        )  # fmt: skip
    site.product.wait_settled()
    for number, text in enumerate(HOSTILE):
        page.goto(site.page_of(f"hostile {number}"))
        expect(page.locator("h1")).to_have_text(f"{number} {text}")
        assert page.locator(".dek").inner_text() == text
        assert page.evaluate("window.hacked") is None, text
    for path in ("/en/", "/en/sections/world", *(f"/en/search?q={number}" for number in range(3))):
        page.goto(site.address + path)
        assert page.evaluate("window.hacked") is None, path
    for text in HOSTILE:
        page.goto(f"{site.address}/en/")
        page.locator(".find input").fill(text)
        page.get_by_role("button", name="Search").click()
        expect(page.locator("h1")).to_contain_text(text)
        assert page.evaluate("window.hacked") is None, text
