"""Follows the stream of changes, so that an open page learns within seconds that its article was changed."""

import threading

from asking import Problem

CHANGES = "/content/v1/changes"
COME_BACK_SECONDS = 2
MOST_REMEMBERED = 10_000


class Follower:
    """One thread that listens for all pages. `count` grows by one with each change that was heard."""

    def __init__(self, api):
        self._api = api
        self._cursor = None
        self._heard = {}
        self.count = 0

    def start(self):
        """Listen from now on, as long as the process lives."""
        threading.Thread(target=self._listen, daemon=True).start()

    def heard_since(self, article_id, count):
        """What became of an article after so many changes: the name of the last one, or None."""
        name, at = self._heard.get(article_id, (None, 0))
        # A page with a higher count is older than this process, and may have missed something.
        return name if at > count else "unknown" if count > self.count else None

    def _listen(self):
        while True:
            try:
                if self._cursor is None:
                    self._cursor = self._api.get(CHANGES, since="now")["page"]["next_cursor"]
                for name, cursor, event in self._api.stream(CHANGES, self._cursor):
                    self._cursor = cursor
                    self._note(name, event["subject"])
            except Problem as problem:
                if problem.status in (400, 410):
                    self._cursor = None
                elif problem.status == 503 and self._cursor:
                    self._catch_up()
            threading.Event().wait(COME_BACK_SECONDS)

    def _catch_up(self):
        """Read pages instead: as many streams are open as there may be."""
        try:
            page = self._api.get(CHANGES, since=self._cursor, limit=100)
        except Problem:
            return
        for event in page["data"]:
            self._note(event["type"], event["subject"])
        self._cursor = page["page"]["next_cursor"]

    def _note(self, name, article_id):
        self.count += 1
        self._heard.pop(article_id, None)
        self._heard[article_id] = (name.removeprefix("article."), self.count)
        while len(self._heard) > MOST_REMEMBERED:
            del self._heard[next(iter(self._heard))]
