"""What readers must see, folded from the newsroom's own tables alone: the other side of the theorem of the house."""

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from cms.content.assembling import article_url
from cms.newsroom.models import Article, Revision
from cms.platform.text.markdown import render
from cms.platform.text.reading_time import measure, rates_from

WORDS = ("title", "dek", "summary", "body", "body_format")
SHOWN_BY = ("published", "corrected")


def fold(session: Session) -> dict[str, dict[str, Any]]:
    """What readers should see of each article, from the newsroom's own tables alone."""
    query = select(Article, Revision).join(
        Revision, (Revision.article_id == Article.id) & (Revision.revision == Article.published_revision)
    )
    live = {}
    for row, revision in session.execute(query.where(Article.deleted_at.is_(None))):
        rendered = render(revision.content["body"], revision.content["body_format"])
        minutes = measure(rendered.text, rendered.image_count, revision.content["locale"], rates_from(""))
        live[row.id] = {
            "id": row.id,
            "locale": revision.content["locale"],
            "slug": revision.content["slug"],
            "revision": row.published_revision,
            "title": revision.content["title"],
            "body": {"html": rendered.html},
            "reading_time": minutes.as_dict(),
            "text": rendered.text,
        }
    kin = translations(session, live)
    return {article_id: {**one, "translations": kin[article_id]} for article_id, one in live.items()}


def buried(session: Session) -> dict[str, str]:
    """The articles that were taken down and not published since, with the reason that readers are given."""
    query = (
        select(Article.id, Revision.note)
        .join(Revision, Revision.article_id == Article.id)
        .where(Article.taken_down_at.is_not(None), Revision.action == "taken_down")
        .order_by(Revision.revision)
    )
    return {row.id: row.note for row in session.execute(query)}


def translations(session: Session, live: Mapping[str, Mapping[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    """For each published article the other published ones of its group, and whether each lags behind its source.

    It does when readers of the source were shown other words, after the revision that was translated from.
    """
    rows = {row.id: row for row in session.scalars(select(Article).where(Article.deleted_at.is_(None)))}
    shown = dict(
        session.execute(
            select(Revision.article_id, func.max(Revision.revision))
            .where(Revision.action.in_(SHOWN_BY))
            .group_by(Revision.article_id)
        ).all()
    )

    def words(article_id: str, revision: int) -> list[Any]:
        content = session.get_one(Revision, (article_id, revision)).content
        return [content[name] for name in WORDS]

    def is_behind(row: Article) -> bool:
        source = rows.get(row.translated_from_id or "")
        if source is None or source.group_id != row.group_id or source.id not in shown:
            return False
        assert row.translated_revision is not None
        last, followed = shown[source.id], row.translated_revision
        return last > followed and words(source.id, last) != words(source.id, followed)

    def named(article_id: str) -> dict[str, Any]:
        locale, slug = live[article_id]["locale"], live[article_id]["slug"]
        return {"locale": locale, "url": article_url(locale, slug), "is_stale": is_behind(rows[article_id])}

    groups: dict[str | None, list[str]] = defaultdict(list)
    for article_id in sorted(live, key=lambda one: (live[one]["locale"], one)):
        groups[rows[article_id].group_id].append(article_id)
    groups[None] = []
    return {
        article_id: [named(other) for other in groups[rows[article_id].group_id] if other != article_id]
        for article_id in live
    }
