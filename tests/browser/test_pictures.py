"""Pictures on the pages: in lists, in articles, for social networks; in the language of who reads."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.newsroom import Site

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]
IS_THERE = "one => one.complete && one.naturalWidth > 0"


@pytest.mark.parametrize(
    ("name", "alt", "caption"),
    [("boats", "Boats at a quay", "At noon Ines Okafor"), ("船", "码头边的船", "清晨 Ines Okafor")],
)
def test_a_picture_is_shown_with_its_words_and_nothing_moves_when_it_comes(
    site: Site, page: Page, name: str, alt: str, caption: str
) -> None:
    page.goto(site.page_of(name))
    shown = page.get_by_role("img", name=alt)
    expect(page.locator("figcaption")).to_have_text(caption)
    shown.scroll_into_view_if_needed()
    handle = shown.element_handle()
    page.wait_for_function(IS_THERE, arg=handle)
    told = shown.evaluate("one => [one.width, one.height, one.naturalWidth / one.naturalHeight]")
    assert told[0] / told[1] == pytest.approx(4 / 3, abs=0.01) == told[2]
    social = page.locator("head meta[property='og:image']").get_attribute("content")
    assert social and page.request.get(social).headers["content-type"] == "image/jpeg"
    assert page.locator("head meta[property='og:image:alt']").get_attribute("content") == alt
    locale = site.made[name]["locale"]
    page.goto(f"{site.address}/{locale}/sections/quay")
    thumb = page.locator(".cards").get_by_role("img", name=alt)
    page.wait_for_function(IS_THERE, arg=thumb.element_handle())
    assert thumb.evaluate("one => one.currentSrc").startswith(f"{site.product.url}/media/")
    assert thumb.evaluate("one => one.width / one.height") == pytest.approx(16 / 9, abs=0.02)
