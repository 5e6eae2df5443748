"""A session's local times and its instants. Pure functions."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from chalicelib.core.clock import to_instant, to_text
from chalicelib.core.errors import FieldError, Invalid
from chalicelib.training.batches.local_dates import instant_of

_LONGEST = timedelta(days=31)


def local_text(local: datetime) -> str:
    """`2027-02-01T09:00`."""
    return local.strftime("%Y-%m-%dT%H:%M")


def from_text(text: str) -> datetime:
    return datetime.strptime(text, "%Y-%m-%dT%H:%M")  # noqa: DTZ007 - a local time


def instants(starts_at: datetime, ends_at: datetime, time_zone: str) -> tuple[str, str]:
    """The instants of a session's start and end.

    A time that exists twice means the first, one that the clocks leave out the next that exists. Raises Invalid when
    the end is not after the start, or over a month later.
    """
    zone = ZoneInfo(time_zone)
    start, end = (
        instant_of(local.date(), local.time().replace(second=0, microsecond=0), zone) for local in (starts_at, ends_at)
    )
    if end <= start:
        raise Invalid(FieldError("ends_at", "not_after_start", "The end has to be after the start."))
    if end - start > _LONGEST:
        raise Invalid(FieldError("ends_at", "too_long", "A session can last up to a month. Split it into several."))
    return to_text(start), to_text(end)


def in_words(starts_utc: str, ends_utc: str, time_zone: str) -> str:
    """Monday, 1 February 2027, 09:00 to 10:30 (Europe/Berlin, UTC+01:00)."""
    zone = ZoneInfo(time_zone)
    return _span(to_instant(starts_utc).astimezone(zone), to_instant(ends_utc).astimezone(zone), time_zone)


def proposal_in_words(start: date, end: date, time_zone: str) -> str:
    """The same of a time that a calendar proposes: an instant, a local time of the session's zone, or a day."""
    zone = ZoneInfo(time_zone)
    local = [
        (one.astimezone(zone) if one.tzinfo else one.replace(tzinfo=zone)) if isinstance(one, datetime) else None
        for one in (start, end)
    ]
    return _span(local[0], local[1], time_zone) if local[0] and local[1] else _day(start)


def _span(start: datetime, end: datetime, time_zone: str) -> str:
    zone = f"({time_zone}, {_offset(start)})"
    if start == end:
        return f"{_day(start)}, {start:%H:%M} {zone}"
    if start.date() == end.date():
        return f"{_day(start)}, {start:%H:%M} to {end:%H:%M} {zone}"
    return f"{_day(start)}, {start:%H:%M} to {_day(end)}, {end:%H:%M} {zone}"


def utc_in_words(starts_utc: str) -> str:
    return to_instant(starts_utc).astimezone(UTC).strftime("%H:%M UTC")


def _day(local: date) -> str:
    return f"{local:%A}, {local.day} {local:%B %Y}"


def _offset(local: datetime) -> str:
    text = local.strftime("%z")
    return "UTC" if text == "+0000" else f"UTC{text[:3]}:{text[3:5]}"
