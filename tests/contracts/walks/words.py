"""Walks over what articles share, and over redirects."""

from typing import Any

from tests.contracts.witness import Witness, make_draft


def walk_words(witness: Witness, source: dict[str, Any]) -> None:
    ask = witness.ask
    for path in ("sections/city", "tags/rails", "people/ines-okafor"):
        ask("GET", f"/content/v1/{path}", 200)
        ask("GET", f"/content/v1/{path}?locale=kk", 304, If_None_Match="*")
        ask("GET", f"/api/v1/{path}", 304, If_None_Match='"1"')
        ask("PATCH", f"/api/v1/{path}", 428, {"name": "Other"})
        ask("PATCH", f"/api/v1/{path}", 412, {"name": "Other"}, If_Match='"7"')
        ask("PATCH", f"/api/v1/{path}", 200, {"names": {"kk": "Басқа"}}, If_Match='"1"')
        ask("DELETE", f"/api/v1/{path}", 409, If_Match='"2"')
    ask("GET", "/content/v1/tags/none", 404)
    sourced = f"/api/v1/sources/{source['id']}"
    ask("GET", sourced, 304, If_None_Match='"1"')
    renamed = ask("PATCH", sourced, 200, {"name": "The Evening Courier"}, If_Match='"1"').headers["Location"]
    ask("GET", renamed, 200)
    ask("POST", "/api/v1/tags/hills/merge", 422, {"into": "none"}, If_Match='"1"')
    ask("POST", "/api/v1/tags/hills/merge", 200, {"into": "rails"}, If_Match='"1"')
    ask("POST", "/api/v1/people", 201, {"name": "Mei Lin", "roles": ["photographer"], "bios": {"kk": "Суретші"}})
    ask("DELETE", "/api/v1/people/ines-okafor?reassign_to=mei-lin", 204, If_Match='"2"')
    other = ask("POST", "/api/v1/sources", 201, {"name": "The Herald"}).json["id"]
    ask("DELETE", f"{sourced}?reassign_to={other}", 204, If_Match='"2"')
    ask("POST", "/api/v1/sections", 201, {"name": "Works", "parent": "trams"})
    ask("POST", "/api/v1/tags", 201, {"name": "Unused", "synonyms": ["Idle"]})
    ask("DELETE", "/api/v1/sections/works", 204, If_Match='"1"')
    ask("DELETE", "/api/v1/tags/idle", 204, If_Match='"1"')


def walk_redirects(witness: Witness) -> None:
    ask = witness.ask
    moving = make_draft(witness, "The ferry moves to another pier")
    path = f"/api/v1/articles/{moving['id']}"
    ask("POST", f"{path}/publish", 200, If_Match='"1"')
    ask("PATCH", path, 200, {"slug": "ferry"}, If_Match='"2"')
    ask("POST", f"{path}/publish", 200, If_Match='"3"')
    ask("GET", f"/content/v1/articles/en/{moving['slug']}", 301)
    resolve = f"/content/v1/resolve?path=/en/{moving['slug']}"
    tag = ask("GET", resolve, 200).headers["ETag"]
    ask("GET", resolve, 304, If_None_Match=tag)
    ask("GET", "/content/v1/resolve?path=/en/none", 404)
    ask("GET", "/content/v1/resolve", 400)
    given = {"path": "/ferry.html", "target": "/en/ferry", "status": 302}
    added = ask("POST", "/api/v1/redirects", 201, given).headers["Location"]
    ask("POST", "/api/v1/redirects", 409, given)
    ask("POST", "/api/v1/redirects", 422, {"path": "/x", "target": "//other.example"})
    ask("GET", "/api/v1/redirects?count=exact", 200)
    ask("GET", added, 200)
    ask("GET", "/api/v1/redirects/none", 404)
    ask("DELETE", added, 204)
    ask("DELETE", added, 404)


def walk_synonyms(witness: Witness) -> None:
    ask = witness.ask
    added = ask("POST", "/api/v1/synonyms", 201, {"words": ["tram", "streetcar"], "locale": "en"}).headers["Location"]
    ask("POST", "/api/v1/synonyms", 422, {"words": ["tram"]})
    ask("GET", "/api/v1/synonyms?count=exact", 200)
    ask("GET", "/api/v1/synonyms/none", 404)
    ask("GET", added, 200)
    ask("PUT", added, 428, {"words": ["tram", "trolley"]})
    ask("PUT", added, 412, {"words": ["tram", "trolley"]}, If_Match='"7"')
    ask("PUT", added, 200, {"words": ["tram", "trolley"], "is_one_way": True}, If_Match='"1"')
    ask("DELETE", added, 204, If_Match='"2"')
    ask("DELETE", added, 404, If_Match='"2"')
    ask("GET", "/api/v1/search-report", 200)
    ask("GET", "/api/v1/search-report?found=nothing&locale=en", 200)
    ask("GET", "/api/v1/search-report?since=2026-11-02&until=2026-11-01", 400)


def walk_feeds(witness: Witness) -> None:
    ask = witness.ask
    for path in ("/feeds/rss.xml?locale=en", "/feeds/feed.json?section=city", "/sitemaps/index.xml", "/sitemaps/0.xml"):
        tag = ask("GET", path, 200).headers["ETag"]
        ask("GET", path, 304, If_None_Match=tag)
    for path in ("/feeds/rss.xml?section=none", "/feeds/feed.json?section=none", "/sitemaps/9.xml"):
        ask("GET", path, 404)
