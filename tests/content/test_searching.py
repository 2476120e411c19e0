"""Search as readers see it: a real index, joined with what is live."""

from dataclasses import replace

import pytest
from flask.testing import FlaskClient

from cms.content.publishing import PublishedArticle, put_document, withdraw_document
from cms.content.search.schemas import CompletionListShape, HitListShape
from cms.platform.db import Database
from cms.platform.ids import new_id
from cms.settings import Settings
from cms.taxonomy.models import Person, Section, Tag
from tests.content.making import DAY_ONE, article
from workers.handlers.indexing import rebuild_index

SEARCH = "/content/v1/search"


def put(database: Database, *articles: PublishedArticle) -> None:
    with database.transaction() as session:
        for one in articles:
            put_document(session, one, DAY_ONE)


def titles(client: FlaskClient, query: str) -> list[str]:
    answer = client.get(f"{SEARCH}?{query}")
    assert answer.status_code == 200, answer.json
    assert HitListShape().validate(answer.json) == {}
    return [hit["title"] for hit in answer.json["data"]]


@pytest.mark.both_databases
def test_a_search_finds_what_is_live_with_what_was_found_marked(
    client: FlaskClient, database: Database, settings: Settings
) -> None:
    ferry = article(1, title="Ferries <b>return</b>", text="The ferry sailed at dawn. " * 40, section="world/europe")
    train = article(2, title="列车出发", text="北京的列车今天出发。", locale="zh-CN", slug="列车", tags=("rail",))
    put(database, ferry, train)
    rebuild_index(database, settings.index_home)
    assert titles(client, "q=ferry") == ["Ferries <b>return</b>"]
    assert titles(client, "q=列车") == titles(client, "q=Rail") == titles(client, "q=列车&locale=zh-CN") == ["列车出发"]
    assert titles(client, "q=列车&locale=en") == titles(client, "q=nothing") == []
    assert titles(client, "q=ferry&section=world") == titles(client, "q=ferry&section=europe") == [ferry.title]
    assert titles(client, "q=ferry&section=sport") == []
    [hit] = client.get(f"{SEARCH}?q=return").json["data"]
    assert "<mark>return</mark>" in hit["highlight"]["title"]
    assert "<b>" not in hit["highlight"]["title"]
    with database.transaction() as session:
        withdraw_document(session, ferry.article_id, DAY_ONE)
    assert titles(client, "q=ferry") == []
    put(database, replace(train, revision=2, title="晚点", locale="zh-TW"))
    assert titles(client, "q=列车") == ["晚点"]
    assert titles(client, "q=列车&locale=zh-CN") == []


def test_results_are_paged_to_the_end_without_repeats(
    client: FlaskClient, database: Database, settings: Settings
) -> None:
    put(database, *(article(number, text="ferry " * number) for number in range(1, 14)))
    rebuild_index(database, settings.index_home)
    seen, cursor = [], ""
    while True:
        answer = client.get(f"{SEARCH}?q=ferry&limit=5{cursor}").json
        seen += [hit["number"] for hit in answer["data"]]
        if not answer["page"]["has_more"]:
            break
        cursor = f"&cursor={answer['page']['next_cursor']}"
    assert sorted(seen) == list(range(1, 14))
    other = client.get(f"{SEARCH}?q=harbour&limit=5{cursor}")
    assert (other.status_code, other.json["code"]) == (400, "bad_cursor")


def test_without_an_index_a_search_says_when_to_come_back(
    client: FlaskClient, database: Database, settings: Settings
) -> None:
    answer = client.get(f"{SEARCH}?q=ferry")
    assert (answer.status_code, answer.json["code"]) == (503, "unavailable")
    assert answer.headers["Retry-After"]
    put(database, article(1, text="ferry"))
    rebuild_index(database, settings.index_home)
    assert titles(client, "q=ferry") == ["Story number 1"]


def test_results_are_counted_narrowed_and_sorted(client: FlaskClient, database: Database, settings: Settings) -> None:
    put(
        database,
        article(1, title="Ferry one", tags=("sea", "rail"), section="world/europe", published_at=DAY_ONE),
        article(2, title="Ferry two", tags=("sea",), authors=("jo",), published_at=DAY_ONE.replace(year=2025)),
        article(3, title="Ferry three", section="sport", type="video", published_at=DAY_ONE.replace(year=2024)),
        article(
            4, title="渡轮", text="渡轮 ferry", locale="zh-CN", slug="渡轮", published_at=DAY_ONE.replace(year=2023)
        ),
    )
    name_words(database)
    rebuild_index(database, settings.index_home)
    answer = client.get(f"{SEARCH}?q=ferry&facets=section,tag,author,year,locale,type&count=exact&limit=1").json
    assert HitListShape().validate(answer) == {}
    assert (answer["meta"]["count"], answer["meta"]["did_you_mean"]) == (4, None)
    told = {name: [(one["value"], one["count"]) for one in values] for name, values in answer["meta"]["facets"].items()}
    assert told == {
        "section": [("world", 3), ("europe", 1), ("sport", 1)], "tag": [("sea", 2)],
        "author": [("mei-lin", 3)], "year": [("2023", 1), ("2024", 1), ("2025", 1), ("2026", 1)],
        "locale": [("en", 3), ("zh-CN", 1)], "type": [("article", 3), ("video", 1)],
    }, "what no taxonomy knows is not told"  # fmt: skip
    assert [one["name"] for one in answer["meta"]["facets"]["section"]] == ["The world", "Europe", "Sport"]
    for name, values in answer["meta"]["facets"].items():
        for one in values:
            narrowed = client.get(f"{SEARCH}?q=ferry&count=exact&{name}={one['value']}").json
            assert (narrowed["meta"]["count"], narrowed["meta"]["facets"]) == (one["count"], {}), one
    assert titles(client, "q=ferry&sort=-published_at") == ["Ferry one", "Ferry two", "Ferry three", "渡轮"]
    assert titles(client, "q=ferry&sort=published_at&limit=2") == ["渡轮", "Ferry three"]
    assert titles(client, "q=ferry&published_at[gte]=2025-01-01&published_at[lt]=2026-01-01") == ["Ferry two"]
    assert titles(client, "q=ferry after:2025 before:2026") == ["Ferry two"]
    assert titles(client, "q=ferry&year=2024") == ["Ferry three"]
    assert set(titles(client, "q=two OR three")) == {"Ferry two", "Ferry three"}
    first = client.get(f"{SEARCH}?q=ferry&limit=2&sort=-published_at").json["page"]["next_cursor"]
    assert titles(client, f"q=ferry&limit=2&sort=-published_at&cursor={first}") == ["Ferry three", "渡轮"]
    assert client.get(f"{SEARCH}?q=ferry&limit=2&sort=published_at&cursor={first}").status_code == 400


