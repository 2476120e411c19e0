"""The sample newsroom: complete, strict, and enough of it; its way into the database; the generator of articles."""

import itertools
import re
import shutil
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import orjson
import pytest
from click.testing import CliRunner
from sqlalchemy import func, select

from cms.audit.models import AuditEntry
from cms.content.front_lists.models import FrontList
from cms.content.front_lists.showing import shown_list
from cms.content.models import Document
from cms.events.models import Delivery
from cms.launch.sample.command import sample as sample_command
from cms.launch.sample.commenting import load_comments
from cms.launch.sample.generate import LAST_AT, generated
from cms.launch.sample.loading import Loaded, is_fresh, load_articles, load_words
from cms.launch.sample.planning import load_lists, load_plans
from cms.launch.sample.reading import HOME, Sample, SampleError, plans, sample, talk
from cms.newsroom.front_lists.arranging import delete_list
from cms.newsroom.models import Article
from cms.newsroom.releases.models import Release
from cms.newsroom.schedules.firing import Round, fire_due
from cms.newsroom.schedules.models import Appointment
from cms.platform.actor import system
from cms.platform.db import Database
from cms.platform.text.reading_time import measure, rates_from
from cms.readers.comments.models import Comment
from cms.settings import Settings
from cms.taxonomy.models import Person, Section, Source, Tag
from tests.newsroom.making import OWED

AFTERWARDS = datetime(2027, 3, 1, 12, tzinfo=UTC)
LEAST_ARTICLES = 40


def clock() -> datetime:
    return AFTERWARDS


@pytest.fixture(scope="module")
def newsroom() -> Sample:
    return sample()


def test_there_is_enough_of_it_in_every_language(newsroom: Sample) -> None:
    locales = Counter(article.locale for article in newsroom.articles)
    assert len(newsroom.articles) >= LEAST_ARTICLES
    assert set(locales) == {"en", "zh-CN", "kk", "ru"}
    assert min(locales["en"], locales["zh-CN"]) >= 15
    assert min(locales["kk"], locales["ru"]) >= 2


def test_articles_are_whole_and_lie_in_many_sections(newsroom: Sample) -> None:
    for article in newsroom.articles:
        assert article.dek
        assert article.summary
        assert article.tags
        assert article.authors
        assert len(article.body) > 200, article.slug
    assert len({article.section for article in newsroom.articles}) >= 8
    assert len({(article.locale, article.title) for article in newsroom.articles}) == len(newsroom.articles)


def test_articles_share_tags_so_that_they_relate(newsroom: Sample) -> None:
    shared = Counter((article.locale, tag) for article in newsroom.articles for tag in set(article.tags))
    alone = [
        article.slug for article in newsroom.articles if all(shared[article.locale, tag] == 1 for tag in article.tags)
    ]
    assert len(alone) <= len(newsroom.articles) // 5, alone


def test_there_is_a_long_read_and_what_the_readme_promises_to_find(newsroom: Sample) -> None:
    longest = max((article for article in newsroom.articles if article.locale == "en"), key=lambda a: len(a.body))
    assert measure(longest.body, 0, "en", rates_from("")).minutes > 5
    assert any("城市交通" in article.body for article in newsroom.articles if article.locale == "zh-CN")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("no fence", "does not begin with TOML"),
        ("+++\ntitle = 1\n+++\nbody", "title has to be text"),
        ('+++\nstrange = "x"\n+++\nbody', "unknown key 'strange'"),
        ("+++\ntitle = \n+++\nbody", "broken TOML"),
        ("+++\n+++\n", "followed by the body"),
    ],
)
def test_a_broken_article_is_refused_by_its_name(tmp_path: Path, text: str, says: str) -> None:
    (tmp_path / "newsroom.toml").write_text("sections = []\ntags = []\npeople = []\nsources = []\n", "utf-8")
    (tmp_path / "articles" / "en").mkdir(parents=True)
    (tmp_path / "articles" / "en" / "broken.md").write_text(text, "utf-8")
    with pytest.raises(SampleError, match=r"articles/en/broken\.md") as refusal:
        sample(tmp_path)
    assert says in str(refusal.value)


