"""Reads of revisions that are about more than one of them. Nothing here writes."""

from datetime import datetime
from types import SimpleNamespace
from typing import Any, cast

from sqlalchemy import select
from sqlalchemy.orm import Session

from cms.newsroom.models import Article, Revision
from cms.newsroom.queries import LARGEST_REVISION, OWN, article_data


def pair(session: Session, article_id: str, first: int, second: int) -> tuple[Revision | None, Revision | None]:
    """Two saved states of one article by one statement; None for one that is not there."""
    numbers = [number for number in (first, second) if 1 <= number <= LARGEST_REVISION]
    statement = select(Revision).where(Revision.article_id == article_id, Revision.revision.in_(numbers))
    found = {one.revision: one for one in session.scalars(statement)}
    return found.get(first), found.get(second)


def as_it_was(session: Session, article: Article, instant: datetime) -> dict[str, Any] | None:
    """An article in the shape of `ArticleShape` as it stood at an instant; None before it was made.

    Where the revision of that instant was thinned out, it is the one kept before.
    """
    statement = select(Revision).where(Revision.article_id == article.id, Revision.at <= instant)
    found = session.scalars(statement.order_by(Revision.revision.desc()).limit(1)).first()
    if found is None:
        return None
    standing = {name: getattr(article, name) for name in OWN}
    standing |= {"revision": found.revision, "updated_at": found.at}
    for name, value in found.standing.items():
        standing[name] = datetime.fromisoformat(value) if value and name.endswith("_at") else value
    return article_data(cast(Article, SimpleNamespace(**standing)), found.content)
