"""What may be written of an article, field by field, and by whom; what is refused changes nothing (row S35)."""

from dataclasses import dataclass
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from cms.audit.models import AuditEntry
from cms.content.models import Document
from cms.identity.staff.schemas import Given
from cms.newsroom.models import Article, Revision
from tests.access.desk import Desk
from tests.newsroom.making import counts

FIRST = {"If-Match": '"1"'}
SECOND = {"If-Match": '"2"'}
NEVER = "01890a5d-ac96-774b-bcce-b302099a8057"
PUBLISH = "articles:publish"
NOT_FOR_WRITING = (
    "id", "number", "type", "state", "status", "revision", "published_revision", "has_unpublished_changes",
    "created_at",
    "updated_at", "published_at", "first_published_at", "deleted_at", "author_id", "created_by", "owner", "creator",
    "actor_id", "actor_kind", "section_id", "editor_id", "source_id", "source_url", "is_published", "publish",
    "permissions", "role", "grants", "url", "related", "reading_time", "body_html", "comments", "bookmarks", "lock",
    "locked_by", "__class__", "__proto__", "constructor", "password_hash",
)  # fmt: skip
# What an author may write of an article that it made, whether readers see it or not: the working copy.
CONTENT: tuple[dict[str, Any], ...] = (
    {"title": "Another"}, {"dek": "Another"}, {"summary": ["Another"]}, {"body": "Another"}, {"tags": ["hills"]},
    {"body": "<p>x</p>", "body_format": "html"}, {"section": "sport"}, {"section": None},
    {"authors": ["ines-okafor"]}, {"editor": "ines-okafor"}, {"source": {"name": "The Courier"}}, {"fields": {"a": 1}},
)  # fmt: skip
SLUGS: tuple[Any, ...] = ("elsewhere", "taken", None, "line", "x" * 90, "трамвай", "elsewhere-2")
BAD_SLUGS: tuple[Any, ...] = (1, True, [], {}, ["a"], "a" * 500, "A/B")


@dataclass
class Held:
    """Everything of an article that an edit could change, to be held against itself."""

    desk: Desk
    article_id: str

    def all(self) -> list[Any]:
        """Row, revisions, what readers have, and how many entries the trail has."""
        rows: list[Any] = []
        with self.desk.database.reading() as session:
            for table, column in (
                (Article, Article.id), (Revision, Revision.article_id), (Document, Document.article_id),
            ):  # fmt: skip
                for row in session.scalars(select(table).where(column == self.article_id)):
                    rows.append({name.key: getattr(row, name.key) for name in table.__mapper__.column_attrs})
            rows.append(len(session.scalars(select(AuditEntry.number)).all()))
        return rows


@pytest.fixture
def token(desk: Desk) -> str:
    return desk.token("author")


@pytest.fixture
def author(desk: Desk, token: str) -> FlaskClient:
    return desk.client(token)


@pytest.fixture
def live(desk: Desk, token: str) -> Held:
    """An article of the author that readers see."""
    return Held(desk, desk.article(desk.actor(token), published=True, slug="line").article.id)


def test_the_slug_of_what_readers_see_is_changed_only_by_who_may_publish(
    desk: Desk, author: FlaskClient, live: Held
) -> None:
    desk.article(slug="taken", published=True)
    path = f"/api/v1/articles/{live.article_id}"
    translator, moderator = desk.client(desk.token("translator")), desk.client(desk.token("moderator"))
    apart = [Given("translator", "city/"), Given("editor", "sport/")]
    elsewhere, session = desk.session(*apart), desk.session(Given("author"), Given("translator", "", "en"))
    before = live.all()
    for slug in SLUGS:
        for client in (author, translator, elsewhere, session):
            answer = client.patch(path, json={"slug": slug}, headers=SECOND)
            if slug == "line":
                assert answer.status_code == 200, answer.json
                continue
            assert (answer.status_code, answer.json["missing_permission"]) == (403, PUBLISH), slug
            # Neither beside other changes, nor with the title that a slug of none would come from.
            mixed = client.patch(path, json={"dek": "x", "title": "Line", "slug": slug}, headers=SECOND)
            assert (mixed.status_code, mixed.json["missing_permission"]) == (403, PUBLISH), slug
        assert moderator.patch(path, json={"slug": slug}, headers=SECOND).status_code == 403
    for client in (author, translator, elsewhere, session):
        answer = client.patch(path, json={"locale": "kk"}, headers=SECOND)
        # Where the language is not theirs either, that is told.
        assert answer.status_code == 403, answer.json
    assert author.patch(path, json={"locale": "kk"}, headers=SECOND).json["missing_permission"] == PUBLISH
    for slug in BAD_SLUGS:
        answer = author.patch(path, json={"slug": slug}, headers=SECOND)
        assert (answer.status_code, answer.json["errors"][0]["pointer"]) == (422, "/slug"), slug
    assert live.all() == before
    editor = desk.client(desk.token("editor"))
    assert editor.patch(path, json={"slug": "elsewhere"}, headers=SECOND).json["slug"] == "elsewhere"
    public = desk.client(None)
    assert public.get("/content/v1/articles/en/line").status_code == 200
    assert public.get("/content/v1/articles/en/elsewhere").status_code == 404


