"""Takes the pictures of the news site that the pages of the documentation show: `python -m docs.screenshots`.

Starts the product on an empty home with the sample newsroom, waits until all of it is done, and keeps each page as a
small WebP in `docs/images/`. `--site URL` looks at one that runs already. Needs Chromium and fonts for Chinese.
"""

import argparse
import io
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

from tests.browser.conftest import chromium
from tests.product import PARTS, product
from tests.servers import free_port, valkey

IMAGES = Path(__file__).parent / "images"
DESKTOP, PHONE = (1080, 860), (390, 780)


@dataclass(frozen=True)
class Shot:
    """One picture: a page of the site, and how somebody looks at it. `at` is what is brought to the top first."""

    name: str
    path: str
    size: tuple[int, int] = DESKTOP
    scheme: Literal["light", "dark"] = "light"
    at: str = ""


SHOTS = (
    Shot("front", "/en/"),
    Shot("article", "/en/articles/line-6-first-week-in-numbers"),
    Shot("article-chinese", "/zh-CN/articles/tushuchuan-geqian-liuwan", at="#article h1"),
    Shot("front-dark", "/zh-CN/", scheme="dark"),
    Shot("phone", "/en/articles/strait-treaty-two-lamps-one-tower", PHONE),
    Shot("phone-dark", "/zh-CN/", PHONE, "dark"),
    Shot("search", "/en/search?q=tram"),
)


@contextmanager
def running() -> Iterator[str]:
    """A site with the sample newsroom, settled."""
    pages = f"http://127.0.0.1:{(port := free_port())}"
    settings = {"reader_port": str(port), "article_page_url": f"{pages}/{{locale}}/articles/{{slug}}"}
    with (
        tempfile.TemporaryDirectory() as folder,
        valkey() as broker,
        product(Path(folder) / "home", *PARTS, redis_url=broker.url, **settings) as site,
    ):
        site.copydesk("sample")
        site.wait_settled(180)
        yield pages


def take(browser: Browser, site: str, shot: Shot) -> bytes:
    """A picture of a page, once everything that is in sight has come. Shape: WebP"""
    width, height = shot.size
    context = browser.new_context(
        viewport={"width": width, "height": height}, color_scheme=shot.scheme, reduced_motion="reduce"
    )
    page = context.new_page()
    page.goto(site + shot.path)
    if shot.at:
        page.locator(shot.at).evaluate("element => element.scrollIntoView()")
    _wait_for_pictures(page)
    taken = page.screenshot()
    context.close()
    kept = io.BytesIO()
    Image.open(io.BytesIO(taken)).convert("RGB").save(kept, "WEBP", quality=76, method=6)
    return kept.getvalue()


def _wait_for_pictures(page: Page) -> None:
    page.wait_for_load_state("networkidle")
    in_sight = "one.getBoundingClientRect().top > innerHeight || (one.complete && one.naturalWidth)"
    page.wait_for_function(f"() => [...document.images].every(one => {in_sight})")


def main() -> None:
    """Take all of them, or those that are named."""
    parser = argparse.ArgumentParser(prog="python -m docs.screenshots", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("names", nargs="*", help=", ".join(shot.name for shot in SHOTS))
    parser.add_argument("--site", help="a news site that runs already")
    parser.add_argument("--into", type=Path, default=IMAGES)
    asked = parser.parse_args()
    program = chromium()
    if program is None:
        raise SystemExit("There is no Chromium on this machine.")
    asked.into.mkdir(exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        if asked.site:
            _take_all(browser, asked.site, asked)
        else:
            with running() as site:
                _take_all(browser, site, asked)
        browser.close()


def _take_all(browser: Browser, site: str, asked: argparse.Namespace) -> None:
    for shot in SHOTS:
        if not asked.names or shot.name in asked.names:
            (asked.into / f"{shot.name}.webp").write_bytes(take(browser, site, shot))


if __name__ == "__main__":
    main()