def name_words(database: Database) -> None:
    """Sections, a tag and a person in the taxonomy; the tag `rail` and the person `jo` are in none."""
    given = {"number": 1, "created_at": DAY_ONE}
    with database.transaction() as session:
        for number, (slug, name, path) in enumerate(
            [("world", "The world", "world/"), ("europe", "Europe", "world/europe/"), ("sport", "Sport", "sport/")], 1
        ):
            place = {"path": path, "place": path, "number": number, "created_at": DAY_ONE}
            session.add(Section(id=new_id(), slug=slug, name=name, **place))
        session.add_all([Tag(id=new_id(), slug="sea", name="Sea", **given)])
        session.add_all([Person(id=new_id(), slug="mei-lin", name="Mei Lin", **given)])


def test_what_was_meant_is_told_where_next_to_nothing_is_found(
    client: FlaskClient, database: Database, settings: Settings
) -> None:
    put(database, article(1, title="Harbour ferries return"))
    rebuild_index(database, settings.index_home)
    answer = client.get(f"{SEARCH}?q=harbuor, ferires!").json
    assert (answer["data"], answer["meta"]["did_you_mean"]) == ([], "harbour, ferries!")
    assert titles(client, f"q={answer['meta']['did_you_mean']}") == ["Harbour ferries return"]
    assert client.get(f"{SEARCH}?q=xyzzyplugh").json["meta"]["did_you_mean"] is None


def test_titles_tags_and_people_are_completed(client: FlaskClient, database: Database, settings: Settings) -> None:
    ferry = article(1, title="Ferries sail", tags=("sea", "rail"))
    put(database, ferry, article(2, title="Fern garden", locale="kk"))
    name_words(database)
    rebuild_index(database, settings.index_home)

    def completed(query: str) -> list[tuple[str, str]]:
        answer = client.get(f"{SEARCH}/completions?q={query}")
        assert CompletionListShape().validate(answer.json) == {}
        return [(one["kind"], one["text"]) for one in answer.json["data"]]

    assert completed("fer") == [("article", "Fern garden"), ("article", "Ferries sail")]
    assert completed("fer&locale=en") == completed("ferries sa") == [("article", "Ferries sail")]
    assert completed("se") == [("tag", "Sea")]
    assert completed("mei l") == [("person", "Mei-Lin")]
    assert completed("rai") == [], "a tag that is no more is nobody's business"
    assert completed("fer&kinds=tag,person") == completed("f") == completed("sea xx") == []
    [first] = client.get(f"{SEARCH}/completions?q=ferries").json["data"]
    assert first["url"] == f"/content/v1/articles/en/{ferry.slug}"
    with database.transaction() as session:
        withdraw_document(session, ferry.article_id, DAY_ONE)
    assert completed("ferries") == completed("se") == []
    for query, status in (("", 422), ("%20", 422), ("x" * 300, 422), ("a&limit=21", 400), ("a&kinds=section", 400)):
        assert client.get(f"{SEARCH}/completions?q={query}").status_code == status


REFUSED = (
    ("", 400, "bad_request"), ("q=", 422, "invalid"), ("q=%20", 422, "invalid"),
    ("q=" + "x" * 100_000, 422, "invalid"), ("q=a&q=b", 400, "bad_request"), ("q=a&limit=0", 400, "bad_request"),
    ("q=a&sort=score", 400, "bad_request"), ("q=a&facets=body", 400, "bad_request"), ("q=a&year=0", 400, "bad_request"),
    ("q=a&tag_key=x", 400, "bad_request"), ("q=a&published_at[gte]=soon", 400, "bad_request"),
    ("q=%00", 400, "bad_request"), ("q=a&cursor=x", 400, "bad_cursor"),
)  # fmt: skip


def test_what_cannot_be_searched_for_is_refused(client: FlaskClient, database: Database, settings: Settings) -> None:
    rebuild_index(database, settings.index_home)
    for query, status, code in REFUSED:
        answer = client.get(f"{SEARCH}?{query}")
        assert (answer.status_code, answer.mimetype) == (status, "application/problem+json")
        assert answer.json["code"] == code


def test_the_description_says_that_pages_of_a_search_move_with_what_is_published(client: FlaskClient) -> None:
    said = client.get("/openapi.json").json["paths"]["/content/v1/search"]["get"]["description"]
    assert "may come twice or be missed" in said
    assert "/content/v1/articles" in said
