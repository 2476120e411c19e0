"""How the routes of sections, tags, people, sources and redirects are asked, and what is shown to everybody."""

from collections.abc import Callable
from typing import Any

from cms.content.redirects.redirecting import add_redirect
from cms.content.redirects.rules import NewRedirect
from cms.content.synonyms.changing import add_synonyms
from cms.content.synonyms.rules import SynonymContent
from cms.platform.clock import now
from cms.taxonomy.adding import add_person, add_section, add_source, add_tag
from cms.taxonomy.rules import NewPerson, NewSection, NewSource, NewTag
from tests.access.desk import OPERATOR
from tests.access.room import FIRST, Ask, Asked, Room, document, numbered, plain


def _on_word(listing: str, path: str = "", **options: Any) -> Callable[[Room, str], Asked]:
    """A fresh word; a section stands in the section city."""

    def ask(room: Room, column: str) -> Asked:
        name = f"Word {room.desk.number()}"
        with room.desk.database.transaction() as session:
            word: Any
            if listing == "sections":
                word = add_section(session, OPERATOR, NewSection(name, parent="city"), now())
            elif listing == "tags":
                word = add_tag(session, OPERATOR, NewTag(name), now())
            elif listing == "people":
                word = add_person(session, OPERATOR, NewPerson(name), now())
            else:
                word = add_source(session, OPERATOR, NewSource(name), now())
            key = word.id if listing == "sources" else word.slug
        return f"/api/v1/{listing}/{key}{path}", {"headers": FIRST, **options}

    return ask


def _on_redirect(room: Room, _column: str) -> Asked:
    command = NewRedirect(f"/old-{room.desk.number()}", "/en/new")
    with room.desk.database.transaction() as session:
        return f"/api/v1/redirects/{add_redirect(session, OPERATOR, command, (), now()).id}", {}


def _on_synonyms(**options: Any) -> Ask:
    """A request on synonyms that were just added."""

    def ask(room: Room, _column: str) -> Asked:
        with room.desk.database.transaction() as session:
            row = add_synonyms(session, OPERATOR, SynonymContent(("tram", "streetcar")), now())
            return f"/api/v1/synonyms/{row.id}", {"headers": FIRST, **options}

    return ask


ASK: dict[str, Ask] = {
    "POST /api/v1/synonyms": plain("/api/v1/synonyms", json={"words": ["tram", "streetcar"]}),
    "GET /api/v1/synonyms/<set_id>": _on_synonyms(),
    "PUT /api/v1/synonyms/<set_id>": _on_synonyms(json={"words": ["tram", "trolley"]}),
    "DELETE /api/v1/synonyms/<set_id>": _on_synonyms(),
    "POST /api/v1/sections": numbered("/api/v1/sections", name="Section #", parent="city"),
    "PATCH /api/v1/sections/<slug>": _on_word("sections", json={"name": "Renamed"}),
    "DELETE /api/v1/sections/<slug>": _on_word("sections"),
    "PATCH /api/v1/tags/<slug>": _on_word("tags", json={"name": "Renamed"}),
    "DELETE /api/v1/tags/<slug>": _on_word("tags"),
    "POST /api/v1/tags/<slug>/merge": _on_word("tags", "/merge", json={"into": "rails"}),
    "PATCH /api/v1/people/<slug>": _on_word("people", json={"name": "Renamed"}),
    "DELETE /api/v1/people/<slug>": _on_word("people"),
    "PATCH /api/v1/sources/<source_id>": _on_word("sources", json={"url": "https://courier.example.org/"}),
    "DELETE /api/v1/sources/<source_id>": _on_word("sources"),
    "GET /content/v1/sections/<slug>": plain("/content/v1/sections/city"),
    "GET /content/v1/tags/<slug>": plain("/content/v1/tags/rails"),
    "GET /content/v1/people/<slug>": plain("/content/v1/people/ines-okafor"),
    "GET /api/v1/sections/<slug>": plain("/api/v1/sections/city"),
    "POST /api/v1/tags": numbered("/api/v1/tags", name="Tag #"),
    "GET /api/v1/tags/<slug>": plain("/api/v1/tags/rails"),
    "POST /api/v1/people": numbered("/api/v1/people", name="Person #"),
    "GET /api/v1/people/<slug>": plain("/api/v1/people/ines-okafor"),
    "POST /api/v1/sources": numbered("/api/v1/sources", name="Source #"),
    "GET /api/v1/sources/<source_id>": lambda room, _column: (f"/api/v1/sources/{room.desk.source_id}", {}),
    "GET /api/v1/types/<name>": plain("/api/v1/types/article"),
    "POST /api/v1/deliveries/<int:number>/retry": plain("/api/v1/deliveries/999999/retry"),
    "POST /api/v1/deliveries/<int:number>/discard": plain("/api/v1/deliveries/999999/discard"),
    "GET /content/v1/articles/<uuid:article_id>": document("/content/v1/articles/{id}"),
    "GET /content/v1/articles/<locale>/<slug>": document("/content/v1/articles/en/{slug}"),
    "GET /content/v1/articles/<uuid:article_id>/related": document("/content/v1/articles/{id}/related"),
    "GET /sitemaps/<int:file>.xml": document("/sitemaps/0.xml"),
    "POST /api/v1/redirects": numbered("/api/v1/redirects", path="/path-#", target="/en/new"),
    "GET /api/v1/redirects/<redirect_id>": _on_redirect,
    "DELETE /api/v1/redirects/<redirect_id>": _on_redirect,
    "GET /content/v1/resolve": document("/content/v1/resolve?path=/en/{slug}"),
    "GET /content/v1/archives": plain("/content/v1/archives"),
    "GET /content/v1/export": plain("/content/v1/export"),
    "GET /content/v1/search": plain("/content/v1/search?q=opens"),
    "GET /content/v1/search/completions": plain("/content/v1/search/completions?q=op"),
    "GET /docs/<name>": plain("/docs/docs.js"),
}
