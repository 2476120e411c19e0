"""What an open page learns by itself."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.newsroom import Site

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]
TOLD = {
    "en": {
        "five": "The first tram left at five", "six": "The first tram left at six", "note": "It was six.",
        "changed": "This article was changed just now.", "gone": "This article is no longer published.",
        "away": "We cannot be reached for a moment", "article": "ferry",
    },
    "zh-CN": {
        "five": "首班电车五点发出", "six": "首班电车六点发出", "note": "应为六点。",
        "changed": "本文刚刚更新。", "gone": "本文已不再发布。", "away": "暂时无法连接", "article": "渡轮",
    },
}  # fmt: skip


@pytest.mark.parametrize("locale", TOLD)
def test_a_correction_and_the_end_of_an_article_show_on_an_open_page(site: Site, page: Page, locale: str) -> None:
    words, name = TOLD[locale], f"live {locale}"
    story = site.publish(name, title=words["five"], section="world", locale=locale)
    site.product.wait_settled()
    page.goto(site.page_of(name))
    path = f"/articles/{story['id']}"
    changed = site.desk("PATCH", path, {"title": words["six"]}, revision=story["revision"])
    corrected = site.desk("POST", f"{path}/correct", {"note": words["note"]}, revision=changed["revision"])
    expect(page.locator("h1")).to_have_text(words["six"])
    expect(page.locator(".corrections")).to_contain_text(words["note"])
    expect(page.locator("#notice")).to_have_text(words["changed"])
    site.desk("POST", f"{path}/unpublish", {}, revision=corrected["revision"])
    expect(page.locator("#notice")).to_have_text(words["gone"])
    expect(page.locator("#article")).not_to_contain_text(words["note"])


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
