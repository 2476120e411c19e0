"""The lifecycle as a state machine, and the small rules beside it."""

from datetime import UTC, datetime, timedelta
from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cms.newsroom.rules import (
    APPROVE,
    TAKE_DOWN,
    Action,
    Standing,
    State,
    decide,
    deleted_slug,
    missing_for_readers,
    settled,
)
from cms.platform.errors import Conflict, Forbidden
from cms.platform.text.locales import canonical_locale
from cms.platform.text.slugs import is_slug

NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)

RIGHTS = st.sets(st.sampled_from([APPROVE, TAKE_DOWN]))
acts = st.lists(
    st.tuples(st.sampled_from(get_args(Action)), st.integers(0, 3), st.none() | st.integers(1, 500), RIGHTS),
    max_size=40,
)


@settings(max_examples=300)
@given(acts)
def test_whatever_is_done_the_standing_makes_sense(steps: list[tuple[Action, int, int | None, set[str]]]) -> None:
    standing, now, seen = Standing(), NOON, []
    for action, minutes, days_back, rights in steps:
        now += timedelta(minutes=minutes)
        back = now - timedelta(days=days_back) if days_back and action == "publish" else None
        try:
            after = decide(standing, action, now, back, rights=rights)
        except Forbidden:
            assert action == "publish"
            assert standing.taken_down_at is not None
            assert TAKE_DOWN not in rights
            continue
        except Conflict as refused:
            if refused.code == "already_published":
                assert standing.published_revision == standing.revision
            continue
        assert after.revision == standing.revision + 1
        is_live = after.state == "published"
        assert is_live == (after.published_revision is not None) == (after.published_at is not None)
        assert (after.deleted_at is not None) == (action == "delete")
        assert not (is_live and (after.taken_down_at or after.deleted_at))
        if after.state == "taken_down":
            assert after.taken_down_at is not None
        if action == "publish":
            assert after.published_at == (back or standing.published_at or now)
            seen.append(after.published_at)
        if action in ("publish", "correct"):
            assert after.published_revision == after.revision
        elif is_live:
            assert (after.published_revision, after.published_at) == (
                standing.published_revision,
                standing.published_at,
            )
        assert after.first_published_at == (min(seen) if seen else None)
        standing = after


def test_what_was_taken_down_stays_so_through_archive_and_trash_until_who_may_take_down_publishes_it() -> None:
    standing = decide(decide(Standing(), "publish", NOON), "takedown", NOON)
    for action in ("archive", "unarchive", "edit", "delete", "recover", "delete", "expire", "unarchive"):
        standing = decide(standing, action, NOON, rights={APPROVE})  # type: ignore[arg-type]  # each is an act
        assert standing.taken_down_at == NOON
    assert standing.state == "taken_down"
    with pytest.raises(Forbidden) as refused:
        decide(standing, "publish", NOON, rights={APPROVE})
    assert refused.value.extra == {"missing_permission": TAKE_DOWN}
    assert decide(standing, "publish", NOON, rights={TAKE_DOWN}).taken_down_at is None


@pytest.mark.parametrize("waits", ["submitted", "approved", "rejected"])
def test_an_edit_by_who_may_not_approve_sends_back_what_waits(waits: State) -> None:
    assert decide(Standing(state=waits), "edit", NOON).state == "draft"
    assert decide(Standing(state=waits), "edit", NOON, rights={APPROVE}).state == waits


def test_only_who_may_approve_edits_what_is_scheduled() -> None:
    scheduled = decide(Standing(), "schedule", NOON)
    with pytest.raises(Conflict, match="scheduled"):
        decide(scheduled, "edit", NOON)
    assert decide(scheduled, "edit", NOON, rights={APPROVE}).state == "scheduled"
    assert decide(scheduled, "unschedule", NOON, was="approved").state == "approved"
    assert decide(scheduled, "unschedule", NOON, was="draft").state == "draft"
    assert decide(scheduled, "unschedule", NOON).state == "draft", "approved by nobody that is known of"


