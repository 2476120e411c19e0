"""Wall-clock times in a zone: every one names one instant, or is refused with what could be meant."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cms.newsroom.schedules.rules import Times, read_instant, wrong_times
from cms.platform.errors import FieldError
from cms.platform.zones import is_zone

AT = "/publish_at"


def code(text: str, zone: str | None = "Europe/Berlin") -> str:
    found = read_instant(text, zone, AT)
    assert isinstance(found, FieldError), found
    return found.code


@pytest.mark.parametrize(
    ("text", "zone", "utc"),
    [
        ("2026-12-01T08:00", "Asia/Almaty", "2026-12-01T03:00:00+00:00"),
        ("2026-12-01T08:00:00", "Europe/Berlin", "2026-12-01T07:00:00+00:00"),
        ("2026-07-01T08:00", "Europe/Berlin", "2026-07-01T06:00:00+00:00"),
        ("2026-12-01T08:00", "Asia/Shanghai", "2026-12-01T00:00:00+00:00"),
        ("2026-12-01T08:00", "America/New_York", "2026-12-01T13:00:00+00:00"),
        ("2026-12-01T08:00", "Asia/Kathmandu", "2026-12-01T02:15:00+00:00"),
        ("2026-12-01T08:00", "Pacific/Kiritimati", "2026-11-30T18:00:00+00:00"),
        ("2028-02-29T08:00", "UTC", "2028-02-29T08:00:00+00:00"),
        ("2026-12-01T08:00:00.25", "UTC", "2026-12-01T08:00:00.250000+00:00"),
        ("2026-12-01T08:00:00Z", None, "2026-12-01T08:00:00+00:00"),
        ("2026-12-01T08:00:00+05:30", None, "2026-12-01T02:30:00+00:00"),
        # An offset says which instant is meant, also where the clocks of the zone show another one.
        ("2026-10-25T02:30:00+02:00", "Europe/Berlin", "2026-10-25T00:30:00+00:00"),
        ("2026-10-25T02:30:00+01:00", "Europe/Berlin", "2026-10-25T01:30:00+00:00"),
        ("2026-03-29T02:00:00+01:00", "Europe/Berlin", "2026-03-29T01:00:00+00:00"),
        ("2026-03-29T01:59:59", "Europe/Berlin", "2026-03-29T00:59:59+00:00"),
        ("2026-03-29T03:00", "Europe/Berlin", "2026-03-29T01:00:00+00:00"),
        ("2026-10-25T03:00", "Europe/Berlin", "2026-10-25T02:00:00+00:00"),
    ],
)
def test_a_time_in_a_zone_is_one_instant(text: str, zone: str | None, utc: str) -> None:
    assert read_instant(text, zone, AT) == datetime.fromisoformat(utc)


@pytest.mark.parametrize(
    ("text", "zone"),
    [
        ("2026-03-29T02:00", "Europe/Berlin"),
        ("2026-03-29T02:30", "Europe/Berlin"),
        ("2026-03-29T02:59:59.999999", "Europe/Berlin"),
        ("2026-03-08T02:30", "America/New_York"),
        ("2026-10-04T02:15", "Australia/Lord_Howe"),
        ("2011-12-30T12:00", "Pacific/Apia"),
        ("2026-03-29T00:30", "Atlantic/Azores"),
    ],
)
def test_a_time_that_clocks_skip_is_refused(text: str, zone: str) -> None:
    assert code(text, zone) == "no_such_time"


@pytest.mark.parametrize(
    ("text", "zone", "readings"),
    [
        ("2026-10-25T02:30", "Europe/Berlin", ("02:30:00+02:00", "02:30:00+01:00")),
        ("2026-10-25T02:00", "Europe/Berlin", ("02:00:00+02:00", "02:00:00+01:00")),
        ("2026-11-01T01:30", "America/New_York", ("01:30:00-04:00", "01:30:00-05:00")),
        ("2026-04-05T01:45", "Australia/Lord_Howe", ("01:45:00+11:00", "01:45:00+10:30")),
        # Kazakhstan came to one zone by putting its eastern clocks back.
        ("2024-02-29T23:30", "Asia/Almaty", ("23:30:00+06:00", "23:30:00+05:00")),
    ],
)
def test_a_time_that_clocks_show_twice_is_refused_with_both_readings(
    text: str, zone: str, readings: tuple[str, str]
) -> None:
    found = read_instant(text, zone, AT)
    assert isinstance(found, FieldError)
    assert found.code == "ambiguous_time"
    for reading in readings:
        assert reading in found.detail
    # Each reading that is offered is taken.
    day = text[:10]
    one, other = (read_instant(f"{day}T{reading}", zone, AT) for reading in readings)
    assert isinstance(one, datetime)
    assert isinstance(other, datetime)
    assert one < other


@pytest.mark.parametrize(
    "text",
    [
        "", "tomorrow", "2026-12-01", "08:00", "2026-12-01 08:00", "2026-12-01t08:00", "20261201T0800", "2026-12-01T08",
        "2026-12-01T24:00", "2026-12-01T08:60", "2026-12-01T08:00:60", "2026-02-29T08:00", "2026-13-01T08:00",
        "2026-00-01T08:00", "2026-12-32T08:00", "2026-W49-2T08:00", "2026-335T08:00", "+2026-12-01T08:00",
        "-026-12-01T08:00", "2026-12-01T08:00+5", "2026-12-01T08:00+0500", "2026-12-01T08:00+25:00",
        "2026-12-01T08:00-24:00", "2026-12-01T08:00z", "2026-12-01T08:00 Z", "2026-12-01T08:00Z ", " 2026-12-01T08:00",
        "2026-12-01T08:00[Europe/Berlin]", "2026-12-01T08:00 Europe/Berlin", "2026-12-01T08:00:00.", "0000-01-01T00:00",
        "2026-12-01T08:00:00.1234567", "2026-12-01T08:00:00,5", "２０２６-12-01T08:00", "2026-12-01T٠٨:00",
        "1764576000", "2026-12-01T08:00\n", "2026-12-01T08:00\x00", "1e9", "null", "2026-12-01T08:00:00+99:99",
        "0001-01-01T00:00+14:00",
    ],
)  # fmt: skip
def test_what_is_no_time_is_refused(text: str) -> None:
    assert code(text) == "bad_time"


def test_a_wall_clock_time_needs_a_zone() -> None:
    found = read_instant("2026-12-01T08:00", None, AT)
    assert isinstance(found, FieldError)
    assert (found.pointer, found.code) == ("/timezone", "required")


@pytest.mark.parametrize("name", ["Europe/Berlin", "Asia/Almaty", "UTC", "America/Argentina/Ushuaia"])
def test_zones_of_the_iana_database_are_known(name: str) -> None:
    assert is_zone(name)


@pytest.mark.parametrize(
    "name",
    [
        "", "Europe", "europe/berlin", "Mars/Olympus", "../etc/passwd", "/etc/localtime", "Europe/../UTC", "+05:00",
        "Europe/Berlin ", "Europe\\Berlin", "\0", "localtime", "posix/UTC", "tzdata.zi", "zone.tab", "leapseconds",
        "A" * 10_000, "Європа/Київ",
    ],
)  # fmt: skip
def test_what_is_no_zone_is_unknown(name: str) -> None:
    assert not is_zone(name)


@settings(max_examples=300, deadline=None)
@given(
    minutes=st.integers(0, 46 * 365 * 24 * 60),
    zone=st.sampled_from(
        ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Almaty", "Africa/Casablanca"]
    ),
)
def test_what_is_read_is_what_the_clocks_show(minutes: int, zone: str) -> None:
    at = (datetime(1990, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)).replace(tzinfo=None)
    found = read_instant(at.isoformat(), zone, AT)
    if isinstance(found, datetime):
        assert found.astimezone(ZoneInfo(zone)).replace(tzinfo=None) == at
        return
    # It is refused only where the clocks show it never or twice.
    shown = sum(
        (at.replace(tzinfo=UTC) - timedelta(minutes=minutes)).astimezone(ZoneInfo(zone)).replace(tzinfo=None) == at
        for minutes in range(-14 * 60, 15 * 60, 30)
    )
    assert shown == (0 if found.code == "no_such_time" else 2)


NOW = datetime(2026, 11, 2, 8, tzinfo=UTC)


def hours(number: float) -> datetime:
    return NOW + timedelta(hours=number)


@pytest.mark.parametrize(
    ("times", "codes"),
    [
        (Times(), {("/publish_at", "required")}),
        (Times(publish_at=hours(1)), set()),
        (Times(publish_at=NOW), {("/publish_at", "in_the_past")}),
        (Times(publish_at=hours(-1)), {("/publish_at", "in_the_past")}),
        (Times(unpublish_at=hours(-1)), {("/unpublish_at", "in_the_past")}),
        (Times(publish_at=hours(2), unpublish_at=hours(2)), {("/unpublish_at", "too_early")}),
        (Times(publish_at=hours(2), unpublish_at=hours(1)), {("/unpublish_at", "too_early")}),
        (Times(publish_at=hours(24 * 3654)), {("/publish_at", "too_late")}),
        (Times(embargo_until=hours(1)), set()),
        (Times(publish_at=hours(2), embargo_until=hours(2)), {("/embargo_until", "too_early")}),
        (Times(publish_at=hours(1), embargo_until=hours(2), unpublish_at=hours(3)), set()),
        (Times(publish_at=hours(1), embargo_until=hours(3), unpublish_at=hours(2)), {("/unpublish_at", "too_early")}),
    ],
)  # fmt: skip
def test_a_schedule_goes_forward(times: Times, codes: set[tuple[str, str]]) -> None:
    assert {(error.pointer, error.code) for error in wrong_times(times, NOW)} == codes
