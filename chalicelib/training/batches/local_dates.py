"""From dates to instants: a client's local hour, clock changes, months of unequal length. Pure functions."""

import calendar
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo


@dataclass(frozen=True)
class CourseDates:
    """`enroll_on` None is at once; `due_by` None is no due date."""

    enroll_on: date | None
    due_by: date | None


def instant_of(day: date, hour: time, zone: ZoneInfo) -> datetime:
    """When the zone's clocks show this hour on this day, in UTC.

    An hour that exists twice means the first; one that the clocks leave out means the next that exists.
    """
    local = datetime.combine(day, hour)
    while not _exists(local, zone):
        local += timedelta(minutes=1)
    return local.replace(tzinfo=zone, fold=0).astimezone(UTC)


def _exists(local: datetime, zone: ZoneInfo) -> bool:
    back = local.replace(tzinfo=zone).astimezone(UTC).astimezone(zone)
    return back.replace(tzinfo=None) == local


def local_date(now: datetime, zone: ZoneInfo) -> date:
    return now.astimezone(zone).date()


def enroll_instant(enroll_on: date | None, hour: time, zone: ZoneInfo, now: datetime) -> datetime:
    """When a course is enrolled: now for no date, and for a date whose hour has passed."""
    if enroll_on is None:
        return now
    return max(instant_of(enroll_on, hour, zone), now)


def due_instant(due_by: date, zone: ZoneInfo) -> datetime:
    """A due date ends at the local midnight that closes it."""
    return instant_of(due_by + timedelta(days=1), time(0), zone)


def is_due_date_after(start: date, due_by: date) -> bool:
    """The one rule of due dates, wherever one is set: at least a day after the day of enrollment, or after today."""
    return due_by > start


def months_later(start: date, months: int) -> date:
    """The same day of a later month, or its last day when that month has no such day."""
    index = start.year * 12 + start.month - 1 + months
    year, month = divmod(index, 12)
    last = calendar.monthrange(year, month + 1)[1]
    return date(year, month + 1, min(start.day, last))


def staggered(start_on: date, num_courses: int, days_to_complete: int | None) -> Sequence[CourseDates]:
    """One course a month: course k (from 1) starts k - 1 months after `start_on`."""
    starts = [months_later(start_on, k) for k in range(num_courses)]
    return [CourseDates(start, due_after(start, days_to_complete)) for start in starts]


def due_after(start: date, days: int | None) -> date | None:
    return None if days is None else start + timedelta(days=days)


def parse_hour(text: str) -> time:
    """`09:00` and the like, as organizations keep their hour of enrollment."""
    return time.fromisoformat(text)
