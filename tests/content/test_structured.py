"""The JSON-LD of documents: held by a third-party validator against the shapes of schema.org, and against what search
engines ask for.

The shapes come with pySHACL: https://datashapes.org/schema. What search engines ask for:
https://developers.google.com/search/docs/appearance/structured-data/article
"""

import json
import warnings
from dataclasses import replace
from datetime import timedelta
from functools import cache
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from pyshacl import validate
from pyshacl.rdfutil import load_from_source
from pyshacl.validator import assign_baked_in
from rdflib import RDF, RDFS, SH, XSD, Graph, Namespace
from rdflib.term import Node

from cms.app import create_app
from cms.content.addressing import Pages
from cms.content.assembling import reassemble
from cms.content.deriving import set_reading_times
from cms.content.grouping import Kinship
from cms.content.publishing import PublishedArticle, put_document
from cms.platform.db import Database
from cms.platform.ids import new_id
from cms.settings import Settings
from tests.content.making import DAY_ONE, article

SCHEMA = Namespace("http://schema.org/")
SITE = "https://cms.example.org/"
USED = ("NewsArticle", "Person", "NewsMediaOrganization", "WebPage", "CorrectionComment")
WANTED = """
@prefix sh: <http://www.w3.org/ns/shacl#> .
@prefix schema: <http://schema.org/> .
[] a sh:NodeShape ; sh:targetNode <https://cms.example.org/page> ;
    sh:property [ sh:path ( schema:author schema:name ) ; sh:minCount 1 ] ;
    sh:property [ sh:path schema:author ; sh:minCount 1 ; sh:node [
        sh:property [ sh:path schema:name ; sh:minCount 1 ; sh:maxCount 1 ] ;
        sh:property [ sh:path schema:url ; sh:minCount 1 ; sh:maxCount 1 ; sh:nodeKind sh:IRI ] ] ] ;
    sh:property [ sh:path schema:publisher ; sh:minCount 1 ; sh:maxCount 1 ; sh:node [
        sh:property [ sh:path schema:name ; sh:minCount 1 ] ; sh:property [ sh:path schema:url ; sh:minCount 1 ] ] ] ;
    sh:property [ sh:path schema:headline ; sh:minCount 1 ; sh:maxCount 1 ; sh:maxLength 110 ] ;
    sh:property [ sh:path schema:datePublished ; sh:minCount 1 ; sh:maxCount 1 ] ;
    sh:property [ sh:path schema:dateModified ; sh:minCount 1 ; sh:maxCount 1 ] ;
    sh:property [ sh:path schema:image ; sh:minCount 1 ; sh:nodeKind sh:IRI ] ;
    sh:property [ sh:path schema:mainEntityOfPage ; sh:minCount 1 ] ;
    sh:property [ sh:path schema:inLanguage ; sh:minCount 1 ; sh:maxCount 1 ] ;
    sh:property [ sh:path schema:wordCount ; sh:minCount 1 ; sh:maxCount 1 ] ;
    sh:property [ sh:path schema:timeRequired ; sh:minCount 1 ; sh:maxCount 1 ] ;
    sh:property [ sh:path schema:correction ; sh:minCount 1 ; sh:class schema:CorrectionComment ] ;
    sh:property [ sh:path schema:workTranslation ; sh:minCount 1 ; sh:class schema:NewsArticle ] .
"""


@cache
def shapes() -> Graph:
    """The shapes of the types that are used and of those above them: of all of schema.org it would take seconds."""
    assign_baked_in()
    everything, some = load_from_source("http://datashapes.org/schema"), Graph()
    for name in USED:
        for above in everything.transitive_objects(SCHEMA[name], RDFS.subClassOf):
            some += _known_of(everything, above)
    return some


def _known_of(everything: Graph, kind: Node) -> Graph:
    """A type with its place among the others and the shapes of its members, without the prose."""
    some = Graph()
    for subject in (kind, *everything.objects(kind, SH.property)):
        some += everything.cbd(subject)
    for prose in (RDFS.comment, RDFS.label, SH.description, SH.name, SCHEMA.source, SCHEMA.isPartOf):
        some.remove((None, prose, None))
    return some


@cache
def kinds() -> Graph:
    """Which type is below which."""
    some = Graph()
    for triple in shapes().triples((None, RDFS.subClassOf, None)):
        some.add(triple)
    return some


@cache
def needed(members: frozenset[Node], wanted: str) -> Graph:
    """The shapes that say anything of data with these members, and those that are wanted beside them."""
    some = Graph().parse(data=wanted, format="turtle") if wanted else Graph()
    for kind in set(shapes().subjects(RDF.type, SH.NodeShape)):
        some.add((kind, RDF.type, SH.NodeShape))
        some.add((kind, RDF.type, RDFS.Class))
        for shape in shapes().objects(kind, SH.property):
            if shapes().value(shape, SH.path) in members:
                some.add((kind, SH.property, shape))
                some += shapes().cbd(shape)
    return some


