"""Types of articles as files: what they may say, what fits them, and what readers can filter by and search in."""

import json
import time
from pathlib import Path
from typing import Any

import pytest

from cms.taxonomy.article_types.declaring import read_folder
from cms.taxonomy.article_types.rules.checking import Unusable, misfits, type_from
from cms.taxonomy.article_types.rules.patterns import pattern_problem
from cms.taxonomy.article_types.rules.values import FieldValue, filter_values, filterable, searchable_text

EXAMPLES = Path(__file__).parents[2] / "examples" / "types"
VIDEO = (EXAMPLES / "video.json").read_text("utf-8")
LIVE_BLOG = (EXAMPLES / "live-blog.json").read_text("utf-8")
FILM = {"video_url": "https://films.example/1.mp4", "duration_seconds": 90}


def declared(**schema: Any) -> str:
    """The text of a type with one field `a`, or with other members."""
    return json.dumps({"type": "object", **schema})


def field(**schema: Any) -> str:
    """The text of a type whose field `a` has this schema."""
    return declared(properties={"a": schema})


def faults_of(text: str) -> list[str]:
    with pytest.raises(Unusable) as refused:
        type_from("made-up", text)
    return [f"{fault.pointer}: {fault.detail}" for fault in refused.value.faults]


def test_the_examples_are_types_and_name_what_can_be_filtered_by() -> None:
    folder = read_folder(EXAMPLES)
    assert folder.faults == ()
    assert list(folder.types) == ["live-blog", "video"]
    assert filterable(folder.types["video"].schema) == {
        "duration_seconds": "number", "recorded_on": "date", "is_live": "flag", "rating": "text", "places": "text",
    }  # fmt: skip
    assert filterable(folder.types["live-blog"].schema) == {"is_over": "flag", "starts_at": "instant"}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("{", "Not JSON"),
        ("[]", "Must be a JSON object"),
        ('{"type": "object", "type": "object"}', "stands twice"),
        ('{"type": "object", "minProperties": NaN}', "is not JSON"),
        ('{"type": "object", "properties": {"a": {"minimum": 1e999}}}', "too large"),
        ("[" * 60_000, "Not JSON"),
        ('{"a":' * 40 + "1" + "}" * 40, "levels deep"),
        (" " * 70_000, "Larger than"),
        (declared(type="array"), '/type: Must be "object"'),
        (declared(**{"$schema": "http://json-schema.org/draft-07/schema#"}), "/$schema"),
        (declared(propertys={}), "/propertys: The keyword 'propertys' is not known here."),
        (declared(patternProperties={"(a+)+$": {}}), "/patternProperties"),
        (declared(unevaluatedProperties=False), "/unevaluatedProperties"),
        (declared(**{"$id": "https://elsewhere.example/x"}), "/$id"),
        (declared(**{"$dynamicRef": "#a"}), "/$dynamicRef"),
        (
            field(**{"$ref": "https://elsewhere.example/schema.json"}),
            "/properties/a/$ref: Must name a part of this file",
        ),
        (field(**{"$ref": "#/$defs/none"}), "/properties/a/$ref"),
        (field(**{"$ref": "#"}), "/properties/a/$ref"),
        (field(**{"$ref": "file:///etc/passwd"}), "/properties/a/$ref"),
        (declared(**{"$defs": {"x": {"$ref": "#/$defs/x"}}, "properties": {"a": {"$ref": "#/$defs/x"}}}), "leads back"),
        (field(type="strng"), "/properties/a/type"),
        (field(type="string", maxLength=-1), "/properties/a/maxLength"),
        (field(type="string", format="hostname"), "/properties/a/format: Must be one of: date, date-time, uri, uuid."),
        (field(type="number", multipleOf=0.1), "/properties/a/multipleOf"),
        (field(type="string", **{"x-filterable": "yes"}), "/properties/a/x-filterable: Must be true or false."),
        (field(type="string", **{"x-filtrable": True}), "/properties/a/x-filtrable"),
        (field(type="string", **{"x-filterable": True}), "needs maxLength of up to 200"),
        (field(type="object", **{"x-filterable": True}), "A filterable field has the type"),
        (field(type="array", items={"type": "integer"}, **{"x-filterable": True}), "needs maxItems"),
        (field(properties={"b": {"type": "integer", "x-filterable": True}}), "Only a field itself can be filterable."),
        (field(anyOf=[{"x-searchable": True}]), "Only fields, their members and items can be searchable."),
        (declared(properties={f"f{number}": {} for number in range(600)}), "More than 500 parts"),
    ],
)
def test_a_file_that_cannot_be_a_type_says_what_is_wrong_where(text: str, told: str) -> None:
    assert any(told in fault for fault in faults_of(text))


