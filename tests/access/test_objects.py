"""What is outside of somebody's place is as if it were not, source and target of a move are both asked about, and
what one made stays one's own (row S31)."""

from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from cms.identity.staff.schemas import Given
from cms.newsroom import preparing
from cms.newsroom.rules import DeleteArticle
from cms.newsroom.trashing import delete_article
from cms.platform.clock import now
from cms.platform.db import Database
from tests.access.desk import OPERATOR, Desk
from tests.newsroom.making import counts

FIRST = {"If-Match": '"1"'}
NEVER = "01890a5d-ac96-774b-bcce-b302099a8057"
VERBS = ("submit", "approve", "takedown", "archive", "unarchive", "validate")
WITHOUT_IDS = {"request_id": "", "instance": ""}
# No article has one of these ids, whatever somebody hopes that they are read as.
GUESSES = (
    NEVER, "00000000-0000-0000-0000-000000000000", "ffffffff-ffff-ffff-ffff-ffffffffffff", "0", "1", "-1", "+1", "1.0",
    "1e3", "0x1", "99999999999999999999999999999999", "9223372036854775808", "-9223372036854775809", "null", "None",
    "undefined", "NaN", "true", "*", "%", "_", "%25", "%00", "1%00", "%20", "1;drop", "1'--", "1%20OR%201=1", "..%2f1",
    "{id}", "[]", "me", "self", "latest", "all", "drafts", "publish", "%F0%9F%A6%86", "%EF%BC%91", "%D9%A1",
    "a" * 2_000,
    "city", "rails", "ines-okafor",
)  # fmt: skip


# What each verb on an article is given, so that nothing but the id can be wrong. A new verb has its line here.
GIVEN: dict[str, dict[str, Any]] = {
    "": {"dek": "Mine."},
    "restore": {"revision": 1},
    "comment-mode": {"mode": "off"},
    "reject": {"note": "Mine."},
    "correct": {"note": "Mine."},
    "takedown": {"reason": "Mine."},
    "translate": {"locale": "de"},
    "translation": {"of": NEVER},
    "schedule": {"publish_at": "2030-01-01T08:00:00", "timezone": "Asia/Almaty"},
}
FRESH = frozenset({"schedule", "lease"})


def attempts(client: FlaskClient, article_id: str, but: str) -> list[tuple[str, TestResponse]]:
    """Everything that is done on the id of an article: each method of each route that has one."""
    done = []
    for rule in sorted(client.application.url_map.iter_rules(), key=str):
        if not rule.rule.startswith("/api/v1/") or "<article_id>" not in rule.rule or but in rule.rule:
            continue
        declared = client.application.view_functions[rule.endpoint].__endpoint__  # type: ignore[attr-defined]  # set by @endpoint
        path = rule.rule.replace("<article_id>", article_id)
        for part in ("<int:number>", "<int:first>", "<int:second>", "<preview_id>"):
            path = path.replace(part, "1")
        assert "<" not in path, f"{rule.rule} has a part that is given nothing here"
        verb = rule.rule.partition("<article_id>")[2].strip("/")
        for method in sorted((rule.methods or set()) - {"OPTIONS"}):
            options: dict[str, Any] = {}
            if declared.body is not None and method in ("POST", "PUT", "PATCH"):
                options["json"] = GIVEN.get(verb, {})
            if method not in ("GET", "HEAD") and not (method == "PUT" and verb in FRESH):
                options["headers"] = FIRST
            done.append((f"{method} {rule.rule}", client.open(path, method=method, **options)))
    assert len(done) >= 30
    return done


def refusals(client: FlaskClient, article_id: str, *, but: str = "-") -> list[dict[str, Any]]:
    """The bodies of all refusals; every attempt has to be answered 404, but on one route."""
    bodies = []
    for what, answer in attempts(client, article_id, but):
        assert answer.status_code == 404, (what, article_id[:60], answer.status_code, answer.json)
        if not what.startswith("HEAD"):
            bodies.append((answer.json or {}) | WITHOUT_IDS)
    return bodies


@pytest.mark.both_databases
def test_what_is_elsewhere_cannot_be_told_from_what_never_was(desk: Desk, database: Database) -> None:
    there, foreign, plain = desk.article(), desk.article(locale="kk"), desk.article(section=None)
    live, gone = desk.article(published=True), desk.article(section="sport")
    with database.transaction() as session:
        delete_article(session, OPERATOR, DeleteArticle(gone.article.id, 1), now())
    sport = desk.client(desk.token("editor-in-chief", section_path="sport/"))
    kazakh = desk.client(desk.token("editor-in-chief", locale="kk"))
    before = counts(database)
    nothing = refusals(sport, NEVER)
    for hidden in (there, foreign, plain, live):
        assert refusals(sport, hidden.article.id) == nothing
    # What was deleted in one's own place is in the trash, and nowhere else.
    assert refusals(sport, gone.article.id, but="/trash/") == refusals(sport, NEVER, but="/trash/")
    assert refusals(kazakh, there.article.id) == refusals(kazakh, NEVER)
    assert kazakh.get(f"/api/v1/articles/{foreign.article.id}").status_code == 200
    assert counts(database) == before
    never = sport.get(f"/api/v1/receipts/{NEVER}")
    hidden = sport.get(f"/api/v1/receipts/{live.letter.id}")
    assert never.status_code == hidden.status_code == 404
    assert never.json | WITHOUT_IDS == hidden.json | WITHOUT_IDS
    both = [sport.options(f"/api/v1/articles/{one}") for one in (NEVER, there.article.id)]
    assert both[0].headers["Allow"] == both[1].headers["Allow"]
    assert both[0].status_code == both[1].status_code


