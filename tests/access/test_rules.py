"""The decision as properties: it grows with grants, and no grant reaches beyond its section and language."""

from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from cms.identity.rules import (
    BEYOND_ONES_OWN,
    IN_PLACE,
    PERMISSIONS,
    ROLE_TEXTS,
    ROLES,
    SHARED,
    Place,
    beyond,
    decide,
    grant_of,
    is_at_home,
    is_well_formed,
    network_of,
    new_token,
    places,
)
from cms.platform.actor import Grant

SLUGS = st.sampled_from(["city", "city-hall", "trams", "sport", "c"])
PATHS = st.lists(SLUGS, max_size=3).map(lambda slugs: "".join(f"{slug}/" for slug in slugs))
LOCALES = st.sampled_from(["en", "kk", "ru", "zh-CN", "zh"])
NAMES = st.sampled_from(sorted(PERMISSIONS))
GRANTS = st.builds(grant_of, st.frozensets(NAMES), PATHS, st.one_of(st.just(""), LOCALES))
MANY = st.lists(GRANTS, max_size=4)


def is_below(path: str, top: str) -> bool:
    """Said another way than the rules say it: slug by slug."""
    slugs, above = path.split("/")[:-1], top.split("/")[:-1]
    return slugs[: len(above)] == above


@settings(max_examples=300)
@given(MANY, GRANTS, NAMES, PATHS, LOCALES, st.booleans())
def test_another_grant_never_allows_less(
    grants: list[Grant], another: Grant, permission: str, path: str, locale: str, is_own: bool
) -> None:
    before = decide(grants, permission, path, locale, is_own=is_own)
    after = decide([*grants, another], permission, path, locale, is_own=is_own)
    assert after.is_allowed or not before.is_allowed
    assert decide([another, *grants], permission, path, locale, is_own=is_own).is_allowed == after.is_allowed


@settings(max_examples=300)
@given(MANY, NAMES, PATHS, LOCALES, st.booleans())
def test_no_grant_leaks_out_of_its_section_and_language(
    grants: list[Grant], permission: str, path: str, locale: str, is_own: bool
) -> None:
    decision = decide(grants, permission, path, locale, is_own=is_own)
    needed = permission if is_own else BEYOND_ONES_OWN.get(permission, permission)
    fits = [
        grant
        for grant in grants
        if needed in grant.permissions
        and (needed not in IN_PLACE or (is_below(path, grant.section_path) and grant.locale in ("", locale)))
    ]
    if decision.is_allowed:
        assert decision.grant in fits
        assert decision.missing == ""
    else:
        assert decision.grant is None
        assert decision.missing
        assert decision.permission in (permission, needed)
        has_it = any(decision.permission in grant.permissions for grant in grants)
        assert (decision.missing == "permission") == (not has_it)


@settings(max_examples=300)
@given(MANY, NAMES, PATHS, LOCALES)
def test_lists_show_exactly_what_may_be_read(grants: list[Grant], permission: str, path: str, locale: str) -> None:
    if permission in IN_PLACE:
        shown = any(place.covers(path, locale) for place in places(grants, permission))
        assert shown == decide(grants, permission, path, locale, is_own=True).is_allowed


@settings(max_examples=300)
@given(MANY, GRANTS, PATHS, LOCALES)
def test_who_may_give_a_grant_could_do_all_that_it_allows(
    grants: list[Grant], wanted: Grant, path: str, locale: str
) -> None:
    missing = beyond(grants, wanted)
    assert missing <= wanted.permissions
    for permission in wanted.permissions - missing:
        if decide([wanted], permission, path, locale, is_own=True).is_allowed:
            assert decide(grants, permission, path, locale, is_own=True).is_allowed


@given(st.frozensets(NAMES), PATHS, st.one_of(st.just(""), LOCALES))
def test_what_concerns_the_whole_site_needs_a_grant_that_holds_everywhere(
    permissions: frozenset[str], path: str, locale: str
) -> None:
    kept = grant_of(permissions, path, locale).permissions
    assert kept == (permissions if not (path or locale) else permissions & (IN_PLACE | SHARED))


def test_what_nobody_knows_is_given_to_nobody() -> None:
    assert grant_of({"articles:read", "articles:explode"}).permissions == {"articles:read"}


def test_a_section_whose_slug_begins_alike_is_another_section() -> None:
    city = [grant_of(ROLES["editor"], "city/")]
    assert decide(city, "articles:publish", "city/trams/", "en").is_allowed
    assert decide(city, "articles:publish", "city-hall/", "en").missing == "section"
    assert decide(city, "articles:publish", "", "en").missing == "section"


def test_languages_are_told_apart_to_the_letter() -> None:
    chinese = [grant_of(ROLES["translator"], locale="zh")]
    assert decide(chinese, "articles:write", "city/", "zh").is_allowed
    assert decide(chinese, "articles:write", "city/", "zh-CN").missing == "locale"


def test_an_author_edits_only_its_own() -> None:
    author = [grant_of(ROLES["author"])]
    assert decide(author, "articles:write", "city/", "en", is_own=True).is_allowed
    others = decide(author, "articles:write", "city/", "en", is_own=False)
    assert (others.is_allowed, others.missing, others.permission) == (False, "permission", "articles:write_any")


def test_each_role_has_all_that_a_weaker_one_has() -> None:
    ladder = ["viewer", "author", "translator", "editor", "editor-in-chief", "administrator"]
    for weaker, stronger in pairwise(ladder):
        assert ROLES[weaker] < ROLES[stronger], (weaker, stronger)
    assert ROLES["administrator"] == PERMISSIONS.keys()
    assert ROLES.keys() == ROLE_TEXTS.keys()


def test_networks_are_read_strictly_and_hold_their_addresses() -> None:
    assert network_of("192.0.2.7") == "192.0.2.7/32"
    assert network_of("2001:DB8::/32") == "2001:db8::/32"
    for text in (
        "192.0.2.1/24",
        "192.0.2.0/33",
        "192.0.2",
        "localhost",
        "",
        "::1%eth0/64",
        "10.0.0.0/8,::/0",
        "0x7f.1",
    ):
        assert network_of(text) is None, text
    assert is_at_home("192.0.2.200", ["192.0.2.0/24"])
    assert is_at_home("::ffff:192.0.2.200", ["192.0.2.0/24"])
    assert is_at_home("anything", [])
    for address in ("192.0.3.1", "::1", "", "unix:", "192.0.2.200.example.org"):
        assert not is_at_home(address, ["192.0.2.0/24", "2001:db8::/32"]), address


def test_every_single_typing_mistake_in_a_token_is_seen() -> None:
    token = new_token()
    assert is_well_formed(token)
    for place in range(len(token)):
        for other in ("0", "Z", "a", "_", "é"):
            if token[place] != other:
                assert not is_well_formed(token[:place] + other + token[place + 1 :])
    assert not is_well_formed(token + "0")
    assert not is_well_formed(token[:-1])
    assert Place().covers("", "en")
