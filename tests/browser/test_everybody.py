"""Everybody can use the pages: on a phone, in the dark, with a screen reader, by keyboard alone, on a slow network."""

from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, Route, expect

from tests.browser.newsroom import Site

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]
MOST_BYTES = 100_000
LOOKED_AT = (
    "en/", "en/search?q=ferry", "en/account/sign-up", "zh-CN/", "en/account/password", "en/archive", "en/articles/none",
)  # fmt: skip
# Whose colours and columns are those of all the others.
IN_THE_DARK = LOOKED_AT[:3]
SERIOUS = ("moderate", "serious", "critical")
SHIFTS = """
() => new Promise(done => {
  let sum = 0;
  const add = list => list.getEntries().forEach(one => sum += one.value);
  new PerformanceObserver(add).observe({type: 'layout-shift', buffered: true});
  setTimeout(() => done(sum), 100);
})
"""
PAINTED = "() => performance.getEntriesByName('first-contentful-paint').length"
FOCUSED = "document.activeElement"


@pytest.mark.parametrize(("scheme", "width", "paths"), [("light", 360, LOOKED_AT), ("dark", 1280, IN_THE_DARK)])
def test_everybody_can_use_the_pages_on_a_phone_and_in_the_dark(
    site: Site, browser: Browser, scheme: Any, width: int, paths: tuple[str, ...]
) -> None:
    visitor = browser.new_context(color_scheme=scheme, viewport={"width": width, "height": 800}, bypass_csp=True)
    page = visitor.new_page()
    met: list[str] = []
    addresses = [f"{site.address}/{path}" for path in paths]
    for address in (*(site.page_of(name) for name in ("ferry", "渡轮", "boats")), *addresses):
        page.goto(address)
        for one in Axe().run(page).response["violations"]:
            if one["impact"] in SERIOUS:
                met.append(f"{address}: {one['id']}: {one['nodes'][0]['html'][:200]}")
        width_of_all = page.evaluate("document.documentElement.scrollWidth")
        if width_of_all > width:
            met.append(f"{address} is {width_of_all} wide")
        if (shift := page.evaluate(SHIFTS)) > 0.01:
            met.append(f"{address} shifts by {shift}")
    visitor.close()
    assert met == []


def test_an_article_weighs_little_and_is_painted_before_its_script_has_come(site: Site, browser: Browser) -> None:
    for name in ("ferry", "渡轮"):
        visitor = browser.new_context()
        page = visitor.new_page()
        held: list[Route] = []
        loaded: dict[str, int] = {}
        page.on("requestfinished", lambda one, to=loaded: to.update({one.url: sum(one.sizes().values())}))
        page.route("**/reader.js", lambda route, _, to=held: to.append(route))
        page.goto(site.page_of(name), wait_until="commit")
        page.wait_for_function(PAINTED)
        [script] = held
        assert not [url for url in loaded if url.endswith(".js")]
        script.continue_()
        page.wait_for_load_state("networkidle")
        assert any(url.endswith(".js") for url in loaded)
        assert 5_000 < sum(loaded.values()) <= MOST_BYTES, loaded
        visitor.close()


def tab_to(page: Page, text: str, most: int = 60) -> None:
    """Go on by the keyboard to the field or button that is called so."""
    for _ in range(most):
        page.keyboard.press("Tab")
        called = f"({FOCUSED}.labels?.[0] ?? {FOCUSED}).textContent.trim() || {FOCUSED}.ariaLabel"
        if page.evaluate(called) == text:
            assert page.evaluate(f"getComputedStyle({FOCUSED}).outlineStyle") == "solid", text
            return
    raise AssertionError(f"no key leads to {text}")


def test_the_keyboard_alone_reads_searches_shares_and_changes_the_language(site: Site, page: Page) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto(site.page_of("ferry"))
    page.keyboard.press("Tab")
    expect(page.locator(":focus")).to_have_text("Skip to the text")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
    for name, share, copied, search, word, other in (
        ("ferry", "Share", "Copied: http", "Search the site", "ferry", "中文"),
        ("渡轮", "分享", "已复制：http", "站内搜索", "渡轮", "English"),
    ):
        page.goto(site.page_of(name))
        tab_to(page, share)
        page.keyboard.press("Enter")
        expect(page.locator("#notice")).to_contain_text(copied)
        assert page.evaluate("navigator.clipboard.readText()").startswith("http")
        page.goto(site.page_of(name))
        heading = page.locator("h1").inner_text()
        tab_to(page, search)
        page.keyboard.type(word)
        page.keyboard.press("Enter")
        expect(page.locator("h1")).to_contain_text(word)
        expect(page.locator(".cards h3").first).to_have_text(heading)
        page.goto(site.page_of(name))
        tab_to(page, other)
        page.keyboard.press("Enter")
        expect(page.locator("h1")).not_to_have_text(heading)


def test_the_keyboard_alone_signs_up_and_comments(site: Site, page: Page) -> None:
    email = "keys-only@example.org"
    page.goto(site.page_of("ferry"))
    tab_to(page, "Sign in")
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text("Sign in")
    tab_to(page, "Sign up")
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text("Sign up")
    tab_to(page, "E-mail address")
    page.keyboard.type(email)
    tab_to(page, "Password")
    page.keyboard.type("a sentence of my own")
    page.keyboard.press("Enter")
    # The cursor is where the code goes, and Enter gives it.
    expect(page.locator("#code")).to_be_focused()
    page.keyboard.type(site.link_to(email, "verify_email")[1])
    page.keyboard.press("Enter")
    expect(page.locator("#notice")).to_have_text("Your address is confirmed. You can sign in.")
    tab_to(page, "E-mail address")
    page.keyboard.type(email)
    page.keyboard.press("Tab")
    page.keyboard.type("a sentence of my own")
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_contain_text(email)
    page.goto(site.page_of("ferry"))
    tab_to(page, "Your comment")
    page.keyboard.type("By keys alone.")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator("#notice")).to_have_text("Your comment waits for a moderator.")
