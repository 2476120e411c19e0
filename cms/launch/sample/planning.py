"""Arranging the front lists of the sample newsroom, and scheduling what readers do not see yet, through the verbs.

What is there already is left alone: an editor may have changed it since.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from cms.content.front_lists.models import FrontList
from cms.identity.rules import PERMISSIONS, grant_of
from cms.launch.sample.loading import ACTOR, new_article
from cms.launch.sample.reading import SampleDraft, SampleList, SamplePlan
from cms.newsroom.drafting import create_article
from cms.newsroom.front_lists.arranging import make_list
from cms.newsroom.front_lists.rules import Entry, Fill, ListContent, NewList
from cms.newsroom.models import Article
from cms.newsroom.preparing import PreparedBody
from cms.newsroom.releases.grouping import make_release, schedule_release
from cms.newsroom.releases.preparing import PreparedRelease
from cms.newsroom.releases.rules import NewRelease, ScheduleRelease
from cms.newsroom.schedules.rules import PutSchedule, Times
from cms.newsroom.schedules.scheduling import put_schedule
from cms.platform.db import Database
from cms.platform.errors import Conflict
from cms.platform.text.markdown import Rendered, render

# A release is found by what its reader may read, which is everything here.
EDITOR = replace(ACTOR, grants=(grant_of(PERMISSIONS),))


def load_lists(database: Database, lists: Sequence[SampleList], now: datetime) -> None:
    """Make the front lists that are not there, of those of their articles that are."""
    for wanted in lists:
        try:
            with database.transaction() as session:
                _load_list(session, wanted, now)
        except Conflict:
            # Another start loads at the same time and was first.
            continue


def load_plans(database: Database, planned: Sequence[SampleDraft], plans: Sequence[SamplePlan], now: datetime) -> None:
    """Put in planned articles with their schedule or release, each plan in one transaction, unless they are there."""
    drafts = {article.slug: article for article in planned}
    for plan in plans:
        wanted = [drafts[slug] for slug in plan.articles]
        bodies = [render(draft.body, new_article(draft).body_format) for draft in wanted]
        try:
            with database.transaction() as session:
                _load_plan(session, plan, wanted, bodies, now)
        except Conflict:
            continue


def _load_list(session: Session, wanted: SampleList, now: datetime) -> None:
    there = select(FrontList.number).where(FrontList.name == wanted.slug, FrontList.locale == wanted.locale)
    if session.scalar(there) is not None:
        return
    found = select(Article.slug, Article.id).where(
        Article.locale == wanted.locale, Article.slug.in_(wanted.articles), Article.deleted_at.is_(None)
    )
    ids = dict(session.execute(found).all())
    entries = tuple(
        Entry(ids[slug], is_pinned=place < wanted.pinned) for place, slug in enumerate(wanted.articles) if slug in ids
    )
    content = ListContent(wanted.title, fill=Fill(wanted.fill) if wanted.fill else None, entries=entries)
    make_list(session, ACTOR, NewList(wanted.slug, content, wanted.locale), now)


def _load_plan(
    session: Session, plan: SamplePlan, drafts: Sequence[SampleDraft], bodies: Sequence[Rendered], now: datetime
) -> None:
    known = select(Article.id).where(
        Article.slug.in_(plan.articles), Article.locale.in_({one.locale for one in drafts})
    )
    if session.scalars(known).first() is not None:
        return
    made = [create_article(session, ACTOR, new_article(draft), now).article for draft in drafts]
    at = now + timedelta(days=plan.days)
    prepared = [PreparedBody(article.revision, body) for article, body in zip(made, bodies, strict=True)]
    if len(made) == 1:
        command = PutSchedule(made[0].id, Times(publish_at=at), revision=made[0].revision)
        put_schedule(session, ACTOR, command, prepared[0], now)
        return
    release = make_release(session, EDITOR, NewRelease(plan.title, tuple(article.id for article in made)), now)
    ready = PreparedRelease({article.id: body for article, body in zip(made, prepared, strict=True)})
    schedule_release(session, EDITOR, ScheduleRelease(release.id, release.version, at), ready, now)