def test_a_guessed_id_or_one_of_another_kind_of_thing_finds_nothing(desk: Desk, database: Database) -> None:
    admin, saved = desk.client(desk.token("administrator")), desk.article(published=True)
    others = (desk.row(desk.token("viewer")).id, saved.letter.id, desk.source_id, desk.colleague().id)
    before = counts(database)
    for guess in (
        *GUESSES,
        *others,
        saved.article.id.upper(),
        f"{{{saved.article.id}}}",
        saved.article.id.replace("-", ""),
    ):
        refusals(admin, guess)
        for path in ("tokens", "receipts", "staff", "sources"):
            if guess not in others:
                assert admin.get(f"/api/v1/{path}/{guess}").status_code == 404, (path, guess)
        if guess not in others:
            assert admin.delete(f"/api/v1/tokens/{guess}").status_code == 404
    for path, own in (("tokens", others[0]), ("receipts", others[1]), ("sources", others[2]), ("staff", others[3])):
        for other in {*others, saved.article.id} - {own}:
            assert admin.get(f"/api/v1/{path}/{other}").status_code == 404
    assert counts(database) == before


def test_lists_leave_out_what_is_elsewhere(desk: Desk) -> None:
    articles = {
        (section, locale): desk.article(section=section, locale=locale).article.id
        for section in ("city", "trams", "sport", None)
        for locale in ("en", "kk")
    }

    def seen(query: str = "", **options: Any) -> set[str]:
        client = desk.client(desk.token(**options))
        page = client.get(f"/api/v1/articles?limit=100&count=exact{query}").json
        assert page["meta"]["count"] == len(page["data"])
        return {entry["id"] for entry in page["data"]}

    def those(*keys: tuple[str | None, str]) -> set[str]:
        return {articles[key] for key in keys}

    city = (("city", "en"), ("city", "kk"), ("trams", "en"), ("trams", "kk"))
    assert seen(role="viewer") == set(articles.values())
    assert seen(role="viewer", section_path="city/") == those(*city)
    assert seen(role="viewer", section_path="city/trams/") == those(("trams", "en"), ("trams", "kk"))
    assert seen(role="viewer", locale="kk") == {one for (_, locale), one in articles.items() if locale == "kk"}
    assert seen(role="viewer", section_path="city/", locale="kk") == those(("city", "kk"), ("trams", "kk"))
    assert seen("&section=sport", role="viewer", section_path="city/") == set()
    assert seen("&section=trams", role="viewer", section_path="city/") == those(("trams", "en"), ("trams", "kk"))
    assert seen("&q=Line", role="viewer", section_path="nowhere/") == set()


def test_a_cursor_of_one_place_is_refused_in_another(desk: Desk) -> None:
    for _ in range(3):
        desk.article()
    wide, narrow = desk.client(desk.token("viewer")), desk.client(desk.token("viewer", section_path="city/"))
    cursor = wide.get("/api/v1/articles?limit=1").json["page"]["next_cursor"]
    assert wide.get(f"/api/v1/articles?limit=1&cursor={cursor}").status_code == 200
    assert narrow.get(f"/api/v1/articles?limit=1&cursor={cursor}").json["code"] == "bad_cursor"


@pytest.mark.both_databases
def test_a_move_is_asked_about_where_it_comes_from_and_where_it_goes(desk: Desk, database: Database) -> None:
    here, elsewhere = desk.article().article.id, desk.article(section="sport").article.id
    city = desk.client(desk.token("editor", section_path="city/", locale="en"))
    before = counts(database)
    for change in ({"section": "sport"}, {"section": None}, {"locale": "kk"}, {"section": "sport", "locale": "kk"}):
        answer = city.patch(f"/api/v1/articles/{here}", json=change, headers=FIRST)
        assert answer.status_code == 403, (change, answer.json)
        assert answer.json["missing_permission"] == "articles:write"
        answer = city.post("/api/v1/articles", json={"title": "New", "locale": "en", "section": "city", **change})
        assert answer.status_code == 403, change
    # A slug that is taken where the caller may not go is not a way to learn of it.
    taken = desk.article(locale="kk", slug="taken").article
    answer = city.post("/api/v1/articles", json={"title": "New", "locale": "kk", "slug": taken.slug, "section": "city"})
    assert answer.status_code == 403
    answer = city.patch(f"/api/v1/articles/{elsewhere}", json={"section": "city"}, headers=FIRST)
    assert answer.status_code == 404
    after = counts(database)
    assert {name: after[name] - before[name] for name in ("articles", "article_revisions")} == {
        "articles": 1,
        "article_revisions": 1,
    }
    assert city.patch(f"/api/v1/articles/{here}", json={"section": "city"}, headers=FIRST).status_code == 200