@cache
def context() -> dict[str, Any]:
    """What schema.org's own context says of these properties, without asking for it: dates, durations, addresses."""
    told: dict[str, Any] = {"@vocab": str(SCHEMA), "@base": SITE}
    for shape, path in shapes().subject_objects(SH.path):
        options = [shape, *shapes().items(shapes().value(shape, SH["or"]))]
        kinds = {shapes().value(one, SH.datatype) for one in options}
        for kind in (XSD.dateTime, XSD.duration):
            if kind in kinds:
                told[path.removeprefix(SCHEMA)] = {"@type": str(kind)}
        if any((one, SH.nodeKind, SH.IRI) in shapes() for one in options) and XSD.string not in kinds:
            told[path.removeprefix(SCHEMA)] = {"@type": "@id"}
    return told


def faults(json_ld: dict[str, Any], *, wanted: str = "") -> str:
    """What is wrong with a page's JSON-LD by schema.org and by further shapes; empty where nothing is."""
    assert json_ld["@context"] == "https://schema.org"
    page = {**json_ld, "@context": context(), "@id": f"{SITE}page"}
    with warnings.catch_warnings():
        # The validator uses what its own library has a newer name for.
        warnings.simplefilter("ignore", DeprecationWarning)
        data = Graph().parse(data=json.dumps(page), format="json-ld")
        known = needed(frozenset(data.predicates()), wanted)
        conforms, _, text = validate(data, shacl_graph=known, ont_graph=kinds(), inference="none")
    return ("" if conforms else str(text)) + "".join(_unknown(data))


def _unknown(data: Graph) -> list[str]:
    """Members that schema.org does not have for things of their type; by SHACL alone they could be there."""
    return [
        f"{kind} has no {member}. "
        for subject, kind in data.subject_objects(RDF.type)
        for member in set(data.predicates(subject)) - _members_of(kind) - {RDF.type}
    ]


@cache
def _members_of(kind: Node) -> frozenset[Any]:
    above = list(shapes().transitive_objects(kind, RDFS.subClassOf))
    return frozenset(shapes().value(shape, SH.path) for one in above for shape in shapes().objects(one, SH.property))


def full(number: int = 1, **changes: Any) -> PublishedArticle:
    """An article with everything that JSON-LD can tell."""
    return article(
        number, tags=("rail", "energy"), authors=("mei-lin", "aigul"), section="world/europe",
        body_html='<p>A ferry.</p><figure><img src="https://img.example/f.jpg?a=1&amp;b=2" alt="&lt;x&gt;"></figure>',
        corrections=({"at": "2026-11-02T08:00:00Z", "note": "It was Friday.", "revision": 2},), **changes,
    )  # fmt: skip


@pytest.fixture
def pages(database: Database) -> list[PublishedArticle]:
    """An original and its translation, both derived, and an article that has nothing but what it must have."""
    group = new_id()
    first = full(1, kinship=Kinship(group), title="文" * 300)
    second = full(2, locale="zh-CN", kinship=Kinship(group, first.article_id))
    bare = article(3, authors=(), section=None, dek="", summary=(), editor=None, source=None)
    reading_time = {"minutes": 3, "words": 640, "characters": 0, "images": 1, "label": "3 min read"}
    with database.transaction() as session:
        for one in (first, second, bare):
            put_document(session, one, DAY_ONE)
        reassemble(session, [first.article_id, second.article_id], DAY_ONE)
        set_reading_times(session, {first.article_id: (1, reading_time)}, DAY_ONE + timedelta(seconds=9))
    return [first, second, bare]


def told(client: FlaskClient, one: PublishedArticle) -> dict[str, Any]:
    json_ld: dict[str, Any] = client.get(f"/content/v1/articles/{one.article_id}").json["seo"]["json_ld"]
    return json_ld


def test_the_json_ld_of_a_page_is_schema_org_and_all_that_search_engines_ask_for(
    client: FlaskClient, pages: list[PublishedArticle]
) -> None:
    first, second, bare = (told(client, one) for one in pages)
    assert faults(first, wanted=WANTED) == ""
    assert faults(second) == faults(bare) == ""
    assert first["author"][0] == {"@type": "Person", "name": "Mei-Lin", "url": "/content/v1/people/mei-lin"}
    assert first["publisher"] == {"@type": "NewsMediaOrganization", "name": "Copydesk", "url": "/"}
    assert first["image"] == ["https://img.example/f.jpg?a=1&b=2"]
    assert (first["wordCount"], first["timeRequired"]) == (640, "PT3M")
    assert first["workTranslation"][0]["identifier"] == pages[1].article_id
    assert second["translationOfWork"]["identifier"] == pages[0].article_id
    assert "author" not in bare and "image" not in bare and "correction" not in bare


