"""What every search engine must do, whatever it is made of: each test runs on Whoosh and on SQLite's FTS5."""

import json
import shutil
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from search_index.damage import IndexBroken, IndexUnavailable
from search_index.document import IndexDocument
from search_index.engine import FACETS, NEWEST, OLDEST, RELEVANCE, SORTS, Completion, Progress, SearchEngine, SearchPage
from search_index.query import AnyOf, QueryError, Unit, parse
from search_index.shelf import Shelf
from tests.search_index.conftest import article
from tests.search_index.sqlite_engine import SqliteEngine

ENGINES: dict[str, Callable[[Path], SearchEngine]] = {"whoosh": Shelf, "fts5": SqliteEngine}


def day(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


NEWSROOM = (
    article("ferry", "Ferries sail again", "The harbour opened after eleven days of ice.",
            published_at=day("2024-03-01"), tags=(("sea", "Seafaring"),), people=(("mei-chen", "Mei Chen"),),
            authors=("mei-chen",)),
    article("ice", "Ice closes the harbour", "No ferry left; the icebreaker stays.", dek="A hard winter",
            published_at=day("2025-01-10"), people=(("jo-f", "Jo Ferreby"),), authors=()),
    article("rail", "Rail strike ends", "Trains run again.", tags=(("rail-strike", "Rail strike"), ("rail", "Rail")),
            published_at=day("2026-11-01"), people=(("mei-chen", "Mei Chen"),), authors=("mei-chen",)),
    article("strike", "Miners strike", "No rail here to speak of, but coal.", published_at=day("2026-10-31"),
            tag_aliases=(("pit", "Pits"),), type="video"),
    article("energy", "Coal and wind", "Energy prices fall.", section_path=("business", "energy"),
            published_at=day("2026-02-01"), tags=(("rail", "Rail"),)),
    article("zh", "城市交通改革", "北京市公布了AI芯片和城市的公共交通规划。", locale="zh-CN",
            published_at=day("2026-03-01"), tags=(("rail", "铁路"),)),
    article("tw", "臺灣經濟與鐵路", "國會討論體育館。", locale="zh-TW", published_at=day("2026-03-02")),
    article("ru", "Новости спорта", "Команда выиграла матч.", locale="ru", published_at=day("2026-03-03")),
    article("ko", "서울시 교통", "새로운 노선.", locale="ko", published_at=day("2026-03-04")),
    article("ja", "東京タワーの夜", "観光客が増えた。", locale="ja", published_at=day("2026-03-05")),
    article("de", "Häuser am Fluss", "Die Bürgermeisterin eröffnete die Brücken.", locale="de-AT",
            published_at=day("2026-03-06")),
    article("fr", "Les élections municipales", "Les électeurs votaient hier.", locale="fr",
            published_at=day("2026-03-07")),
)  # fmt: skip
TRUTH = {document.id: document for document in NEWSROOM}


class Desk:
    """An engine with a reader and a writer, and short ways to ask."""

    def __init__(self, engine: SearchEngine, home: Path) -> None:
        self.engine, self.home = engine, home
        self.reader, self.writer = engine.reader(), engine.writer()

    def page(self, typed: str, **options: object) -> SearchPage:
        """A page of up to a hundred."""
        given: dict[str, object] = {"limit": 100, **options}
        where = {name: str(given.pop(name)) for name in ("locale", "section", "tag", "author", "type") if name in given}
        return self.reader.search(parse(typed).narrowed(where), **given)  # type: ignore[arg-type]  # short for tests

    def find(self, typed: str, **options: object) -> list[str]:
        """Ids, in order."""
        return [hit.id for hit in self.page(typed, **options).hits]

    def fill(self, *documents: IndexDocument) -> None:
        """Build it anew."""
        self.engine.rebuild(lambda: documents, lambda _: ([], []))

    def close(self) -> None:
        """Give everything back."""
        self.reader.close()
        self.writer.close()


@pytest.fixture(params=ENGINES)
def desk(request: pytest.FixtureRequest, tmp_path: Path, always_looking: None) -> Iterator[Desk]:
    """Each engine, with a dozen articles in eight languages."""
    desk = Desk(ENGINES[request.param](tmp_path / "index"), tmp_path / "index")
    desk.fill(*NEWSROOM)
    yield desk
    desk.close()


FOUND = {
    "ferry": {"ferry", "ice"}, "FERRIES": {"ferry", "ice"}, "winter": {"ice"}, "tag:rail": {"rail", "energy", "zh"},
    "author:ferreby": {"ice"}, "author:jo-f": {"ice"}, "title:harbour": {"ice"}, '"harbour opened"': {"ferry"},
    '"opened harbour"': set(), "harb*": {"ferry", "ice"}, "ferries*": {"ferry", "ice"}, "section:business": {"energy"},
    "section:Energy prices": {"energy"}, "locale:ru": {"ru"}, "miners OR wind": {"strike", "energy"},
    '"harbour opened" OR "coal and wind"': {"ferry", "energy"}, "OR ferry OR": {"ferry", "ice"},
    "ferry or": {"ferry", "ice"}, "ferry -icebreaker": {"ferry"}, "ferry -before:2025": {"ice"},
    "before:2025": {"ferry"}, "after:2026-11": {"rail"}, "after:2026-10-31 before:2026-11-01": {"strike"},
    "rail after:2026-10": {"rail", "strike"}, "tag:pits": {"strike"}, "pits": {"strike"},
    "交通": {"zh"}, "公共交通": {"zh"}, "交": {"zh"}, "芯片": {"zh"}, "ai": {"zh"}, '"AI芯片"': {"zh"},
    "台湾": {"tw"}, "臺灣": {"tw"},
    "经济": {"tw"}, "經濟": {"tw"}, "铁路": {"zh", "tw"}, "国会讨论": {"tw"}, "體育": {"tw"},
    "новость": {"ru"}, "матчи": {"ru"}, "교통": {"ko"}, "タワー": {"ja"}, "東京": {"ja"}, "ＡＩ": {"zh"},
    "hauser": {"de"}, "haus": {"de"}, "Brücke": {"de"}, "brucken": {"de"}, "élection": {"fr"}, "electeur": {"fr"},
    "elect*": {"fr"}, "ferry 交通 матч haus": {"ferry", "ice", "zh", "ru", "de"}, "the": set(), "secret:ferry*": set(),
    "id:ferry all:ferry": {"ferry", "ice"}, "label:tag": set(), "published:2026": set(), "tag_key:rail": set(),
    "before:soon ferry": {"ferry", "ice"}, "after:2026-13": set(), "after:0000": set(), "nothing": set(),
}  # fmt: skip


def test_people_find_what_they_mean(desk: Desk) -> None:
    differing = {typed: set(desk.find(typed)) ^ found for typed, found in FOUND.items()}
    assert {typed: wrong for typed, wrong in differing.items() if wrong} == {}


def test_programs_narrow_by_exact_values(desk: Desk) -> None:
    assert set(desk.find("-nothing", tag="rail")) == {"rail", "energy", "zh"}
    assert set(desk.find("-nothing", author="mei-chen")) == {"ferry", "rail"}
    assert desk.find("-nothing", author="jo-f") == []
    assert desk.find("rail", type="video") == ["strike"]
    assert desk.find("-nothing", section="business") == ["energy"]
    assert desk.find("ferry 交通", locale="zh-CN") == ["zh"]
    assert desk.find("-nothing", tag="Rail") == desk.find("-nothing", locale="") == []


def test_all_words_come_before_some_and_phrases_before_both(desk: Desk) -> None:
    page = desk.page("rail strike")
    assert page.hits[0].id == "rail"
    assert [hit.score >= 1 for hit in page.hits] == [True, True, False, False][: len(page.hits)]
    assert desk.page("miners OR wind coal").hits[0].id in ("strike", "energy")
    assert {hit.id for hit in desk.page("miners OR wind coal").hits if hit.score >= 1} == {"strike", "energy"}


def test_of_several_words_for_one_thing_what_was_typed_counts_most(desk: Desk) -> None:
    typed, other = parse("ferry").units[0], parse("trains").units[0]
    assert isinstance(typed, Unit)
    assert isinstance(other, Unit)
    query = replace(parse("ferry"), units=(AnyOf((typed, other), (1.0, 0.7)),))
    hits = desk.reader.search(query, limit=10).hits
    assert {hit.id for hit in hits} == {"ferry", "ice", "rail"}
    assert all(hit.score >= 1 for hit in hits)


@pytest.mark.parametrize("sort", SORTS)
def test_pages_in_every_order_hold_everything_once(desk: Desk, sort: str) -> None:
    for typed in ("-nothing", "rail coal ferry", "locale:zh-CN"):
        everything = desk.page(typed, sort=sort)
        paged, after = [], None
        for _ in range(30):
            page = desk.page(typed, sort=sort, limit=2, after=after)
            paged += page.hits
            assert page.count == everything.count == len(everything.hits)
            if not page.has_more:
                break
            after = json.loads(json.dumps(page.hits[-1].position))
        assert [hit.id for hit in paged] == [hit.id for hit in everything.hits]
        if sort != RELEVANCE:
            instants = [TRUTH[hit.id].published_at for hit in everything.hits]
            assert instants == sorted(instants, reverse=sort == NEWEST)


def test_by_date_only_what_has_everything_is_listed_where_there_is_any(desk: Desk) -> None:
    assert desk.find("rail strike", sort=NEWEST) == ["rail", "strike"]
    assert desk.find("rail ferry", sort=OLDEST) == ["ferry", "ice", "energy", "strike", "rail"]


def test_a_place_that_is_none_is_refused(desk: Desk) -> None:
    places = (
        [],
        [1.0],
        [1.0, 2, 3],
        ["1", 2, "a"],
        [None, 2, "a"],
        "abc",
        [float("nan"), 2, "a"],
        [1, float("nan"), "a"],
    )
    for sort in SORTS:
        for place in places:
            with pytest.raises(QueryError):
                desk.page("ferry", after=place, sort=sort)
    with pytest.raises(QueryError):
        desk.page("ferry", after=desk.page("ferry").hits[0].position, sort=NEWEST)


def test_facets_count_what_was_found(desk: Desk) -> None:
    for typed in ("-nothing", "rail", "ferry 交通", "nothing"):
        page = desk.page(typed, facets=FACETS)
        found = [TRUTH[hit.id] for hit in page.hits]
        for name, values in {
            "section": lambda one: set(one.section_path), "tag": lambda one: {slug for slug, _ in one.tags},
            "author": lambda one: set(one.authors), "year": lambda one: {str(one.published_at.year)},
            "locale": lambda one: {one.locale.lower()}, "type": lambda one: {one.type},
        }.items():  # fmt: skip
            told = dict(page.facets[name])
            wanted: dict[str, int] = {}
            for one in found:
                for value in values(one):
                    wanted[value] = wanted.get(value, 0) + 1
            assert told == wanted, (typed, name)
            assert list(page.facets[name]) == sorted(told.items(), key=lambda pair: (-pair[1], pair[0]))
    assert desk.page("ferry").facets == {}


def test_titles_tags_and_people_are_completed(desk: Desk) -> None:
    assert desk.reader.complete("ferr", locale=None, limit=5) == (
        ["ferry"],
        [Completion("person", "jo-f", "Jo Ferreby", 1)],
    )
    assert desk.reader.complete("rail st", locale=None, limit=5)[0] == ["rail"]
    assert desk.reader.complete("城市交", locale=None, limit=5)[0] == ["zh"]
    assert desk.reader.complete("che", locale="en", limit=5)[1] == [Completion("person", "mei-chen", "Mei Chen", 2)]
    assert desk.reader.complete("铁", locale="zh-CN", limit=5)[1] == [Completion("tag", "rail", "铁路", 1)]
    assert desk.reader.complete("ice", locale="fr", limit=5) == ([], [])
    desk.writer.apply([], ["ice"])
    assert desk.reader.complete("ferreb", locale=None, limit=5) == ([], [])


def test_what_was_meant_is_suggested_where_nothing_was_found(desk: Desk) -> None:
    assert desk.reader.suggest(parse("ferires harbuor")) == {"ferires": "ferries", "harbuor": "harbour"}
    assert desk.reader.suggest(parse("ferry xylophone 交痛")) == {}


def test_what_is_put_replaced_and_removed_is_seen_by_another_reader(desk: Desk) -> None:
    other = desk.engine.reader()
    assert other.count() == len(NEWSROOM)
    desk.writer.apply(
        [article("new", "Zeppelin", revision=3), replace(TRUTH["ice"], title="Zeppelin", revision=2)], ["ru"]
    )
    assert set(desk.find("zeppelin")) == {"new", "ice"}
    assert {hit.id for hit in other.search(parse("zeppelin"), limit=9).hits} == {"new", "ice"}
    assert other.search(parse("locale:ru"), limit=9).hits == ()
    desk.writer.apply([article("new", "Airship", revision=2), article("both", "Zeppelin")], ["both"])
    assert set(desk.find("zeppelin")) == {"new", "ice"}, "what is older is ignored, what is also removed is gone"
    desk.writer.apply([article("new", "Airship", revision=3)], ["nobody"])
    assert desk.find("zeppelin") == ["ice"]
    assert other.indexed() == {**{key: 1 for key in TRUTH if key != "ru"}, "ice": 2, "new": 3}
    other.close()


def test_digests_tell_contents_apart_and_stats_count(desk: Desk) -> None:
    assert desk.reader.digests() == {key: document.digest for key, document in TRUTH.items()}
    changed = replace(TRUTH["rail"], tags=(("rail", "Railways"),))
    desk.writer.apply([changed], [])
    assert desk.reader.digests()["rail"] == changed.digest != TRUTH["rail"].digest
    told = desk.reader.stats()
    assert told.documents == desk.reader.count() == len(NEWSROOM)
    assert told.segments >= 1
    assert told.size_bytes > 1000
    desk.reader.verify()


def test_a_rebuild_goes_on_beside_reads_and_writes_and_loses_nothing(desk: Desk) -> None:
    truth, told = dict(TRUTH), list[Progress]()

    def reading() -> list[IndexDocument]:
        read = list(truth.values())
        truth["late"] = article("late", "Zeppelin")
        truth["rail"] = replace(truth["rail"], title="Zeppelin")
        del truth["ru"]
        desk.writer.apply([truth["late"], truth["rail"]], ["ru"])
        assert set(desk.find("zeppelin")) == {"late", "rail"}, "the old index answers, and takes what comes"
        return read

    def differences(indexed: Mapping[str, int]) -> tuple[Sequence[IndexDocument], Sequence[str]]:
        put = [one for key, one in truth.items() if indexed.get(key) != one.revision]
        return put, [key for key in indexed if key not in truth]

    assert desk.engine.rebuild(reading, differences, total=12, tell=told.append) == 12
    assert desk.reader.digests() == {key: one.digest for key, one in truth.items()}
    assert set(desk.find("zeppelin")) == {"late", "rail"}
    assert told[-1] == Progress(12, 12)


def test_a_new_index_that_is_not_what_it_should_be_never_comes_into_use(desk: Desk) -> None:
    seen = []

    def examine(reader: object) -> list[str]:
        seen.append(reader)
        return ["two articles are missing"]

    with pytest.raises(IndexBroken, match="two articles are missing"):
        desk.engine.rebuild(list, lambda _: ([], []), examine=examine)
    assert len(seen) == 1
    assert set(desk.find("ferry")) == {"ferry", "ice"}


def test_where_there_is_no_index_everybody_is_told_so(desk: Desk) -> None:
    for path in (desk.home, *desk.home.iterdir()):
        if path.name != "index" and path.is_dir():
            shutil.rmtree(path)
        elif path.name in ("CURRENT", "index.db"):
            path.unlink()
    asked: list[Callable[[], object]] = [
        lambda: desk.find("ferry"), desk.reader.count, desk.reader.digests, desk.reader.stats, desk.reader.verify,
        lambda: desk.reader.complete("ferry", locale=None, limit=1), lambda: desk.reader.suggest(parse("ferry")),
    ]  # fmt: skip
    for ask in asked:
        with pytest.raises(IndexUnavailable):
            ask()
    with pytest.raises(IndexBroken):
        desk.writer.apply([article("a")], [])
    desk.fill(*NEWSROOM)
    assert set(desk.find("ferry")) == {"ferry", "ice"}


def test_writers_wait_for_each_other(desk: Desk) -> None:
    def write(name: str) -> None:
        writer = desk.engine.writer()
        for number in range(5):
            writer.apply([article(f"{name}{number}", "Zeppelin")], [])
        writer.close()

    threads = [threading.Thread(target=write, args=(name,)) for name in "abc"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(desk.find("zeppelin")) == 15


HOSTILE = [
    "*", "*" * 256, "*a*b*c*", "?" * 200, "a" * 256, "-", "--", "-" * 256, "-*", '"', '"' * 255, '""', '"-"', "(" * 256,
    "((a) AND", "[a TO z]", "{a TO z}", "all:*", "id:*", "section:*", "locale:*", "title:*", "tag:", "tag:tag:tag:rail",
    "-section:", "author:\x00", "\x00", "\ud800", "\udfff*", "a\u0000b", "ＡＮＤ ＯＲ ＮＯＴ", "AND OR NOT",
    "rail~99999", "rail^1e400", "1e400 NaN inf", "' OR 1=1 --", "%27%20OR", "../../etc/passwd",
    "https://example.org/?q=a&b=*", "\u202e" * 100, "\u0301" * 256, "𝕱𝖊𝖗𝖗𝖞", "🚢" * 200,
    " ".join("的一是在有中大国和城市公人生年月"), "ab* abc* abcd* " * 15, "城" * 256, "\t\n\r rail",
    "ß" * 256, "ﷺ" * 256,
    "OR " * 85, "a OR" * 60, "rail OR OR OR strike", "OR", "OR OR", "-OR", "OR:OR", '"OR"', "rail OR -strike",
    "rail OR section:world", "section:world OR section:business", "before:", "after:9999-99-99", "before:0001",
    "after:99999", "before:2026-02-30", "-before:2026 -after:2020", "before:1 after:1", "BEFORE:2026", 'before:"2026"',
    "before:２０２６", "tag_key:rail", "author_key:*", "label:tag\x1frail", "spelling:ferr*", "digest:0", "published:*",
    "rail\x1fde", "\x1fde*", "hous\x1f*", "ferry\u2028OR\u2028rail", "NEAR(rail strike)", "rail AND", "^rail",
    "{said}: x",
    "said:rail", 'x" OR "y', "x'--", "); DROP TABLE documents;", "rail*" * 50, "OR* OR* fer*", "繁" * 255 + "*",
]  # fmt: skip


def test_hostile_texts_are_answered_or_refused_at_once(desk: Desk) -> None:
    wrong, slowest = [], 0.0
    for typed in HOSTILE:
        began = time.process_time()
        try:
            for sort in SORTS:
                page = desk.page(typed, sort=sort, facets=FACETS)
                if not {hit.id for hit in page.hits} <= TRUTH.keys():
                    wrong.append(typed)
            desk.reader.suggest(parse(typed))
            if typed.split():
                desk.reader.complete(typed, locale=None, limit=5)
        except QueryError:
            pass
        slowest = max(slowest, time.process_time() - began)
    print(f"{len(HOSTILE)} hostile texts, the slowest {slowest * 1000:.0f} ms of CPU")
    assert wrong == []


def test_hidden_fields_cannot_be_reached(desk: Desk) -> None:
    desk.writer.apply([article("secret", "Quiet", tags=(("tok1-tok2", "Xyzzyplugh"),), type="hiddenkind")], [])
    hidden = (
        "type:hiddenkind",
        "tag_key:tok1-tok2",
        "label:xyz*",
        "spelling:xyz*",
        "id:secret",
        "revision:1",
        "digest:*",
    )
    for typed in hidden:
        whole = [hit.id for hit in desk.page(typed).hits if hit.score >= 1]
        text = typed.replace(":", " ").replace("*", "")
        assert whole == [hit.id for hit in desk.page(text).hits if hit.score >= 1], typed
    assert desk.find("hiddenkind") == []
    assert desk.find("-nothing", type="hiddenkind") == ["secret"]


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(max_size=256) | st.text(alphabet='ferry rail交通OR"*-:tagbefore2026', max_size=100))
def test_any_text_is_answered(desk: Desk, typed: str) -> None:
    try:
        parse(typed)
    except QueryError:
        return
    hits = desk.page(typed, limit=50, facets=("tag",)).hits
    places = [(-hit.position[0], -hit.position[1], hit.position[2]) for hit in hits]
    assert places == sorted(places)
    assert len({hit.id for hit in hits}) == len(hits)
