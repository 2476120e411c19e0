"""The running product with the reader's page, and what the desk published there."""

import json
import re
from dataclasses import dataclass, field
from typing import Any
from urllib.request import Request, urlopen

from cms.launch.mailbox.letters import Letters
from tests.media.drawing import form, picture
from tests.product import Product
from tests.servers import wait_until

LINK = re.compile(r"http://\S+/code#purpose=\w+&challenge_id=[\w-]+&code=(\w+)")
# What an attacker would type into any field of an article, a comment or a name.
HOSTILE = (
    "<script>window.hacked=1</script>", "<img src=x onerror=window.hacked=1>", "\"><svg onload=window.hacked=1>",
    "javascript:window.hacked=1", "{{7*7}}", "</title><script>window.hacked=1</script>", "'-window.hacked=1-'",
    "</script><script>window.hacked=1</script>",
)  # fmt: skip


@dataclass
class Site:
    """The pages at one address, and the desk behind them."""

    product: Product
    address: str
    token: str
    made: dict[str, Any] = field(default_factory=dict)

    def desk(self, method: str, path: str, body: Any = None, revision: int | None = None) -> Any:
        """An act of the desk that has to succeed."""
        tag = {} if revision is None else {"If_Match": f'"{revision}"'}
        status, told, _ = self.product.ask(method, f"/api/v1{path}", body, self.token, **tag)
        assert status in (200, 201, 204), f"{method} {path}: {status} {told}"
        return told

    def publish(self, name: str, **values: Any) -> Any:
        """Make and publish an article, and remember it by a name."""
        made = self.desk("POST", "/articles", {"locale": "en", "body": "Some text.", **values})
        self.made[name] = self.desk("POST", f"/articles/{made['id']}/publish", {}, revision=1)
        return self.made[name]

    def page_of(self, name: str) -> str:
        """The address of an article's page."""
        article = self.made[name]
        return f"{self.address}/{article['locale']}/articles/{article['slug']}"

    def link_to(self, address: str, purpose: str) -> re.Match[str]:
        """The link in a letter to somebody, once it came; its first group is the code."""
        letters = Letters(self.product.home / "mailbox")

        def found() -> list[re.Match[str]]:
            links = (LINK.search(one.text) for one in letters.newest(50) if address in one.to)
            return [link for link in links if link and f"purpose={purpose}&" in link[0]]

        wait_until(lambda: bool(found()), seconds=60, what=f"a letter to {address} for {purpose}")
        return found()[0]


def fill(site: Site) -> None:
    """What the desk has published when a story begins: two languages, a correction, a section, tags, a front list."""
    for slug, name, chinese in (("city", "City", "城市"), ("world", "World", "国际")):
        site.desk("POST", "/sections", {"name": name, "slug": slug, "names": {"zh-CN": chinese}})
    site.desk(
        "POST", "/people", {"name": "Mei Lin", "slug": "mei-lin", "bio": "Writes about trams.", "roles": ["author"]}
    )
    for number in range(1, 16):
        site.publish(
            f"tram {number}", title=f"Tram number {number} climbs the hill", dek="It was early.", section="city",
            body="The tram climbed the hill.\n\nIt came down again.", tags=["trams", "hills"],
        )  # fmt: skip
    site.publish(
        "ferry", title="The ferry sails again", dek="After eleven years.", section="city", tags=["trams", "harbour"],
        summary=["It sails at noon.", "It takes bicycles."], authors=["mei-lin"], editor="mei-lin",
        source={"name": "The Harbour Post", "url": "https://post.example.org/"},
        body="The ferry left at **noon**.\n\n" + "It crossed the harbour slowly. " * 60 + "\n\nThe harbour's bell.",
    )  # fmt: skip
    variant = site.desk("POST", f"/articles/{site.made['ferry']['id']}/translate", {"locale": "zh-CN"})
    changes = {
        "title": "渡轮重新起航", "dek": "时隔十一年。", "summary": ["中午起航。"], "body": "渡轮在中午离开港口。" * 40,
        "slug": "dulun-chongxin-qihang",
    }  # fmt: skip
    changed = site.desk("PATCH", f"/articles/{variant['id']}", changes, revision=variant["revision"])
    site.made["渡轮"] = site.desk("POST", f"/articles/{variant['id']}/publish", {}, revision=changed["revision"])
    send_pictures(site)
    front = [{"article": site.made["ferry"]["id"]}]
    site.desk("POST", "/lists", {"name": "front-page", "title": "Front page", "locale": "en", "entries": front})


def send_pictures(site: Site) -> None:
    """A picture, and an article in each language that shows it."""
    site.desk("POST", "/sections", {"name": "Quay", "slug": "quay"})
    told = {
        "alt": {"en": "Boats at a quay", "zh-CN": "码头边的船"}, "captions": {"zh-CN": "清晨"}, "credit": "Ines Okafor",
    }  # fmt: skip
    sent = form(picture(width=640, height=480), **told)
    headers = {"Authorization": f"Bearer {site.token}", "Content-Type": sent["content_type"]}
    with urlopen(Request(f"{site.product.url}/api/v1/assets", sent["data"], headers), timeout=30) as answer:
        asset = json.load(answer)["id"]
    site.publish("boats", title="Boats at the quay", body=f'Look.\n\n![](asset:{asset} "At noon")', section="quay")
    site.publish("船", title="码头边", body=f"看。\n\n![](asset:{asset})", section="quay", locale="zh-CN")