@pytest.mark.both_databases
def test_loading_publishes_under_the_dates_that_the_articles_bear(database: Database, newsroom: Sample) -> None:
    part = newsroom.articles[:6]
    load_words(database, newsroom, AFTERWARDS)
    assert load_articles(database, part, part[-1].published_at, clock) == Loaded(new=6, known=0)
    with database.reading() as session:
        documents = session.scalars(select(Document)).all()
        assert {(row.locale, row.slug): row.published_at for row in documents} == {
            (article.locale, article.slug): article.published_at for article in part
        }
        for kind, words in (
            (Section, newsroom.sections),
            (Tag, newsroom.tags),
            (Person, newsroom.people),
            (Source, newsroom.sources),
        ):
            assert session.scalar(select(func.count()).select_from(kind)) == len(words)
        assert set(session.scalars(select(Article.state))) == {"published"}
        # Workers will make the rest: what follows from a publish follows from these too.
        assert session.scalar(select(func.count()).select_from(Delivery)) == 6 * len(OWED)


def test_a_correction_is_among_it_for_readers_to_see(database: Database, newsroom: Sample) -> None:
    [corrected, *_] = [article for article in newsroom.articles if article.correction]
    load_words(database, newsroom, AFTERWARDS)
    load_articles(database, [corrected], corrected.published_at, clock)
    with database.reading() as session:
        content = session.scalars(select(Document.content)).one()
    assert [one["note"] for one in content["corrections"]] == [corrected.correction]
    assert content["published_at"] < content["updated_at"]


@pytest.mark.slow
@pytest.mark.both_databases
def test_front_lists_are_arranged_and_what_is_planned_lies_ahead(database: Database, newsroom: Sample) -> None:
    arranged = plans(newsroom)
    wanted = {(one.locale, slug) for one in arranged.lists for slug in one.articles}
    named = [article for article in newsroom.articles if (article.locale, article.slug) in wanted]
    load_words(database, newsroom, AFTERWARDS)
    load_articles(database, [*newsroom.articles[:3], *named], newsroom.articles[-1].published_at, clock)
    for _ in range(2):
        load_lists(database, arranged.lists, AFTERWARDS)
        load_plans(database, newsroom.planned, arranged.plans, AFTERWARDS)
    assert {one.locale for one in arranged.lists} == {"en", "zh-CN"}
    for one in arranged.lists:
        shown = shown_list(database.direct, one.slug, one.locale, AFTERWARDS)
        assert shown is not None
        slugs = [orjson.loads(card)["slug"] for card in shown.cards]
        assert slugs[: len(one.articles)] == list(one.articles)
        assert len(set(slugs)) == len(slugs) >= len(one.articles)
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(FrontList)) == 2
        hidden = session.execute(select(Article.slug, Article.state).where(Article.state != "published")).all()
        assert {slug for slug, _ in hidden} == {draft.slug for draft in newsroom.planned}
        assert [state for _, state in hidden].count("scheduled") == 1
        due = session.execute(select(Appointment.does, Appointment.at, Appointment.state)).all()
        assert sorted((row.does, row.state) for row in due) == [("publish", "waiting"), ("release", "waiting")]
        assert min(row.at for row in due) >= AFTERWARDS + timedelta(days=7)
        assert session.scalars(select(Release.state)).one() == "scheduled"
    assert is_fresh(database, newsroom)
    assert fire_due(database, lambda: AFTERWARDS + timedelta(days=15)) == Round(done=2)
    with database.reading() as session:
        assert set(session.scalars(select(Article.state))) == {"published"}


@pytest.mark.slow
def test_a_list_that_an_editor_deleted_does_not_come_back_with_the_next_start(
    settings: Settings, database: Database
) -> None:
    def load() -> None:
        told = CliRunner().invoke(sample_command, ["--if-empty"], obj=settings)
        assert told.exit_code == 0, told.output

    load()
    with database.transaction() as session:
        rows = session.scalars(select(FrontList)).all()
        assert sorted(row.locale for row in rows) == ["en", "zh-CN"]
        delete_list(session, system("test"), rows[0].id, rows[0].revision, AFTERWARDS)
    load()
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(FrontList)) == 1


