"""Follows over HTTP: a reader's own, when the digest goes, and the end of letters without a sign-in."""

from typing import Any

from flask import Blueprint, Response, request

from cms.platform.errors import NotFound
from cms.platform.http.answers import answer
from cms.platform.http.door import POLICY
from cms.platform.http.endpoint import endpoint
from cms.platform.http.guard import current_actor
from cms.platform.http.services import services
from cms.platform.http.transactions import reading, transaction
from cms.readers.follows import digests, following, queries, unsubscribing
from cms.readers.follows.models import DigestPlan
from cms.readers.follows.page import PAGE_POLICY, asking_page
from cms.readers.follows.queries import follow_data
from cms.readers.follows.rules import UNSUBSCRIBES_PER_CLIENT
from cms.readers.follows.schemas import (
    DigestChange,
    DigestChangeShape,
    DigestShape,
    FollowChangeShape,
    FollowListShape,
    FollowShape,
    NewFollow,
    NewFollowShape,
)
from cms.readers.follows.telling import Habits
from cms.readers.follows.tokens import ALL_DAILY, Ending, read_token
from cms.readers.queries import account_by_id

follows = Blueprint("follows", __name__, url_prefix="/readers/v1")


@follows.get("/follows")
@endpoint(summary="What a reader follows", needs_reader=True, answers={200: FollowListShape})
def list_follows() -> Response:
    """One's own follows, the newest first."""
    actor = current_actor()
    with reading() as session:
        account = account_by_id(session, actor.id)
        rows = queries.follows_of(session, actor.id)
    locale = account.locale if account is not None else ""
    return answer({"data": [follow_data(row, locale) for row in rows]})


@follows.post("/follows")
@endpoint(
    summary="Follow a section, a tag, an author or a query",
    needs_reader=True,
    body=NewFollowShape,
    answers={200: FollowShape, 201: FollowShape},
    refuses=(404, 409),
    description="A section is followed with all below it. Of a query everything has to be there, by the rules of the "
    "search. Letters tell of what is published for the first time: one for each article at once, or one a day. "
    "Following the same again answers 200 and sets how often. At most 100 follows, 25 of them queries.",
)
def add_follow(body: NewFollow) -> Response:
    """Letters from now on, about what is published from now on."""
    with transaction() as session:
        begun = following.add_follow(session, current_actor(), body, services().clock())
        [row] = queries.with_words(session, [begun.follow])
        account = account_by_id(session, begun.follow.account_id)
        return answer(follow_data(row, account.locale if account is not None else ""), 201 if begun.is_new else 200)


@follows.patch("/follows/<follow_id>")
@endpoint(
    summary="Say how often letters of a follow come", needs_reader=True, body=FollowChangeShape,
    answers={200: FollowShape}, refuses=(404,),
)  # fmt: skip
def change_follow(body: dict[str, str], follow_id: str) -> Response:
    """At once, once a day, or not at all."""
    with transaction() as session:
        follow = following.change_follow(session, current_actor(), follow_id, body["frequency"], services().clock())
        [row] = queries.with_words(session, [follow])
        account = account_by_id(session, follow.account_id)
        return answer(follow_data(row, account.locale if account is not None else ""))


@follows.delete("/follows/<follow_id>")
@endpoint(summary="Follow something no more", needs_reader=True, answers={204: None}, refuses=(404,))
def remove_follow(follow_id: str) -> Response:
    """No more letters of it, not even those that wait."""
    with transaction() as session:
        following.remove_follow(session, current_actor(), follow_id, services().clock())
        return answer(None, 204)


@follows.get("/me/digest")
@endpoint(summary="When a reader's daily letter goes", needs_reader=True, answers={200: DigestShape})
def read_digest() -> Response:
    """The hour and the zone, the site's own where none was chosen."""
    with reading() as session:
        return answer(_digest_data(queries.plan_of(session, current_actor().id)))


@follows.patch("/me/digest")
@endpoint(
    summary="Choose when the daily letter goes", needs_reader=True, body=DigestChangeShape,
    answers={200: DigestShape}, refuses=(404,),
)  # fmt: skip
def choose_digest(body: DigestChange) -> Response:
    """Another hour or zone. A day that has had its letter gets no second one."""
    changes = {name: getattr(body, name) for name in sorted(body.named)}
    habits = Habits.of(services().settings)
    with transaction() as session:
        plan = digests.choose_time(session, current_actor(), changes, habits, services().clock())
        return answer(_digest_data(plan))


@follows.get("/unsubscribe/<token>")
@endpoint(
    summary="A page that asks whether letters are to end",
    answers={200: None},
    refuses=(404,),
    media_type="text/html",
    description="Changes nothing: mail programs and scanners open every link.",
)
def show_unsubscribing(token: str) -> Response:
    """What the link of a letter shows."""
    ending = _ending(token)
    with reading() as session:
        return _page(session, ending)


@follows.post("/unsubscribe/<token>")
@endpoint(
    summary="End the letters that a link was in",
    answers={200: None},
    refuses=(404,),
    media_type="text/html",
    limit=UNSUBSCRIBES_PER_CLIENT,
    takes_form=True,
    description="Needs no sign-in: the link came by mail. Mail programs ask so by themselves (RFC 8058) with a form "
    "that says nothing more and is not read. The link of a letter about one article ends the one follow that it names, "
    "that of a daily letter all that are daily. Doing it twice is as good as once.",
)
def unsubscribe(token: str) -> Response:
    """One follow, or all that are daily, send no more letters; they stay in the reader's list."""
    ending = _ending(token)
    with transaction() as session:
        unsubscribing.unsubscribe(session, current_actor(), ending, services().clock())
        session.flush()
        return _page(session, ending)


def _ending(token: str) -> Ending:
    ending = read_token(services().keys, token)
    if ending is None:
        raise NotFound("This link is not whole, or too old; sign in to change what letters you get.")
    return ending


def _page(session: Any, ending: Ending) -> Response:
    account = account_by_id(session, ending.account_id)
    locale = account.locale if account is not None else ""
    rows = queries.with_words(session, unsubscribing.ended_by(session, ending))
    names = [row.name(locale) for row in rows]
    text = asking_page(locale, services().settings.site_name, names, is_digest=ending.follow_id == ALL_DAILY)
    response = Response(text, mimetype="text/html")
    request.environ[POLICY] = PAGE_POLICY
    response.headers["Cache-Control"] = "private, no-store"
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


def _digest_data(plan: DigestPlan | None) -> dict[str, Any]:
    habits = Habits.of(services().settings)
    return {
        "hour": habits.hour if plan is None or plan.hour is None else plan.hour,
        "time_zone": (plan.time_zone if plan is not None else None) or habits.time_zone,
        "next_at": plan.due_at if plan is not None else None,
    }
