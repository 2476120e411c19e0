"""Row S92: what a shared cache keeps depends on its key alone, the path with its whole query, and on what `Vary` names.
Nothing else that somebody sends changes a byte of it, and no private answer looks like a file."""

from typing import Any

import pytest
from flask.testing import FlaskClient

from cms.content.publishing import put_document
from cms.platform.db import Database
from tests.content.making import DAY_ONE, article
from tests.contracts.test_headers import UNKEYED

LIST = "/content/v1/articles"
# What many sites pass over, so that a cache which leaves it out of its key keeps what somebody made up.
IGNORED_ELSEWHERE = (
    "utm_source=x", "utm_medium=x", "utm_campaign=x", "utm_content=x", "utm_term=x", "gclid=1", "fbclid=1", "msclkid=1",
    "mc_eid=1", "_ga=1", "ref=x", "_=1700000000", "cb=1", "nocache=1", "v=2", "debug=1", "callback=alert",
    "jsonp=alert", "format=xml", "_method=DELETE", "_HttpMethod=DELETE", "X-Forwarded-Host=evil.example",
    "host=evil.example", "url=https://evil.example", "redirect=https://evil.example", "next=//evil.example", "lang=kk",
    "PHPSESSID=1", "sid=1", "token=x", "access_token=x", "api_key=x", "__proto__=1", "%00=1", "=x", "x", "a;b=1",
    "x;section=world", "limit=1?limit=2", "limit=1#x=2",
)  # fmt: skip
# Other spellings of a path: one that is served is byte for byte the thing of its plain spelling, or nothing.
SPELLINGS = (
    "{0};", "{0};x=1", "{0};.css", "{0}/", "{0}//", "/{0}", "{0}/.", "{0}/x.css", "{0}/..%2fx.js", "{0}.json",
    "{0}.css",
    "{0}%2f", "{0}%2fx.css", "{0}%00", "{0}%00.css", "{0}%0a", "{0}%0d%0aX:1", "{0}%20", "%20{0}", "{0}%3fx=1",
    "{0}%23x", "{0}%3b", "{0}\\", "{0}%5c", "{0}~", "{0}%2e", "{0}%2ejson", "/.{0}", "/..{0}", "/content/..{0}",
    "/content/%2e%2e{0}", "/x/..%2f{0}", "/CONTENT/v1/articles", "/Content/V1/Articles", "/content//v1/articles",
    "/content/v1/./articles", "/content%2fv1%2farticles", "/content/v1/articles%ff", "/%63ontent/v1/articles",
    "/content/v1/articl%65s", "/content/v1/x/../articles", "/content/v1/articles/../../../api/v1/tags",
)  # fmt: skip


@pytest.fixture
def places(database: Database) -> list[str]:
    story = article(1)
    with database.transaction() as session:
        put_document(session, story, DAY_ONE)
    return [f"{LIST}/{story.article_id}", f"{LIST}/en/{story.slug}", LIST, f"{LIST}?section=world", "/content/v1/tags",
            "/feeds/rss.xml", "/feeds/feed.json", "/sitemaps/index.xml", "/sitemaps/0.xml",
            f"{LIST}/{story.article_id}/related",
            "/content/v1/archives"]  # fmt: skip


def kept(answer: Any) -> tuple[int, bytes, list[tuple[str, str]]]:
    """What a cache would keep of an answer."""
    return (
        answer.status_code,
        answer.data,
        sorted((name, text) for name, text in answer.headers if name != "X-Request-Id"),
    )


def test_no_header_outside_the_key_changes_what_is_kept(client: FlaskClient, places: list[str]) -> None:
    assert len(UNKEYED) >= 30
    changed = []
    for place in places:
        plain = kept(client.get(place))
        assert plain[0] == 200, place
        changed += [(place, sent) for sent in UNKEYED if kept(client.get(place, headers=sent)) != plain]
    assert changed == []


def test_a_parameter_that_is_not_known_is_never_passed_over(client: FlaskClient, places: list[str]) -> None:
    assert len(set(IGNORED_ELSEWHERE)) == len(IGNORED_ELSEWHERE) >= 40
    taken = []
    for place in places:
        for query in IGNORED_ELSEWHERE:
            address, _, fragment = f"{place}{'&' if '?' in place else '?'}{query}".partition("#")
            answer = client.get(address.replace("limit=1#x=2", "limit=1%23x=2"))
            # Without its fragment, which no browser sends, the last one is a query like others.
            if (answer.status_code != 400 and not fragment) or answer.status_code >= 500:
                taken.append((place, query, answer.status_code))
            if answer.status_code == 400 and "no-store" not in answer.headers["Cache-Control"]:
                taken.append((place, query, answer.headers["Cache-Control"]))
    assert taken == []


def test_another_spelling_is_the_same_thing_or_nothing(client: FlaskClient, places: list[str]) -> None:
    assert len(set(SPELLINGS)) == len(SPELLINGS) >= 40
    strange = []
    for place in (places[0], places[1], LIST, "/content/v1/tags"):
        plain = client.get(place)
        for spelling in SPELLINGS:
            answer = client.get(spelling.format(place))
            is_nothing = answer.status_code in (400, 401, 404, 308) and "no-store" in answer.headers["Cache-Control"]
            is_same = answer.status_code == 200 and answer.data in (plain.data, client.get(LIST).data)
            if not (is_nothing or is_same) or "Location" in answer.headers:
                strange.append((spelling, answer.status_code, dict(answer.headers).get("Location")))
    assert strange == []


def test_what_is_private_never_looks_like_a_file(administrator: FlaskClient) -> None:
    given = []
    for place in ("/api/v1/sessions/me", "/api/v1/tags", "/api/v1/staff", "/readers/v1/me", "/readers/v1/bookmarks"):
        for ending in ("/x.css", "/x.js", "/logo.png", ".css", ".js", ".jpg", ".woff2", ";x.css", "%2fx.css",
            "%3bx.css",
                       "%00.css", "%0a.css", "/..%2fx.png", "/%2e%2e/x.css", "~x.css", "%23.css", "?x.css",
                       "/index.html",
                       "/robots.txt", "/favicon.ico"):  # fmt: skip
            answer = administrator.get(place + ending)
            if answer.status_code not in (400, 401, 404, 405) or "no-store" not in answer.headers["Cache-Control"]:
                given.append((place + ending, answer.status_code, answer.headers["Cache-Control"]))
    assert given == []


def test_what_is_kept_for_everybody_is_what_was_asked_by_nobody(
    client: FlaskClient, administrator: FlaskClient, places: list[str]
) -> None:
    for place in places:
        known, unknown = administrator.get(place), client.get(place)
        assert kept(known) == kept(unknown), place
        assert known.headers["Vary"] == "Accept-Encoding" and "Set-Cookie" not in known.headers, place
    early = administrator.get(f"{LIST}?embargoed=true")
    assert "no-store" in early.headers["Cache-Control"] and "private" in early.headers["Cache-Control"]
    assert client.get(f"{LIST}?embargoed=true").status_code == 401