def test_a_plan_for_an_article_that_is_not_there_is_refused_by_name(tmp_path: Path, newsroom: Sample) -> None:
    line = '[[lists]]\nslug = "top"\nlocale = "en"\ntitle = "Top"\narticles = ["nowhere"]\npinned = 0\nfill = 0\n'
    (tmp_path / "plans.toml").write_text(line + "[[plans]]\n", "utf-8")
    with pytest.raises(SampleError, match=r"plans\.toml: plans\[0\]: slug is missing"):
        plans(newsroom, tmp_path)
    (tmp_path / "plans.toml").write_text("plans = []\n" + line, "utf-8")
    with pytest.raises(SampleError, match=r"plans\.toml: article 'nowhere'"):
        plans(newsroom, tmp_path)


def test_readers_of_the_sample_speak_once(database: Database, newsroom: Sample) -> None:
    said = talk(newsroom)
    named = {comment.article for comment in said.comments}
    part = [one for one in newsroom.articles if f"{one.locale}/{one.slug}" in named]
    load_words(database, newsroom, AFTERWARDS)
    load_articles(database, part, part[-1].published_at, clock)
    for _ in range(2):
        load_comments(database, said.readers, said.comments, AFTERWARDS)
    with database.reading() as session:
        states = Counter(session.scalars(select(Comment.state)))
        assert states == {"approved": len(said.comments) - 1, "held": 1}
        assert session.scalars(select(func.max(Comment.depth))).one() == 3


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (('"en/library-boat-floats-off"', '"en/nowhere"'), "article 'en/nowhere'"),
        (('reader = "night-nurse"', 'reader = "nobody"'), "reader 'nobody'"),
        (('reply_to = "lids"', 'reply_to = "kitchen"'), "'polite' replies to 'kitchen'"),
        (('name = "Mrs Odell"', 'nom = "Mrs Odell"'), "unknown key 'nom'"),
    ],
)
def test_a_comment_that_fits_nowhere_is_refused_by_name(
    tmp_path: Path, newsroom: Sample, change: tuple[str, str], told: str
) -> None:
    text = (HOME / "comments.toml").read_text("utf-8")
    assert change[0] in text
    (tmp_path / "comments.toml").write_text(text.replace(*change), "utf-8")
    with pytest.raises(SampleError, match=re.escape(told)):
        talk(newsroom, tmp_path)


def test_loading_again_changes_nothing_and_goes_on_where_it_was_interrupted(
    database: Database, newsroom: Sample
) -> None:
    newest = newsroom.articles[5].published_at
    for _ in range(2):
        load_words(database, newsroom, AFTERWARDS)
    assert load_articles(database, newsroom.articles[:2], newest, clock) == Loaded(new=2, known=0)
    assert is_fresh(database, newsroom)
    assert load_articles(database, newsroom.articles[:4], newest, clock) == Loaded(new=2, known=2)
    assert load_articles(database, newsroom.articles[:4], newest, clock) == Loaded(new=0, known=4)
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Document)) == 4


def test_a_newsroom_with_articles_of_its_own_is_not_fresh(database: Database, newsroom: Sample) -> None:
    assert is_fresh(database, newsroom)
    load_words(database, newsroom, AFTERWARDS)
    assert is_fresh(database, newsroom)
    own = replace(newsroom.articles[0], slug="our-own-story")
    load_articles(database, [own], own.published_at, clock)
    assert not is_fresh(database, newsroom)


def test_where_the_clock_is_behind_nothing_is_published_in_the_future(database: Database, newsroom: Sample) -> None:
    early = datetime(2026, 1, 1, tzinfo=UTC)
    part = newsroom.articles[:3]
    load_words(database, newsroom, early)
    load_articles(database, part, part[-1].published_at, lambda: early)
    with database.reading() as session:
        dates = sorted(session.scalars(select(Document.published_at)))
    assert dates[-1] == early
    assert dates[-1] - dates[0] == part[-1].published_at - part[0].published_at


