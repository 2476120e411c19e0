"""Merge patches and three-way merges, against their definitions."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cms.newsroom.merging import as_patch, changed_fields, is_same, merge_patch, three_way

# The examples of RFC 7396, appendix A: original, patch, result.
EXAMPLES: list[tuple[Any, Any, Any]] = [
    ({"a": "b"}, {"a": "c"}, {"a": "c"}),
    ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
    ({"a": "b"}, {"a": None}, {}),
    ({"a": "b", "b": "c"}, {"a": None}, {"b": "c"}),
    ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
    ({"a": "c"}, {"a": ["b"]}, {"a": ["b"]}),
    ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
    ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
    (["a", "b"], ["c", "d"], ["c", "d"]),
    ({"a": "b"}, ["c"], ["c"]),
    ({"a": "foo"}, None, None),
    ({"a": "foo"}, "bar", "bar"),
    ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
    ([1, 2], {"a": "b", "c": None}, {"a": "b"}),
    ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
]

leaves = st.booleans() | st.integers(-3, 3) | st.sampled_from([1.0, 0.5]) | st.text("xyz", max_size=2)
objects = st.recursive(
    st.dictionaries(st.sampled_from("abc~/"), leaves, max_size=3),
    lambda inner: st.dictionaries(st.sampled_from("abc"), inner | leaves, max_size=3),
    max_leaves=6,
)
contents = st.fixed_dictionaries(
    {
        "title": st.text("xyz", min_size=1, max_size=2),
        "section": st.none() | st.sampled_from(["city", "world"]),
        "tags": st.lists(st.sampled_from("pqr"), max_size=3, unique=True),
        "source": st.none() | st.fixed_dictionaries({"name": st.sampled_from("MN"), "url": st.sampled_from("uv")}),
        "fields": objects,
    }
)


@pytest.mark.parametrize(("original", "change", "result"), EXAMPLES)
def test_merge_patches_do_what_the_standard_says(original: Any, change: Any, result: Any) -> None:
    kept = repr((original, change))
    assert merge_patch(original, change) == result
    assert repr((original, change)) == kept


@given(objects, objects)
def test_a_document_made_a_patch_leads_to_itself(current: dict[str, Any], wanted: dict[str, Any]) -> None:
    assert is_same(merge_patch(current, as_patch(current, wanted)), wanted)


def test_true_is_not_one() -> None:
    assert not is_same({"a": True}, {"a": 1})
    assert is_same({"a": True, "b": [None]}, {"b": [None], "a": True})
    assert changed_fields({"fields": {"a": 1}}, {"fields": {"a": True}}) == ["fields"]
    assert changed_fields({"fields": {"a": 1}}, {"fields": {"a": 1}}) == []


@given(contents, contents)
def test_what_one_side_changed_is_taken(base: dict[str, Any], mine: dict[str, Any]) -> None:
    for yours, theirs in ((mine, base), (base, mine), (mine, mine)):
        merged, clashes = three_way(base, yours, theirs)
        assert clashes == []
        assert is_same(merged, mine)


@given(contents, contents, contents)
def test_each_field_is_merged_or_clashes_as_its_two_sides_say(
    base: dict[str, Any], yours: dict[str, Any], theirs: dict[str, Any]
) -> None:
    merged, clashes = three_way(base, yours, theirs)
    clashing = {clash.pointer for clash in clashes}
    for name in ("title", "section", "source"):
        ours, others = not is_same(yours[name], base[name]), not is_same(theirs[name], base[name])
        has_clashed = ours and others and not is_same(yours[name], theirs[name])
        assert (f"/{name}" in clashing) == has_clashed
        assert is_same(merged[name], yours[name] if ours and not others else theirs[name])
    for clash in clashes:
        assert not is_same(clash.yours, clash.theirs)
    other_way, other_clashes = three_way(base, theirs, yours)
    assert {clash.pointer for clash in other_clashes} == clashing
    if not clashes:
        assert sorted(other_way.pop("tags")) == sorted(merged["tags"])
        assert is_same(other_way, {name: value for name, value in merged.items() if name != "tags"})
        assert is_same(
            merge_patch(theirs, as_patch(theirs, merged)), {k: v for k, v in merged.items() if v is not None}
        )


def test_own_fields_are_merged_member_by_member() -> None:
    base = {"fields": {"kicker": "Old", "pin": 1, "place": {"lat": 1, "lon": 2}, "gone": True}}
    yours = {"fields": {"kicker": "Mine", "pin": 1, "place": {"lat": 9, "lon": 2}, "gone": True}}
    theirs = {"fields": {"kicker": "Theirs", "pin": 2, "place": {"lat": 1, "lon": 8}, "new/~": 1}}
    merged, clashes = three_way(base, yours, theirs)
    assert [clash.as_dict() for clash in clashes] == [
        {"pointer": "/fields/kicker", "base": "Old", "yours": "Mine", "theirs": "Theirs"}
    ]
    assert merged["fields"] == {"kicker": "Theirs", "pin": 2, "place": {"lat": 9, "lon": 8}, "new/~": 1}


def test_a_member_that_one_side_dropped_and_the_other_changed_clashes() -> None:
    merged, clashes = three_way({"fields": {"a/b": 1}}, {"fields": {}}, {"fields": {"a/b": 2}})
    assert [clash.as_dict() for clash in clashes] == [
        {"pointer": "/fields/a~1b", "base": 1, "yours": None, "theirs": 2}
    ]
    assert merged == {"fields": {"a/b": 2}}


@given(contents, contents, contents)
def test_what_two_sides_add_to_tags_and_take_away_goes_together(
    base: dict[str, Any], yours: dict[str, Any], theirs: dict[str, Any]
) -> None:
    merged, clashes = three_way(base, yours, theirs)
    was, ours, others = base["tags"], yours["tags"], theirs["tags"]
    is_one_sided = was in (ours, others) or ours == others
    if "/tags" in {clash.pointer for clash in clashes}:
        assert not is_one_sided
        assert any(
            [one for one in side if one in was] != [one for one in was if one in side] for side in (ours, others)
        )
    elif not is_one_sided:
        added = (set(ours) | set(others)) - set(was)
        assert set(merged["tags"]) == (set(was) & set(ours) & set(others)) | added
        assert len(set(merged["tags"])) == len(merged["tags"])


def test_bylines_grow_on_both_sides_and_too_many_are_for_a_person_to_choose() -> None:
    base = {"authors": ["ann", "bo"]}
    merged, clashes = three_way(base, {"authors": ["cy", "ann", "bo"]}, {"authors": ["ann", "di"]})
    assert (merged, clashes) == ({"authors": ["ann", "di", "cy"]}, [])
    assert [clash.pointer for clash in three_way(base, {"authors": ["bo", "ann"]}, {"authors": ["ann"]})[1]] == [
        "/authors"
    ]
    many = [f"a{number}" for number in range(12)], [f"b{number}" for number in range(12)]
    assert [clash.pointer for clash in three_way({"authors": []}, *({"authors": side} for side in many))[1]] == [
        "/authors"
    ]
