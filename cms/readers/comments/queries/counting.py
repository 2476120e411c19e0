"""What the documents of articles show of their comments."""

from collections.abc import Collection

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from cms.readers.comments.models import Comment
from cms.readers.comments.queries.standing import shown_articles, standings


def comments_of(session: Session, article_ids: Collection[str]) -> dict[str, tuple[int, bool]]:
    """For each of these articles how many comments readers see on it, and whether it takes any.

    Where one is that is not published is not known here, so it seems to be in no section; it is asked about again with
    its publish.
    """
    statement = select(Comment.article_id, func.count()).where(
        Comment.article_id.in_(article_ids), Comment.state == "approved"
    )
    counts = dict(session.execute(statement.group_by(Comment.article_id)).all())
    shown = shown_articles(session, article_ids)
    paths = {one: shown[one].section_path if one in shown else "" for one in article_ids}
    modes = standings(session, paths)
    return {one: (counts.get(one, 0), modes[one].mode != "off") for one in article_ids}
