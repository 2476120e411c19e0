"""Asks the API of a Copydesk site. All that the pages show and do comes through here, over HTTP."""

import http.client
import json
import threading
from contextlib import suppress
from urllib.parse import urlencode, urlsplit

TIMEOUT_SECONDS = 10


class Problem(Exception):
    """The API refused (RFC 9457), leads elsewhere (status 301), or could not be reached (status 503)."""

    def __init__(self, status, told, retry_after=None, location=None):
        super().__init__(told.get("detail", ""))
        self.status = status
        self.code = told.get("code", "")
        self.detail = told.get("detail", "")
        self.errors = told.get("errors", [])
        self.told = told
        self.retry_after = retry_after
        self.location = location


class Api:
    """The API at one address. Each thread keeps a connection for what it reads."""

    def __init__(self, address):
        self.address = address.rstrip("/")
        place = urlsplit(self.address)
        self._connect = http.client.HTTPSConnection if place.scheme == "https" else http.client.HTTPConnection
        self._host, self._prefix = place.netloc, place.path
        self._kept = threading.local()

    def get(self, path, token=None, client=None, **query):
        """Read a path as JSON; what is None is not asked for. Raises: Problem."""
        given = [(name, value) for name, value in query.items() if value not in (None, "")]
        url = self._prefix + path + (f"?{urlencode(given)}" if given else "")
        try:
            return _told(*self._read(url, _headers(token, client)))
        except (OSError, http.client.HTTPException):
            raise Problem(503, {"code": "unavailable"}) from None

    def text(self, path, client=None):
        """Read a path as text. Raises: Problem."""
        try:
            answer, body = self._read(self._prefix + path, _headers(None, client))
        except (OSError, http.client.HTTPException):
            raise Problem(503, {"code": "unavailable"}) from None
        if answer.status != 200:
            raise Problem(answer.status, {"code": "not_found"})
        return body.decode()

    def _read(self, url, headers):
        kept = getattr(self._kept, "connection", None)
        if kept is not None:
            # The other side may have closed it meanwhile; a new connection tells the truth.
            with suppress(OSError, http.client.HTTPException):
                kept.request("GET", url, headers=headers)
                answer = kept.getresponse()
                return answer, answer.read()
            kept.close()
        self._kept.connection = None
        connection = self._connect(self._host, timeout=TIMEOUT_SECONDS)
        connection.request("GET", url, headers=headers)
        answer = connection.getresponse()
        body = answer.read()
        self._kept.connection = connection
        return answer, body

    def send(self, method, path, body=None, token=None, client=None):
        """Change something; gives the answer's JSON, or None. Never sent twice. Raises: Problem."""
        connection = self._connect(self._host, timeout=TIMEOUT_SECONDS)
        try:
            headers = {**_headers(token, client), "Content-Type": "application/json"}
            connection.request(method, self._prefix + path, json.dumps(body or {}), headers)
            answer = connection.getresponse()
            return _told(answer, answer.read())
        except (OSError, http.client.HTTPException):
            raise Problem(503, {"code": "unavailable"}) from None
        finally:
            connection.close()

    def stream(self, path, last_id):
        """Yield the name, id and data of each server-sent event, until the other side ends the stream."""
        connection = self._connect(self._host, timeout=60)
        try:
            headers = {"Accept": "text/event-stream", **({"Last-Event-ID": last_id} if last_id else {})}
            connection.request("GET", self._prefix + path, headers=headers)
            answer = connection.getresponse()
            if answer.status != 200:
                _told(answer, answer.read())
            event = {}
            for line in answer:
                name, _, value = line.decode().rstrip("\r\n").partition(": ")
                if name in ("event", "id", "data"):
                    event[name] = value
                elif not name and "data" in event:
                    yield event["event"], event["id"], json.loads(event["data"])
                    event = {}
        except (OSError, http.client.HTTPException):
            raise Problem(503, {"code": "unavailable"}) from None
        finally:
            connection.close()


def _headers(token, client):
    headers = {"Accept": "application/json"}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    if client:
        # The API believes it where COPYDESK_TRUSTED_PROXIES names this server, and then limits each reader apart.
        headers["X-Forwarded-For"] = client
    return headers


def _told(answer, body):
    told = json.loads(body) if body and "json" in (answer.headers.get_content_type() or "") else None
    if answer.status >= 300:
        raise Problem(answer.status, told or {}, answer.headers.get("Retry-After"), answer.headers.get("Location"))
    return told
