"""The lifecycle as a state machine, and the small rules beside it."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cms.newsroom.rules import (
    Standing,
    decide,
    deleted_slug,
    missing_for_readers,
    settled,
)
from cms.platform.errors import Conflict
from cms.platform.text.locales import canonical_locale
from cms.platform.text.slugs import is_slug

NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)

acts = st.lists(
    st.tuples(
        st.sampled_from(["edit", "publish", "unpublish", "delete"]),
        st.integers(0, 3),
        st.none() | st.integers(1, 500),
    ),
    max_size=30,
)


@given(acts)
def test_whatever_is_done_the_standing_makes_sense(steps: list[tuple[str, int, int | None]]) -> None:
    standing, now, seen = Standing(), NOON, []
    for action, minutes, days_back in steps:
        now += timedelta(minutes=minutes)
        back = now - timedelta(days=days_back) if days_back and action == "publish" else None
        try:
            after = decide(standing, action, now, back)  # type: ignore[arg-type]  # one of the four
        except Conflict as refused:
            is_live = standing.state == "published"
            assert action == ("publish" if is_live else "unpublish")
            if refused.code == "already_published":
                assert standing.published_revision == standing.revision
            continue
        assert after.revision == standing.revision + 1
        assert (
            (after.state == "published") == (after.published_revision is not None) == (after.published_at is not None)
        )
        if after.published_revision is not None:
            assert after.published_revision <= after.revision
        if action == "edit":
            assert (after.state, after.published_revision) == (standing.state, standing.published_revision)
        if action == "publish":
            assert after.published_revision == after.revision
            assert after.published_at == (back or (standing.published_at if standing.published_at else now))
            seen.append(after.published_at)
        if action in ("unpublish", "delete"):
            assert after.state == "draft"
        assert after.first_published_at == (min(seen) if seen else None)
        standing = after


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
