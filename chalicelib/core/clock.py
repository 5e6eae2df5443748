"""The only source of the current time, and instants as text.

All other code takes `now` as an argument. Instants are aware and in UTC.
"""

from datetime import UTC, date, datetime


def utc_now() -> datetime:
    return datetime.now(UTC)


def to_text(instant: datetime) -> str:
    """RFC 3339 in UTC, to the second. Sorted as text, instants are in the order of time."""
    if instant.tzinfo is None:
        raise ValueError("an instant needs a time zone")
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def to_instant(text: str) -> datetime:
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)


def to_date(text: str) -> date:
    return date.fromisoformat(text)
