"""Strange texts in every text field of the newsroom: kept as they are or refused at their field (row S50; that they
break no line of a log stands in `test_logs.py`). Templates in names, titles, bodies and letters are text (row S55)."""

import html
import re
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from cms.mail.composing import LANGUAGES
from cms.newsroom.correcting import correct_article
from cms.newsroom.drafting import create_article
from cms.newsroom.models import Article, Revision
from cms.newsroom.preparing import PreparedBody
from cms.newsroom.publishing import publish_article
from cms.newsroom.reviewing import reject_article, submit_article
from cms.newsroom.rules import ArticleAct, PublishArticle
from cms.newsroom.schemas.articles import NewArticleShape
from cms.newsroom.schemas.lifecycle import CorrectionInputShape, RejectionShape, RemarkShape, TakedownInputShape
from cms.newsroom.taking_down import take_down_article
from cms.platform.actor import system
from cms.platform.clock import now
from cms.platform.db import Database
from cms.platform.text.markdown import render
from cms.taxonomy.api import KINDS as KINDS_OF_WORDS
from tests.mail.test_composing import KINDS, letter, part, received
from tests.newsroom.making import act, draft

STRANGE = (
    # Words of programs, numbers that are none, and the lack of anything.
    "undefined", "NULL", "None", "NaN", "-Infinity", "true", "\\N", "__proto__", "constructor", "hasOwnProperty", "[]",
    "{}", "0x1F", "1e309", "-0", "1,000.00", "٣٫١٤", "08", "2026-13-45", "CON", "lpt1.txt", "/dev/null; id",
    # What shells, databases, formats and file systems act on.
    "`id`", "$(id)", "&& id", "| id", "%n%n%s", "%00", "%0a%0d", "../../../etc/passwd", "..\\..\\win.ini", "file:///x",
    "=1+1", "@SUM(A1)", "<!--#exec cmd=\"id\"-->", "<![CDATA[x]]>", "<!DOCTYPE a [<!ENTITY b \"c\">]>&b;", "&#0;",
    "' OR ''='", "\"; DROP TABLE articles; --", "() { :; }; id", "\\u0000", "\\", "\\\"", "'\"`´’”", "[a](b) **c** _d_",
    # Letters of every direction, width and plane, joined and alone.
    "Ω≈ç√∫˜µ≤≥÷", "åß∂ƒ©˙∆˚¬…æ", "ЁЂЃЄЅІЇЈ", "⁰⁴⁵₀₁₂", "田中さんにあげて下さい", "사회과학원", "𠜎𠜱𠝹", "ﬀﬁﬂ",
    "İıŞşĞğ", "ẞß", "הָיְתָהtestالصفحات", "مُنَاقَشَة", "กำกำกำ", "᚛᚛ᚉᚑ᚜", "𝕿𝖍𝖊 𝔮𝔲𝔦𝔠𝔨", "ｆｕｌｌ　ｗｉｄｔｈ",
    "(╯°□°)╯︵ ┻━┻",
    "👩‍👩‍👧‍👦 🏳️‍🌈 🇰🇿 👋🏿", "1️⃣", "🇺🇸🇷🇺🇸",
    "Z̮̞̠͙͔ͅḀ̗̞͈̻̗Ḷ͙͎̯̹̞͓G̻O̭̗̮", "e\u0301 and é", "\u0301", "\u202eabc\u202c", "\u2066a\u2069", "a\u200bb", "\u200d", "\ufeff",
    "a\u00adb", "\u180e", "\u2060", "\ufffd", "\ufffe", "\uffff", "\U0010ffff", "\ue000", "\U000e0041\U000e007f",
    # Space and silence, ends of lines, what terminals act on, and what is no text.
    "", " ", "\u00a0", "\u3000", "\u2003a\u2003", "  a  ", "\t", "a\tb", "a\nb", "a\r\nb", "a\rb", "a\x0bb", "a\x0cb",
    "a\x85b", "a\u2028b", "a\u2029b", "\x1b[31mred", "\x1b]0;title\x07", "\x9b31m", "\x07", "\x08", "\x7f", "\x01",
    "\x00", "a\x00b", "\ud800", "\udfff", "a\udc00\ud800b",
    # Lines of logs and heads of messages that somebody would like to write.
    '\n{"event":"forged","level":"info","at":"2026-01-01T00:00:00Z"}', "x\r\nSet-Cookie: a=b", "x\nBcc: a@b.example",
    '"}\n{"event":"forged"}', "2026-01-01 INFO forged",
)  # fmt: skip
TEMPLATES = (
    "{{7*7}}", "{{ 7*7 }}", "{{7*'7'}}", "{{{7*7}}}", "{%25if 1%25}49{%25endif%25}", "{% if 1 %}49{% endif %}",
    "{%print(7*7)%}", "{#7*7#}", "${7*7}", "${{7*7}}", "$${7*7}", "#{7*7}", "#{ 7 * 7 }", "*{7*7}", "@{7*7}", "@(7*7)",
    "~{7*7}", "[[${7*7}]]", "[(${7*7})]", "<%= 7*7 %>", "<%- 7*7 %>", "<% 7*7 %>", "<%=7*7-%>", "<?= 7*7 ?>",
    "<?php echo 7*7 ?>", "{7*7}", "{{config}}", "{{self}}", "{{request.application}}", "{{''.__class__.__mro__}}",
    "{{lipsum.__globals__}}", "{{cycler.__init__}}", "{{constructor.constructor('49')()}}", "{{this}}", "{{#with 1}}",
    "{{>partial}}", "{{= 49 }}", "{{!-- x --}}", "{0}", "{}", "{site}", "{code}", "{minutes}", "{about}",
    "{0.__class__}",
    "{site.__class__.__mro__}", "{site!r:>99}", "{:>9999999}", "%(site)s", "%s%d%n", "$site", "${site}", "$(7*7)",
    "`7*7`", "$class.inspect('x')", "#set($x=7*7)$x", "<#assign x=7*7>${x}", "${T(java.lang.Runtime)}", "=7*7",
    "{{range.constructor('49')()}}", "{php}echo 49;{/php}", "{$smarty.version}", "\\{{7*7}}", "{{'{{'}}7*7{{'}}'}}",
)  # fmt: skip