def test_what_readers_never_saw_cannot_be_taken_down() -> None:
    with pytest.raises(Conflict, match="never saw"):
        decide(Standing(), "takedown", NOON)
    seen = decide(decide(Standing(), "publish", NOON), "unpublish", NOON)
    assert decide(seen, "takedown", NOON).state == "taken_down"


def test_publishing_twice_is_refused_and_after_an_edit_it_is_not() -> None:
    published = decide(Standing(), "publish", NOON)
    with pytest.raises(Conflict) as refused:
        decide(published, "publish", NOON)
    assert refused.value.code == "already_published"
    assert decide(decide(published, "edit", NOON), "publish", NOON).published_revision == 4


def test_an_article_keeps_its_place_in_lists_while_readers_see_it() -> None:
    later = NOON + timedelta(hours=1)
    published = decide(Standing(), "publish", NOON)
    again = decide(decide(published, "edit", later), "publish", later)
    assert (again.published_at, again.first_published_at) == (NOON, NOON)
    anew = decide(decide(again, "unpublish", later), "publish", later)
    assert (anew.published_at, anew.first_published_at) == (later, NOON)


@pytest.mark.parametrize(
    ("title", "text", "images", "missing"),
    [
        ("A", "b", 0, []),
        ("A", "", 1, []),
        ("A", "", 0, ["/body"]),
        ("A", " \n", 0, ["/body"]),
        ("", "", 0, ["/title", "/body"]),
    ],
)
def test_what_readers_would_miss(title: str, text: str, images: int, missing: list[str]) -> None:
    assert [error.pointer for error in missing_for_readers(title, text, images)] == missing


def test_what_was_cleared_is_empty_and_what_must_be_there_is_missed() -> None:
    whole, errors = settled({"source": {"url": "https://a.example"}})
    assert [error.pointer for error in errors] == ["/title", "/locale", "/source/name"]
    assert (whole["dek"], whole["summary"], whole["fields"], whole["body_format"]) == ("", [], {}, "markdown")
    whole["summary"].append("mine")
    assert settled({})[0]["summary"] == []


def test_own_fields_have_a_limit() -> None:
    assert settled({"title": "A", "locale": "en", "fields": {"a": "x" * 65_000}})[1] == []
    too_many = settled({"title": "A", "locale": "en", "fields": {"a": "x" * 65_536}})[1]
    assert [(error.pointer, error.code) for error in too_many] == [("/fields", "too_long")]


@pytest.mark.parametrize(
    ("given", "canonical"),
    [
        ("en", "en"),
        ("EN", "en"),
        ("zh-cn", "zh-CN"),
        ("ZH-HANS-CN", "zh-Hans-CN"),
        ("es-419", "es-419"),
        ("sl-rozaj-biske", "sl-rozaj-biske"),
        ("de-CH-1996", "de-CH-1996"),
        ("zh-yue-hk", "zh-yue-HK"),
        ("en-u-CA-buddhist", "en-u-ca-buddhist"),
        ("en-gb-x-Newsroom", "en-GB-x-newsroom"),
    ],
)
def test_locales_take_their_usual_case(given: str, canonical: str) -> None:
    assert canonical_locale(given) == canonical


@pytest.mark.parametrize(
    "text",
    ["", "e", "english", "en_US", "en-", "-en", "en--US", "en-USA1", "x-own", "en-u", "ën", "en\n", "en-x" * 9],
)  # fmt: skip
def test_what_is_no_locale(text: str) -> None:
    assert canonical_locale(text) is None


@given(st.from_regex(r"[a-z]{1,60}(-[a-z]{1,59})?", fullmatch=True))
def test_no_living_article_can_have_the_slug_of_a_deleted_one(slug: str) -> None:
    moved = deleted_slug(slug, "01890a5d-ac96-774b-bcce-b302099a8057")
    assert len(moved) <= 120
    assert not is_slug(moved)
