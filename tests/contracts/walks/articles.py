"""Walks over what editors do with articles."""

from tests.contracts.witness import Witness, make_draft


def walk_schedules(witness: Witness) -> None:
    ask = witness.ask
    path = f"/api/v1/articles/{make_draft(witness, 'A tram that waits')['id']}/schedule"
    wanted = {"publish_at": "2036-01-01T08:00", "unpublish_at": "2036-01-02T08:00:00Z", "timezone": "Asia/Almaty"}
    ask("GET", path, 404)
    ask("PUT", path, 422, {**wanted, "timezone": None})
    ask("PUT", path, 422, {"publish_at": "2027-10-31T02:30", "timezone": "Europe/Berlin"})
    receipt = ask("PUT", path, 200, wanted).headers["Location"]
    ask("GET", receipt, 200)
    ask("PUT", path, 428, wanted)
    ask("PUT", path, 412, wanted, If_Match='"7"')
    ask("PUT", path, 200, wanted, If_Match='"1"')
    ask("GET", path, 200)
    ask("GET", "/api/v1/schedules?limit=1&count=exact", 200)
    ask("GET", "/api/v1/schedules?from=monday", 400)
    ask("DELETE", path, 428)
    ask("DELETE", path, 204, If_Match='"2"')
    secret = f"/api/v1/articles/{make_draft(witness, 'A tram that nobody knows of')['id']}"
    ask("GET", f"{secret}/embargo", 404)
    ask("POST", f"{secret}/publish", 200, {"embargo_until": "2036-01-01T08:00:00Z"}, If_Match='"1"')
    ask("GET", f"{secret}/embargo", 200)
    ask("GET", "/content/v1/articles?embargoed=true", 200)
    ask("DELETE", f"{secret}/schedule", 204, If_Match='"1"')


def walk_review(witness: Witness) -> None:
    ask = witness.ask
    path = f"/api/v1/articles/{make_draft(witness, 'A third tram')['id']}"
    assert ask("POST", f"{path}/validate", 200).json["can_publish"]
    ask("POST", f"{path}/submit", 200, {"note": "Please read."}, If_Match='"1"')
    ask("POST", f"{path}/reject", 422, {}, If_Match='"2"')
    ask("POST", f"{path}/reject", 200, {"note": "Which hill?"}, If_Match='"2"')
    ask("POST", f"{path}/approve", 200, If_Match='"3"')
    ask("POST", f"{path}/archive", 200, If_Match='"4"')
    ask("POST", f"{path}/archive", 409, If_Match='"5"')
    ask("POST", f"{path}/unarchive", 200, If_Match='"5"')


def walk_restore_and_lease(witness: Witness, article_id: str) -> None:
    ask, path = witness.ask, f"/api/v1/articles/{article_id}"
    ask("PATCH", path, 200, {"dek": "Restored soon."}, If_Match='"2"')
    ask("POST", f"{path}/restore", 200, {"revision": 1, "note": "As it was"}, If_Match='"3"')
    ask("POST", f"{path}/restore", 404, {"revision": 99}, If_Match='"4"')
    ask("POST", f"{path}/restore", 412, {"revision": 1}, If_Match='"3"')
    ask("POST", f"{path}/restore", 422, {"revision": "one"}, If_Match='"4"')
    ask("GET", f"{path}/lease", 404)
    ask("PUT", f"{path}/lease", 200)
    ask("GET", f"{path}/lease", 200)
    ask("GET", path, 200)
    ask("PUT", f"{path}/lease", 422, {"force": "yes"})
    ask("DELETE", f"{path}/lease", 204)
    ask("DELETE", f"{path}/lease", 404)


def walk_previews(witness: Witness) -> None:
    ask = witness.ask
    path = f"/api/v1/articles/{make_draft(witness, 'A tram that few have seen')['id']}"
    ask("POST", f"{path}/previews", 422, {"expires_in_hours": 0})
    ask("POST", f"{path}/previews", 422, {"revision": 9})
    made = ask("POST", f"{path}/previews", 201, {"expires_in_hours": 1, "label": "The press office"})
    document, link = made.json["url"].partition("8000")[2], made.headers["Location"]
    assert ask("GET", document, 200).json["preview"]["is_pinned"] is False
    ask("GET", f"{document}x", 404)
    ask("GET", made.json["page_url"].partition("8000")[2], 200)
    ask("GET", f"{path}/previews?count=exact", 200)
    ask("GET", link, 200)
    ask("GET", f"{link}/views?count=exact", 200)
    ask("GET", f"{path}/previews/none", 404)
    ask("DELETE", link, 204)
    ask("DELETE", f"{path}/previews/none", 404)
    ask("GET", document, 410)
    ask("POST", f"{path}/archive", 200, If_Match='"1"')
    ask("POST", f"{path}/previews", 409)


def walk_releases(witness: Witness) -> None:
    ask = witness.ask
    article = make_draft(witness, "A tram in company")["id"]
    ask("POST", "/api/v1/releases", 422, {"title": "Tonight", "articles": ["none"]})
    path = ask("POST", "/api/v1/releases", 201, {"title": "Tonight"}).headers["Location"]
    ask("GET", path, 200)
    ask("GET", "/api/v1/releases/none", 404)
    ask("POST", f"{path}/publish", 422, If_Match='"1"')
    ask("PATCH", path, 200, {"add": [article]}, If_Match='"1"')
    ask("PATCH", path, 412, {"add": [article]}, If_Match='"1"')
    ask("PUT", f"{path}/schedule", 200, {"release_at": "2036-01-01T08:00", "timezone": "Asia/Almaty"}, If_Match='"2"')
    ask("GET", "/api/v1/releases?limit=1&count=exact", 200)
    ask("GET", "/api/v1/schedules", 200)
    ask("DELETE", f"{path}/schedule", 200, If_Match='"3"')
    ask("POST", f"{path}/publish", 200, If_Match='"4"')
    ask("POST", f"{path}/publish", 409, If_Match='"5"')
    ask("DELETE", path, 409, If_Match='"5"')
    other = ask("POST", "/api/v1/releases", 201, {"title": "Never"}).headers["Location"]
    ask("DELETE", other, 428)
    ask("DELETE", other, 204, If_Match='"1"')


