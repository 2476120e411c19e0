"""The story of article types: files are put in force, articles have to fit, readers filter and search by them."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from flask.testing import FlaskClient
from jsonschema import Draft202012Validator

from cms.cli import main
from cms.content import listing
from cms.content.rules import FieldFilter, Filter
from cms.newsroom.typing_articles import TypesRefused, reload_types
from cms.platform.actor import system
from cms.platform.clock import now
from cms.platform.db import Database
from cms.settings import Settings
from tests.draining import drain
from tests.newsroom.making import act, draft, patch
from tests.servers import wait_until

EXAMPLES = Path(__file__).parents[2] / "examples" / "types"
OPERATOR = system("test")
LIST = "/content/v1/articles"


@pytest.fixture
def typed(database: Database) -> Iterator[None]:
    """The example types in force."""
    assert reload_types(database, EXAMPLES, OPERATOR, now()) == ["live-blog", "video"]
    yield


def film(editor: FlaskClient, number: int, **fields: Any) -> dict[str, Any]:
    """A published video."""
    whole = {"video_url": f"https://films.example/{number}.mp4", "duration_seconds": 30 * number, **fields}
    made = draft(editor, title=f"Film {number}", type="video", fields=whole)
    answer = act(editor, "publish", made["id"], 1)
    assert answer.status_code == 200, answer.json
    return dict(answer.json)


def titles(client: FlaskClient, query: str) -> list[str]:
    answer = client.get(f"{LIST}?{query}")
    assert answer.status_code == 200, answer.json
    return [card["title"] for card in answer.json["data"]]


@pytest.mark.both_databases
def test_a_type_is_declared_written_published_filtered_and_found(
    typed: None, settings: Settings, database: Database, editor: FlaskClient, client: FlaskClient
) -> None:
    known = editor.get("/api/v1/types").json["data"]
    assert [kind["name"] for kind in known] == ["article", "live-blog", "video"]
    assert editor.get("/api/v1/types/video").json["filterable"]["duration_seconds"] == "number"
    assert editor.get("/api/v1/types/none").status_code == 404

    # A draft may be incomplete, but what is there has to fit.
    made = draft(editor, title="Dawn at the quay", type="video", fields={"transcript": "Ropes are cast off."})
    assert made["type"] == "video"
    wrong = patch(editor, made["id"], 1, fields={"duration_seconds": "long", "colour": "red"})
    assert wrong.status_code == 422
    assert {one["pointer"] for one in wrong.json["errors"]} == {"/fields/duration_seconds", "/fields/colour"}
    refused = act(editor, "publish", made["id"], 1)
    assert refused.status_code == 422
    assert {(one["pointer"], one["code"]) for one in refused.json["errors"]} == {
        ("/fields/video_url", "required"), ("/fields/duration_seconds", "required"),
    }  # fmt: skip
    whole = {"video_url": "https://films.example/dawn.mp4", "duration_seconds": 95, "recorded_on": "2026-11-24"}
    assert patch(editor, made["id"], 1, fields=whole).status_code == 200
    assert act(editor, "publish", made["id"], 2).status_code == 200
    document = client.get(f"{LIST}/{made['id']}").json
    assert document["type"] == "video"
    assert document["fields"] == {**whole, "transcript": "Ropes are cast off."}

    draft_only = draft(editor, title="Not published", type="video", fields=whole)
    article = draft(editor, title="A plain article", fields={"duration_seconds": 95, "anything": [{"goes": None}]})
    act(editor, "publish", article["id"], 1)
    film(editor, 1, places=["Quay", "Hill"], is_live=True, rating="all")
    film(editor, 5, places=["Hill"], is_live=False, recorded_on="2026-11-20")

    assert titles(client, "type=video") == ["Film 5", "Film 1", "Dawn at the quay"]
    assert titles(client, "type=article") == ["A plain article"]
    assert titles(client, "type=none") == []
    assert titles(client, "type=video&fields[duration_seconds][gte]=60") == ["Film 5", "Dawn at the quay"]
    assert titles(client, "type=video&fields[duration_seconds][gte]=60&fields[duration_seconds][lte]=100") == [
        "Dawn at the quay"
    ]
    for same in ("95", "95.0", "095"):
        assert titles(client, f"type=video&fields[duration_seconds]={same}") == ["Dawn at the quay"]
    assert titles(client, "type=video&fields[duration_seconds][in]=30,150,7") == ["Film 5", "Film 1"]
    assert titles(client, "type=video&fields[places]=Hill") == ["Film 5", "Film 1"]
    assert titles(client, "type=video&fields[places]=Hill&fields[is_live]=true") == ["Film 1"]
    assert titles(client, "type=video&fields[places]=Hill&fields[places][in]=Quay,Sea") == []
    assert titles(client, "type=video&fields[recorded_on][lte]=2026-11-21") == ["Film 5"]
    assert titles(client, "type=video&locale=kk&fields[places]=Hill") == []
    counted = client.get(f"{LIST}?type=video&fields[places]=Hill&count=exact").json
    assert counted["meta"]["count"] == 2

    drain(settings, database)
    assert [hit["title"] for hit in client.get("/content/v1/search?q=ropes").json["data"]] == ["Dawn at the quay"]
    assert editor.get("/api/v1/articles?type=video&count=exact").json["meta"]["count"] == 4

    # Another type is another set of rules, and the article has to fit it.
    changed = patch(editor, draft_only["id"], 1, type="live-blog")
    assert changed.status_code == 422
    assert {one["pointer"] for one in changed.json["errors"]} == {
        "/fields/video_url", "/fields/duration_seconds", "/fields/recorded_on",
    }  # fmt: skip
    entry = {"at": "2026-11-25T08:00:00Z", "text": "A heron lands."}
    cleared = dict.fromkeys(whole) | {"entries": [entry], "is_over": True}
    assert patch(editor, draft_only["id"], 1, type="live-blog", fields=cleared).status_code == 200
    assert patch(editor, draft_only["id"], 2, type="king").json["errors"][0]["code"] == "unknown_type"
    act(editor, "publish", draft_only["id"], 2)
    drain(settings, database)
    assert titles(client, "type=live-blog&fields[is_over]=true") == ["Not published"]
    wait_until(lambda: client.get("/content/v1/search?q=heron").json["data"], what="the index as readers see it")
    assert client.get("/content/v1/search?q=heron").json["data"][0]["type"] == "live-blog"

    # What is taken away cannot be filtered by any more, and comes back with its values.
    act(editor, "unpublish", made["id"], 3)
    assert titles(client, "type=video&fields[duration_seconds]=95") == []
    act(editor, "publish", made["id"], 4)
    assert titles(client, "type=video&fields[duration_seconds]=95") == ["Dawn at the quay"]
    drain(settings, database)


@pytest.mark.both_databases
def test_pages_of_a_filtered_list_hold_each_article_once(typed: None, editor: FlaskClient, client: FlaskClient) -> None:
    for number in range(1, 12):
        film(editor, number, is_live=number % 2 == 0)
    for query in ("fields[is_live]=false", "fields[duration_seconds][gte]=31", "fields[is_live][in]=true,false"):
        expected = titles(client, f"type=video&{query}&limit=100")
        found: list[str] = []
        cursor = ""
        while True:
            page = client.get(f"{LIST}?type=video&{query}&limit=2{cursor}").json
            found += [card["title"] for card in page["data"]]
            if not page["page"]["has_more"]:
                break
            cursor = f"&cursor={page['page']['next_cursor']}"
        assert found == expected
        assert len(found) > 4
        other = client.get(f"{LIST}?type=video&fields[places]=Quay&limit=2{cursor}")
        assert (other.status_code, other.json["code"]) == (400, "bad_cursor")


@pytest.mark.parametrize(
    ("query", "named"),
    [
        ("fields[duration_seconds]=1", "?type"),
        ("type=video&fields[video_url]=x", "?fields[video_url]"),
        ("type=video&fields[transcript][gte]=a", "?fields[transcript][gte]"),
        ("type=video&fields[password_hash]=x", "?fields[password_hash]"),
        ("type=video&fields[id]=x", "?fields[id]"),
        ("type=video&fields[author.email]=x", "?fields[author.email]"),
        ("type=video&fields[body][in]=x", "?fields[body][in]"),
        ("type=article&fields[duration_seconds]=1", "?fields[duration_seconds]"),
        ("type=none&fields[duration_seconds]=1", "?type"),
        ("type=video&fields[duration_seconds][startswith]=1", "?fields[duration_seconds][startswith]"),
        ("type=video&fields[duration_seconds][gte][lte]=1", "?fields[duration_seconds][gte][lte]"),
        ("type=video&fields[]=1", "?fields[]"),
        ("type=video&fields[duration_seconds=1", "?fields[duration_seconds"),
        ("type=video&fields[duration_seconds]=1;DROP TABLE documents", "?fields[duration_seconds]"),
        ("type=video&fields[duration_seconds]=1e400", "?fields[duration_seconds]"),
        ("type=video&fields[duration_seconds]=NaN", "?fields[duration_seconds]"),
        ("type=video&fields[duration_seconds]=١", "?fields[duration_seconds]"),
        ("type=video&fields[duration_seconds][in]=1,,2", "?fields[duration_seconds][in]"),
        ("type=video&fields[duration_seconds][in]=" + ",".join(map(str, range(60))), "?fields[duration_seconds][in]"),
        ("type=video&fields[is_live]=yes", "?fields[is_live]"),
        ("type=video&fields[is_live][gte]=true", "?fields[is_live][gte]"),
        ("type=video&fields[places]=" + "x" * 300, "?fields[places]"),
        ("type=video&fields[recorded_on][gte]=yesterday", "?fields[recorded_on][gte]"),
        ("type=video&fields=duration_seconds", "?fields"),
        ("type=video&" + "&".join(f"fields[f{number}]=1" for number in range(11)), "?fields"),
        ("type=video&" + "fields[" + "x" * 200 + "]=1", "?fields[" + "x" * 113),
    ],
)
def test_nothing_but_declared_fields_can_be_filtered_by(
    typed: None, client: FlaskClient, query: str, named: str
) -> None:
    answer = client.get(f"{LIST}?{query}")
    assert answer.status_code == 400
    assert answer.json["errors"][0]["pointer"] == named
    assert "table" not in answer.json["detail"].lower()


def test_a_field_that_is_there_and_one_that_is_not_are_refused_alike(typed: None, client: FlaskClient) -> None:
    there, not_there = (client.get(f"{LIST}?type=video&fields[{name}]=x").json for name in ("video_url", "nothing_x"))
    assert there["errors"][0]["detail"] == not_there["errors"][0]["detail"]
    assert there["errors"][0]["code"] == not_there["errors"][0]["code"] == "not_filterable"


def test_a_filtered_list_is_one_statement_that_reads_an_index(typed: None, database: Database) -> None:
    seen: list[str] = []

    class Counting:
        is_sqlite = True

        def rows(self, statement: str, values: Any) -> list[Any]:
            seen.append(statement)
            return database.direct.rows(statement, values)

    asked = Filter(type="video", fields=(FieldFilter("places", ("Hill",)), FieldFilter("duration_seconds", (), 1.0)))
    listing.newest(Counting(), asked, 20, None)  # type: ignore[arg-type]  # stands in the place of the reads it counts
    [statement] = seen
    values = ["places", "Hill", "video", "duration_seconds", 1.0]
    plan = " ".join(str(row[3]) for row in database.direct.rows(f"EXPLAIN QUERY PLAN {statement}", values))
    assert "ix_document_fields_newest (field=? AND value=?)" in plan
    assert "SCAN k" not in plan


def test_the_openapi_document_holds_the_types_in_a_stable_order(
    typed: None, settings: Settings, editor: FlaskClient, client: FlaskClient, database: Database
) -> None:
    made = film(editor, 2)
    first, again = client.get("/openapi.json"), client.get("/openapi.json")
    assert first.data == again.data
    document = first.json
    schemas = document["components"]["schemas"]
    assert schemas["VideoTypeFields"]["required"] == ["video_url", "duration_seconds"]
    assert [one["properties"]["type"]["const"] for one in schemas["ArticleDocument"]["oneOf"]] == [
        "article", "live-blog", "video",
    ]  # fmt: skip
    shape = Draft202012Validator({"$ref": "#/components/schemas/ArticleDocument", "components": document["components"]})
    whole = client.get(f"{LIST}/{made['id']}").json
    shape.validate(whole)
    assert not shape.is_valid({**whole, "fields": {}})
    assert not shape.is_valid({**whole, "type": "unheard-of"})
    [parameter] = [
        one for one in document["paths"]["/content/v1/articles"]["get"]["parameters"] if one["name"] == "fields[name]"
    ]
    assert "`video`: duration_seconds" in parameter["description"]


def test_a_bad_file_never_takes_effect_and_types_in_use_cannot_go(
    settings: Settings, database: Database, editor: FlaskClient, tmp_path: Path
) -> None:
    folder = settings.types_folder
    environment = {
        "COPYDESK_HOME": str(settings.home), "COPYDESK_DATABASE_URL": settings.database_url,
        "COPYDESK_SECRET_KEY": settings.secret_key,
    }  # fmt: skip

    def run(*words: str) -> tuple[int, str]:
        result = CliRunner().invoke(main, ["types", *words], env=environment)
        return result.exit_code, result.output

    assert run("check") == (0, f"{folder} holds 0 types: none.\n")
    shutil.copytree(EXAMPLES, folder)
    assert run("check") == (0, f"{folder} holds 2 types: live-blog, video.\n")
    assert editor.get("/api/v1/types/video").status_code == 404
    code, told = run("reload")
    assert (code, told.splitlines()[0]) == (0, "Changed: live-blog, video.")
    before = editor.get("/api/v1/types").data
    (folder / "video.json").write_text('{"type": "object", "required": "all"}', "utf-8")
    (folder / "other.json").write_text('{"type": "object"}', "utf-8")
    code, told = run("check")
    assert code == 1
    assert "video.json, at /required: 'all' is not of type 'array'." in told
    code, told = run("reload")
    assert code == 1
    assert "nothing has changed" in told
    assert editor.get("/api/v1/types").data == before

    draft(editor, title="A film", type="video")
    (folder / "video.json").unlink()
    code, told = run("reload")
    assert code == 1
    assert "video (1 articles)" in told
    with pytest.raises(TypesRefused, match="video"):
        reload_types(database, tmp_path / "none", OPERATOR, now())
    shutil.copy(EXAMPLES / "video.json", folder)
    assert run("reload")[0] == 0
    assert [kind["name"] for kind in editor.get("/api/v1/types").json["data"]] == [
        "article", "live-blog", "other", "video",
    ]  # fmt: skip


def test_the_newsrooms_own_article_type_stands_in_the_place_of_the_built_in_one(
    settings: Settings, database: Database, editor: FlaskClient, tmp_path: Path
) -> None:
    early = draft(editor, title="Before the rule", fields={"anything": 1})
    text = '{"type": "object", "required": ["desk"], "properties": {"desk": {"enum": ["city", "sport"]}}}'
    (tmp_path / "article.json").write_text(text, "utf-8")
    assert reload_types(database, tmp_path, OPERATOR, now()) == ["article"]
    assert act(editor, "publish", early["id"], 1).json["errors"][0]["pointer"] == "/fields/desk"
    assert patch(editor, early["id"], 1, fields={"desk": "moon"}).status_code == 422
    assert patch(editor, early["id"], 1, fields={"desk": "city"}).status_code == 200
    assert act(editor, "publish", early["id"], 2).status_code == 200
    drain(settings, database)
    (tmp_path / "article.json").unlink()
    assert reload_types(database, tmp_path, OPERATOR, now()) == ["article"]
    plain = draft(editor, title="After the rule")
    assert act(editor, "publish", plain["id"], 1).status_code == 200
    drain(settings, database)