def test_two_grants_do_not_lend_each_other_their_places(desk: Desk) -> None:
    user = desk.colleague(Given("editor", "city/", "en"), Given("viewer", "sport/"), Given("editor", "", "ru"))
    person = desk.client(desk.signed_in(user)[1])
    city, sport = desk.article().article.id, desk.article(section="sport").article.id
    assert person.patch(f"/api/v1/articles/{city}", json={"dek": "a"}, headers=FIRST).status_code == 200
    assert person.get(f"/api/v1/articles/{sport}").status_code == 200
    assert person.patch(f"/api/v1/articles/{sport}", json={"dek": "a"}, headers=FIRST).status_code == 403
    moved = person.patch(f"/api/v1/articles/{city}", json={"section": "sport"}, headers={"If-Match": '"2"'})
    assert moved.status_code == 403
    russian = person.patch(
        f"/api/v1/articles/{city}", json={"section": "sport", "locale": "ru"}, headers={"If-Match": '"2"'}
    )
    assert russian.status_code == 200


@pytest.mark.both_databases
def test_what_readers_see_is_changed_only_by_whoever_may_do_so_where_they_see_it(
    desk: Desk, database: Database
) -> None:
    live = desk.article(section="sport", published=True).article
    path = f"/api/v1/articles/{live.id}"
    person = desk.client(desk.signed_in(desk.colleague(Given("translator", "sport/"), Given("editor", "city/")))[1])
    second, third, fourth = ({"If-Match": f'"{number}"'} for number in (2, 3, 4))

    def attempt(headers: dict[str, str]) -> list[tuple[int, str]]:
        answers = (
            person.post(f"{path}/publish", headers=headers),
            person.post(f"{path}/unpublish", headers=headers),
            person.delete(path, headers=headers),
        )
        return [(answer.status_code, (answer.json or {}).get("missing_permission", "")) for answer in answers]

    refused = [(403, "articles:publish")] * 2 + [(403, "articles:delete")]
    assert attempt(second) == refused
    # The working copy may be moved; what readers have stays where it was published, and out of reach.
    assert person.patch(path, json={"section": "city"}, headers=second).status_code == 200
    before = counts(database)
    assert attempt(third) == refused
    assert counts(database) == before
    assert desk.client(None).get(f"/content/v1/articles/en/{live.slug}").status_code == 200
    # Somebody who may do both shows it in the city; from then on it is the city's.
    both = desk.client(desk.signed_in(desk.colleague(Given("editor", "sport/"), Given("editor", "city/")))[1])
    assert both.post(f"{path}/publish", headers=third).status_code == 200
    assert person.post(f"{path}/unpublish", headers=fourth).status_code == 200


def test_nothing_is_rendered_of_what_is_hidden(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    rendered, render = [], preparing.render
    monkeypatch.setattr(preparing, "render", lambda *body: rendered.append(body) or render(*body))
    path = f"/api/v1/articles/{desk.article().article.id}/publish"
    for options, status in (
        ({"section_path": "sport/"}, 404),
        ({"locale": "kk"}, 404),
        ({"section_path": "city/"}, 200),
    ):
        answer = desk.client(desk.token("editor", **options)).post(path, headers=FIRST)
        assert (answer.status_code, len(rendered)) == (status, int(status == 200)), options


def test_what_one_made_stays_ones_own_after_others_edited_it(desk: Desk) -> None:
    token, other = desk.token("author"), desk.token("author")
    author, colleague, editor = desk.client(token), desk.client(other), desk.client(desk.token("editor"))
    path = f"/api/v1/articles/{desk.article(desk.actor(token)).article.id}"
    assert editor.patch(path, json={"dek": "Edited."}, headers=FIRST).status_code == 200
    second = {"If-Match": '"2"'}
    refused = colleague.patch(path, json={"dek": "Theirs."}, headers=second)
    assert (refused.status_code, refused.json["missing_permission"]) == (403, "articles:write_any")
    assert colleague.get(path).status_code == 200
    assert author.patch(path, json={"dek": "Mine."}, headers=second).status_code == 200


def test_a_takedown_and_an_archive_need_the_place_where_readers_find_the_article_too(
    desk: Desk, database: Database
) -> None:
    article = desk.article(published=True, section="sport").article
    path, chief = f"/api/v1/articles/{article.id}", desk.client(desk.token("editor-in-chief"))
    moved = chief.patch(path, json={"section": "trams"}, headers={"If-Match": '"2"'})
    assert moved.status_code == 200
    city = desk.client(desk.token("editor-in-chief", section_path="city/"))
    before, third = counts(database), {"If-Match": '"3"'}
    for verb, body in (("takedown", {}), ("archive", {}), ("correct", {"note": "It is a tram."}), ("unpublish", None)):
        refused = city.post(f"{path}/{verb}", headers=third, json=body)
        assert refused.status_code == 403, verb
    assert counts(database) == before
    assert chief.post(f"{path}/takedown", headers=third).status_code == 200