def walk_related_lists(witness: Witness) -> None:
    ask = witness.ask
    one, other = (make_draft(witness, title)["id"] for title in ("A tram with a list", "A ferry that is pinned to it"))
    path = f"/api/v1/articles/{one}/related"
    ask("GET", path, 200)
    ask("GET", "/api/v1/articles/none/related", 404)
    ask("PUT", path, 428, {"pins": [other]})
    ask("PUT", path, 200, {"pins": [other]}, If_Match='"0"')
    ask("PUT", path, 412, {"bans": [other]}, If_Match='"0"')
    ask("PUT", path, 422, {"pins": [one, other], "bans": [other]}, If_Match='"1"')
    ask("PUT", "/api/v1/articles/none/related", 404, {}, If_Match='"0"')


def walk_front_lists(witness: Witness) -> None:
    ask = witness.ask
    top, other = (make_draft(witness, title)["id"] for title in ("A tram on the front page", "A ferry beside it"))
    ask("POST", f"/api/v1/articles/{top}/publish", 200, If_Match='"1"')
    body = {"name": "front-page", "title": "Front page", "entries": [{"article": top, "title": "Trams!"}]}
    ask("POST", "/api/v1/lists", 422, {**body, "entries": [{"article": top}, {"article": top}]})
    path = ask("POST", "/api/v1/lists", 201, body).headers["Location"]
    ask("POST", "/api/v1/lists", 409, body)
    ask("GET", "/api/v1/lists?limit=1&count=exact", 200)
    ask("GET", path, 200)
    ask("GET", "/api/v1/lists/none", 404)
    ask("POST", f"{path}/entries", 428, {"article": other})
    ask("POST", f"{path}/entries", 200, {"article": other, "position": 1, "is_pinned": True}, If_Match='"1"')
    ask("POST", f"{path}/entries", 412, {"article": other}, If_Match='"1"')
    ask("DELETE", f"{path}/entries/{other}", 200, If_Match='"2"')
    ask("DELETE", f"{path}/entries/{other}", 404, If_Match='"3"')
    whole = {"title": "Front page", "fill": {"limit": 3}, "entries": [{"article": top, "title": "Trams!"}]}
    ask("PUT", path, 200, whole, If_Match='"3"')
    ask("PUT", path, 422, {**whole, "section": "nowhere"}, If_Match='"4"')
    ask("GET", "/content/v1/lists", 200)
    shown = ask("GET", "/content/v1/lists/front-page?locale=en", 200)
    ask("GET", "/content/v1/lists/front-page?locale=en", 304, If_None_Match=shown.headers["ETag"])
    ask("GET", "/content/v1/lists", 304, If_None_Match="*")
    ask("GET", "/content/v1/lists/none", 404)
    ask("GET", "/content/v1/archives?section=city&count=exact", 200)
    ask("GET", "/content/v1/archives", 304, If_None_Match="*")
    ask("GET", "/content/v1/export?locale=en", 200)
    ask("DELETE", path, 412, If_Match='"1"')
    ask("DELETE", path, 204, If_Match='"4"')


def walk_translations(witness: Witness) -> None:
    ask = witness.ask
    source, other = (make_draft(witness, title) for title in ("The ferry bell rings", "The ferry bell is silent"))
    path = f"/api/v1/articles/{source['id']}"
    ask("POST", f"{path}/publish", 200, If_Match='"1"')
    started = ask("POST", f"{path}/translate", 201, {"locale": "kk", "title": "Паром қоңырауы"}).headers["Location"]
    ask("POST", f"{path}/translate", 409, {"locale": "kk"})
    ask("POST", f"{path}/copy", 201)
    ask("POST", f"{path}/copy", 409, {"slug": source["slug"]})
    ask("POST", f"{path}/copy", 422, {"section": "nowhere"})
    ask("POST", f"{path}/translate", 422, {"locale": "?"})
    ask("POST", f"{started}/publish", 200, If_Match='"1"')
    for asked in (path, f"{started}", "/api/v1/articles?translation=missing:ru&count=exact"):
        ask("GET", asked, 200)
    ask("GET", "/api/v1/articles?translation=ru", 400)
    ask("GET", f"/content/v1/articles/{source['id']}?locale=kk-KZ", 200)
    ask("GET", f"/content/v1/articles/{source['id']}?locale=ru", 404)
    ask("DELETE", f"{started}/translation", 428)
    ask("DELETE", f"{started}/translation", 204, If_Match='"2"')
    ask("DELETE", f"{started}/translation", 409, If_Match='"2"')
    ask("PUT", f"{started}/translation", 200, {"of": source["id"], "revision": 1}, If_Match='"2"')
    ask("PUT", f"{started}/translation", 422, {"of": source["id"], "revision": 99}, If_Match='"2"')
    ask("PUT", f"{started}/translation", 412, {"of": source["id"]}, If_Match='"1"')
    ask("PUT", f"/api/v1/articles/{other['id']}/translation", 409, {"of": source["id"]}, If_Match='"1"')