BROKEN_LINE = re.compile("[\x00-\x1f\x7f\x85\u2028\u2029]")
Fits = Callable[[str], bool]
Described = Mapping[str, tuple[Fits, Callable[[str], Any]]]
PLAIN = {"title": "Harbour", "locale": "en", "body": "It opened."}


def can_be_kept(text: str) -> bool:
    """Whether a text is one at all: no NUL, no half of a pair."""
    return "\0" not in text and text.encode("utf-8", "replace").decode() == text


def is_line(text: str) -> bool:
    return can_be_kept(text) and not BROKEN_LINE.search(text)


def says_something(text: str) -> bool:
    return can_be_kept(text) and bool(text.strip())


def is_line_with_words(text: str) -> bool:
    return is_line(text) and says_something(text)


ARTICLE: Described = {
    "title": (is_line_with_words, str),
    "dek": (is_line, str),
    "summary": (is_line_with_words, lambda text: [text, "And more"]),
    "body": (can_be_kept, str),
    "fields": (can_be_kept, lambda text: {"note": text, "deep": [{"er": text}]}),
    "source": (is_line_with_words, lambda text: {"name": text, "url": "https://wire.example/"}),
    "revision_note": (is_line, str),
}
WORD: Mapping[str, Described] = {
    "sections": {"name": (is_line_with_words, str), "names": (is_line_with_words, lambda text: {"kk": text})},
    "tags": {
        "name": (is_line_with_words, str),
        "names": (is_line_with_words, lambda text: {"kk": text}),
        # Each with a number, since two that differ by no letter are one.
        "synonyms": (is_line, lambda text: [f"{text} {STRANGE.index(text)}"]),
    },
    "people": {
        "name": (is_line_with_words, str),
        "names": (is_line_with_words, lambda text: {"kk": text}),
        "bio": (can_be_kept, str),
        "bios": (can_be_kept, lambda text: {"kk": text}),
        "links": (is_line_with_words, lambda text: [{"label": text, "url": "https://me.example/"}]),
    },
    "sources": {"name": (is_line_with_words, str)},
}


