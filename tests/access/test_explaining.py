"""The explanation of access says what the verbs do, and to others only what they may know."""

from typing import Any

from flask.testing import FlaskClient

from cms.identity.staff.schemas import Given
from tests.access.desk import Desk

EXPLAIN = "/api/v1/access/explain"
FIRST = {"If-Match": '"1"'}


def explain(client: FlaskClient, action: str, on: str = "", **more: str) -> Any:
    query = "".join(f"&{name}={value}" for name, value in {"on": on, **more}.items() if value)
    return client.get(f"{EXPLAIN}?action={action}{query}")


def test_it_names_the_grant_that_allows_or_what_is_missing(desk: Desk) -> None:
    article = desk.article().article.id
    editor = desk.client(desk.token("editor", section_path="city/", locale="en"))
    allowed = explain(editor, "articles:publish", article).json
    assert allowed["is_allowed"]
    assert allowed["missing"] is None
    assert allowed["on"] == {"kind": "article", "id": article, "is_own": False}
    grant = allowed["grant"]
    assert (grant["source"], grant["section"], grant["locale"]) == ("role editor", "city", "en")
    assert "articles:publish" in grant["permissions"]
    for action, on, more, missing in (
        ("articles:publish", "sport", {"locale": "en"}, "section"),
        ("articles:publish", "trams", {"locale": "kk"}, "locale"),
        ("audit:read", "", {}, "permission"),
        ("operations:read", "", {}, "permission"),
    ):
        answer = explain(editor, action, on, **more).json
        assert (answer["is_allowed"], answer["grant"], answer["missing"]["kind"]) == (False, None, missing)
        assert answer["missing"]["permission"] == action
        assert action in answer["missing"]["detail"]


def test_it_knows_what_is_ones_own(desk: Desk) -> None:
    token = desk.token("author")
    author, own, other = desk.client(token), desk.article(desk.actor(token)).article.id, desk.article().article.id
    assert explain(author, "articles:write", own).json["is_allowed"]
    assert explain(author, "articles:write", "trams", locale="en").json["is_allowed"]
    refused = explain(author, "articles:write", other).json
    assert refused["missing"]["permission"] == "articles:write_any"
    assert refused["on"]["is_own"] is False


def test_it_says_what_the_verbs_then_do(desk: Desk) -> None:
    token = desk.token("author")
    kinds = [
        {"role": role, **place}
        for role in ("viewer", "author", "translator", "editor")
        for place in ({}, {"section_path": "city/"}, {"section_path": "sport/"}, {"locale": "kk"})
    ]
    clients = [desk.client(token), *(desk.client(desk.token(**kind)) for kind in kinds)]
    for client in clients:
        for section, locale in (("trams", "en"), ("sport", "kk"), (None, "en")):
            for owner in (None, desk.actor(token)):
                options = {"section": section, "locale": locale}
                made = desk.article(owner, **options) if owner else desk.article(**options)
                path = f"/api/v1/articles/{made.article.id}"
                explained = explain(client, "articles:write", made.article.id)
                publishing = explain(client, "articles:publish", made.article.id)
                edited = client.patch(path, json={"dek": "Changed."}, headers=FIRST)
                revision = {"If-Match": '"2"' if edited.status_code == 200 else '"1"'}
                published = client.post(f"{path}/publish", headers=revision)
                if client.get(path).status_code == 404:
                    assert explained.status_code == publishing.status_code == 404
                    # Without the permission anywhere the refusal comes before anybody looks for the article.
                    assert {edited.status_code, published.status_code} <= {403, 404}
                else:
                    assert explained.json["is_allowed"] == (edited.status_code == 200)
                    assert publishing.json["is_allowed"] == (published.status_code == 200)


def test_it_knows_where_readers_find_an_article_that_was_moved(desk: Desk) -> None:
    live = desk.article(section="sport", published=True).article.id
    city = desk.client(desk.token("editor", section_path="city/"))
    moved = desk.client(desk.token("editor")).patch(
        f"/api/v1/articles/{live}", json={"section": "city"}, headers={"If-Match": '"2"'}
    )
    assert moved.status_code == 200
    for action, verb in (("articles:publish", "publish"), ("articles:publish", "unpublish")):
        refused = explain(city, action, live).json
        assert (refused["is_allowed"], refused["missing"]["kind"]) == (False, "section")
        answer = city.post(f"/api/v1/articles/{live}/{verb}", headers={"If-Match": '"3"'})
        assert answer.status_code == 403, verb
    assert explain(city, "articles:write", live).json["is_allowed"] is True


def test_others_are_explained_only_to_those_who_may_ask(desk: Desk) -> None:
    token = desk.token("translator", locale="kk")
    token_id, user = desk.row(token).id, desk.colleague(Given("editor", "city/"), Given("vanished"))
    chief, editor = desk.client(desk.token("editor-in-chief")), desk.client(desk.token("editor"))
    other = explain(chief, "articles:write", "city", locale="kk", **{"for": token_id}).json
    assert (other["is_allowed"], other["for"]) == (True, {"kind": "service", "id": token_id})
    assert explain(chief, "articles:publish", "city", locale="kk", **{"for": token_id}).json["missing"]
    person = explain(chief, "articles:publish", "trams", locale="en", **{"for": user.id}).json
    assert (person["is_allowed"], person["for"]["kind"], person["grant"]["section"]) == (True, "staff", "city")
    assert explain(chief, "articles:publish", "sport", locale="en", **{"for": user.id}).json["is_allowed"] is False
    refused = explain(editor, "articles:write", "city", **{"for": token_id})
    assert (refused.status_code, refused.json["missing_permission"]) == (403, "access:explain")
    own = desk.client(token)
    assert explain(own, "articles:write", "city", locale="kk", **{"for": token_id}).status_code == 200
    for nobody in ("01890a5d-ac96-774b-bcce-b302099a8057", "nobody", "1", "%20"):
        assert explain(chief, "articles:write", "city", **{"for": nobody}).status_code == 404


def test_an_article_elsewhere_is_not_explained(desk: Desk) -> None:
    hidden = desk.article(section="sport").article.id
    own = {"request_id": "", "instance": ""}
    city = desk.client(desk.token("editor", section_path="city/"))
    answers = [explain(city, "articles:read", one) for one in (hidden, "01890a5d-ac96-774b-bcce-b302099a8057")]
    assert [answer.status_code for answer in answers] == [404, 404]
    assert answers[0].json | own == answers[1].json | own


def test_questions_that_make_no_sense_are_refused(desk: Desk) -> None:
    client = desk.client(desk.token("administrator"))
    for query in (
        "", "?action=", "?action=publish", "?action=articles:explode", "?action=articles:publish",
        "?action=articles:publish&on=", "?action=audit:read&on=city&on=sport", "?action=audit:read&who=me",
        "?action=audit:read&action=audit:read", f"?action=audit:read&on={'x' * 121}", "?action=audit:read&for=",
    ):  # fmt: skip
        assert client.get(EXPLAIN + query).status_code == 400, query
    assert explain(client, "articles:publish", "nowhere").status_code == 404
    assert explain(client, "audit:read").json["is_allowed"] is True
