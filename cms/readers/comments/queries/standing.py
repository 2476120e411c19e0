"""Where an article and a reader stand when a comment comes in, and comments by their ids."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from cms.content.models import Document, Tombstone
from cms.content.rules import tombstone_data
from cms.platform.errors import Gone, NotFound, Problem
from cms.platform.ids import is_id
from cms.readers.comments.models import Comment, CommentMode, ReaderBan
from cms.readers.comments.rules import SAME_WITHIN, SITE, Mode, NewComment, Standing, standing_of, ways_up
from cms.taxonomy.models import Section


@dataclass(frozen=True)
class Shown:
    """A published article, as far as its comments ask: what it is called, and where it is."""

    article_id: str
    title: str
    url: str
    section_path: str
    locale: str


def shown_articles(session: Session, article_ids: Collection[str]) -> dict[str, Shown]:
    """Those of these articles that readers see now, by id."""
    columns = (
        Document.article_id, Document.title, Document.content["url"].as_string(), Document.section_path,
        Document.locale,
    )  # fmt: skip
    rows = session.execute(select(*columns).where(Document.article_id.in_(article_ids))) if article_ids else ()
    return {row[0]: Shown(*row) for row in rows}


def shown_article(session: Session, article_id: str) -> Shown | None:
    """The article of this id, if readers see it now."""
    return shown_articles(session, [article_id]).get(article_id) if is_id(article_id) else None


def absence(session: Session, article_id: str) -> Problem:
    """What to say of an article that readers do not see: the same that the content API says of it."""
    statement = select(Tombstone).where(Tombstone.article_id == article_id).order_by(Tombstone.taken_down_at.desc())
    grave = session.scalars(statement.limit(1)).first() if is_id(article_id) else None
    if grave is None:
        return NotFound("There is no published article here.")
    tombstone = tombstone_data(grave.article_id, grave.taken_down_at, grave.reason)
    return Gone("This article was taken down.", extra={"tombstone": tombstone})


def standings(session: Session, section_paths: Mapping[str, str]) -> dict[str, Standing]:
    """How comments come in on each of these articles, whose sections' paths are given by article; two statements."""
    paths = {path for own in section_paths.values() for path in ways_up(own)}
    of_sections = select(Section.path, CommentMode.mode).join(
        CommentMode, and_(CommentMode.kind == "section", CommentMode.subject_id == Section.id)
    )
    sections: dict[str, Mode] = dict(session.execute(of_sections.where(Section.path.in_(paths))).all())
    said = or_(
        CommentMode.kind == "site",
        and_(CommentMode.kind == "article", CommentMode.subject_id.in_(list(section_paths))),
    )
    rows = session.execute(select(CommentMode.subject_id, CommentMode.mode).where(said))
    own: dict[str, Mode] = dict(rows.all())
    return {
        article_id: standing_of(own.get(article_id), sections, path, own.get(SITE))
        for article_id, path in section_paths.items()
    }


def mode_said(session: Session, kind: str, subject_id: str) -> Mode | None:
    """The mode that somebody said of an article, a section or the site itself; None where it has that of above."""
    statement = select(CommentMode.mode).where(CommentMode.kind == kind, CommentMode.subject_id == subject_id)
    return session.scalar(statement)


def comment_by_id(session: Session, comment_id: str) -> Comment | None:
    """A comment by its public id, whoever may see it."""
    return session.scalar(select(Comment).where(Comment.id == comment_id)) if is_id(comment_id) else None


def articles_of(session: Session, comment_ids: Collection[str]) -> list[str]:
    """The ids of the articles that these comments are about, in order."""
    asked = [one for one in comment_ids if is_id(one)]
    return sorted(session.scalars(select(Comment.article_id).where(Comment.id.in_(asked)).distinct()))


def ban_of(session: Session, account_id: str) -> ReaderBan | None:
    """The ban of a reader, over or not."""
    return session.get(ReaderBan, account_id)


def was_heard(session: Session, account_id: str) -> bool:
    """Whether a comment of this reader was approved before."""
    statement = select(Comment.number).where(Comment.account_id == account_id, Comment.state == "approved")
    return session.scalars(statement.limit(1)).first() is not None


def said_just_now(session: Session, account_id: str, article_id: str, command: NewComment, now: datetime) -> str | None:
    """The id of the comment by which this reader said the same at the same place a moment ago."""
    statement = select(Comment.id).where(
        Comment.account_id == account_id,
        Comment.article_id == article_id,
        Comment.parent_id.is_(None) if command.parent is None else Comment.parent_id == command.parent,
        Comment.text == command.text,
        Comment.created_at > now - SAME_WITHIN,
        Comment.state != "deleted",
    )
    return session.scalars(statement.limit(1)).first()
