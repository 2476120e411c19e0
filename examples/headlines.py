"""Reads a Copydesk site as an app does: the newest headlines, one whole article, a search.

    python examples/headlines.py http://127.0.0.1:8000 --section city --search tram

Needs nothing but Python's standard library. Published content is public, so there is no token.
"""

import argparse
import json
import urllib.error
import urllib.parse
import urllib.request


class Site:
    """The content API of one site. It remembers ETags, so that what did not change is not sent again."""

    def __init__(self, base_url):
        self.base_url = base_url.rstrip("/")
        self.known = {}

    def get(self, path, **query):
        """Read one address as JSON."""
        given = {name: value for name, value in query.items() if value is not None}
        url = f"{self.base_url}{path}" + (f"?{urllib.parse.urlencode(given)}" if given else "")
        request = urllib.request.Request(url)
        if url in self.known:
            request.add_header("If-None-Match", self.known[url][0])
        try:
            with urllib.request.urlopen(request, timeout=10) as response:
                data = json.load(response)
                self.known[url] = (response.headers["ETag"], data)
                return data
        except urllib.error.HTTPError as error:
            if error.code == 304:
                return self.known[url][1]
            problem = json.load(error)
            raise SystemExit(f"{problem['title']}: {problem['detail']} (request {problem['request_id']})") from None

    def newest(self, limit, section=None, locale=None):
        """Yield the newest articles, following the cursor from page to page."""
        cursor = None
        while limit > 0:
            page = self.get(
                "/content/v1/articles", limit=min(limit, 100), section=section, locale=locale, cursor=cursor
            )
            yield from page["data"]
            limit -= len(page["data"])
            cursor = page["page"]["next_cursor"]
            if cursor is None:
                return


def main():
    """Print headlines, the newest article, and what a search finds."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("site")
    parser.add_argument("--section")
    parser.add_argument("--locale")
    parser.add_argument("--limit", type=int, default=5)
    parser.add_argument("--search")
    asked = parser.parse_args()
    site = Site(asked.site)

    first = None
    for card in site.newest(asked.limit, asked.section, asked.locale):
        first = first or card
        print(f"{card['published_at'][:10]}  {card['title']}")

    if first:
        article = site.get(f"/content/v1/articles/{first['locale']}/{urllib.parse.quote(first['slug'])}")
        print(f"\n{article['title']}")
        if article["reading_time"]:
            print(article["reading_time"]["label"])
        for point in article["summary"]:
            print(f"  - {point}")
        for other in article["related"]:
            print(f"  see also: {other['title']} ({', '.join(other['why'])})")

    if asked.search:
        print(f"\nSearch for {asked.search!r}")
        for hit in site.get("/content/v1/search", q=asked.search, limit=5)["data"]:
            print(f"  {hit['title']}")


if __name__ == "__main__":
    main()
