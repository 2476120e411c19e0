"""Rendering a body before the transaction that shows it: a long one takes a second, and SQLite has one writer."""

from dataclasses import dataclass

from cms.newsroom import queries
from cms.platform.db import Database
from cms.platform.text.markdown import Rendered, render


@dataclass(frozen=True)
class PreparedBody:
    """A body as readers would get it, and the revision that it belongs to; the verb refuses it for any other."""

    revision: int
    rendered: Rendered


NO_BODY = PreparedBody(revision=0, rendered=Rendered(html="", text="", image_count=0))


def prepare_body(database: Database, article_id: str, revision: int) -> PreparedBody:
    """Render the body of the revision that an editor wants to publish; no session is open while it is rendered.

    Where the article is not at this revision it gives `NO_BODY` and leaves the refusal to the verb, which holds the
    lock, and after which a repeated request still gets its first answer.
    """
    with database.reading() as session:
        found = queries.body_of(session, article_id, revision)
    return NO_BODY if found is None else PreparedBody(revision, render(*found))