NOTES: Mapping[str, tuple[str, Fits]] = {
    "submit": ("note", can_be_kept),
    "reject": ("note", says_something),
    "correct": ("note", says_something),
    "takedown": ("reason", can_be_kept),
}
RENDERED = render(PLAIN["body"], "markdown")


def split(described: Described, text: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """A text in each field that keeps it, and in each that must refuse it."""
    kept = {name: shaped(text) for name, (fits, shaped) in described.items() if fits(text)}
    return kept, {name: shaped(text) for name, (_, shaped) in described.items() if name not in kept}


def named_by(answer: Any) -> set[str]:
    """The fields that a refusal names; empty for what was not refused."""
    return {error["pointer"].split("/")[1] for error in answer.json["errors"]} if answer.status_code == 422 else set()


def test_there_are_many() -> None:
    assert len(set(STRANGE)) == len(STRANGE) >= 100
    assert len(set(TEMPLATES)) == len(TEMPLATES) >= 60


@pytest.mark.slow
def test_each_text_of_an_article_is_kept_as_it_is_or_refused_at_its_field(
    administrator: FlaskClient, client: FlaskClient, database: Database
) -> None:
    wrong: list[Any] = []
    sent: dict[str, dict[str, Any]] = {}
    notes: dict[str, str] = {}
    for text in STRANGE:
        kept, refused = split(ARTICLE, text)
        if refused and named_by(administrator.post("/api/v1/articles", json=PLAIN | refused)) != refused.keys():
            wrong.append((text, "not refused", refused.keys()))
        made = draft(administrator, **PLAIN | kept)
        notes[made["id"]] = kept.pop("revision_note", "")
        wrong += [(text, name, made[name]) for name in kept if made[name] != kept[name]]
        sent[made["id"]] = kept
    with database.reading() as session:
        for row in session.scalars(select(Article)):
            wrong += [(name, value) for name, value in sent[row.id].items() if getattr(row, name, value) != value]
        assert {
            row.article_id: row.note for row in session.execute(select(Revision.article_id, Revision.note))
        } == notes
    for article_id, kept in publish_what_is_ready(administrator, sent).items():
        shown = client.get(f"/content/v1/articles/{article_id}").json
        for name in kept.keys() & {"title", "dek", "summary", "fields", "source"}:
            wrong += [(name, "shown", shown[name])] if shown[name] != kept[name] else []
    assert not wrong


def publish_what_is_ready(editor: FlaskClient, articles: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Publish articles at once, a hundred at most; gives all but those whose body Markdown shows as nothing."""
    ready = {article_id for article_id, kept in articles.items() if says_something(kept.get("body", "It opened."))}
    ids = [article_id for article_id in articles if article_id in ready]
    for some in (ids[:60], ids[60:]):
        release = editor.post("/api/v1/releases", json={"title": "All", "articles": some}).json
        path, headers = f"/api/v1/releases/{release['id']}", {"If-Match": '"1"'}
        done = editor.post(f"{path}/publish", headers=headers)
        if done.status_code == 409:
            assert {error["pointer"] for one in done.json["articles"] for error in one["errors"]} == {"/body"}
            empty = [one["article_id"] for one in done.json["articles"]]
            ready -= set(empty)
            assert editor.patch(path, json={"remove": empty}, headers=headers).status_code == 200
            done = editor.post(f"{path}/publish", headers={"If-Match": '"2"'})
        assert done.status_code == 200, done.json
    assert len(ready) > len(articles) - 20
    return {article_id: articles[article_id] for article_id in ids if article_id in ready}


@pytest.mark.slow
def test_each_note_is_kept_as_it_is_or_refused(
    administrator: FlaskClient, client: FlaskClient, database: Database
) -> None:
    wrong = []
    made = draft(administrator)["id"]
    for text in STRANGE:
        for verb, (member, fits) in NOTES.items():
            if not fits(text) and named_by(act(administrator, verb, made, 1, json={member: text})) != {member}:
                wrong.append((verb, text, "not refused"))
    kept = [text for text in STRANGE if all(fits(text) for _, fits in NOTES.values())]
    # What begins or ends with space could lose it, so it stands alone; of the others several make one note.
    alone = [text for text in kept if text != text.strip()]
    others = [text for text in kept if text == text.strip()]
    several = ["\n".join(others[start : start + 8]) for start in range(0, len(others), 8)]
    # The acts that keep them are done in one commit, as the routes do them in one each.
    with database.transaction() as session:
        told = {written_up(session, text): text for text in alone + several}
    for article_id, text in told.items():
        corrections = client.get(f"/content/v1/articles/{article_id}").json["corrections"]
        wrong += [(text, corrections)] if [one["note"] for one in corrections] != [text] else []
    with database.transaction() as session:
        for article_id, text in told.items():
            rows = session.scalars(select(Revision.note).where(Revision.article_id == article_id))
            wrong += [(text, "note")] if sorted(rows) != sorted(["", text, text, "", text]) else []
        for article_id, text in told.items():
            command = ArticleAct(article_id, 5, TakedownInputShape().load({"reason": text})["reason"])
            take_down_article(session, system("test"), command, now())
    for article_id, text in told.items():
        tombstone = client.get(f"/content/v1/articles/{article_id}").json["tombstone"]
        wrong += [(text, tombstone)] if tombstone["reason"] != text else []
    assert not wrong and len(kept) > 90


def written_up(session: Session, text: str) -> str:
    """The id of an article that was submitted, rejected and corrected with a text as the note."""
    at, actor = now(), system("test")
    made = create_article(session, actor, NewArticleShape().load(PLAIN), at).article.id
    submit_article(session, actor, ArticleAct(made, 1, **RemarkShape().load({"note": text})), at)
    reject_article(session, actor, ArticleAct(made, 2, **RejectionShape().load({"note": text})), at)
    publish_article(session, actor, PublishArticle(made, 3), PreparedBody(3, RENDERED), at)
    correction = ArticleAct(made, 4, **CorrectionInputShape().load({"note": text}))
    correct_article(session, actor, correction, PreparedBody(4, RENDERED), at)
    return made


@pytest.mark.slow
def test_each_text_of_a_word_is_kept_as_it_is_or_refused_at_its_field(
    administrator: FlaskClient, database: Database
) -> None:
    wrong: list[Any] = []
    for kind in KINDS_OF_WORDS:
        sent: dict[int, dict[str, Any]] = {}
        for number, text in enumerate(STRANGE):
            kept, refused = split(WORD[kind.listing], text)
            plain = {"name": f"Word {number}"} | ({} if kind.name == "source" else {"slug": f"word-{number}"})
            path = f"/api/v1/{kind.listing}"
            if refused and named_by(administrator.post(path, json=plain | refused)) != refused.keys():
                wrong.append((kind.name, text, "not refused", refused.keys()))
            sent[number] = plain | kept
        # Those that are kept are added in one commit, as the route adds each.
        with database.transaction() as session:
            ids = {
                number: kind.add(session, system("test"), kind.new().load(whole), now()).id
                for number, whole in sent.items()
            }
        read = read_all(administrator, f"/api/v1/{kind.listing}")
        for number, whole in sent.items():
            found = read[ids[number]]
            wrong += [(kind.name, name, value) for name, value in whole.items() if found[name] != value]
    assert not wrong


def read_all(editor: FlaskClient, path: str) -> dict[str, dict[str, Any]]:
    """Everything of a list, by id."""
    found: dict[str, dict[str, Any]] = {}
    cursor = ""
    while cursor is not None:
        page = editor.get(f"{path}?limit=100{cursor and '&cursor=' + cursor}").json
        found |= {one["id"]: one for one in page["data"]}
        cursor = page["page"]["next_cursor"]
    return found


@pytest.mark.both_databases
def test_both_databases_keep_the_same_texts(administrator: FlaskClient) -> None:
    """Each text in each kind of column: of one line, long, in a list, in an object, as a name."""
    for start in range(0, len(STRANGE), 12):
        texts = [text for text in STRANGE[start : start + 12] if is_line(text) and says_something(text)]
        whole = {
            "title": " ".join(texts)[:300],
            "dek": " ".join(texts),
            "summary": texts,
            "body": "\n\n".join(text for text in STRANGE[start : start + 12] if can_be_kept(text)),
            "fields": {"texts": [text for text in STRANGE[start : start + 12] if can_be_kept(text)]},
        }
        made = draft(administrator, **whole, tags=[f"{text} {start} {number}" for number, text in enumerate(texts)])
        read = administrator.get(f"/api/v1/articles/{made['id']}").json
        assert {name: read[name] for name in whole} == whole
    read = read_all(administrator, "/api/v1/tags")
    lines = [text for text in STRANGE if is_line(text) and says_something(text)]
    assert {one["name"].rsplit(" ", 2)[0] for one in read.values()} == set(lines)


@pytest.mark.slow
def test_a_template_is_text_in_every_name_and_title_and_in_a_body(
    administrator: FlaskClient, client: FlaskClient, database: Database
) -> None:
    wrong: list[Any] = []
    sent: dict[str, dict[str, Any]] = {}
    with database.transaction() as session:
        for number, text in enumerate(TEMPLATES):
            for kind in KINDS_OF_WORDS[:3]:
                word = kind.new().load({"name": text, "slug": f"word-{number}"})
                kind.add(session, system("test"), word, now())
    for number, text in enumerate(TEMPLATES):
        slug = f"word-{number}"
        whole = {"title": text, "dek": text, "summary": [text], "fields": {text: text}}
        named = {"section": slug, "tags": [slug], "authors": [slug], "source": {"name": text}}
        # As HTML, so that no mark of Markdown takes part.
        body = {"body": f"<p>Seven {html.escape(text)} eight</p>", "body_format": "html"}
        sent[draft(administrator, **whole, **named, **body)["id"]] = whole
    assert publish_what_is_ready(administrator, sent) == sent
    for article_id, whole in sent.items():
        shown, text = client.get(f"/content/v1/articles/{article_id}").json, whole["title"]
        words = [shown["section"], shown["tags"][0], shown["authors"][0], shown["source"]]
        wrong += [(text, word) for word in words if word["name"] != text]
        wrong += [(text, name, shown[name]) for name in whole if shown[name] != whole[name]]
        if html.unescape(shown["body"]["html"]) != f"<p>Seven {text} eight</p>" or shown["seo"]["title"] != text:
            wrong.append((text, shown["body"], shown["seo"]))
    assert not wrong


@pytest.mark.parametrize("kind", KINDS)
def test_templates_in_the_name_of_the_site_are_text_in_the_subject_and_the_letter(kind: str) -> None:
    usual = {language: received(letter(kind, language, site_name="Heron")) for language in LANGUAGES}
    for number in range(0, len(TEMPLATES), 8):
        language = LANGUAGES[number // 8 % len(LANGUAGES)]
        name = " ".join(TEMPLATES[number : number + 8])
        message = received(letter(kind, language, site_name=name))
        assert str(message["Subject"]) == str(usual[language]["Subject"]).replace("Heron", name)
        assert part(message, "plain") == part(usual[language], "plain").replace("Heron", name)
        assert part(message, "html") == part(usual[language], "html").replace("Heron", html.escape(name))