@pytest.mark.both_databases
def test_who_may_publish_where_the_copy_went_does_not_change_the_slug_where_readers_see_it(desk: Desk) -> None:
    saved = desk.article(section="sport", published=True)
    path = f"/api/v1/articles/{saved.article.id}"
    person = desk.session(Given("translator", "sport/"), Given("editor", "city/"))
    assert person.patch(path, json={"section": "city"}, headers=SECOND).status_code == 200
    refused = person.patch(path, json={"slug": "mine"}, headers={"If-Match": '"3"'})
    assert (refused.status_code, refused.json["missing_permission"]) == (403, PUBLISH)
    # Where both ends are one's own it is done.
    both = desk.session(Given("editor", "sport/"), Given("editor", "city/"))
    assert both.patch(path, json={"slug": "mine"}, headers={"If-Match": '"3"'}).status_code == 200


def test_before_and_after_readers_see_it_the_slug_is_the_authors(desk: Desk, author: FlaskClient, token: str) -> None:
    path = f"/api/v1/articles/{desk.article(desk.actor(token)).article.id}"
    assert author.patch(path, json={"slug": "first"}, headers=FIRST).json["slug"] == "first"
    editor = desk.client(desk.token("editor"))
    assert editor.post(f"{path}/publish", headers=SECOND).status_code == 200
    assert author.patch(path, json={"slug": "second"}, headers={"If-Match": '"3"'}).status_code == 403
    assert editor.post(f"{path}/unpublish", headers={"If-Match": '"3"'}).status_code == 200
    assert author.patch(path, json={"slug": "second"}, headers={"If-Match": '"4"'}).json["slug"] == "second"


@pytest.mark.parametrize("change", CONTENT, ids=[next(iter(change)) for change in CONTENT])
def test_an_author_writes_the_working_copy_and_readers_keep_what_they_have(
    desk: Desk, author: FlaskClient, live: Held, change: dict[str, Any]
) -> None:
    public = desk.client(None)
    shown = public.get("/content/v1/articles/en/line").json
    answer = author.patch(f"/api/v1/articles/{live.article_id}", json=change, headers=SECOND)
    assert (answer.status_code, answer.json["state"]) == (200, "published"), answer.json
    assert public.get("/content/v1/articles/en/line").json == shown


@pytest.mark.parametrize("is_live", [False, True])
def test_an_author_writes_no_member_that_is_not_content(
    desk: Desk, author: FlaskClient, token: str, is_live: bool
) -> None:
    held = Held(desk, desk.article(desk.actor(token), published=is_live).article.id)
    path, headers = f"/api/v1/articles/{held.article_id}", SECOND if is_live else FIRST
    before, tables = held.all(), counts(desk.database)
    for name in NOT_FOR_WRITING:
        for value in ("published", {"id": NEVER, "role": "administrator"}):
            answers = (
                author.patch(path, json={name: value}, headers=headers),
                author.patch(path, json={"title": "Beside it", name: value}, headers=headers),
                author.post("/api/v1/articles", json={"title": "x", "locale": "en", name: value}),
            )
            for answer in answers:
                assert answer.status_code == 422, (name, answer.json)
                assert answer.json["errors"][0]["pointer"].startswith(f"/{name}")
    nested = {"source": {"name": "The Courier", "id": NEVER}}, {"editor": {"slug": "ines-okafor", "role": "x"}}
    for change in nested:
        assert author.patch(path, json=change, headers=headers).status_code == 422
    for verb in ("publish", "unpublish"):
        answer = author.post(f"{path}/{verb}", headers=headers)
        assert (answer.status_code, answer.json["missing_permission"]) == (403, PUBLISH)
    assert author.delete(path, headers=headers).status_code == 403
    assert (held.all(), counts(desk.database)) == (before, tables)