def test_generated_articles_are_the_same_every_time_and_no_two_alike() -> None:
    articles = list(generated(300, words=120))
    assert list(generated(300, words=120)) == articles
    assert list(generated(50, words=120)) == articles[:50]
    assert list(generated(50, words=120, seed=2)) != articles[:50]
    for part in ("slug", "title", "body"):
        assert len({(article.locale, getattr(article, part)) for article in articles}) == 300, part
    assert Counter(article.locale for article in articles) == {"en": 150, "zh-CN": 150}
    assert all(article.published_at <= LAST_AT for article in articles)
    assert LAST_AT - min(article.published_at for article in articles) > timedelta(days=365)


def test_generated_articles_speak_the_words_of_the_sample_newsroom(newsroom: Sample) -> None:
    sections, tags, people, sources = (
        {word.slug for word in words} for words in (newsroom.sections, newsroom.tags, newsroom.people, newsroom.sources)
    )
    assert sources
    for article in generated(100, words=50):
        assert article.section in sections
        assert set(article.tags) <= tags
        assert {*article.authors, article.editor} <= people


@pytest.mark.parametrize("words", [60, 500])
def test_generated_articles_have_the_length_that_was_asked_for(words: int) -> None:
    for article in itertools.islice(generated(40, words=words, locales=("en",)), 40):
        assert words <= len(article.body.split()) <= words + 120


@pytest.mark.parametrize("locales", [(), ("kk",), ("en", "xx")])
def test_a_language_that_cannot_be_generated_is_refused(locales: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match="can be generated in en, zh-CN"):
        generated(1, locales=locales)


def test_generated_articles_can_be_loaded(database: Database, newsroom: Sample) -> None:
    load_words(database, newsroom, AFTERWARDS)
    assert load_articles(database, generated(8, words=60), LAST_AT, clock) == Loaded(new=8, known=0)
    assert load_articles(database, generated(10, words=60), LAST_AT, clock) == Loaded(new=2, known=8)


def test_the_loading_of_a_sample_is_on_record_as_a_whole(settings: Settings, database: Database) -> None:
    told = CliRunner().invoke(sample_command, ["--generate", "3"], obj=settings)
    assert told.exit_code == 0, told.output
    again = CliRunner().invoke(sample_command, ["--generate", "3", "--if-empty"], obj=settings)
    assert "nothing was loaded" in again.output
    with database.reading() as session:
        entries = session.scalars(select(AuditEntry).where(AuditEntry.subject_kind == "sample")).all()
    [entry] = entries
    assert (entry.action, entry.actor_id, entry.subject_id, entry.outcome) == (
        "sample.loaded", "sample", "generated", "done",
    )  # fmt: skip
    assert entry.changes == ["articles"]


def test_stories_are_there_in_several_languages_and_readers_are_told(database: Database, newsroom: Sample) -> None:
    groups = Counter(article.translation_of for article in newsroom.articles if article.translation_of)
    assert len(groups) >= 3
    source, count = groups.most_common(1)[0]
    part = [
        article
        for article in newsroom.articles
        if source in (article.translation_of, f"{article.locale}/{article.slug}")
    ]
    load_words(database, newsroom, AFTERWARDS)
    load_articles(database, part, part[-1].published_at, clock)
    with database.reading() as session:
        shown = [orjson.loads(body)["translations"] for body in session.scalars(select(Document.body))]
    assert [len(translations) for translations in shown] == [count] * (count + 1)
    assert not any(one["is_stale"] for translations in shown for one in translations)


@pytest.mark.parametrize("of", ["en/nowhere", "en/line-6-opens-with-a-cockerel"])
def test_a_translation_of_nothing_or_of_what_came_later_is_refused_by_its_name(tmp_path: Path, of: str) -> None:
    home = tmp_path / "sample"
    shutil.copytree(HOME, home, ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    [first, *_] = [path for path in sorted((home / "articles" / "ru").iterdir()) if "na-meli" in path.name]
    text = first.read_text("utf-8").replace("en/library-boat-aground-at-withy-bend", of)
    first.write_text(text, "utf-8")
    with pytest.raises(SampleError, match="translation_of"):
        sample(home)