def test_definitions_that_multiply_are_counted_with_what_they_name() -> None:
    layers = {f"d{n}": {"anyOf": [{"$ref": f"#/$defs/d{n + 1}"}] * 10} for n in range(12)}
    text = declared(**{"$defs": {**layers, "d12": {}}, "properties": {"a": {"$ref": "#/$defs/d0"}}})
    began = time.perf_counter()
    assert any("More than 500 parts" in fault for fault in faults_of(text))
    print(f"a trillion parts refused in {time.perf_counter() - began:.3f} s")


PATTERNS_REFUSED = (
    "^(a+)+$", "^(a|a)*$", "(a+)+", "^(.*)*$", "^(?:a+)+$", "^a+a+$", "^.*.*$", "^a*b*$", "^[a-z]+[a-z]*$", "^(?=a)a$",
    "^a??$", "^a+?$", "^a{2,3}b{2,3}$", r"^\1$", "^a|b$", "a", "^a", "a$", "^[$", "^a++$", "^?$", "^a{1000}$", "^(a$",
    r"^\b$", "^a?b?c?d?e?$", "^" + "a" * 300 + "$", "^[z-a]$",
)  # fmt: skip
PATTERNS_ALLOWED = (
    ("^[A-Z]{2}-[0-9]{1,6}$", "DE-12", "de-12"), (r"^\d{3}-\d{10}$", "978-3161484100", "978"), ("^$", "", "a"),
    (r"^[^\s@]+@example\.org$", "a@example.org", "a b@example.org"), ("^[A-Z]?[0-9]{4}$", "A1234", "AA1234"),
    ("^#[0-9a-f]{6}$", "#00ff7f", "#00f"),
)  # fmt: skip


@pytest.mark.parametrize("pattern", PATTERNS_REFUSED)
def test_a_pattern_that_could_take_hours_or_cannot_be_read_is_refused(pattern: str) -> None:
    assert pattern_problem(pattern) is not None
    assert any("/properties/a/pattern" in fault for fault in faults_of(field(type="string", pattern=pattern)))


@pytest.mark.parametrize(("pattern", "fits", "fails"), PATTERNS_ALLOWED)
def test_an_honest_pattern_is_held(pattern: str, fits: str, fails: str) -> None:
    kind = type_from("made-up", field(type="string", pattern=pattern))
    assert misfits(kind, {"a": fits}, is_complete=False) == []
    assert [error.pointer for error in misfits(kind, {"a": fails}, is_complete=False)] == ["/fields/a"]


def test_the_longest_text_against_the_worst_allowed_pattern_costs_little() -> None:
    kind = type_from("made-up", field(type="string", pattern="^a?a?a?a?a*b$"))
    began = time.perf_counter()
    assert misfits(kind, {"a": "a" * 60_000}, is_complete=False)
    print(f"60,000 letters in {time.perf_counter() - began:.3f} s")


def test_many_equal_objects_are_found_without_comparing_each_with_each() -> None:
    kind = type_from("made-up", field(type="array", uniqueItems=True))
    began = time.perf_counter()
    assert misfits(kind, {"a": [{"n": n} for n in range(9_000)]}, is_complete=True) == []
    print(f"9,000 objects in {time.perf_counter() - began:.3f} s")
    assert misfits(kind, {"a": [{"n": 1}, {"n": 1}]}, is_complete=True)
    assert misfits(kind, {"a": [1, True]}, is_complete=True) == []


