"""Rendering a body before the transaction that shows it: a long one takes a second, and SQLite has one writer."""

from dataclasses import dataclass

from cms.newsroom import queries
from cms.newsroom.models import Revision
from cms.newsroom.saving import refuse_act
from cms.platform.actor import Actor
from cms.platform.db import Database
from cms.platform.errors import Forbidden, NotFound
from cms.platform.text.markdown import Rendered, render


@dataclass(frozen=True)
class PreparedBody:
    """A body as readers would get it, and the revision that it belongs to; the verb refuses it for any other."""

    revision: int
    rendered: Rendered


NO_BODY = PreparedBody(revision=0, rendered=Rendered(html="", text="", image_count=0))


def prepare_body(database: Database, actor: Actor, article_id: str, revision: int | None) -> PreparedBody:
    """Render the body of the revision that an editor wants to publish; no session is open while it is rendered.

    Without a revision it is the present one.

    Where the article is not at this revision, or the actor may not publish it, nothing is rendered: it gives `NO_BODY`
    and leaves the refusal to the verb, which holds the lock, and after which a repeated request still gets its first
    answer.
    """
    article = queries.text_of(database.direct, article_id)
    if article is None or revision not in (None, article.revision):
        return NO_BODY
    try:
        refuse_act(database.direct, actor, "articles:publish", article)
    except (Forbidden, NotFound):
        return NO_BODY
    return PreparedBody(article.revision, render(article.body, article.body_format))


def render_revision(kept: Revision) -> PreparedBody:
    """The body of a saved state as readers would get it; call it while no session is open."""
    return PreparedBody(kept.revision, render(kept.content["body"], kept.content["body_format"]))
