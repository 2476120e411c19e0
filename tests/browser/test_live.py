"""What an open page learns by itself."""

import json

import pytest
from playwright.sync_api import Page, expect

from tests.browser.newsroom import Site

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]
# A page asks every three seconds whether something changed, and less often when it got no answer. Here it waits less.
BE_QUICK = "const wait = setTimeout; window.setTimeout = (what, pause) => wait(what, Math.min(pause, 300))"
TOLD = {
    "en": {
        "five": "The first tram left at five", "six": "The first tram left at six", "note": "It was six.",
        "why": "<b>A court</b> said so.",
        "changed": "This article was changed just now.", "gone": "This article is no longer published.",
        "away": "We cannot be reached for a moment", "article": "ferry",
    },
    "zh-CN": {
        "five": "首班电车五点发出", "six": "首班电车六点发出", "note": "应为六点。", "why": "<b>法院</b>判决。",
        "changed": "本文刚刚更新。", "gone": "本文已不再发布。", "away": "暂时无法连接", "article": "渡轮",
    },
}  # fmt: skip


@pytest.mark.parametrize("locale", TOLD)
def test_a_correction_and_the_end_of_an_article_show_on_an_open_page(site: Site, page: Page, locale: str) -> None:
    words, name = TOLD[locale], f"live {locale}"
    story = site.publish(name, title=words["five"], section="world", locale=locale)
    site.product.wait_settled()
    page.add_init_script(BE_QUICK)
    page.goto(site.page_of(name))
    path = f"/articles/{story['id']}"
    changed = site.desk("PATCH", path, {"title": words["six"]}, revision=story["revision"])
    corrected = site.desk("POST", f"{path}/correct", {"note": words["note"]}, revision=changed["revision"])
    expect(page.locator("h1")).to_have_text(words["six"])
    expect(page.locator(".corrections")).to_contain_text(words["note"])
    expect(page.locator("#notice")).to_have_text(words["changed"])
    told = page.locator("script[type='application/ld+json']")
    assert json.loads(told.inner_text())["headline"] == words["six"]
    # While the pages cannot be made, what stands there stays.
    address = f"{page.url}*"
    page.route(address, lambda route: route.fulfill(status=503, body="<main id=main>Away</main>"))
    with page.expect_response(lambda answer: answer.status == 503):
        site.desk("POST", f"{path}/takedown", {"reason": words["why"]}, revision=corrected["revision"])
    expect(page.locator("h1")).to_have_text(words["six"])
    expect(page.locator("#notice")).to_have_text(words["changed"])
    page.unroute(address)
    expect(page.locator("#notice")).to_have_text(words["gone"])
    expect(page.locator("main")).to_contain_text(words["why"])
    for left in ("#article", "#comments", ".related", ".turn", "meta[property]", "link[rel=canonical]"):
        expect(page.locator(left)).to_have_count(0)
    expect(told).to_have_count(0)
    assert words["six"] not in page.title()


def test_an_article_that_is_unpublished_leaves_an_open_page(site: Site, page: Page) -> None:
    story = site.publish("live end", title="Tickets are left for tonight", section="world")
    site.product.wait_settled()
    page.add_init_script(BE_QUICK)
    page.goto(site.page_of("live end"))
    expect(page.locator("h1")).to_have_text("Tickets are left for tonight")
    site.desk("POST", f"/articles/{story['id']}/unpublish", revision=story["revision"])
    expect(page.locator("#notice")).to_have_text(TOLD["en"]["gone"])
    expect(page.locator("#article")).to_have_count(0)
    assert "Tickets" not in page.title()


def test_without_the_api_the_pages_say_so_and_come_back(site: Site, page: Page) -> None:
    site.product.kill("api")
    for words in TOLD.values():
        answer = page.goto(site.page_of(words["article"]))
        assert answer and (answer.status, answer.headers["retry-after"]) == (503, "5")
        expect(page.locator("h1")).to_have_text(words["away"])
    site.product.start("api")
    site.product.wait_ready()
    page.goto(site.page_of("ferry"))
    expect(page.locator("h1")).to_have_text("The ferry sails again")
