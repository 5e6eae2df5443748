"""Dates to instants: local hours, clock changes, months of unequal length."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.training.batches.local_dates import (
    CourseDates,
    due_after,
    due_instant,
    enroll_instant,
    instant_of,
    local_date,
    months_later,
    parse_hour,
    staggered,
)

NINE = time(9)

# East and west, quarter hours, both hemispheres, zones that skip midnight, and one that skipped a whole day.
ZONES = [
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "America/St_Johns",
    "America/Santiago",
    "America/Havana",
    "Africa/Cairo",
    "Asia/Beirut",
    "Asia/Kathmandu",
    "Australia/Lord_Howe",
    "Pacific/Apia",
    "Pacific/Auckland",
    "Pacific/Kiritimati",
    "Pacific/Pago_Pago",
]
zones = st.sampled_from(ZONES).map(ZoneInfo)
days = st.dates(date(1990, 1, 1), date(2100, 12, 31))
hours = st.times().map(lambda hour: hour.replace(second=0, microsecond=0))
moments = st.builds(lambda day, hour: datetime.combine(day, hour, UTC), days, hours)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


# ---------------------------------------------------------------- local hours


@pytest.mark.parametrize(
    ("zone", "day", "instant"),
    [
        ("Pacific/Kiritimati", "2027-01-04", "2027-01-03T19:00"),
        ("Pacific/Auckland", "2027-01-04", "2027-01-03T20:00"),
        ("Pacific/Auckland", "2027-07-05", "2027-07-04T21:00"),
        ("Asia/Kathmandu", "2027-01-04", "2027-01-04T03:15"),
        ("Europe/Berlin", "2027-01-04", "2027-01-04T08:00"),
        ("Europe/Berlin", "2027-07-05", "2027-07-05T07:00"),
        ("America/St_Johns", "2027-01-04", "2027-01-04T12:30"),
        ("America/St_Johns", "2027-07-05", "2027-07-05T11:30"),
        ("Pacific/Pago_Pago", "2027-01-04", "2027-01-04T20:00"),
    ],
)
def test_nine_in_the_morning_is_nine_on_the_clocks_of_the_zone(zone: str, day: str, instant: str) -> None:
    assert instant_of(date.fromisoformat(day), NINE, ZoneInfo(zone)) == utc(instant)


@pytest.mark.parametrize(
    ("zone", "day", "hour", "instant"),
    [
        # Clocks go from 02:00 to 03:00.
        ("Europe/Berlin", "2027-03-28", "02:00", "2027-03-28T01:00"),
        ("Europe/Berlin", "2027-03-28", "02:30", "2027-03-28T01:00"),
        ("Europe/Berlin", "2027-03-28", "02:59", "2027-03-28T01:00"),
        ("America/New_York", "2027-03-14", "02:30", "2027-03-14T07:00"),
        ("Pacific/Auckland", "2027-09-26", "02:30", "2027-09-25T14:00"),
        # By half an hour only, from 02:00 to 02:30.
        ("Australia/Lord_Howe", "2027-10-03", "02:15", "2027-10-02T15:30"),
        # From 00:01 to 01:01, as Newfoundland had it until 2011.
        ("America/St_Johns", "2010-03-14", "00:30", "2010-03-14T03:31"),
        # The 30th of December 2011 was left out as a whole: the next that exists is midnight of the 31st.
        ("Pacific/Apia", "2011-12-30", "09:00", "2011-12-30T10:00"),
    ],
)
def test_an_hour_that_clocks_leave_out_is_the_next_that_exists(zone: str, day: str, hour: str, instant: str) -> None:
    assert instant_of(date.fromisoformat(day), parse_hour(hour), ZoneInfo(zone)) == utc(instant)


@pytest.mark.parametrize(
    ("zone", "day", "hour", "instant"),
    [
        ("Europe/Berlin", "2027-10-31", "02:30", "2027-10-31T00:30"),
        ("America/New_York", "2027-11-07", "01:30", "2027-11-07T05:30"),
        ("Pacific/Auckland", "2027-04-04", "02:30", "2027-04-03T13:30"),
        ("America/Havana", "2027-11-07", "00:30", "2027-11-07T04:30"),
    ],
)
def test_an_hour_that_exists_twice_is_the_first(zone: str, day: str, hour: str, instant: str) -> None:
    assert instant_of(date.fromisoformat(day), parse_hour(hour), ZoneInfo(zone)) == utc(instant)


@given(zones, days, hours)
def test_the_instant_is_the_first_at_which_the_clocks_show_the_hour_or_a_later_one(
    zone: ZoneInfo, day: date, hour: time
) -> None:
    local = datetime.combine(day, hour)
    instant = instant_of(day, hour, zone)
    assert instant.astimezone(zone).replace(tzinfo=None) >= local
    assert (instant - timedelta(minutes=1)).astimezone(zone).replace(tzinfo=None) < local


@given(zones, days, hours)
def test_an_hour_is_put_off_only_when_it_does_not_exist(zone: ZoneInfo, day: date, hour: time) -> None:
    local = datetime.combine(day, hour)
    shown = instant_of(day, hour, zone).astimezone(zone).replace(tzinfo=None)
    offsets = {local.replace(tzinfo=zone, fold=fold).utcoffset() for fold in (0, 1)}
    if len(offsets) == 1:
        assert shown == local
    else:
        # The day of a change; the longest one so far was a day that was left out.
        assert local <= shown <= local + timedelta(days=1)


@given(zones, st.lists(days, min_size=2, max_size=2, unique=True).map(sorted), hours)
def test_later_days_are_later_instants(zone: ZoneInfo, pair: list[date], hour: time) -> None:
    first, second = (instant_of(day, hour, zone) for day in pair)
    assert first <= second


def test_the_local_date_is_the_one_on_the_wall() -> None:
    now = utc("2027-01-04T10:30")
    assert local_date(now, ZoneInfo("Pacific/Kiritimati")) == date(2027, 1, 5)
    assert local_date(now, ZoneInfo("Pacific/Pago_Pago")) == date(2027, 1, 3)


# ---------------------------------------------------------------- enrollment


def test_no_date_means_now() -> None:
    now = utc("2027-01-04T23:59")
    assert enroll_instant(None, NINE, ZoneInfo("Europe/Berlin"), now) == now


def test_a_date_of_today_whose_hour_has_passed_means_now() -> None:
    now = utc("2027-01-04T08:01")
    assert enroll_instant(date(2027, 1, 4), NINE, ZoneInfo("Europe/Berlin"), now) == now


def test_a_date_of_today_whose_hour_is_still_to_come_waits_for_it() -> None:
    now = utc("2027-01-04T07:59")
    assert enroll_instant(date(2027, 1, 4), NINE, ZoneInfo("Europe/Berlin"), now) == utc("2027-01-04T08:00")


@given(zones, days, hours, moments)
def test_nobody_is_enrolled_in_the_past(zone: ZoneInfo, day: date, hour: time, now: datetime) -> None:
    assert enroll_instant(day, hour, zone, now) >= now


# ---------------------------------------------------------------- due dates


@pytest.mark.parametrize(
    ("zone", "day", "instant"),
    [
        ("Europe/Berlin", "2027-01-31", "2027-01-31T23:00"),
        ("Pacific/Kiritimati", "2027-01-31", "2027-01-31T10:00"),
        ("America/St_Johns", "2027-01-31", "2027-02-01T03:30"),
        ("Europe/Berlin", "2028-02-29", "2028-02-29T23:00"),
        ("Europe/Berlin", "2027-12-31", "2027-12-31T23:00"),
        # These have no midnight on the next day: the clocks go from 00:00 to 01:00.
        ("America/Santiago", "2027-09-04", "2027-09-05T04:00"),
        ("Asia/Beirut", "2027-03-27", "2027-03-27T22:00"),
        ("Africa/Cairo", "2027-04-29", "2027-04-29T22:00"),
        # Havana has this midnight twice.
        ("America/Havana", "2027-11-06", "2027-11-07T04:00"),
    ],
)
def test_a_due_date_ends_at_the_midnight_that_closes_it(zone: str, day: str, instant: str) -> None:
    assert due_instant(date.fromisoformat(day), ZoneInfo(zone)) == utc(instant)


@given(zones, days)
def test_the_last_second_of_a_due_date_is_in_time(zone: ZoneInfo, day: date) -> None:
    closing = due_instant(day, zone)
    assert (closing - timedelta(seconds=1)).astimezone(zone).date() <= day
    assert closing.astimezone(zone).date() > day


def test_days_to_complete_are_counted_from_the_start() -> None:
    assert due_after(date(2028, 2, 1), 28) == date(2028, 2, 29)
    assert due_after(date(2028, 2, 1), None) is None


# ---------------------------------------------------------------- months


@pytest.mark.parametrize(
    ("start", "months", "day"),
    [
        ("2027-01-31", 0, "2027-01-31"),
        ("2027-01-31", 1, "2027-02-28"),
        ("2028-01-31", 1, "2028-02-29"),
        ("2028-02-29", 12, "2029-02-28"),
        ("2028-02-29", 48, "2032-02-29"),
        ("2027-12-15", 1, "2028-01-15"),
        ("2027-08-31", 3, "2027-11-30"),
    ],
)
def test_a_month_later_is_the_same_day_or_the_last_of_a_shorter_month(start: str, months: int, day: str) -> None:
    assert months_later(date.fromisoformat(start), months) == date.fromisoformat(day)


@given(st.dates(date(1990, 1, 1), date(2100, 12, 31)), st.integers(0, 600))
def test_a_month_later_is_never_past_the_day_of_the_start_nor_in_another_month(start: date, months: int) -> None:
    later = months_later(start, months)
    assert later.day <= start.day
    assert (later.year - start.year) * 12 + later.month - start.month == months
    assert later.day == start.day or (later + timedelta(days=1)).day == 1


def test_a_stagger_from_the_31st_does_not_lose_the_31st_after_february() -> None:
    assert staggered(date(2027, 1, 31), 4, None) == [
        CourseDates(date(2027, 1, 31), None),
        CourseDates(date(2027, 2, 28), None),
        CourseDates(date(2027, 3, 31), None),
        CourseDates(date(2027, 4, 30), None),
    ]


def test_each_course_of_a_stagger_is_due_so_many_days_after_its_own_start() -> None:
    assert staggered(date(2028, 1, 31), 2, 30) == [
        CourseDates(date(2028, 1, 31), date(2028, 3, 1)),
        CourseDates(date(2028, 2, 29), date(2028, 3, 30)),
    ]