@pytest.mark.parametrize(
    ("fields", "pointer", "code"),
    [
        ({**FILM, "duration_seconds": "90"}, "/fields/duration_seconds", "wrong_type"),
        ({**FILM, "duration_seconds": True}, "/fields/duration_seconds", "wrong_type"),
        ({**FILM, "duration_seconds": 0}, "/fields/duration_seconds", "out_of_range"),
        ({**FILM, "colour": "red"}, "/fields/colour", "unknown"),
        ({**FILM, "a/b~c": 1}, "/fields/a~1b~0c", "unknown"),
        ({**FILM, "rating": "99"}, "/fields/rating", "not_allowed"),
        ({**FILM, "recorded_on": "2026-02-30"}, "/fields/recorded_on", "invalid"),
        ({**FILM, "video_url": "javascript:alert(1)"}, "/fields/video_url", "invalid"),
        ({**FILM, "places": ["Quay"] * 2}, "/fields/places", "not_allowed"),
        ({**FILM, "places": ["Quay", 1]}, "/fields/places/1", "wrong_type"),
        ({**FILM, "programme": "de-1"}, "/fields/programme", "invalid"),
        ({**FILM, "transcript": "x" * 30_001}, "/fields/transcript", "too_long"),
    ],
)
def test_what_does_not_fit_is_refused_at_its_place_also_in_a_draft(
    fields: dict[str, Any], pointer: str, code: str
) -> None:
    kind = type_from("video", VIDEO)
    for is_complete in (False, True):
        assert [(one.pointer, one.code) for one in misfits(kind, fields, is_complete=is_complete)] == [(pointer, code)]


def test_what_is_missing_is_refused_on_publish_alone() -> None:
    kind = type_from("live-blog", LIVE_BLOG)
    fields = {"entries": [{"at": "2026-11-25T08:00:00Z"}]}
    assert misfits(kind, fields, is_complete=False) == []
    found = {(one.pointer, one.code) for one in misfits(kind, fields, is_complete=True)}
    assert found == {("/fields/is_over", "required"), ("/fields/entries/0/text", "required")}


def test_a_choice_of_forms_does_not_stop_a_draft_and_stops_a_publish() -> None:
    forms = [{"required": ["a"]}, {"required": ["b"]}]
    kind = type_from("made-up", declared(properties={"a": {}, "b": {}}, oneOf=forms))
    for fields, fits in (({}, False), ({"a": 1}, True), ({"a": 1, "b": 1}, False)):
        assert misfits(kind, fields, is_complete=False) == []
        assert (misfits(kind, fields, is_complete=True) == []) is fits


def test_filter_values_are_one_for_what_is_the_same() -> None:
    kind = type_from("video", VIDEO)
    fields = {
        **FILM,
        "duration_seconds": 90.0,
        "recorded_on": "1970-01-11",
        "is_live": False,
        "places": ["Quay", "Hill"],
    }
    assert filter_values(kind.schema, fields) == (
        FieldValue("duration_seconds", "90", 90.0),
        FieldValue("is_live", "false", None),
        FieldValue("places", "Hill", None),
        FieldValue("places", "Quay", None),
        FieldValue("recorded_on", "1970-01-11", 10.0),
    )
    instants = [
        filter_values(type_from("live-blog", LIVE_BLOG).schema, {"starts_at": at})[0]
        for at in ("2026-11-25T08:00:00Z", "2026-11-25T13:00:00+05:00")
    ]
    assert instants[0] == instants[1]


def test_what_does_not_fit_its_declaration_cannot_be_filtered_by() -> None:
    kind = type_from("video", VIDEO)
    assert filter_values(
        kind.schema, {"duration_seconds": "90", "rating": "x" * 300, "is_live": 1, "places": "Quay"}
    ) == (FieldValue("places", "Quay", None),)


def test_only_what_is_marked_is_searched_in_through_members_items_and_definitions() -> None:
    entries = [{"at": "2026-11-25T08:00:00Z", "title": "Dawn", "text": "Ropes are cast off."}, {"text": "Rain."}]
    blog = searchable_text(type_from("live-blog", LIVE_BLOG).schema, {"entries": entries, "other": "hidden"})
    assert blog == "Dawn\nRopes are cast off.\nRain."
    film = {**FILM, "transcript": "Cast off!", "places": ["Quay"], "programme": "DE-1"}
    assert searchable_text(type_from("video", VIDEO).schema, film) == "Quay\nCast off!"


def test_a_folder_with_one_bad_file_names_it_and_a_missing_folder_holds_nothing(tmp_path: Path) -> None:
    (tmp_path / "video.json").write_text(VIDEO, "utf-8")
    (tmp_path / "Bad Name.json").write_text("{}", "utf-8")
    (tmp_path / "latin.json").write_bytes(b'{"title": "\xe9"}')
    (tmp_path / "huge.json").write_text(" " * 100_000, "utf-8")
    (tmp_path / "wrong.json").write_text(field(type="strng"), "utf-8")
    faults = "\n".join(read_folder(tmp_path).faults)
    for told in ("Bad Name.json: a type is named", "latin.json: ", "huge.json", "wrong.json, at /properties/a/type"):
        assert told in faults
    assert read_folder(tmp_path / "none").types == {}