def test_the_validator_sees_what_is_wrong(client: FlaskClient, pages: list[PublishedArticle]) -> None:
    right = told(client, pages[0])
    person = right["author"][0]
    wrong: list[dict[str, Any]] = [
        {"wordCount": "many"}, {"timeRequired": "3 minutes"}, {"datePublished": "yesterday"}, {"byline": "Ann"},
        {"publisher": "The Post"}, {"editor": {"@type": "WebPage"}}, {"author": [{**person, "@type": "WebPage"}]},
        {"correction": [{"@type": "CorrectionComment", "note": "x"}]}, {"headline": 7}, {"url": None, "readTime": 3},
        {"workTranslation": [{"@type": "Person", "name": "Ann"}]}, {"commentCount": 1.5},
    ]  # fmt: skip
    assert [one for one in wrong if faults({**right, **one}) == ""] == []
    lacking = [{name: value for name, value in right.items() if name != left_out}
               for left_out in ("author", "publisher", "image", "headline", "dateModified", "wordCount", "timeRequired",
                                "correction", "workTranslation")]  # fmt: skip
    lacking += [{**right, "author": [{"@type": "Person", "name": "Ann"}]}, {**right, "headline": "x" * 111}]
    assert [one for one in lacking if faults(one, wanted=WANTED) == ""] == []


def test_people_and_articles_are_where_the_site_has_their_pages(
    settings: Settings, client: FlaskClient, pages: list[PublishedArticle]
) -> None:
    api = "http://127.0.0.1:8000/content/v1/people/{slug}"
    plain = client.get(f"/content/v1/articles/{pages[0].article_id}")
    for article_page, person_page, address, author in (
        ("https://post.example/{slug}", "https://post.example/by/{slug}", "https://post.example/story-1", "by"),
        ("https://post.example/{slug}", "", "https://post.example/story-1", api),
        ("", "https://post.example/by/{slug}", "/content/v1/articles/en/story-1", "by"),
    ):
        app: Flask = create_app(replace(settings, article_page_url=article_page, person_page_url=person_page))
        whole = app.test_client().get(f"/content/v1/articles/{pages[0].article_id}")
        json_ld = whole.json["seo"]["json_ld"]
        expected = "https://post.example/by/mei-lin" if author == "by" else author.replace("{slug}", "mei-lin")
        assert (json_ld["url"], json_ld["author"][0]["url"], json_ld["mainEntityOfPage"]["@id"]) == (
            address, expected, address,
        )  # fmt: skip
        assert faults(json_ld, wanted=WANTED) == ""
        assert whole.headers["ETag"] != plain.headers["ETag"]
        assert whole.json["url"] == plain.json["url"]
        app.extensions["copydesk"].database.dispose()
        app.extensions["copydesk"].index.close()


def test_the_name_of_the_site_is_in_what_is_put_together_from_then_on(
    settings: Settings, client: FlaskClient, pages: list[PublishedArticle]
) -> None:
    renamed = Database(settings.database, is_durable=True, site_name='The "Harbour" Post')
    with renamed.transaction() as session:
        reassemble(session, [pages[0].article_id], DAY_ONE)
    renamed.dispose()
    assert told(client, pages[0])["publisher"]["name"] == 'The "Harbour" Post'
    assert faults(told(client, pages[0]), wanted=WANTED) == ""


def test_pictures_of_ours_are_named_with_the_site_and_nothing_else_is_touched() -> None:
    """Whatever stands in fields and texts stays, and so does what is elsewhere already."""
    fields = '"fields":{"image":["/media/mine.jpg"],"seo":{"image":["/media/x.jpg"]}}'
    text = '"dek":"\\"seo\\":{\\"image\\":[\\"/media/c.jpg"'
    shown = '"image":["/media/a.jpg","https://img.example/[1].jpg","/media/b.jpg"]'
    body = '{"id":"x",' + fields + "," + text + ',"seo":{"json_ld":{"a":1,%s}},"previous":null}'
    pages = Pages("", site="https://cms.example")
    whole, etag = pages.shown((body % shown).encode(), '"e"')
    assert whole == (body % shown.replace('"/media/', '"https://cms.example/media/')).encode()
    assert etag.startswith('"e-') and etag.endswith('"')
    bare = (body % '"b":2').encode()
    assert pages.shown(bare, '"e"') == (bare, '"e"')
    assert Pages("").shown((body % shown).encode(), '"e"')[1] == '"e"'
