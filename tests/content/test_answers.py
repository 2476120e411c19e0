"""Public answers: their codings, ETags and dates, what caches forget them by, and what they cost the database."""

import gzip
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient

from cms.content.assembling import reassemble
from cms.content.models import RelatedEntry
from cms.content.publishing import PublishedArticle, put_document, withdraw_document
from cms.platform.db import Database
from cms.platform.direct_reads import DirectReads
from cms.platform.ids import new_id
from cms.taxonomy.models import Tag
from tests.content.making import AT, article

LIST = "/content/v1/articles"
CODINGS = (
    (None, ""), ("", ""), ("gzip", "gzip"), ("GZIP", "gzip"), ("x-gzip", "gzip"), ("gzip;q=0", ""), ("gzip;q=0.0", ""),
    ("gzip;q=0.001", "gzip"), ("gzip;q=1", "gzip"), ("gzip; q=1.0", "gzip"), ("gzip ;q=0.5", "gzip"), ("*", "gzip"),
    ("*;q=0.1", "gzip"), ("*;q=0", None), ("identity", ""), ("identity;q=0", None), ("identity;q=0, gzip", "gzip"),
    ("identity;q=0, *", "gzip"), ("identity;q=0, gzip;q=0", None), ("identity;q=0, br", None), ("br", ""),
    ("br, deflate", ""), ("br, gzip, deflate", "gzip"), ("gzip, deflate, br, zstd", "gzip"),
    ("deflate;q=1, gzip", "gzip"),
    ("identity, gzip;q=0.5", ""), ("identity;q=0.5, gzip;q=0.5", "gzip"), ("identity;q=0.4, gzip;q=0.5", "gzip"),
    ("identity;q=0.5, *;q=0.1", ""), ("gzip;q=0, *", ""), ("gzip;q=0, *;q=0", None), ("*;q=0, identity", ""),
    ("gzip;q=2", ""), ("gzip;q=-1", ""), ("gzip;q=", ""), ("gzip;q=0.5;x=1", ""), ("gzip;level=9", ""), (",,,", ""),
    (",gzip,", "gzip"), ("gzipp", ""), ("gzip,gzip;q=0", ""), ("identity;q=1, gzip;q=1", "gzip"), ("  gzip  ", "gzip"),
    ("gzip\t", "gzip"), ("g zip", ""), ("\"gzip\"", ""), ("gzip;Q=0", ""), ("compress", ""), ("gzip;q=0.0001", ""),
)  # fmt: skip


@pytest.mark.both_databases
def test_gzip_is_what_the_asker_takes_and_every_representation_has_its_own_etag(
    client: FlaskClient, stories: list[PublishedArticle]
) -> None:
    assert len({text for text, _ in CODINGS}) >= 40
    wrong = []
    for path in (f"{LIST}/{stories[2].article_id}", f"{LIST}?section=city"):
        plain = client.get(path)
        packed = client.get(path, headers={"Accept-Encoding": "gzip"})
        assert gzip.decompress(packed.data) == plain.data
        assert len(packed.data) < len(plain.data) / 3
        assert plain.headers["ETag"] != packed.headers["ETag"] == f'{plain.headers["ETag"][:-1]}-gzip"'
        for text, expected in CODINGS:
            headers = {} if text is None else {"Accept-Encoding": text}
            answer, head = (client.open(path, method=method, headers=headers) for method in ("GET", "HEAD"))
            found = answer.headers.get("Content-Encoding", "") if answer.status_code == 200 else None
            right = {"gzip": packed, "": plain, None: None}[expected]
            if found != expected or (right is not None and (answer.data, answer.headers["ETag"]) != (
                right.data, right.headers["ETag"])):  # fmt: skip
                wrong.append((path, text, found))
            if expected is None:
                assert (answer.status_code, answer.json["code"]) == (406, "not_acceptable")
                continue
            assert answer.headers["Vary"] == "Accept-Encoding"
            assert head.data == b"" and head.headers["Content-Length"] == str(len(answer.data)), text
            shared = [dict(one.headers) for one in (answer, head)]
            for one in shared:
                del one["X-Request-Id"]
            assert shared[0] == shared[1], text
    assert wrong == []


def test_what_a_worker_has_not_packed_yet_goes_out_as_it_is(client: FlaskClient, database: Database) -> None:
    long = article(1, body_html="<p>Again. </p>" * 200)
    path = f"{LIST}/{long.article_id}"
    with database.transaction() as session:
        put_document(session, long, AT)
    first = client.get(path, headers={"Accept-Encoding": "gzip"})
    assert "Content-Encoding" not in first.headers
    forced = client.get(path, headers={"Accept-Encoding": "gzip, identity;q=0"})
    assert gzip.decompress(forced.data) == first.data
    with database.transaction() as session:
        reassemble(session, [long.article_id], AT + timedelta(hours=1))
    packed = client.get(path, headers={"Accept-Encoding": "gzip"})
    assert (packed.data, packed.headers["ETag"]) == (forced.data, forced.headers["ETag"])
    assert client.get(path).headers["ETag"] == first.headers["ETag"]


