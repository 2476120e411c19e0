"""Keeps a copy of all published articles in a folder, and keeps it the same as what readers see.

    python examples/offline_sync.py http://127.0.0.1:8000 copy            # as often as you like
    python examples/offline_sync.py http://127.0.0.1:8000 copy --follow   # stay, and write what changes as it happens

Needs nothing but Python's standard library. Published content is public, so there is no token. Each article is a file
`articles/ID.json`; the file `cursor` says how far the copy is, and is written last, so it can be broken off anywhere.
"""

import argparse
import json
import time
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

PAGE = 100
COME_BACK_SECONDS = 2


class TooOld(Exception):
    """The copy stood still for so long that the site no longer knows all of what went away since."""


class Copy:
    """A copy of one site in one folder."""

    def __init__(self, site, folder):
        self.site = site.rstrip("/")
        self.articles = Path(folder) / "articles"
        self.articles.mkdir(parents=True, exist_ok=True)
        self.cursor_file = Path(folder) / "cursor"

    def catch_up(self):
        """Bring the copy to the present; gives the ids of what was written and of what was removed."""
        cursor = self.cursor_file.read_text() if self.cursor_file.exists() else None
        try:
            return self._run(cursor)
        except TooOld:
            return self._run(None)

    def follow(self):
        """Stay at the present, and yield the id of each article that was written or removed."""
        while True:
            written, removed = self.catch_up()
            yield from written
            yield from removed
            yield from self._stream()
            time.sleep(COME_BACK_SECONDS)

    def _run(self, cursor):
        written, removed, is_first = set(), set(), cursor is None
        has_more = True
        while has_more:
            page = self._page(cursor)
            for event in page["data"]:
                (written if self._apply(event) else removed).add(event["subject"])
            cursor, has_more = page["page"]["next_cursor"], page["page"]["has_more"]
            if not is_first:
                self._keep(cursor)
        if is_first:
            # A first run names all that there is; what an older copy has beside that went away meanwhile.
            for path in self.articles.glob("*.json"):
                if path.stem not in written:
                    path.unlink()
                    removed.add(path.stem)
            self._keep(cursor)
        return written - removed, removed

    def _apply(self, event):
        """Do to the copy what happened on the site; says whether readers see the article."""
        path = self.articles / f"{event['subject']}.json"
        article = event["data"].get("article")
        if article is None:
            path.unlink(missing_ok=True)
            return False
        _write(path, json.dumps(article, ensure_ascii=False, indent=1))
        return True

    def _keep(self, cursor):
        _write(self.cursor_file, cursor)

    def _page(self, cursor):
        query = {"limit": PAGE, **({"since": cursor} if cursor else {})}
        url = f"{self.site}/content/v1/changes?{urllib.parse.urlencode(query)}"
        try:
            with urllib.request.urlopen(url, timeout=30) as response:
                return json.load(response)
        except urllib.error.HTTPError as error:
            problem = json.load(error)
            if problem["code"] == "cursor_too_old":
                raise TooOld from None
            raise SystemExit(f"{problem['title']}: {problem['detail']} (request {problem['request_id']})") from None

    def _stream(self):
        """Read one stream of server-sent events to its end. The site ends it now and then, or has no place left."""
        headers = {"Accept": "text/event-stream", "Last-Event-ID": self.cursor_file.read_text()}
        request = urllib.request.Request(f"{self.site}/content/v1/changes", headers=headers)
        event_id = data = None
        try:
            with urllib.request.urlopen(request, timeout=60) as response:
                for line in response:
                    name, _, value = line.decode().rstrip("\n").partition(": ")
                    if name == "id":
                        event_id = value
                    elif name == "data":
                        data = value
                    elif not line.strip() and data:
                        event = json.loads(data)
                        self._apply(event)
                        self._keep(event_id)
                        data = None
                        yield event["subject"]
        except OSError:
            # Also what an answer of 503 is. Pages tell the same, and the next stream goes on from there.
            return


def _write(path, text):
    # A name is given to what is whole; whoever reads meanwhile gets the old or the new.
    fresh = path.with_suffix(".new")
    fresh.write_text(text, "utf-8")
    fresh.replace(path)


def main():
    """Bring a copy to the present, and stay there where that is wanted."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("site")
    parser.add_argument("folder")
    parser.add_argument("--follow", action="store_true")
    asked = parser.parse_args()
    copy = Copy(asked.site, asked.folder)
    if asked.follow:
        for changed in copy.follow():
            print(changed, flush=True)
    written, removed = copy.catch_up()
    print(f"{len(written)} written, {len(removed)} removed, {len(list(copy.articles.glob('*.json')))} articles")


if __name__ == "__main__":
    main()
