"""What an open page learns by itself."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.newsroom import Site

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]


def test_a_correction_and_the_end_of_an_article_show_on_an_open_page(site: Site, page: Page) -> None:
    story = site.publish("live", title="The first tram left at five", section="world")
    site.product.wait_settled()
    page.goto(site.page_of("live"))
    path = f"/articles/{story['id']}"
    changed = site.desk("PATCH", path, {"title": "The first tram left at six"}, revision=story["revision"])
    corrected = site.desk("POST", f"{path}/correct", {"note": "It was six."}, revision=changed["revision"])
    expect(page.locator("h1")).to_have_text("The first tram left at six")
    expect(page.locator(".corrections")).to_contain_text("It was six.")
    expect(page.locator("#notice")).to_have_text("This article was changed just now.")
    site.desk("POST", f"{path}/unpublish", {}, revision=corrected["revision"])
    expect(page.locator("#notice")).to_have_text("This article is no longer published.")
    expect(page.locator("#article")).not_to_contain_text("It was six.")


def test_without_the_api_the_pages_say_so_and_come_back(site: Site, page: Page) -> None:
    site.product.kill("api")
    answer = page.goto(site.page_of("ferry"))
    assert answer and (answer.status, answer.headers["retry-after"]) == (503, "5")
    expect(page.locator("h1")).to_have_text("We cannot be reached for a moment")
    site.product.start("api")
    site.product.wait_ready()
    page.goto(site.page_of("ferry"))
    expect(page.locator("h1")).to_have_text("The ferry sails again")