def test_a_date_never_hides_a_change_of_the_same_second(client: FlaskClient, database: Database) -> None:
    story = article(1)
    path = f"{LIST}/{story.article_id}"
    seen: list[tuple[str, str]] = []
    for revision in range(1, 6):
        changed = replace(story, revision=revision, title=f"Title {revision}")
        with database.transaction() as session:
            put_document(session, changed, AT + timedelta(milliseconds=revision))
        answer = client.get(path)
        for modified, etag in seen:
            asked = client.get(path, headers={"If-Modified-Since": modified})
            assert asked.status_code == 200 and asked.headers["ETag"] != etag
        modified = answer.headers["Last-Modified"]
        assert client.get(path, headers={"If-Modified-Since": modified}).status_code == 304
        # An ETag has the word where both are sent.
        both = {"If-Modified-Since": modified, "If-None-Match": '"other"'}
        assert client.get(path, headers=both).status_code == 200
        seen.append((modified, answer.headers["ETag"]))
    assert len(set(seen)) == 5


@pytest.mark.both_databases
def test_what_is_taken_away_is_gone_at_the_next_read(
    client: FlaskClient, database: Database, stories: list[PublishedArticle]
) -> None:
    first = stories[0]
    assert client.get(f"{LIST}/{first.article_id}").status_code == 200
    assert [card["number"] for card in client.get(f"{LIST}?section=world").json["data"]] == [3, 2, 1]
    with database.transaction() as session:
        withdraw_document(session, first.article_id, AT)
    for path in (first.article_id, f"en/{first.slug}"):
        answer = client.get(f"{LIST}/{path}")
        assert (answer.status_code, answer.json["code"]) == (404, "not_found")
    assert [card["number"] for card in client.get(f"{LIST}?section=world").json["data"]] == [3, 2]


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every statement that is put to the database past the sessions, from now on."""
    seen: list[str] = []
    rows = DirectReads.rows

    def counted(reads: DirectReads, statement: str, values: Any = ()) -> Any:
        seen.append(statement)
        return rows(reads, statement, values)

    monkeypatch.setattr(DirectReads, "rows", counted)
    return seen


@pytest.mark.both_databases
def test_each_plain_answer_is_one_read_of_the_database(
    client: FlaskClient, stories: list[PublishedArticle], asked: list[str]
) -> None:
    first = stories[0]
    by_slug = f"{LIST}/en/{first.slug}"
    for path in (f"{LIST}/{first.article_id}", by_slug, LIST, f"{LIST}?section=city", f"{LIST}?section=city&locale=en"):
        asked.clear()
        assert client.get(path).status_code == 200
        assert len(asked) == 1, path


def test_every_answer_costs_as_many_reads_with_many_tags_authors_and_related_as_with_few(
    client: FlaskClient, database: Database, asked: list[str]
) -> None:
    words = tuple(f"word-{number}" for number in range(12))
    few = article(1, tags=words[:1], authors=words[:1], section=None, locale="en", published_at=AT)
    many = article(2, tags=words, authors=words, section=None, locale="kk", published_at=AT)
    others = [article(number, section=None, locale="fr", published_at=AT) for number in range(3, 12)]
    with database.transaction() as session:
        for one in (few, many, *others):
            put_document(session, one, AT)
        session.flush()
        for one, near in ((few, others[:1]), (many, others)):
            session.add_all(
                RelatedEntry(article_id=one.article_id, other_id=other.article_id, score=0.5, why=["text"])
                for other in near
            )
        session.flush()
        reassemble(session, [few.article_id, many.article_id], AT)
    spent = []
    for one in (few, many):
        asked.clear()
        for path in (f"{one.article_id}", f"{one.locale}/{one.slug}?fields=title,tags,authors,related&body=markdown",
                     f"{one.article_id}/related", f"?locale={one.locale}&include=related,translations&body=text",
                     f"?locale={one.locale}&author=word-0&tag=word-0&count=exact"):  # fmt: skip
            assert client.get(f"{LIST}/{path}".replace("/?", "?")).status_code == 200
        spent.append(len(asked))
    assert len(client.get(f"{LIST}/{many.article_id}").json["related"]) > 1
    assert spent[0] == spent[1] == 6, spent


def test_caches_are_told_what_to_forget_an_answer_by(
    client: FlaskClient, database: Database, stories: list[PublishedArticle]
) -> None:
    first, *_ = stories
    told = client.get(f"{LIST}/{first.article_id}").headers
    named = {f"article-{first.article_id}", "locale-en", "section-europe", "tag-rail", "person-mei-lin", "person-jo"}
    assert set(told["Surrogate-Key"].split(" ")) == named
    assert told["Cache-Tag"] == told["Surrogate-Key"].replace(" ", ",")
    newest = client.get(f"{LIST}/{stories[-1].article_id}")
    assert f"article-{newest.json['previous']['id']}" in newest.headers["Surrogate-Key"].split()
    assert client.get(f"{LIST}?section=city&locale=en").headers["Surrogate-Key"] == "articles section-city locale-en"
    assert client.get(LIST).headers["Cache-Tag"] == "articles"
    told_by = {
        "/content/v1/tags": "tags", "/content/v1/tags/rail": "tags tag-rail", "/content/v1/lists": "lists",
        f"{LIST}/{first.article_id}/related": f"articles article-{first.article_id}",
        f"/content/v1/resolve?path=/{first.locale}/{first.slug}": "articles redirects",
    }  # fmt: skip
    with database.transaction() as session:
        session.add(Tag(id=new_id(), slug="rail", name="Rail", names={}, created_at=AT))
    assert {path: client.get(path).headers["Surrogate-Key"] for path in told_by} == told_by
