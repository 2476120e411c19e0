"""Sparse fields, more members in lists, and the body in another form (row S40)."""

import re
from typing import Any

import pytest
from flask.testing import FlaskClient

from cms.content.publishing import put_document
from cms.content.rules import NOT_ON_CARDS, ON_CARDS, ORDER
from cms.platform.db import Database
from cms.platform.text.forms import FORMS
from cms.platform.text.markdown import plain_text, render
from tests.content.making import DAY_ONE, article

LIST = "/content/v1/articles"
STORY = """# Harbour *again* #1

The **ferry** left at `dawn` \\* 5 [there](https://ferry.example/a?b=1&c=2 "x").
![A ferry](https://img.example/f.jpg)

1. one
2. two

   more
   - deep

> said
> he

```python
x = "<b>"
```

| a | b |
|---|---|
| 1 | 2 |

---

Snow_man <sup>2</sup> 3\\. day
"""
# What chooses nothing that there is, or nothing at all; none of it may give every member.
WRONG = (
    "fields=", "fields=,", "fields=,,", "fields=title,", "fields=,title", "fields=title,,dek", "fields=*", "fields=**",
    "fields=all", "fields= title", "fields=title%20", "fields=title, dek", "fields=Title", "fields=TITLE",
    "fields=null",
    "fields=none", "fields=-title", "fields=!title", "fields=+title", "fields=title.dek", "fields=section.name",
    "fields=section/name", "fields=seo.json_ld", "fields=password", "fields=text", "fields=content",
    "fields=revision_note",
    "fields=state", "fields=etag", "fields=packed", "fields=group_id", "fields=__class__", "fields=[]",
    "fields=[title]",
    "fields={}", "fields=%00", "fields=title%00", "fields=title;dek", "fields=title|dek", "fields=title%0Adek",
    "fields=0", "fields=true", "fields[]=title", "fields[0]=title", "fields", "fields=title&fields=dek", "Fields=title",
    "field=title", "only=title", "exclude=body", "include=", "include=title", "include=*", "include=related,", "body=",
    "body=HTML", "body=raw", "body=html,text", "body=source", "body[]=html", "include=related&include=related",
)  # fmt: skip


@pytest.fixture
def stories(database: Database) -> list[Any]:
    rendered = render(STORY, "markdown")
    made = [article(number, tags=("rail",), body_html=rendered.html, text=rendered.text) for number in range(1, 4)]
    with database.transaction() as session:
        for one in made:
            put_document(session, one, DAY_ONE)
    return made


def test_an_empty_or_strange_choice_is_refused_and_never_everything(client: FlaskClient, stories: list[Any]) -> None:
    assert len(set(WRONG)) == len(WRONG) >= 40
    path = f"{LIST}/{stories[0].article_id}"
    given = []
    for query in WRONG:
        for asked in (path, f"{LIST}/en/{stories[0].slug}", LIST):
            answer = client.get(f"{asked}?{query}")
            if (answer.status_code, answer.mimetype) != (400, "application/problem+json"):
                given.append((asked, query, answer.status_code))
    assert given == []


@pytest.mark.both_databases
def test_what_is_chosen_comes_and_nothing_else(client: FlaskClient, stories: list[Any]) -> None:
    path = f"{LIST}/{stories[0].article_id}"
    whole = client.get(path)
    sparse = client.get(f"{path}?fields=dek,title,reading_time")
    assert list(sparse.json) == ["id", "title", "dek", "reading_time"]
    assert sparse.json.items() <= whole.json.items()
    assert sparse.headers["ETag"] != whole.headers["ETag"]
    assert sparse.headers["Last-Modified"] == whole.headers["Last-Modified"]
    again = client.get(f"{path}?fields=dek,title,reading_time", headers={"If-None-Match": sparse.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    for name in ORDER:
        assert set(client.get(f"{path}?fields={name}").json) == {"id", name}
    assert client.get(f"{path}?include=related").json == whole.json
    assert "body" not in client.get(f"{path}?body=none").json
    cards = client.get(LIST).json["data"]
    assert [tuple(card) for card in cards] == [ON_CARDS] * 3
    more = client.get(f"{LIST}?include=related,translations&limit=2")
    assert [set(card) - set(ON_CARDS) for card in more.json["data"]] == [{"related", "translations"}] * 2
    second = client.get(f"{LIST}?include=related,translations&limit=2&cursor={more.json['page']['next_cursor']}")
    assert [card["number"] for card in second.json["data"]] == [1]
    everything = client.get(f"{LIST}?include={','.join(NOT_ON_CARDS)}").json["data"]
    assert everything[-1] == whole.json


def test_the_body_comes_in_the_form_asked_for(client: FlaskClient, stories: list[Any]) -> None:
    path = f"{LIST}/{stories[0].article_id}"
    html = client.get(path).json["body"]["html"]
    for form, made in FORMS.items():
        assert client.get(f"{path}?body={form}").json["body"] == {form: made(html)}
        assert client.get(f"{LIST}?body={form}").json["data"][0]["body"] == {form: made(html)}
    found = FORMS["blocks"](html)
    assert [block["type"] for block in found] == [
        "heading", "paragraph", "list", "quote", "code", "table", "rule", "paragraph",
    ]  # fmt: skip
    assert found[0]["level"] == 1 and found[2]["is_ordered"] and found[4]["language"] == "python"
    assert "\n".join(block["text"] for block in found if block["text"]) == FORMS["text"](html) == stories[0].text


@pytest.mark.parametrize(
    "text", [STORY, "", "plain", "a\n\n- b\n- c\n\n\n  d", "<dl><dt>a</dt><dd>b</dd></dl>", "\\# no\n\n1\\. no"]
)
def test_markdown_made_of_html_says_the_same(text: str) -> None:
    html = render(text, "markdown").html
    again = render(FORMS["markdown"](html), "markdown").html
    assert plain_text(again) == plain_text(html)
    tags = [re.findall(r"<[a-z0-9]+", one) for one in (html, again)]
    assert sorted(set(tags[0])) == sorted(set(tags[1]))
