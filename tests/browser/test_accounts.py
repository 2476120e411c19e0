"""A reader's account on the pages: codes by mail, collecting, comments, follows, a lost password; in both languages."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.newsroom import Site

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]
PASSWORD, ANOTHER = "a sentence of my own", "another sentence, as long"
# The words that each story is told with.
TOLD = {
    "en": {
        "get": "Get verification code", "prove": "Confirm the address", "in": "Sign in", "out": "Sign out",
        "collect": "Collect", "collected": "Collected", "counted": "1 collected",
        "send": "Send", "held": "Your comment waits for a moderator.",
        "wrong": "Address and password do not fit together.", "article": "ferry", "again": "Again in",
        "code_wrong": "The code is wrong, used or too old. Ask for a new one.", "set": "Set the password",
        "sent": "a letter with a code is on its way", "short": "This password cannot be taken",
    },
    "zh-CN": {
        "get": "获取验证码", "prove": "确认邮箱", "in": "登录", "out": "退出登录",
        "collect": "收藏", "collected": "已收藏", "counted": "1 人收藏", "send": "发送", "held": "评论正在等待审核。",
        "wrong": "邮箱或密码不正确。", "article": "渡轮", "again": "秒后可重发",
        "code_wrong": "验证码有误、已用过或已过期，请重新获取。", "set": "设置密码",
        "sent": "验证码邮件已经发出", "short": "不能使用这个密码",
    },
}  # fmt: skip


def sign_up(site: Site, page: Page, locale: str, email: str) -> None:
    """Register, and prove the address by the code from the mailbox."""
    words = TOLD[locale]
    page.goto(f"{site.address}/{locale}/account/sign-up")
    page.locator("#email").fill(email)
    page.locator("#display_name").fill("Aisaule")
    page.locator("#password").fill("short")
    page.get_by_role("button", name=words["get"]).click()
    expect(page.locator("[role=alert]")).to_contain_text(words["short"])
    page.locator("#password").fill(PASSWORD)
    page.get_by_role("button", name=words["get"]).click()
    expect(page.locator("main")).to_contain_text(words["sent"])
    expect(page.locator("button[value=ask]")).to_contain_text(words["again"])
    code = site.link_to(email, "verify_email")[1]
    page.locator("#code").fill("000000" if code != "000000" else "111111")
    page.get_by_role("button", name=words["prove"]).click()
    expect(page.locator("[role=alert]")).to_have_text(words["code_wrong"])
    page.locator("#code").fill(code)
    page.get_by_role("button", name=words["prove"]).click()
    expect(page.locator("#notice")).not_to_be_empty()


def sign_in(site: Site, page: Page, locale: str, email: str, password: str) -> None:
    """Sign in by the form, from wherever it is shown."""
    page.locator("#email").fill(email)
    page.locator("#password").fill(password)
    page.locator("main").get_by_role("button", name=TOLD[locale]["in"]).click()


@pytest.mark.parametrize("locale", ["en", "zh-CN"])
def test_a_reader_signs_up_collects_comments_and_retrieves_a_lost_password(site: Site, page: Page, locale: str) -> None:
    words, email = TOLD[locale], f"reader-{locale.lower()}@example.org"
    page.set_extra_http_headers({"Accept-Language": locale})
    sign_up(site, page, locale, email)
    sign_in(site, page, locale, email, "not the password")
    expect(page.locator("[role=alert]")).to_have_text(words["wrong"])
    # Who came to collect is back at the article after signing in.
    page.goto(site.page_of(words["article"]))
    page.get_by_role("button", name=words["collect"], exact=True).click()
    sign_in(site, page, locale, email, PASSWORD)
    page.wait_for_url(site.page_of(words["article"]))
    page.get_by_role("button", name=words["collect"], exact=True).click()
    expect(page.get_by_role("button", name=words["collected"], exact=True)).to_have_attribute("aria-pressed", "true")
    expect(page.locator("[data-count]")).to_have_text(words["counted"])
    page.locator("textarea").fill("I took <b>it</b> yesterday.")
    page.get_by_role("button", name=words["send"]).click()
    expect(page.locator("#notice")).to_have_text(words["held"])
    # The first comment of a reader waits for a colleague.
    [held] = [one for one in site.desk("GET", "/comments?state=held")["data"] if "I took" in one["text"]]
    site.desk("POST", f"/comments/{held['id']}/approve", {}, revision=held["revision"])
    page.goto(site.page_of(words["article"]))
    expect(page.locator(".comments")).to_contain_text("I took <b>it</b> yesterday.")
    expect(page.locator(".comments")).to_contain_text("Aisaule")
    page.goto(f"{site.address}/{locale}/sections/city")
    page.locator("main form button").click()
    page.goto(f"{site.address}/{locale}/account")
    expect(page.locator("main")).to_contain_text(email)
    expect(page.locator("main section").nth(0).locator("li a")).to_have_count(1)
    expect(page.locator("main section").nth(1).locator("textarea")).to_have_value("I took <b>it</b> yesterday.")
    expect(page.locator("main section").nth(1).locator("li > a")).to_have_attribute("href", re.compile("/articles/"))
    expect(page.locator("main section").nth(2)).to_contain_text("City" if locale == "en" else "城市")
    page.get_by_role("button", name=words["out"]).click()
    page.goto(f"{site.address}/{locale}/account/password")
    page.locator("#email").fill(email)
    page.get_by_role("button", name=words["get"]).click()
    expect(page.locator("#notice")).to_contain_text(words["sent"])
    expect(page.locator("button[value=ask]")).to_be_disabled()
    link = site.link_to(email, "reset_password")
    page.goto(link[0])
    expect(page.locator("#code")).to_have_value(link[1])
    assert "code=" not in page.url
    page.locator("#new_password").fill(ANOTHER)
    page.get_by_role("button", name=words["set"]).click()
    sign_in(site, page, locale, email, ANOTHER)
    expect(page.locator("main")).to_contain_text(email)


def test_a_form_of_another_site_does_nothing(site: Site, page: Page) -> None:
    answer = page.request.post(
        f"{site.page_of('ferry')}/share", headers={"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}
    )
    assert answer.status == 403
    assert page.request.post(f"{site.page_of('ferry')}/share").status == 200
    for elsewhere in ("https://evil.example/", "//evil.example", "/\\evil.example"):
        page.goto(f"{site.address}/en/account/sign-in?next={elsewhere}")
        sign_in(site, page, "en", "nobody@example.org", PASSWORD)
        assert page.url.startswith(site.address)
